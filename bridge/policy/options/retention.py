"""The options of retention: how long what clients said is kept."""

from bridge.domain.policy import Retention
from bridge.policy import words
from bridge.policy.table import Field, Table, Values

MESSAGES = Field(
    name="messages",
    kind=words.KEPT,
    says="How long the texts of messages and of colleagues' notes are kept. After that the feed "
    "says only that there was one, from whom and when; entries in the CRM stay.",
    example="730d",
    default="keep",
)
FILES = Field(
    name="files",
    kind=words.KEPT,
    says="How long the copies of files are kept.",
    example="365d",
    default="keep",
)
DECISIONS = Field(
    name="decisions",
    kind=words.KEPT,
    says="How long it is kept what decisions were made on: raw requests, events and facts, and "
    "what was sent to vendors. After that a decision still says what was decided and why, of "
    "whom only by our own ids, and can't be evaluated or replayed again. Never longer than "
    "`messages`. What is still to be done, and dead letters, are not touched.",
    example="30d",
    default="90d",
)

AUDIT = Field(
    name="audit",
    kind=words.KEPT,
    says="How long the audit log is kept: who did what when, from where.",
    example="365d",
    default="730d",
)


def _retention(values: Values, place: str) -> Retention:
    return Retention(
        messages=values.of(MESSAGES),
        files=values.of(FILES),
        decisions=values.of(DECISIONS),
        audit=values.of(AUDIT),
    )


RETENTION = Field(
    name="retention",
    kind=Table(
        says="how long things are kept",
        fields=(MESSAGES, FILES, DECISIONS, AUDIT),
        build=_retention,
    ),
    says="How long texts, files, the facts of decisions and the audit log are kept.",
    example="{messages: 730d, files: 365d, decisions: 90d, audit: 730d}",
    default="{}",
)
