"""What a homeserver pushes to an application service: proves the sender, reads transactions."""

import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bridge.domain.errors import EventUnsupported, PayloadInvalid, SignatureInvalid
from bridge.domain.events import Event
from bridge.domain.names import AccountName
from bridge.payload import Payload
from bridge.ports import Account, Answer, Parsed, RawRequest, Rejected
from connectors.matrix.messages import SAYINGS, Happening, message_event, reaction_event
from connectors.matrix.people import People
from connectors.matrix.reading import safe_word
from connectors.matrix.rooms import member_event, receipt_events, redaction_event, tombstone_event
from connectors.matrix.words import MEMBER, REACTION, REDACTION, TOMBSTONE

_JSON = "application/json"
_TRANSACTION = re.compile(r"/transactions/[^/]+/?\Z")
_UNKNOWN = b'{"errcode":"M_UNRECOGNIZED","error":"the bridge has no such address"}'
_NOT_FOUND = b'{"errcode":"M_NOT_FOUND","error":"the bridge makes no users or rooms"}'
# MSC2409, before and after it became a part of the specification (v1.13).
_EPHEMERAL = ("ephemeral", "de.sorunome.msc2409.ephemeral")
_DEEP_IN_BODY = 600  # a client may nest his event as deep as he likes: only his own is refused

_EVENTS: Mapping[str, Callable[[Happening], Event]] = {
    **dict.fromkeys(SAYINGS, message_event),
    REACTION: reaction_event,
    REDACTION: redaction_event,
    MEMBER: member_event,
    TOMBSTONE: tombstone_event,
}


@dataclass(slots=True)
class _Gathered:
    """What a transaction has yielded so far; `keys` as the same event may come twice in one."""

    events: list[Event] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def add(self, event: Event) -> None:
        if event.event_key in self.keys:
            self.ignored.append("twice")
            return
        self.keys.add(event.event_key)
        self.events.append(event)

    def refuse(self, error: PayloadInvalid) -> None:
        refused = Rejected(reason="payload_invalid", detail=str(error), path=error.path)
        self.rejected.append(refused)


class MatrixInbound:
    """The proof is the registration's `hs_token`, which the homeserver sends with every call."""

    def __init__(self, account: Account) -> None:
        self._account = AccountName(account.name)
        self._tokens = tuple(token.encode() for token in account.required("hs_token"))
        self._people = People.of(account)

    def handshake(self, request: RawRequest) -> Answer | None:
        """Pings and questions for users and rooms, once the token is right: we have none."""
        if _is_transaction(request) or not self._is_proven(request):
            return None
        path = _path(request)
        if request.method == "POST" and path.endswith("/_matrix/app/v1/ping"):
            return Answer(body=b"{}", content_type=_JSON)
        asks = request.method == "GET" and ("/users/" in path or "/rooms/" in path)
        said = _NOT_FOUND if asks else _UNKNOWN
        return Answer(status=404, body=said, content_type=_JSON)

    def verify(self, request: RawRequest) -> None:
        if not self._is_proven(request):
            raise SignatureInvalid("matrix: the hs_token is missing or does not match")

    def parse(self, request: RawRequest) -> Parsed:
        """The room's events in order, then receipts. Raises PayloadInvalid when the body is no
        JSON object."""
        body = Payload.from_bytes(request.body, _DEEP_IN_BODY)
        body.mapping()
        found = _Gathered()
        for item in _items(found, body, "events"):
            _gather(found, item, self._of_room)
        ephemeral = next((key for key in _EPHEMERAL if body.has(key)), "")
        for item in _items(found, body, ephemeral):
            _gather(found, item, self._of_moment)
        return Parsed(
            events=tuple(found.events),
            rejected=tuple(found.rejected),
            ignored=tuple(found.ignored) or (() if found.events or found.rejected else ("empty",)),
        )

    def accepted(self, request: RawRequest) -> Answer:
        return Answer(body=b"{}", content_type=_JSON)

    def _is_proven(self, request: RawRequest) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        shown = given.strip().encode("utf-8", "surrogatepass")
        matches = [hmac.compare_digest(shown, token) for token in self._tokens]
        return scheme.lower() == "bearer" and any(matches)

    def _of_room(self, item: Payload) -> Iterator[Event | PayloadInvalid]:
        kind = item.at("type").text()
        read = _EVENTS.get(kind)
        if read is None:
            raise EventUnsupported(safe_word(kind))
        yield read(Happening.of(self._account, self._people, item))

    def _of_moment(self, item: Payload) -> Iterator[Event | PayloadInvalid]:
        kind = item.at("type").text()
        if kind != "m.receipt":
            raise EventUnsupported(safe_word(kind))
        yield from receipt_events(self._account, self._people, item)


def _gather(
    found: _Gathered,
    item: Payload,
    read: Callable[[Payload], Iterator[Event | PayloadInvalid]],
) -> None:
    """Reads one item on its own: a broken one leaves its neighbours alone."""
    try:
        item.check_depth()
        for event in read(item):
            if isinstance(event, PayloadInvalid):
                found.refuse(event)
            else:
                found.add(event)
    except EventUnsupported as word:
        found.ignored.append(str(word))
    except PayloadInvalid as error:
        found.refuse(error)


def _items(found: _Gathered, body: Payload, key: str) -> Iterator[Payload]:
    """The items under a key; of one that is no list nothing but its refusal."""
    value = body.get(key) if key else None
    try:
        yield from value.items() if value is not None else ()
    except PayloadInvalid as error:
        found.refuse(error)


def _is_transaction(request: RawRequest) -> bool:
    return request.method == "PUT" and _TRANSACTION.search(_path(request)) is not None


def _path(request: RawRequest) -> str:
    try:
        return urlsplit(request.url).path
    except ValueError:
        return ""
