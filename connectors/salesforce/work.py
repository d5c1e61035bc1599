"""One run on its way: what is still to do, what came of the rest, and the ids it made."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from bridge.domain.effects import CreateContact, CreateDeal, CreateLead, CrmRecordEffect, Effect
from bridge.domain.errors import BridgeError
from bridge.domain.names import RecordId
from bridge.ports import AccountDown, Delivery, Done, Outcome, Rejected, RetryAt
from connectors.salesforce.outcomes import outcome_of, wait

_E = TypeVar("_E", bound=Effect)


class Work:
    """Effects of one run may build on each other: what it makes itself is known at once.

    `converted` says of leads that are no more which contacts they became.
    """

    def __init__(self, run: Sequence[Delivery]) -> None:
        self._run = run
        self._outcomes: dict[int, Outcome] = {}
        self._made: dict[str, str] = {}
        self._makers = {_makes(d.effect): place for place, d in enumerate(run)}
        self._converted: dict[str, str] = {}
        self._down: AccountDown | None = None
        self.now: datetime = run[0].now
        self.still_ours = run[0].still_ours

    def of(self, effect: type[_E]) -> Iterator[tuple[int, Delivery, _E]]:
        """Those of one kind that nothing has come of yet, in order."""
        for place, delivery in enumerate(self._run):
            if place not in self._outcomes and isinstance(delivery.effect, effect):
                yield place, delivery, delivery.effect

    def is_down(self) -> bool:
        return self._down is not None

    def settle(self, outcomes: Mapping[int, Outcome]) -> None:
        for place, outcome in outcomes.items():
            self._outcomes[place] = outcome
            record = _makes(self._run[place].effect)
            if record is not None and isinstance(outcome, Done):
                self._made[record] = outcome.vendor_ids["id"]
            if isinstance(outcome, AccountDown):
                self._down = outcome

    def is_settled(self, place: int) -> bool:
        return place in self._outcomes

    def fail(self, place: int, error: BridgeError) -> None:
        self.settle({place: outcome_of(error, self._run[place])})

    def follow(self, converted: Mapping[str, str]) -> None:
        self._converted.update(converted)

    def known_ids(self) -> Iterator[str]:
        """Vendor's ids that came with the run."""
        for delivery in self._run:
            yield from ids_of(delivery)

    def now_as(self, record: str) -> str:
        """Salesforce's id of a lead, or of the contact that it was converted into."""
        return self._converted.get(record, record)

    def id_of(self, delivery: Delivery, record: str) -> str | None:
        found = delivery.ids.get(record) or self._made.get(record)
        return None if found is None else self._converted.get(found, found)

    def waits_for(self, delivery: Delivery, record: RecordId) -> bool:
        """Made by another effect of this run, which is neither done nor refused for good."""
        place = self._makers.get(record)
        if place is None or self.id_of(delivery, record) is not None:
            return False
        return not isinstance(self._outcomes.get(place), Rejected)

    def lacking(self, delivery: Delivery, record: RecordId) -> Outcome:
        """What becomes of an effect that can't do without this record."""
        if self.waits_for(delivery, record):
            when = self.now + wait(delivery)
            return RetryAt(when=when, reason="salesforce: waits for its record")
        return Rejected(
            reason="record_missing", detail="salesforce: the record has no id in Salesforce"
        )

    def outcomes(self) -> list[Outcome]:
        unsupported = Rejected(reason="effect_unsupported", detail="salesforce: not for a CRM")
        default = self._down or unsupported
        return [self._outcomes.get(place, default) for place in range(len(self._run))]


def ids_of(delivery: Delivery) -> Iterator[str]:
    yield from delivery.ids.values()
    if isinstance(delivery.effect, CrmRecordEffect):
        yield delivery.effect.record


def _makes(effect: Effect) -> RecordId | None:
    match effect:
        case CreateContact():
            return effect.contact
        case CreateDeal():
            return effect.deal
        case CreateLead():
            return effect.lead
        case _:
            return None
