"""Messages of a Matrix room turned into our events; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.domain.errors import EventUnsupported
from bridge.domain.events import (
    Event,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessageSent,
)
from bridge.domain.messaging import (
    Chat,
    Direction,
    Identity,
    IdentityKind,
    Media,
    MediaKind,
    Messenger,
)
from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload
from connectors.matrix.people import People
from connectors.matrix.reading import (
    caption_of,
    content_of,
    file_kind,
    file_of,
    identifier,
    point,
    poll_text,
    quoted,
    relation,
    without_quote,
)
from connectors.matrix.words import (
    CALL,
    ENCRYPTED,
    MESSAGE,
    POLLS,
    STAND_INS,
    STICKER,
    TEXTS,
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a message holds, as far as we can tell it."""

    text: str = ""
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A room's event: who did it where."""

    account: AccountName
    people: People
    item: Payload
    room: str
    event_id: str
    sender: str

    @classmethod
    def of(cls, account: AccountName, people: People, item: Payload) -> "Happening":
        return cls(
            account=account,
            people=people,
            item=item,
            room=identifier(item, "room_id"),
            event_id=identifier(item, "event_id"),
            sender=identifier(item, "sender"),
        )

    @property
    def key(self) -> EventKey:
        return EventKey(f"event:{self.event_id}")

    @property
    def direction(self) -> Direction:
        return Direction.OUT if self.people.are_ours(self.sender) else Direction.IN

    def chat(self) -> Chat:
        """The room; of who wrote in it only a client's id is told."""
        return room_chat(self.people, self.room, self.sender)


def room_chat(people: People, room: str, user: str) -> Chat:
    bare = Chat(channel_id=people.user, messenger=Messenger.MATRIX, chat_id=room)
    if people.are_ours(user):
        return bare
    return Chat(
        channel_id=bare.channel_id,
        messenger=bare.messenger,
        chat_id=room,
        username=user,
        identities=(Identity(kind=IdentityKind.USER, value=user),),
    )


def message_event(event: Happening) -> Event:
    """Of `m.room.message` and whatever else people say in a room.

    Raises EventUnsupported for what was deleted before we heard of it.
    """
    content = content_of(event.item)
    if not content.mapping():
        raise EventUnsupported("redacted")
    relates = relation(content)
    if relates is not None and relates.mapping().get("rel_type") == "m.replace":
        return _edited(event, content, relates)
    said = _READERS[event.item.at("type").text()](content)
    if event.direction is Direction.IN:
        return _received(event, content, said)
    return _sent(event, content, said)


def reaction_event(event: Happening) -> Event:
    relates = content_of(event.item).at("m.relates_to")
    return MessageReacted(
        event_key=event.key,
        occurred_at=event.item.at("origin_server_ts").milliseconds(),
        account=event.account,
        raw=event.item.raw(),
        message_id=identifier(relates, "event_id"),
        chat=event.chat(),
        emoji=identifier(relates, "key"),
        direction=event.direction,
        reaction_id=event.event_id,
        by=event.sender,
        author_name=event.sender,
        beside=True,
    )


def _received(event: Happening, content: Payload, said: Said) -> MessageReceived:
    return MessageReceived(
        event_key=event.key,
        occurred_at=event.item.at("origin_server_ts").milliseconds(),
        account=event.account,
        raw=event.item.raw(),
        chat=event.chat(),
        message_id=event.event_id,
        text=said.text,
        media=said.media,
        reply_to=quoted(content),
    )


def _sent(event: Happening, content: Payload, said: Said) -> MessageSent:
    by_us = event.people.is_bridge(event.sender)
    return MessageSent(
        event_key=event.key,
        occurred_at=event.item.at("origin_server_ts").milliseconds(),
        account=event.account,
        raw=event.item.raw(),
        chat=event.chat(),
        message_id=event.event_id,
        text=said.text,
        media=said.media,
        reply_to=quoted(content),
        author_name="" if by_us else event.sender,
        sent_from="api" if by_us else "window",
    )


def _edited(event: Happening, content: Payload, relates: Payload) -> MessageEdited:
    """The text of an edit lies in `m.new_content`; beside it is one for clients without edits."""
    new = content.get("m.new_content")
    if new is None:
        raise EventUnsupported("edit_unreadable")  # encrypted, or nothing a person could see
    said = _message(new)
    return MessageEdited(
        event_key=event.key,
        occurred_at=event.item.at("origin_server_ts").milliseconds(),
        account=event.account,
        raw=event.item.raw(),
        message_id=identifier(relates, "event_id"),
        direction=event.direction,
        text=said.text,
        chat=event.chat(),
        media=said.media,
    )


def _message(content: Payload) -> Said:
    kind = content.text_or("msgtype")
    if kind in TEXTS:
        text = content.text_or("body")
        is_answer = quoted(content) is not None
        return Said(without_quote(text) if is_answer else text)
    if kind == "m.location":
        return _location(content)
    if (media_kind := file_kind(content)) is not None:
        return _file(content, media_kind)
    return Said(content.text_or("body") or STAND_INS[""])


def _location(content: Payload) -> Said:
    where = point(content.text_or("geo_uri"))
    if where is None:
        return Said(content.text_or("body") or STAND_INS[""])
    return Said(content.text_or("body"), (Media(kind=MediaKind.LOCATION, url=where),))


def _file(content: Payload, kind: MediaKind) -> Said:
    found = file_of(content, kind)
    if found is None:
        secret = content.has("file")
        return Said(caption_of(content) or STAND_INS["secret_file" if secret else "file"])
    return Said(caption_of(content), (found,))


def _sticker(content: Payload) -> Said:
    found = file_of(content, MediaKind.STICKER)
    return Said(content.text_or("body")) if found is None else Said("", (found,))


def _poll(content: Payload) -> Said:
    return Said(poll_text(content))


_READERS: Mapping[str, Callable[[Payload], Said]] = {
    MESSAGE: _message,
    STICKER: _sticker,
    ENCRYPTED: lambda content: Said(STAND_INS[ENCRYPTED]),
    CALL: lambda content: Said(STAND_INS[CALL]),
    **dict.fromkeys(POLLS, _poll),
}
SAYINGS = frozenset(_READERS)
