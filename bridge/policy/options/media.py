"""The options of files: how large a copy or an upload may be."""

from bridge.domain.policy import MediaRules
from bridge.policy import words
from bridge.policy.table import Field, Table, Values

MAX_MEGABYTES = Field(
    name="max_megabytes",
    kind=words.whole_number(1, 2000),
    says="The largest file of a client that is copied; of a larger one only name and size are "
    "kept.",
    example="20",
    default="100",
)
MAX_UPLOAD_MEGABYTES = Field(
    name="max_upload_megabytes",
    kind=words.whole_number(1, 100),
    says="The largest file that an employee may send from here. It is held in memory while it "
    "arrives.",
    example="10",
    default="25",
)


def _media(values: Values, place: str) -> MediaRules:
    return MediaRules(
        max_megabytes=values.of(MAX_MEGABYTES),
        max_upload_megabytes=values.of(MAX_UPLOAD_MEGABYTES),
    )


MEDIA = Field(
    name="media",
    kind=Table(
        says="how large files may be", fields=(MAX_MEGABYTES, MAX_UPLOAD_MEGABYTES), build=_media
    ),
    says="Copies of the files of messages.",
    example="{max_megabytes: 20, max_upload_megabytes: 10}",
    default="{}",
)
