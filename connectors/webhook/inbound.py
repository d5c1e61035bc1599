"""The generic webhook's door: signed JSON of any system, each event in the form of our own."""

from dataclasses import dataclass, field, replace

from bridge.domain.errors import PayloadInvalid, SignatureInvalid
from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload
from bridge.ports import Account, Answer, Parsed, RawRequest, Rejected
from connectors.standard_webhooks import checked, verify
from connectors.webhook.forms import identifier, values
from connectors.webhook.words import EVENTS, Told

INVALID = "payload_invalid"
_OF_EVERY_EVENT = frozenset({"type", "id"})


@dataclass(slots=True)
class _Gathered:
    """What a body has yielded so far; `seen` holds the events by their key, without `raw`."""

    events: list[Told] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    seen: dict[EventKey, Told] = field(default_factory=dict)


class WebhookInbound:
    """Takes Standard Webhooks signatures by any of the account's secrets, at most 5 minutes old."""

    def __init__(self, account: Account) -> None:
        self._account = AccountName(account.name)
        self._secrets = checked(account.name, account.required("signing_secret"))

    def handshake(self, request: RawRequest) -> Answer | None:
        return None

    def verify(self, request: RawRequest) -> None:
        if request.method != "POST":
            raise SignatureInvalid("webhook: events come by POST only")
        verify(self._secrets, request.headers, request.body, request.received_at)

    def parse(self, request: RawRequest) -> Parsed:
        """`{"events": […]}`, each event on its own. Raises PayloadInvalid when the body is no such
        object."""
        body = Payload.from_bytes(request.body)
        found = _Gathered()
        for item in body.at("events").items():
            try:
                self._gather(found, item)
            except PayloadInvalid as error:
                found.rejected.append(Rejected(reason=INVALID, detail=str(error), path=error.path))
        empty = not (found.events or found.rejected)
        return Parsed(
            events=tuple(found.events),
            rejected=tuple(found.rejected),
            ignored=("empty",) if empty else tuple(found.ignored),
        )

    def accepted(self, request: RawRequest) -> Answer:
        """202: stored, and decided later."""
        return Answer(status=202, body=b"{}", content_type="application/json")

    def _gather(self, found: _Gathered, item: Payload) -> None:
        event = event_of(self._account, item)
        bare = replace(event, raw="")
        before = found.seen.setdefault(event.event_key, bare)
        if before is bare:
            found.events.append(event)
        elif before == bare:
            found.ignored.append("repeated")
        else:
            path = f"{item.path}.id"
            raise PayloadInvalid(f"{path} is that of another event of this body", path)


def event_of(account: AccountName, item: Payload) -> Told:
    """The event that an item stands for; its key is made of its type and the sender's id of it.

    Raises PayloadInvalid.
    """
    word = item.at("type").text()
    kind = EVENTS.get(word)
    if kind is None:
        raise PayloadInvalid(f"{item.path}.type is no type of event", f"{item.path}.type")
    key = EventKey(f"{word}:{identifier(item.at('id'))}")
    found = values(kind, item, strict=True, also=_OF_EVERY_EVENT)
    return kind(event_key=key, account=account, raw=item.raw(), **found)  # type: ignore[arg-type]
