"""Files that employees send from here: kept first, then sent with a message."""

from datetime import timedelta
from typing import IO

from bridge.domain.errors import DeliveryRejected
from bridge.domain.files import UPLOAD, kind_of_type, plain_name, type_of
from bridge.domain.messaging import Media
from bridge.domain.names import EmployeeId
from bridge.pipeline.arriving import Arriving
from bridge.pipeline.file_keeping import UPLOAD_LIFE
from bridge.pipeline.parts import Parts
from bridge.store import uploads
from bridge.store.engine import reading, writing
from bridge.store.uploads import Upload

_PIECE = 256 * 1024
# What is found may still be sent: it does not expire in between.
_SENDABLE = UPLOAD_LIFE - timedelta(hours=1)


class TooLarge(Exception):
    """More than `media.max_upload_megabytes` allows."""


class Empty(Exception):
    """Nothing came."""


class BeingRemoved(Exception):
    """The same content is just being removed: again in a moment."""


def keep_upload(
    parts: Parts, employee: EmployeeId, stream: IO[bytes], name: str, told_type: str
) -> Upload:
    """Keeps the file under the hash of its content. Raises TooLarge, Empty, BeingRemoved or
    StorageFailed."""
    most = parts.active().policy.media.max_upload_bytes
    with parts.storage.stage() as file:
        arriving = Arriving(file, most)
        try:
            while piece := stream.read(_PIECE):
                arriving.write(piece)
        except DeliveryRejected as error:
            raise TooLarge from error
        if not arriving.size:
            raise Empty
        content_type = type_of(arriving.head, told_type)
        with writing(parts.engine) as db:
            made = uploads.add(
                db,
                employee,
                sha256=arriving.sha256,
                size=arriving.size,
                name=plain_name(name, content_type),
                content_type=content_type,
                now=parts.now(),
            )
        if made is None:
            raise BeingRemoved
        parts.storage.put(arriving.sha256, file)
    return made


def attached(parts: Parts, employee: EmployeeId, upload: str) -> Media | None:
    """What a message of his refers to; None when he has uploaded no such file, or sent it."""
    with reading(parts.engine) as db:
        found = uploads.find(db, employee, upload, since=parts.now() - _SENDABLE)
    return None if found is None else media_of(found)


def media_of(upload: Upload) -> Media:
    return Media(
        kind=kind_of_type(upload.content_type),
        url=f"{UPLOAD}{upload.id}",
        name=upload.name,
        content_type=upload.content_type,
        sha256=upload.sha256,
        size=upload.size,
    )


def drop(parts: Parts, upload: Upload) -> None:
    """The message was refused."""
    with writing(parts.engine) as db:
        uploads.drop(db, upload.id, parts.now())
