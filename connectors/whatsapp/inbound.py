"""Meta's webhooks for WhatsApp: proves the sender, turns every item of a body into events."""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from bridge.domain.errors import EventUnsupported, PayloadInvalid, SignatureInvalid
from bridge.domain.events import Event
from bridge.domain.names import AccountName
from bridge.payload import Payload
from bridge.ports import Account, Answer, Parsed, RawRequest, Rejected
from connectors.whatsapp.account_changes import Told, account_event
from connectors.whatsapp.messages import (
    Scope,
    call_events,
    earlier_events,
    echo_events,
    late_file_events,
    message_events,
)
from connectors.whatsapp.people import People
from connectors.whatsapp.reading import (
    digits_of,
    identifier,
    moment_or,
    safe_word,
    word,
)
from connectors.whatsapp.statuses import preference_event, status_event

OBJECT = "whatsapp_business_account"
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,256}")
_Read = Callable[[Scope, Payload], tuple[Event, ...]]


@dataclass(slots=True)
class _Gathered:
    """What a body has yielded so far."""

    events: list[Event] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def read(self, work: Callable[[], tuple[Event, ...]]) -> None:
        """One item on its own: a broken one leaves its neighbours alone."""
        try:
            self.events += work()
        except EventUnsupported as said:
            self.ignored.append(str(said))
        except PayloadInvalid as error:
            self.refuse(error)

    def refuse(self, error: PayloadInvalid) -> None:
        refused = Rejected(reason="payload_invalid", detail=str(error), path=error.path)
        self.rejected.append(refused)


class WhatsAppInbound:
    """The proof is an HMAC over the raw bytes; while it is rotated, two app secrets count."""

    def __init__(self, account: Account) -> None:
        self._account = AccountName(account.name)
        self._secrets = tuple(secret.encode() for secret in account.required("app_secret"))
        self._tokens = tuple(token.encode() for token in account.required("verify_token"))

    def handshake(self, request: RawRequest) -> Answer | None:
        """The challenge back, when an address is entered at Meta with our verify token."""
        if request.method != "GET":
            return None
        try:
            asked = parse_qs(urlsplit(request.url).query)
        except ValueError:
            return None
        mode, token, challenge = (
            _only(asked, name) for name in ("hub.mode", "hub.verify_token", "hub.challenge")
        )
        if mode != "subscribe" or not _CHALLENGE.fullmatch(challenge):
            return None
        given = token.encode("utf-8", "surrogatepass")
        matches = [hmac.compare_digest(given, known) for known in self._tokens]
        return Answer(body=challenge.encode()) if any(matches) else None

    def verify(self, request: RawRequest) -> None:
        if request.method != "POST":
            raise SignatureInvalid("whatsapp: it calls with POST only")
        found = _SIGNATURE.fullmatch(request.headers.get("x-hub-signature-256", ""))
        if found is None:
            raise SignatureInvalid("whatsapp: the signature is missing or is none")
        given = found[1].encode()
        made = [hmac.new(key, request.body, hashlib.sha256).hexdigest() for key in self._secrets]
        matches = [hmac.compare_digest(given, one.encode()) for one in made]
        if not any(matches):
            raise SignatureInvalid("whatsapp: the signature does not match")

    def parse(self, request: RawRequest) -> Parsed:
        """Every item of every change of every entry, in order."""
        body = Payload.from_bytes(request.body)
        found = _Gathered()
        if body.mapping().get("object") != OBJECT:
            return Parsed.ignore(f"object:{word(body, 'object')}")
        for entry in _each(found, body, "entry"):
            for change in _each(found, entry, "changes"):
                self._change(found, entry, change, request.received_at)
        return Parsed(
            events=_each_once(found.events),
            rejected=tuple(found.rejected),
            ignored=tuple(found.ignored) or (() if found.events or found.rejected else ("empty",)),
        )

    def accepted(self, request: RawRequest) -> Answer:
        """A plain 200; Meta repeats anything else for up to 7 days."""
        return Answer()

    def _change(
        self, found: _Gathered, entry: Payload, change: Payload, received_at: datetime
    ) -> None:
        try:
            name = change.at("field").text()
            value = change.at("value")
            if name not in _FIELDS:
                told = self._told(entry, value, received_at)
                found.read(lambda: (account_event(told, safe_word(name), value),))
                return
            scope = self._scope(value, received_at)
        except PayloadInvalid as error:
            found.refuse(error)
            return
        for work in _items(found, scope, value, _FIELDS[name]):
            found.read(work)
        _note_errors(found, value)

    def _scope(self, value: Payload, received_at: datetime) -> Scope:
        """Only the channel has to be there; names and our own number are no reason to lose it."""
        metadata = value.at("metadata")
        own, contacts = metadata.mapping().get("display_phone_number"), value.get("contacts")
        if contacts is None or not isinstance(contacts.value, list):
            contacts = Payload([])
        return Scope(
            account=self._account,
            channel_id=identifier(metadata, "phone_number_id"),
            number=digits_of(own) if isinstance(own, str) else "",
            people=People(contacts.items()),
            received_at=received_at,
        )

    def _told(self, entry: Payload, value: Payload, received_at: datetime) -> Told:
        """Without a time of its own, the day of arrival tells a repeat from the same news later."""
        at = moment_or(entry, "time", received_at)
        timed = entry.get("time") is not None
        mark = f"{at.timestamp():.0f}" if timed else f"{received_at:%Y-%m-%d}"
        return Told(account=self._account, at=at, mark=mark)


def _only(asked: Mapping[str, list[str]], name: str) -> str:
    """The value of a parameter that stands there once; `""` otherwise."""
    values = asked.get(name, [])
    return values[0] if len(values) == 1 else ""


def _each(found: _Gathered, parent: Payload, key: str) -> Iterator[Payload]:
    """The objects of a list; what is none is refused, each on its own."""
    try:
        items = list(parent.at(key).items())
    except PayloadInvalid as error:
        found.refuse(error)
        return
    for item in items:
        try:
            item.mapping()
        except PayloadInvalid as error:
            found.refuse(error)
        else:
            yield item


def _items(
    found: _Gathered, scope: Scope, value: Payload, readers: Mapping[str, _Read]
) -> Iterator[Callable[[], tuple[Event, ...]]]:
    """Work for each item under the keys that a field has, the unknown keys noted."""
    for key in value.mapping():
        read = readers.get(key)
        if read is not None and value.get(key) is not None:
            for item in _each(found, value, key):
                yield _bound(read, scope, item)
        elif key == "history":
            yield from _history(found, scope, value)
        elif key not in _AROUND:
            found.ignored.append(f"messages:{safe_word(key)}")


def _history(
    found: _Gathered, scope: Scope, value: Payload
) -> Iterator[Callable[[], tuple[Event, ...]]]:
    for chunk in _each(found, value, "history"):
        _note_errors(found, chunk)
        if chunk.get("threads") is None:
            continue
        for thread in _each(found, chunk, "threads"):
            for item in _each(found, thread, "messages"):
                yield _bound(_of_thread(thread), scope, item)


def _of_thread(thread: Payload) -> _Read:
    return lambda scope, item: earlier_events(scope, thread, item)


def _bound(read: _Read, scope: Scope, item: Payload) -> Callable[[], tuple[Event, ...]]:
    return lambda: read(scope, item)


def _note_errors(found: _Gathered, value: Payload) -> None:
    """Errors beside the items speak of no message: history that was not shared, say."""
    if value.get("errors") is None:
        return
    for error in _each(found, value, "errors"):
        code = error.mapping().get("code")
        found.ignored.append(f"error:{code if type(code) is int else 'other'}"[:40])


def _each_once(events: list[Event]) -> tuple[Event, ...]:
    """The same fact may stand in a body twice."""
    kept: dict[str, Event] = {}
    for event in events:
        kept.setdefault(event.event_key, event)
    return tuple(kept.values())


_FIELDS: Mapping[str, Mapping[str, _Read]] = {
    "messages": {
        "messages": message_events,
        "statuses": lambda scope, item: (status_event(scope, item),),
    },
    "smb_message_echoes": {"message_echoes": echo_events},
    "history": {"messages": late_file_events},
    "user_preferences": {
        "user_preferences": lambda scope, item: (preference_event(scope, item),),
    },
    "calls": {
        "calls": call_events,
        "statuses": lambda scope, item: _no_call_status(item),
    },
}
# What stands beside the items, and is read with them.
_AROUND = frozenset({"messaging_product", "metadata", "contacts", "errors"})


def _no_call_status(item: Payload) -> tuple[Event, ...]:
    raise EventUnsupported(f"calls:{word(item, 'status')}")
