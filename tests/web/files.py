"""Files in the small company: a client sends one, and it is copied, or not."""

import hashlib
import itertools

from bridge.domain.events import MessageReceived
from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import EventKey, MessageId, message_id
from bridge.store import media
from bridge.store.engine import writing
from tests.web.world import WA, World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
_numbers = itertools.count(1)


def sends_file(
    world: World,
    phone: str,
    *,
    name: str = "offer.png",
    content_type: str = "image/png",
    text: str = "look",
) -> MessageId:
    """A client's message with a file, of which there is no copy yet."""
    number = next(_numbers)
    event = MessageReceived(
        event_key=EventKey(f"file-{number}"),
        occurred_at=world.now,
        account=WA,
        chat=world.chat(phone),
        message_id=f"file-{number}",
        text=text,
        media=(
            Media(
                kind=MediaKind.IMAGE,
                url=f"https://vendor.example/{number}?sig=secret",
                name=name,
                content_type=content_type,
            ),
        ),
    )
    world.happens(event)
    return message_id(WA, event.message_id)


def is_copied(
    world: World, message: MessageId, content: bytes = PNG, content_type: str = "image/png"
) -> str:
    """The copy job has done its work; gives the hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    world.storage.files[sha256] = content
    with writing(world.engine) as db:
        found = media.one(db, message, 0)
        assert found is not None
        assert media.claim(db, found.id, sha256)
        media.stored(db, found.id, sha256, len(content), content_type, world.now)
    return sha256


def is_refused(world: World, message: MessageId, detail: str = "the file is gone") -> None:
    with writing(world.engine) as db:
        found = media.one(db, message, 0)
        assert found is not None
        media.failed(db, found.id, "file_gone", detail, world.now)


def lasting(message: MessageId, place: int = 0) -> str:
    return f"/media/of/{message}/{place}"
