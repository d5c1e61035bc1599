"""/deliveries: what was ordered of vendors, and what they answered. For managers and admins."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.names import AccountName, ConversationId
from bridge.store import deliveries
from bridge.store.deliveries import Delivery, Wanted
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.outbox import State
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, get
from bridge.web.problems import not_found


class DeliveriesQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out or null narrows nothing; `kind` is one of an effect, such as SendMessage,
    and looked for among the newest 100,000."""

    account: str | None = None
    state: State | None = None
    kind: str = ""
    conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptShape:
    number: int
    at: datetime
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryShape:
    """`key` is what a vendor was given against doubles (of the generic webhook: `webhook-id`),
    `vendor_id` what it made; `event` is what explains why it was ordered, `reason` why it stands
    as it does, `log` what was answered before."""

    id: str
    account: str
    kind: str
    state: State
    attempts: int
    key: str
    created_at: datetime
    tried_at: datetime | None
    done_at: datetime | None
    next_attempt_at: datetime | None
    reason: str
    vendor_id: str | None
    conversation: str | None
    event: str | None
    log: tuple[AttemptShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    before: int


def list_all(call: Call, query: DeliveriesQuery) -> Page[DeliveryShape]:
    of = f"deliveries {query.account} {query.state} {query.kind} {query.conversation}"
    begin = start(call, query, _Place, of)
    wanted = Wanted(
        account=None if query.account is None else AccountName(query.account),
        state=query.state,
        kind=query.kind,
        conversation=None if query.conversation is None else ConversationId(query.conversation),
        before=begin.before if begin else None,
        limit=query.limit + 1,
    )
    with reading(call.site.parts.engine) as db:
        found = deliveries.find(db, wanted)
    shown = found[: query.limit]
    more = _Place(before=shown[-1].id) if len(found) > query.limit else None
    return Page(items=tuple(map(_shape, shown)), next=go_on(call, more, of))


def one(call: Call, _: Nothing) -> DeliveryShape:
    number = call.path["id"]
    known = number.isascii() and number.isdigit() and len(number) < 19
    with reading(call.site.parts.engine) as db:
        found = deliveries.one(db, int(number)) if known else None
    if found is None:
        raise not_found("delivery")
    return _shape(found)


def _shape(found: Delivery) -> DeliveryShape:
    log = tuple(AttemptShape(number=a.number, at=a.at, said=a.said) for a in found.log)
    return DeliveryShape(
        id=str(found.id),
        account=found.account,
        kind=found.kind,
        state=found.state,
        attempts=found.attempts,
        key=found.key,
        created_at=found.created_at,
        tried_at=found.tried_at,
        done_at=found.done_at,
        next_attempt_at=found.next_attempt_at,
        reason=found.reason,
        vendor_id=found.vendor_id,
        conversation=found.conversation,
        event=None if found.event is None else str(found.event),
        log=log,
    )


ROUTES = (
    get(
        "/deliveries",
        list_all,
        DeliveriesQuery,
        Page[DeliveryShape],
        "What was ordered of vendors and what they answered, the newest first",
        Scope.ADMIN,
    ),
    get("/deliveries/{id}", one, Nothing, DeliveryShape, "One delivery", Scope.ADMIN),
)
