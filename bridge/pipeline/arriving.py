"""A file on its way in: counted, hashed and looked at while it is written down."""

import hashlib
from typing import BinaryIO

from bridge.domain.errors import DeliveryRejected, StorageFailed
from bridge.domain.files import HEAD_BYTES, UNKNOWN
from bridge.domain.messaging import Media
from bridge.ports import MediaCopier, MediaSource

DIFFERS = "file_differs"


class Arriving:
    """Takes the pieces. `told` is how large it is said to be, None where nobody says."""

    def __init__(self, file: BinaryIO, told: int | None = None) -> None:
        self._file = file
        self._told = told
        self._digest = hashlib.sha256()
        self.size = 0
        self.head = b""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, piece: bytes, /) -> None:
        """Raises DeliveryRejected when more comes than was told, StorageFailed when the disk is
        full."""
        self.size += len(piece)
        if self._told is not None and self.size > self._told:
            detail = f"more came than the {self._told} bytes that were told of"
            raise DeliveryRejected(detail, code=DIFFERS)
        self._digest.update(piece)
        self.head += piece[: HEAD_BYTES - len(self.head)]
        try:
            self._file.write(piece)
        except OSError as error:
            raise StorageFailed(f"storage: staging: {type(error).__name__}") from error


def fetched(source: MediaSource, media: Media, most_bytes: int, into: Arriving) -> str:
    """Fetches piece by piece where the vendor's connector can; the type that was told with it, but
    not where it says nothing."""
    if isinstance(source, MediaCopier):
        file = source.copy(media, most_bytes, into)
    else:
        file = source.fetch(media, most_bytes)
        into.write(file.content)
    return "" if file.content_type == UNKNOWN else file.content_type
