"""Posts each effect as a signed order: the only file of this connector that writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta

from bridge.domain.effects import (
    ChangeOwner,
    CreateContact,
    CreateDeal,
    CreateLead,
    Effect,
    SendMessage,
    UpdateTimelineEntry,
    WriteTimelineEntry,
)
from bridge.domain.errors import DeliveryTransient, OutcomeUnknown
from bridge.domain.names import CrmId
from bridge.ports import (
    Absent,
    Account,
    AccountDown,
    CannotTell,
    Delivery,
    Done,
    Found,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.webhook.client import TIMEOUT_SECONDS, Endpoint
from connectors.webhook.forms import written
from connectors.webhook.orders import (
    ORDER_WORDS,
    ContactOrder,
    DealOrder,
    EntryOrder,
    EntryRecord,
    EntryUpdateOrder,
    LeadOrder,
    MessageOrder,
    Order,
    OwnerOrder,
)
from connectors.webhook.outcomes import OUTAGE, outcome_of

NO_ADDRESS = "webhook: the account has no base_url: set it in accounts.yaml to send"
_RUN_OUT = "webhook: the other side no longer remembers this webhook-id"
_ON_THE_WAY = timedelta(seconds=TIMEOUT_SECONDS)
_MISSING = Rejected(
    reason="record_missing", detail="webhook: the record has no id at the other side"
)


@dataclass(slots=True)
class _Ids:
    """The other side's ids: those that a delivery brings, and those made earlier in its run."""

    made: dict[str, str] = field(default_factory=dict)

    def of(self, delivery: Delivery, name: str) -> CrmId | None:
        found = delivery.ids.get(name) or self.made.get(name)
        return None if found is None else CrmId(found)


class WebhookOutbound:
    """One call per effect, `webhook-id` being its idempotency key: who gets it twice does it once.

    Option `dedupe_hours`: how long the other side remembers the ids of what it has done.
    """

    def __init__(self, account: Account) -> None:
        self._endpoint = Endpoint(account)

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """In order. Once the account is down the rest is not tried, and says so."""
        outcomes: list[Outcome] = []
        ids = _Ids()
        down: AccountDown | None = None
        for delivery in run:
            outcome = down or self._one(delivery, ids)
            outcomes.append(outcome)
            down = _rest_of_run(delivery, outcome)
            made = _makes(delivery.effect)
            if isinstance(outcome, Done) and made is not None and "id" in outcome.vendor_ids:
                ids.made[made] = outcome.vendor_ids["id"]
        return outcomes

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        """Sending again is safe while the other side remembers the id, which it promises to."""
        return [
            CannotTell(reason=_RUN_OUT) if self._has_run_out(delivery) else Absent()
            for delivery in run
        ]

    def _one(self, delivery: Delivery, ids: _Ids) -> Outcome:
        if not self._endpoint.exists:
            return AccountDown(cause=NO_ADDRESS)
        order = _order(delivery, ids)
        if isinstance(order, Rejected):
            return order
        return self._post(delivery, ORDER_WORDS[type(delivery.effect)], order)

    def _post(self, delivery: Delivery, word: str, order: Order) -> Outcome:
        if not delivery.still_ours():
            return RetryAt(when=delivery.now, reason=f"webhook: {word}: no longer ours")
        if self._has_run_out(delivery):
            return Unknown(reason=_RUN_OUT)
        try:
            answer = self._endpoint.post(delivery.idempotency_key, word, written(order))
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return Unknown(reason=str(error))
        return outcome_of(delivery, word, answer)

    def _has_run_out(self, delivery: Delivery) -> bool:
        since = delivery.in_doubt_since
        holds = self._endpoint.dedupe_window - _ON_THE_WAY
        return since is not None and delivery.now - since > holds


def _rest_of_run(delivery: Delivery, outcome: Outcome) -> AccountDown | None:
    """What the rows behind this one get without a call: a silent side is not asked in vain."""
    if isinstance(outcome, AccountDown):
        return outcome
    if isinstance(outcome, Unknown):
        return AccountDown(cause=f"not tried: {outcome.reason}", until=delivery.now + OUTAGE)
    return None


def _makes(effect: Effect) -> str | None:
    match effect:
        case CreateContact():
            return effect.contact
        case CreateDeal():
            return effect.deal
        case CreateLead():
            return effect.lead
        case WriteTimelineEntry():
            return effect.message
        case _:
            return None


def _order(delivery: Delivery, ids: _Ids) -> Order | Rejected:
    """What is ordered, with the other side's ids; Rejected where it lacks one."""
    match delivery.effect:
        case CreateContact() as effect:
            return ContactOrder(**_same(effect, ContactOrder))  # type: ignore[arg-type]
        case CreateDeal() | CreateLead() as effect:
            return _linked(effect, ids.of(delivery, effect.contact))
        case ChangeOwner() as effect:
            record = ids.of(delivery, effect.record)
            if record is None:
                return _MISSING
            return OwnerOrder(kind=effect.kind, record=record, owner=effect.owner)
        case WriteTimelineEntry() as effect:
            return _entry(delivery, effect, ids)
        case UpdateTimelineEntry() as effect:
            return _entry_update(delivery, effect, ids)
        case SendMessage() as effect:
            return _message(effect)
        case _:
            kind = type(delivery.effect).__name__
            return Rejected(reason="effect_unsupported", detail=f"webhook does not do {kind}")


def _linked(effect: CreateDeal | CreateLead, contact: CrmId | None) -> Order | Rejected:
    if contact is None:
        return _MISSING
    if isinstance(effect, CreateLead):
        return LeadOrder(contact=contact, name=effect.name, owner=effect.owner)
    return DealOrder(
        contact=contact,
        name=effect.name,
        pipeline=effect.pipeline,
        stage=effect.stage,
        owner=effect.owner,
    )


def _entry(delivery: Delivery, effect: WriteTimelineEntry, ids: _Ids) -> EntryOrder | Rejected:
    known = [(kind, ids.of(delivery, record)) for kind, record in effect.records]
    records = tuple(EntryRecord(kind=kind, id=one) for kind, one in known if one is not None)
    if not records:
        return _MISSING
    return EntryOrder(**{**_same(effect, EntryOrder), "records": records})  # type: ignore[arg-type]


def _entry_update(
    delivery: Delivery, effect: UpdateTimelineEntry, ids: _Ids
) -> EntryUpdateOrder | Rejected:
    entry, now = ids.of(delivery, effect.message), _entry(delivery, effect.entry, ids)
    if entry is None or isinstance(now, Rejected):
        return _MISSING
    return EntryUpdateOrder(entry=entry, entry_now=now, note=effect.note)


def _message(effect: SendMessage) -> MessageOrder | Rejected:
    if effect.media is not None and not effect.media.url:
        return Rejected(
            reason="file_without_link", detail="webhook: files are handed over by their link"
        )
    return MessageOrder(**_same(effect, MessageOrder))  # type: ignore[arg-type]


def _same(effect: Effect, order: type[Order]) -> Mapping[str, object]:
    """The fields that the order has in common with the effect."""
    shared = {one.name for one in fields(order)} & {one.name for one in fields(effect)}
    return {name: getattr(effect, name) for name in shared}
