"""Telegram's messages and edits turned into our events; pure."""

import hashlib

from bridge.domain.errors import EventUnsupported
from bridge.domain.events import (
    Event,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageSent,
)
from bridge.domain.messaging import ChatKind, Direction, Referral
from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload
from connectors.telegram.chats import channel_of, chat_of, is_from_client, message_id, message_id_of
from connectors.telegram.content import media_of, text_of
from connectors.telegram.reading import flag, moment, number, person_name, short_text
from connectors.telegram.words import BOT_CHANNEL, SERVICE

_FORWARDED = ("forward_origin", "forward_from", "forward_from_chat", "forward_date")
_START = "/start "


def message_event(account: AccountName, message: Payload) -> Event:
    """Of `message` and `business_message`. Raises EventUnsupported for what is a note on the chat
    rather than a message."""
    moved = _moved(account, message)
    if moved is not None:
        return moved
    _refuse_service(message)
    return (
        _received(account, message)
        if _direction(message) is Direction.IN
        else _sent(account, message)
    )


def edit_event(account: AccountName, update_id: str, message: Payload) -> Event:
    """Of `edited_message` and `edited_business_message`."""
    _refuse_service(message)
    ours, text, media = message_id(message), text_of(message), media_of(message)
    digest = hashlib.sha256(f"{text}{media}".encode()).hexdigest()[:16]
    return MessageEdited(
        event_key=EventKey(f"edited:{ours}:{update_id}:{digest}"),
        occurred_at=moment(message, "edit_date" if message.has("edit_date") else "date"),
        account=account,
        raw=message.raw(),
        message_id=ours,
        direction=_direction(message),
        text=text,
        chat=chat_of(message),
        media=media,
        number=int(update_id),
    )


def _received(account: AccountName, message: Payload) -> MessageReceived:
    chat, ours = chat_of(message), message_id(message)
    return MessageReceived(
        event_key=EventKey(f"received:{ours}"),
        occurred_at=moment(message, "date"),
        account=account,
        raw=message.raw(),
        chat=chat,
        message_id=ours,
        text=text_of(message),
        media=media_of(message),
        reply_to=_quoted(message),
        forwarded=any(message.get(key) is not None for key in _FORWARDED),
        album=_album(message),
        referral=_referral(message),
        author_name=_author(message) if chat.kind is ChatKind.GROUP else "",
    )


def _sent(account: AccountName, message: Payload) -> MessageSent:
    """A rep's own words in a business account, or ours coming back."""
    ours = message_id(message)
    return MessageSent(
        event_key=EventKey(f"sent:{ours}"),
        occurred_at=moment(message, "date"),
        account=account,
        raw=message.raw(),
        chat=chat_of(message),
        message_id=ours,
        text=text_of(message),
        media=media_of(message),
        reply_to=_quoted(message),
        author_name=_author(message),
        sent_from="phone" if message.get("sender_business_bot") is None else "api",
        automatic=flag(message, "is_from_offline"),
    )


def _moved(account: AccountName, message: Payload) -> IdentityChanged | None:
    """A group became a supergroup, which both of them tell: once is enough."""
    to, source = message.get("migrate_to_chat_id"), message.get("migrate_from_chat_id")
    if to is None and source is None:
        return None
    own = number(message.at("chat"), "id")
    old = own if source is None else number(message, "migrate_from_chat_id")
    new = own if to is None else number(message, "migrate_to_chat_id")
    return IdentityChanged(
        event_key=EventKey(f"moved:{old}:{new}"),
        occurred_at=moment(message, "date"),
        account=account,
        raw=message.raw(),
        chat=chat_of(message, new),
        old_chat_id=old,
    )


def _refuse_service(message: Payload) -> None:
    for key in message.mapping():
        if key in SERVICE:
            raise EventUnsupported(key)


def _direction(message: Payload) -> Direction:
    """The bot's own words never come back to it; those of a business account's user do."""
    if channel_of(message) == BOT_CHANNEL or is_from_client(message):
        return Direction.IN
    return Direction.OUT


def _quoted(message: Payload) -> str | None:
    """A quoted message of another chat has no place here."""
    quoted = message.get("reply_to_message")
    if quoted is None:
        return None
    chat_id = number(message.at("chat"), "id")
    return message_id_of(channel_of(message), chat_id, number(quoted, "message_id"))


def _album(message: Payload) -> str | None:
    found = short_text(message, "media_group_id")
    return f"{number(message.at('chat'), 'id')}:{found}" if found else None


def _referral(message: Payload) -> Referral | None:
    """The link that brought him names itself: t.me/<bot>?start=<payload>."""
    text = message.text_or("text")
    payload = text.removeprefix(_START).strip()
    if not text.startswith(_START) or not payload:
        return None
    return Referral(source="link", source_id=payload[:64])


def _author(message: Payload) -> str:
    """Who wrote in a group, or for the account; a group's admin may write in its name."""
    return person_name(message.get("sender_chat")) or person_name(message.get("from"))
