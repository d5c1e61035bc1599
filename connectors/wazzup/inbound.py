"""Wazzup's webhooks (API v3): proves the sender, turns a body into events."""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit

from bridge.domain.errors import EventUnsupported, PayloadInvalid, SignatureInvalid
from bridge.domain.events import ChannelChanged, Event, TemplateChanged
from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload
from bridge.ports import Account, Answer, Parsed, RawRequest, Rejected
from connectors.wazzup.messages import message_events, status_event
from connectors.wazzup.reading import identifier, moment, safe_word
from connectors.wazzup.words import channel_state

MAX_TEST_BODY = 1024
_KNOWN = frozenset(
    {"messages", "statuses", "createContact", "createDeal", "channelsUpdates", "templateStatus"}
)


@dataclass(slots=True)
class _Gathered:
    """What a body has yielded so far."""

    events: list[Event] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


class WazzupInbound:
    """Wazzup signs nothing: the proof is the webhook key, in a header or in the address."""

    def __init__(self, account: Account) -> None:
        self._account = AccountName(account.name)
        self._keys = tuple(key.encode() for key in account.required("webhook_key"))

    def handshake(self, request: RawRequest) -> Answer | None:
        """200 to `{"test": true}`, which Wazzup posts before it takes an address (WZ-01)."""
        if request.method != "POST" or len(request.body) >= MAX_TEST_BODY:
            return None
        if b'"test"' not in request.body:  # nearly every webhook: not worth reading it twice
            return None
        try:
            body = Payload.from_bytes(request.body).mapping()
        except PayloadInvalid:
            return None
        return Answer() if list(body) == ["test"] and body["test"] is True else None

    def verify(self, request: RawRequest) -> None:
        if request.method != "POST":
            raise SignatureInvalid("wazzup: it calls with POST only")
        given = list(_presented(request))
        matches = [hmac.compare_digest(one, key) for one in given for key in self._keys]
        if not any(matches):
            raise SignatureInvalid("wazzup: the webhook key is missing or does not match")

    def parse(self, request: RawRequest) -> Parsed:
        """Events in the order messages, statuses, channelsUpdates, templateStatus (WZ-02).

        Raises PayloadInvalid when the body is no JSON object.
        """
        body = Payload.from_bytes(request.body)
        keys = set(body.mapping())
        if "event" in keys and "data" in keys and not keys & _KNOWN:
            return Parsed.ignore(f"v2:{_word(body.mapping()['event'])}")
        found = _Gathered()
        for key, event_of in self._readers(request.received_at):
            if key in keys:
                _gather(found, body, key, event_of)
        found.ignored += [safe_word(key) for key in body.mapping() if key not in _KNOWN]
        return Parsed(
            events=tuple(found.events),
            rejected=tuple(found.rejected),
            ignored=tuple(found.ignored) or (() if found.events or found.rejected else ("empty",)),
        )

    def accepted(self, request: RawRequest) -> Answer:
        """A plain 200; Wazzup waits 30 s for it (WZ-04)."""
        return Answer()

    def _readers(
        self, received_at: datetime
    ) -> Iterator[tuple[str, Callable[[Payload], tuple[Event, ...]]]]:
        account = self._account
        yield "messages", lambda item: message_events(account, item, received_at)
        yield "statuses", lambda item: (status_event(account, item, received_at),)
        yield "createContact", _creation_requested
        yield "createDeal", _creation_requested
        yield "channelsUpdates", lambda item: (_channel_changed(account, item),)
        yield "templateStatus", lambda item: (_template_changed(account, item, received_at),)


def _presented(request: RawRequest) -> Iterator[bytes]:
    """Every key that the request shows: bearer token, `/hooks/<account>/<key>`, `?key=`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield _bytes(token.strip())
    try:
        address = urlsplit(request.url)
        named = parse_qs(address.query).get("key", [])
    except ValueError:
        return
    yield from map(_bytes, named)
    segments = address.path.split("/")
    if len(segments) > 3 and segments[-3] == "hooks":
        yield _bytes(unquote(segments[-1]))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _gather(
    found: _Gathered,
    body: Payload,
    key: str,
    event_of: Callable[[Payload], tuple[Event, ...]],
) -> None:
    """Reads the items under a key, each on its own: a broken one leaves its neighbours alone."""
    try:
        items = _items(body, key)
    except PayloadInvalid as error:
        found.rejected.append(_refused(error))
        return
    for item in items:
        try:
            found.events += event_of(item)
        except EventUnsupported as word:
            found.ignored.append(str(word))
        except PayloadInvalid as error:
            found.rejected.append(_refused(error))


def _items(body: Payload, key: str) -> Iterator[Payload]:
    """The items of a list; an object counts as a list of one."""
    value = body.get(key)
    if value is None:
        return iter(())
    return iter((value,)) if isinstance(value.value, dict) else value.items()


def _refused(error: PayloadInvalid) -> Rejected:
    return Rejected(reason="payload_invalid", detail=str(error), path=error.path)


def _word(value: object) -> str:
    return safe_word(value) if isinstance(value, str) else "other"


def _creation_requested(item: Payload) -> tuple[Event, ...]:
    """Contacts and deals come from `messages`; the subscription has this switched off (WZ-06)."""
    raise EventUnsupported("creation_requested")


def _channel_changed(account: AccountName, item: Payload) -> ChannelChanged:
    """Raises EventUnsupported where only the WhatsApp Business tier moved."""
    channel_id = identifier(item, "channelId")
    if item.get("state") is None and item.get("tier") is not None:
        raise EventUnsupported("tier")
    word = item.at("state").text()
    occurred_at = moment(item.at("timestamp"))
    # A QR code signs in to the client's messenger: whoever reads `raw` must not find it.
    shown = Payload({k: v for k, v in item.mapping().items() if k != "qr"})
    return ChannelChanged(
        event_key=EventKey(f"channel:{channel_id}:{safe_word(word)}:{occurred_at.timestamp():.3f}"),
        occurred_at=occurred_at,
        account=account,
        raw=shown.raw(),
        channel_id=channel_id,
        state=channel_state(word),
        detail=word,
    )


def _template_changed(
    account: AccountName, item: Payload, received_at: datetime
) -> TemplateChanged:
    """Told without a time, so that the day of arrival tells a repeat from the same state later."""
    template_id = identifier(item, "templateGuid")
    state = item.at("status").text().lower()
    return TemplateChanged(
        event_key=EventKey(f"template:{template_id}:{safe_word(state)}:{received_at:%Y-%m-%d}"),
        occurred_at=received_at,
        account=account,
        raw=item.raw(),
        template_id=template_id,
        name=item.text_or("name"),
        state=state,
    )
