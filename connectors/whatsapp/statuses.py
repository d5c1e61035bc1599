"""What became of our messages; the key that we gave with one comes back in each."""

from bridge.domain.errors import EventUnsupported, PayloadInvalid
from bridge.domain.events import ChatBlocked, MessageStatusChanged
from bridge.domain.messaging import Chat
from bridge.domain.names import EventKey
from bridge.payload import Payload
from connectors.whatsapp.messages import Scope
from connectors.whatsapp.people import group_chat
from connectors.whatsapp.reading import identifier, identifier_or, moment, safe_word
from connectors.whatsapp.refusals import advised
from connectors.whatsapp.words import STATUSES


def status_event(scope: Scope, item: Payload) -> MessageStatusChanged:
    """Raises EventUnsupported for a word that is no status."""
    word = item.at("status").text()
    if word not in STATUSES:
        raise EventUnsupported(f"status:{safe_word(word)}")
    message_id = identifier(item, "id")
    # In a group each reader has a status of his own.
    reader = identifier_or(item, "recipient_participant_id") or identifier_or(
        item, "recipient_participant_user_id"
    )
    code, detail = _error(item)
    return MessageStatusChanged(
        event_key=EventKey(f"status:{message_id}:{word}{f':{reader}' if reader else ''}"),
        occurred_at=moment(item, "timestamp"),
        account=scope.account,
        raw=item.raw(),
        message_id=message_id,
        status=STATUSES[word],
        error_code=code,
        error_detail=detail,
        chat=_chat(scope, item),
        our_key=identifier_or(item, "biz_opaque_callback_data"),
    )


def preference_event(scope: Scope, item: Payload) -> ChatBlocked:
    """A client wants no more advertising, or again. Raises EventUnsupported for other wishes."""
    category, value = item.text_or("category"), item.at("value").text()
    if category != "marketing_messages" or value not in ("stop", "resume"):
        raise EventUnsupported(f"user_preferences:{safe_word(category)}")
    whom = {"from": item.mapping().get("wa_id"), "from_user_id": item.mapping().get("user_id")}
    chat = scope.people.one(Payload(whom, item.path), "from").chat(scope.channel_id)
    when = moment(item, "timestamp")
    return ChatBlocked(
        event_key=EventKey(f"preference:{chat.chat_id}:{value}:{when.timestamp():.0f}"),
        occurred_at=when,
        account=scope.account,
        raw=item.raw(),
        chat=chat,
        blocked=value == "stop",
        marketing_only=True,
    )


def _chat(scope: Scope, item: Payload) -> Chat | None:
    """None where a status does not say who got the message: its id is enough."""
    if item.text_or("recipient_type") == "group":
        return group_chat(scope.channel_id, identifier(item, "recipient_id"))
    try:
        return scope.people.one(item, "recipient").chat(scope.channel_id)
    except PayloadInvalid:
        return None


def _error(item: Payload) -> tuple[str, str]:
    """The code of the first error, and what it says of itself."""
    errors = item.get("errors")
    found = None if errors is None else next(errors.items(), None)
    if found is None:
        return "", ""
    data = found.get("error_data") or Payload({}, found.path)
    title, details = found.text_or("title") or found.text_or("message"), data.text_or("details")
    said = title if details in ("", title) else f"{title}: {details}".removeprefix(": ")
    code = identifier_or(found, "code")
    return code, advised(code, said)
