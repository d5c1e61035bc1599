"""Files that employees have given us, made ready for the vendor that is to send them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bridge.domain.effects import Effect, SendMessage
from bridge.domain.errors import ConfigError, DeliveryRejected, DeliveryTransient, StorageFailed
from bridge.domain.files import ending_of, upload_id
from bridge.domain.messaging import Media
from bridge.domain.names import MessageId
from bridge.pipeline.parts import Parts, Storage
from bridge.ports import MediaFile
from bridge.store import media
from bridge.store.media import Copy

GONE = "file_gone"
TOO_LARGE = "file_too_large"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """`effect` with a link that lives for minutes, so it is made for each attempt and never kept;
    `file` for vendors that take the file itself."""

    effect: Effect
    file: Callable[[int], MediaFile] | None = None


def made_ready(parts: Parts, db: Connection, effects: Sequence[Effect]) -> list[Ready]:
    """Asks the store only where one of them has a file of ours."""
    wanted = [e.message for e in effects if isinstance(e, SendMessage) and upload_id(e.media)]
    copies = media.of_messages(db, wanted) if wanted else {}
    return [_ready(parts, effect, copies) for effect in effects]


def _ready(parts: Parts, effect: Effect, copies: Mapping[tuple[MessageId, int], Copy]) -> Ready:
    if not isinstance(effect, SendMessage) or effect.media is None or not upload_id(effect.media):
        return Ready(effect=effect)
    copy = copies.get((effect.message, 0))
    if copy is None or copy.sha256 is None:
        # Forgotten meanwhile: without a link each connector refuses it by itself.
        return Ready(effect=replace(effect, media=replace(effect.media, url="")))
    linked = replace(effect.media, url=_link(parts, copy, parts.now()))
    return Ready(
        effect=replace(effect, media=linked),
        file=_reader(parts.storage, copy.sha256, linked),
    )


def _link(parts: Parts, copy: Copy, now: datetime) -> str:
    try:
        return parts.links.link(copy.id, now, ending_of(copy.content_type))
    except ConfigError as error:
        _log.error("no link to a file", cause=str(error))
        return ""


def _reader(storage: Storage, sha256: str, known: Media) -> Callable[[int], MediaFile]:
    def read(most_bytes: int) -> MediaFile:
        try:
            with storage.open(sha256) as file:
                content = file.read(most_bytes + 1)
        except FileNotFoundError as error:
            raise DeliveryRejected("the file is not kept any more", code=GONE) from error
        except (StorageFailed, OSError) as error:
            said = f"storage: reading a file: {type(error).__name__}"
            raise DeliveryTransient(said) from error
        if len(content) > most_bytes:
            said = f"the file is larger than {most_bytes} bytes"
            raise DeliveryRejected(said, code=TOO_LARGE)
        return MediaFile(content=content, content_type=known.content_type, name=known.name)

    return read
