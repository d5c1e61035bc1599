"""Telegram's webhook: proves the sender by the secret token, turns an update into events."""

import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bridge.domain.errors import EventUnsupported, PayloadInvalid, SignatureInvalid
from bridge.domain.events import Event
from bridge.domain.names import AccountName
from bridge.payload import Payload
from bridge.ports import Account, Answer, Parsed, RawRequest, Rejected
from connectors.telegram.messages import edit_event, message_event
from connectors.telegram.reading import number, safe_word
from connectors.telegram.updates import connection, deleted, membership, pressed, reaction

_HEADER = "x-telegram-bot-api-secret-token"
Read = Callable[[], Event]


@dataclass(slots=True)
class _Gathered:
    """What an update has yielded so far."""

    events: list[Event] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Update:
    """An update: an object with an id and, mostly, one item named after its kind."""

    account: AccountName
    body: Payload
    received_at: datetime

    def id(self) -> str:
        return number(self.body, "update_id")


class TelegramInbound:
    """Telegram signs nothing: the proof is the token that setWebhook was given."""

    def __init__(self, account: Account) -> None:
        self._account = AccountName(account.name)
        self._tokens = tuple(_bytes(token) for token in account.required("secret_token"))

    def handshake(self, request: RawRequest) -> Answer | None:
        """None: Telegram asks nothing first."""
        return None

    def verify(self, request: RawRequest) -> None:
        if request.method != "POST":
            raise SignatureInvalid("telegram: it calls with POST only")
        given = _bytes(request.headers.get(_HEADER, ""))
        matches = [hmac.compare_digest(given, token) for token in self._tokens]
        if not any(matches):
            raise SignatureInvalid("telegram: the secret token is missing or does not match")

    def parse(self, request: RawRequest) -> Parsed:
        """The events of an update. Raises PayloadInvalid when the body is no JSON object."""
        update = _Update(
            account=self._account,
            body=Payload.from_bytes(request.body),
            received_at=request.received_at,
        )
        found = _Gathered()
        for key in update.body.mapping():
            if key != "update_id":
                _gather(found, update, key)
        ignored = found.ignored or ([] if found.events or found.rejected else ["empty"])
        return Parsed(
            events=tuple(found.events), rejected=tuple(found.rejected), ignored=tuple(ignored)
        )

    def accepted(self, request: RawRequest) -> Answer:
        """A plain 200; to a pressed button it says that it was heard, or the client would wait.

        Telegram takes a call of its API as an answer: core.telegram.org/bots/api#setwebhook
        """
        query = _callback_id(request.body) if b'"callback_query"' in request.body else None
        if query is None:
            return Answer()
        said = {"method": "answerCallbackQuery", "callback_query_id": query}
        return Answer(body=json.dumps(said).encode(), content_type="application/json")


def _gather(found: _Gathered, update: _Update, key: str) -> None:
    """Reads what stands under one key, each of its facts on its own."""
    reads = _READERS.get(key)
    if reads is None:
        found.ignored.append(safe_word(key))
        return
    try:
        item = update.body.get(key)
        for read in () if item is None else reads(update, item):
            _take(found, read)
    except PayloadInvalid as error:
        found.rejected.append(_refused(error))


def _take(found: _Gathered, read: Read) -> None:
    try:
        found.events.append(read())
    except EventUnsupported as word:
        found.ignored.append(str(word))
    except PayloadInvalid as error:
        found.rejected.append(_refused(error))


def _message(update: _Update, item: Payload) -> Iterator[Read]:
    yield lambda: message_event(update.account, item)


def _edit(update: _Update, item: Payload) -> Iterator[Read]:
    yield lambda: edit_event(update.account, update.id(), item)


def _deletions(update: _Update, item: Payload) -> Iterator[Read]:
    for given in item.at("message_ids").items():
        yield _deletion(update, item, given)


def _deletion(update: _Update, item: Payload, given: Payload) -> Read:
    return lambda: deleted(update.account, item, given, update.received_at)


def _reaction(update: _Update, item: Payload) -> Iterator[Read]:
    yield lambda: reaction(update.account, update.id(), item)


def _pressed(update: _Update, item: Payload) -> Iterator[Read]:
    yield lambda: pressed(update.account, item, update.received_at)


def _membership(update: _Update, item: Payload) -> Iterator[Read]:
    yield lambda: membership(update.account, update.id(), item)


def _connection(update: _Update, item: Payload) -> Iterator[Read]:
    yield lambda: connection(update.account, update.id(), item, update.received_at)


_READERS: Mapping[str, Callable[[_Update, Payload], Iterator[Read]]] = {
    "message": _message,
    "edited_message": _edit,
    "business_connection": _connection,
    "business_message": _message,
    "edited_business_message": _edit,
    "deleted_business_messages": _deletions,
    "message_reaction": _reaction,
    "callback_query": _pressed,
    "my_chat_member": _membership,
}


def _refused(error: PayloadInvalid) -> Rejected:
    return Rejected(reason="payload_invalid", detail=str(error), path=error.path)


def _callback_id(body: bytes) -> str | None:
    try:
        return Payload.from_bytes(body).at("callback_query").at("id").identifier()
    except PayloadInvalid:
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
