"""Wazzup's items of `messages` and `statuses` turned into our events; pure."""

import hashlib
from datetime import datetime

from bridge.domain.errors import EventUnsupported
from bridge.domain.events import (
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessageSent,
    MessageStatusChanged,
)
from bridge.domain.messaging import Direction, Media, MediaKind, MessageStatus
from bridge.domain.names import AccountName, CrmId, EventKey
from bridge.payload import Payload
from connectors.wazzup.chats import chat_of
from connectors.wazzup.reading import (
    file_name,
    flag,
    identifier,
    identifier_or_none,
    moment_or,
    safe_word,
)
from connectors.wazzup.refusals import advised
from connectors.wazzup.words import MEDIA_KINDS, STAND_INS, STATUSES


def message_events(account: AccountName, item: Payload, received_at: datetime) -> tuple[Event, ...]:
    """The events of one item: mostly one; a failed outgoing message also says why it failed.

    `received_at` stands in for a missing `dateTime`. Raises EventUnsupported for a system message.
    """
    if item.text_or("type") == "system":
        raise EventUnsupported("system")
    if flag(item, "isDeleted"):
        return (_deleted(account, item, received_at),)
    if flag(item, "isEdited"):
        return (_edited(account, item, received_at),)
    if _direction(item) is Direction.IN:
        return (_received(account, item, received_at),)
    sent = _sent(account, item, received_at)
    if sent.status is not MessageStatus.FAILED:
        return (sent,)
    return (sent, _failed(account, item, sent.occurred_at))


def status_event(account: AccountName, item: Payload, received_at: datetime) -> Event:
    """Raises EventUnsupported for a word that is no status, and for `edited` without a text."""
    word = item.at("status").text()
    if word == "edited":
        return _edited_in_messenger(account, item, received_at)
    if word not in STATUSES:
        raise EventUnsupported(f"status:{safe_word(word)}")
    code, detail = _error(item)
    message_id = identifier(item, "messageId")
    return MessageStatusChanged(
        event_key=EventKey(f"status:{message_id}:{word}"),
        occurred_at=moment_or(item, "timestamp", received_at),
        account=account,
        raw=item.raw(),
        message_id=message_id,
        status=STATUSES[word],
        error_code=code,
        error_detail=detail,
    )


def _received(account: AccountName, item: Payload, received_at: datetime) -> MessageReceived:
    message_id = identifier(item, "messageId")
    media = _media(item)
    return MessageReceived(
        event_key=EventKey(f"received:{message_id}"),
        occurred_at=moment_or(item, "dateTime", received_at),
        account=account,
        raw=item.raw(),
        chat=chat_of(item),
        message_id=message_id,
        text=_text(item, media),
        media=media,
        reply_to=_quoted(item),
    )


def _sent(account: AccountName, item: Payload, received_at: datetime) -> MessageSent:
    message_id = identifier(item, "messageId")
    media = _media(item)
    author = identifier_or_none(item, "authorId")
    return MessageSent(
        event_key=EventKey(f"sent:{message_id}"),
        occurred_at=moment_or(item, "dateTime", received_at),
        account=account,
        raw=item.raw(),
        chat=chat_of(item),
        message_id=message_id,
        text=_text(item, media),
        media=media,
        reply_to=_quoted(item),
        author=None if author is None else CrmId(author),
        author_name=item.text_or("authorName"),
        # False means anything but Wazzup's own chat: a phone, a frame in the CRM, an API.
        sent_from="window" if flag(item, "sentFromApp") else "",
        status=STATUSES.get(item.text_or("status"), MessageStatus.SENT),
    )


def _failed(account: AccountName, item: Payload, occurred_at: datetime) -> MessageStatusChanged:
    message_id = identifier(item, "messageId")
    code, detail = _error(item)
    return MessageStatusChanged(
        event_key=EventKey(f"status:{message_id}:error"),
        occurred_at=occurred_at,
        account=account,
        raw=item.raw(),
        message_id=message_id,
        status=MessageStatus.FAILED,
        error_code=code,
        error_detail=detail,
    )


def _edited(account: AccountName, item: Payload, received_at: datetime) -> MessageEdited:
    message_id = identifier(item, "messageId")
    media = _media(item)
    return MessageEdited(
        event_key=_edit_key(item, message_id, "dateTime"),
        occurred_at=moment_or(item, "dateTime", received_at),
        account=account,
        raw=item.raw(),
        message_id=message_id,
        direction=_direction(item),
        text=_text(item, media),
        chat=chat_of(item),
        old_text=_old_text(item),
        media=media,
    )


def _edited_in_messenger(
    account: AccountName, item: Payload, received_at: datetime
) -> MessageEdited:
    """Only outgoing messages have statuses, so that this one was edited on our side's phone."""
    if item.get("text") is None:
        raise EventUnsupported("edited_without_text")
    message_id = identifier(item, "messageId")
    return MessageEdited(
        event_key=_edit_key(item, message_id, "timestamp"),
        occurred_at=moment_or(item, "timestamp", received_at),
        account=account,
        raw=item.raw(),
        message_id=message_id,
        direction=Direction.OUT,
        text=item.text_or("text"),
        old_text=_old_text(item),
    )


def _deleted(account: AccountName, item: Payload, received_at: datetime) -> MessageDeleted:
    message_id = identifier(item, "messageId")
    return MessageDeleted(
        event_key=EventKey(f"deleted:{message_id}"),
        occurred_at=moment_or(item, "dateTime", received_at),
        account=account,
        raw=item.raw(),
        message_id=message_id,
        direction=_direction(item),
        chat=chat_of(item),
        old_text=_old_text(item),
    )


def _edit_key(item: Payload, message_id: str, time_key: str) -> EventKey:
    """One key per edit: the same message may be edited many times, and back again."""
    found = [item.get(key) for key in ("text", "contentUri", time_key)]
    said = Payload([None if part is None else part.value for part in found] + [_old_text(item)])
    return EventKey(f"edited:{message_id}:{hashlib.sha256(said.raw().encode()).hexdigest()[:16]}")


def _direction(item: Payload) -> Direction:
    """`isEcho` decides; where it is missing, the status does."""
    echo = flag(item, "isEcho")
    if echo is None:
        echo = item.at("status").text() != "inbound"
    return Direction.OUT if echo else Direction.IN


def _media(item: Payload) -> tuple[Media, ...]:
    word = item.text_or("type")
    url = item.text_or("contentUri")
    kind = MEDIA_KINDS.get(word, MediaKind.OTHER)
    if not url:
        bare = kind in (MediaKind.LOCATION, MediaKind.CONTACT_CARD)
        return (Media(kind=kind),) if bare else ()
    name = file_name(url)
    if name.endswith(".was"):  # WhatsApp's sticker format, sent as an image
        kind = MediaKind.STICKER
    return (Media(kind=kind, url=url, name=name),)


def _text(item: Payload, media: tuple[Media, ...]) -> str:
    """The text; where there is neither text nor file, a stand-in that tells people so."""
    text = item.text_or("text")
    word = item.text_or("type")
    if text or media or word == "text":
        return text
    return STAND_INS.get(word, STAND_INS["unsupported"])


def _quoted(item: Payload) -> str | None:
    """Read leniently: the vendor's pages show `quotedMessage` without naming its fields."""
    found = item.get("quotedMessage")
    if found is None or not isinstance(found.value, dict):
        return None
    named = (found.value.get(key) for key in ("messageId", "id"))
    return next(
        (Payload(given).text() for given in named if isinstance(given, str) and given), None
    )


def _old_text(item: Payload) -> str | None:
    old = item.get("oldInfo")
    found = None if old is None else old.get("oldText")
    return None if found is None else found.text()


def _error(item: Payload) -> tuple[str, str]:
    """The vendor's code and description; a bare string is the code."""
    found = item.get("error")
    if found is None:
        return "", ""
    if isinstance(found.value, str):
        return found.text(), advised(found.text(), "")
    code = found.text_or("error")
    return code, advised(code, found.text_or("description"))
