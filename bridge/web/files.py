"""Files of messages as pages and API show them: where they are read, or why they are not there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import IO

import structlog
from sqlalchemy import Connection
from werkzeug.datastructures import FileStorage

from bridge.domain.errors import StorageFailed
from bridge.domain.files import is_shown, lasting_path
from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import EmployeeId, MessageId
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Message
from bridge.payload import storable
from bridge.pipeline import uploading
from bridge.pipeline.parts import Parts
from bridge.store import media
from bridge.store.media import Copy, CopyState
from bridge.store.uploads import Upload
from bridge.web.problems import Problem, invalid

_log = structlog.get_logger()


class FileState(StrEnum):
    NONE = "none"  # nothing to copy: a place, a contact card, or from before files were copied
    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """`path` is where our copy is read, empty where there is none to come; `url` the vendor's."""

    kind: MediaKind
    name: str
    content_type: str
    size: int | None
    state: FileState
    url: str
    path: str = ""
    reason: str = ""
    detail: str = ""

    @property
    def is_picture(self) -> bool:
        stored = self.state is FileState.STORED
        return stored and is_shown(self.content_type) and self.content_type.startswith("image/")

    @property
    def player(self) -> str:
        """`audio` or `video` where a browser plays our copy; else empty."""
        kind = self.content_type.partition("/")[0]
        plays = self.state is FileState.STORED and is_shown(self.content_type)
        return kind if plays and kind in ("audio", "video") else ""


Files = Mapping[MessageId, tuple[FileView, ...]]


def files_of(db: Connection, messages: Iterable[Message | None]) -> Files:
    """Of messages with files; the store is asked once, and not at all where there are none."""
    having = [message for message in messages if message is not None and message.media]
    copies = media.of_messages(db, [message.id for message in having]) if having else {}
    return {
        message.id: tuple(
            _view(message.id, place, file, copies.get((message.id, place)))
            for place, file in enumerate(message.media)
        )
        for message in having
    }


def _view(message: MessageId, place: int, file: Media, copy: Copy | None) -> FileView:
    if copy is None:
        return FileView(
            kind=file.kind,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            state=FileState.NONE,
            url=file.url,
        )
    return FileView(
        kind=file.kind,
        name=file.name,
        content_type=copy.content_type or file.content_type,
        size=file.size if copy.size is None else copy.size,
        state=_STATES[copy.state],
        url=file.url,
        path=lasting_path(message, place),
        reason=copy.reason,
        detail=copy.detail if copy.state is CopyState.FAILED else "",
    )


_STATES = {
    CopyState.PENDING: FileState.PENDING,
    CopyState.LEASED: FileState.PENDING,
    CopyState.STORED: FileState.STORED,
    CopyState.FAILED: FileState.FAILED,
}


def take_upload(parts: Parts, employee: EmployeeId, given: FileStorage) -> Upload:
    """Keeps what a form or a request brings; Problem 413, 422 or 503 with what to do."""
    stream: IO[bytes] = given.stream
    try:
        return uploading.keep_upload(
            parts, employee, stream, storable(given.filename or ""), given.mimetype
        )
    except uploading.TooLarge:
        most = parts.active().policy.media.max_upload_megabytes
        detail = f"the file is larger than {most} MB; send a link to it, or a smaller one"
        raise invalid(detail, field="file", status=413) from None
    except uploading.Empty:
        raise invalid("the file is empty", field="file") from None
    except uploading.BeingRemoved:
        raise _unavailable("the same file is just being removed; send it again") from None
    except StorageFailed as error:
        _log.error("storage failed", cause=str(error))
        raise _unavailable("the storage of files does not answer; send it again") from error


def _unavailable(detail: str) -> Problem:
    reason = Reason(ReasonCode.STORE_UNAVAILABLE, detail)
    return Problem(503, reason, headers={"Retry-After": "5"})
