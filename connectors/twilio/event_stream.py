"""Twilio's Event Streams (JSON, CloudEvents): the statuses of messages; pure.

Messages themselves come by the numbers' webhooks, with their files; here they are ignored by name.
"""

from dataclasses import replace

from bridge.domain.errors import EventUnsupported, PayloadInvalid
from bridge.domain.events import Event, MessageStatusChanged
from bridge.domain.names import AccountName
from bridge.payload import Payload
from bridge.ports import Parsed, Rejected
from connectors.twilio.forms import Form
from connectors.twilio.messages import status_event
from connectors.twilio.words import MAX_ID, safe_word

_OUTGOING = "com.twilio.messaging.message."


def parsed_stream(account: AccountName, body: bytes) -> Parsed:
    """One event per item; a broken item is rejected on its own. Raises PayloadInvalid."""
    whole = Payload.from_bytes(body)
    items = whole.items() if isinstance(whole.value, list) else iter((whole,))
    events: dict[str, Event] = {}
    rejected, ignored = [], []
    for item in items:
        try:
            event = _status(account, item)
            events.setdefault(event.event_key, event)
        except EventUnsupported as word:
            ignored.append(str(word))
        except PayloadInvalid as error:
            rejected.append(Rejected(reason="payload_invalid", detail=str(error), path=error.path))
    if not (events or rejected or ignored):
        ignored.append("empty")
    return Parsed(events=tuple(events.values()), rejected=tuple(rejected), ignored=tuple(ignored))


def _status(account: AccountName, item: Payload) -> MessageStatusChanged:
    kind = item.at("type").text()
    if not kind.startswith(_OUTGOING):
        raise EventUnsupported(safe_word(kind))
    data = item.at("data")
    message_id = data.at("messageSid").text()
    if not 0 < len(message_id) <= MAX_ID:
        raise PayloadInvalid(f"{data.path}.messageSid is no id", f"{data.path}.messageSid")
    word = data.text_or("messageStatus", kind.removeprefix(_OUTGOING)).lower()
    when = data.at("timestamp").iso_time()
    told = {"ErrorMessage": data.text_or("errorMessage")}
    if (code := data.get("errorCode")) is not None:
        told["ErrorCode"] = code.identifier()
    return replace(status_event(account, message_id, word, Form(told), when), raw=item.raw())
