"""What a unit of work holds of resellers' clients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bridge.domain.changes import Change
from bridge.domain.client_forms import LAST_YEAR, OUR_ID
from bridge.domain.decisions import Decision
from bridge.domain.events import ContactErased, Event, UnitsUsed
from bridge.domain.facts import Facts
from bridge.domain.helping_events import HelpingEvent
from bridge.domain.names import ClientId, CrmId, ResellerName
from bridge.domain.policy import Policy
from bridge.domain.reseller_clients import CrmLink, ResellerClient
from bridge.domain.reselling_changes import PutClient
from bridge.domain.reselling_events import (
    ClientAdded,
    ClientEdited,
    ClientRenewed,
    ResellingEvent,
)
from bridge.domain.reselling_facts import ResellingFacts
from bridge.domain.reselling_policy import Reseller
from bridge.domain.spans import Term, end_of, term
from bridge.store.owners import owners_of_records
from bridge.store.reseller_clients import by_ids, by_references, forget_linked, put_clients
from bridge.store.unit_movements import NewMovement, add

Reference = tuple[ResellerName, str]


@dataclass
class ClientRoom:
    """Loads nothing for runs that are about no client of a reseller."""

    policy: Policy = field(default_factory=Policy)
    clients: dict[ClientId, ResellerClient] = field(default_factory=dict)
    references: dict[Reference, ClientId] = field(default_factory=dict)
    owners: Mapping[CrmLink, CrmId] = field(default_factory=dict)
    changed: dict[ClientId, None] = field(default_factory=dict)
    moved: list[NewMovement] = field(default_factory=list)
    erased: list[CrmId] = field(default_factory=list)  # contacts, whether we mirror them or not

    def load(self, db: Connection, policy: Policy, run: Sequence[Event]) -> None:
        self.policy = policy
        self.erased = [
            event.contact
            for event in run
            if isinstance(event, ContactErased) and event.account == policy.crm
        ]
        mine = [e for e in run if isinstance(e, UnitsUsed | ResellingEvent | HelpingEvent)]
        if not mine:
            return
        found = by_ids(db, {ClientId(event.client) for event in mine})
        resellers, references = self._named(mine, found)
        if references and resellers:
            found |= by_references(db, references, resellers)
        for client in found.values():
            self._hold(client)
        links = [client.link for client in found.values() if client.link is not None]
        if links and policy.crm is not None:
            self.owners = owners_of_records(db, policy.crm, links)

    def facts(self, event: Event, facts: Facts) -> Facts:
        if isinstance(event, UnitsUsed):
            return replace(facts, reselling=self._facts_of_use(event))
        if isinstance(event, HelpingEvent):
            helped = ResellingFacts(client=self.clients.get(event.client))
            return replace(facts, reselling=helped)
        if isinstance(event, ResellingEvent):
            return replace(facts, reselling=self._facts_of(event, facts.now))
        return facts

    def apply(self, change: Change, decision: Decision) -> bool:
        """The balance and its movements are one: what does not add up is never written."""
        if not isinstance(change, PutClient):
            return False
        before = self.clients.get(change.client.id)
        balance = 0 if before is None else before.balance
        if balance + sum(one.delta for one in change.moved) != change.client.balance:
            raise AssertionError(f"{change.client.id}: the movements are not those of the balance")
        if before is not None and before.reference:
            self.references.pop((before.reseller, before.reference), None)
        self._hold(change.client)
        self.changed[change.client.id] = None
        self.moved.extend(
            NewMovement(
                client=change.client.id,
                moved=one,
                account=decision.account,
                event_key=decision.event_key,
            )
            for one in change.moved
        )
        return True

    def write(self, db: Connection, now: datetime) -> None:
        put_clients(db, [self.clients[name] for name in self.changed])
        add(db, self.moved, now)
        if self.erased:
            forget_linked(db, self.erased)

    def _hold(self, client: ResellerClient) -> None:
        self.clients[client.id] = client
        if client.reference:
            self.references[client.reseller, client.reference] = client.id

    def _named(
        self,
        run: Sequence[UnitsUsed | ResellingEvent | HelpingEvent],
        found: Mapping[ClientId, ResellerClient],
    ) -> tuple[set[ResellerName], set[str]]:
        """Whose references are given by these events, and which."""
        resellers: set[ResellerName] = set()
        references: set[str] = set()
        for event in run:
            match event:
                case UnitsUsed():
                    resellers |= self.policy.reselling.told_by(event.account)
                    references.add(event.client)
                case ClientAdded():
                    resellers.add(event.reseller)
                    references.add(event.reference)
                case ClientEdited() if event.client in found:
                    resellers.add(found[event.client].reseller)
                    references.add(event.reference or "")
                case _:
                    continue
        return resellers, references - {""}

    def _facts_of_use(self, event: UnitsUsed) -> ResellingFacts:
        """Of the resellers alone that this account may speak for."""
        allowed = self.policy.reselling.told_by(event.account)
        if event.reseller:
            allowed &= {ResellerName(event.reseller)}
        if event.client.startswith(OUR_ID):
            named = self.clients.get(ClientId(event.client))
            found = [named] if named is not None and named.reseller in allowed else []
        else:
            keys = [(reseller, str(event.client)) for reseller in sorted(allowed)]
            found = [self.clients[self.references[key]] for key in keys if key in self.references]
        if len(found) != 1:
            return ResellingFacts(is_ambiguous=len(found) > 1)
        return ResellingFacts(client=found[0], owner=self._owner(found[0]))

    def _facts_of(self, event: ResellingEvent, now: datetime) -> ResellingFacts:
        client = self.clients.get(event.client)
        reseller = event.reseller if isinstance(event, ClientAdded) else None
        if client is not None:
            reseller = client.reseller
        return ResellingFacts(
            client=client,
            reference_of=self._reference_of(event, reseller),
            terms=self._terms(event, reseller, now),
            owner=None if client is None else self._owner(client),
            until=self._until(event, reseller),
        )

    def _reference_of(
        self, event: ResellingEvent, reseller: ResellerName | None
    ) -> ClientId | None:
        if reseller is None or not isinstance(event, ClientAdded | ClientEdited):
            return None
        return self.references.get((reseller, event.reference)) if event.reference else None

    def _terms(
        self, event: ResellingEvent, reseller: ResellerName | None, now: datetime
    ) -> Mapping[str, Term]:
        found = self.policy.reselling.resellers.get(reseller) if reseller else None
        if found is None or not isinstance(event, ClientAdded | ClientRenewed):
            return {}
        zone = _zone(found)
        spans = {key: plan.validity for key, plan in found.plans.items()}
        return {key: term(span, now, zone) for key, span in spans.items() if span is not None}

    def _until(self, event: ResellingEvent, reseller: ResellerName | None) -> Term | None:
        """None for a day beyond what a calendar holds, as for none."""
        found = self.policy.reselling.resellers.get(reseller) if reseller else None
        if found is None or not isinstance(event, ClientAdded) or event.until is None:
            return None
        if event.until.year > LAST_YEAR:
            return None
        return Term(last_day=event.until, ends_at=end_of(event.until, _zone(found)))

    def _owner(self, client: ResellerClient) -> CrmId | None:
        return None if client.link is None else self.owners.get(client.link)


def _zone(reseller: Reseller) -> tzinfo:
    return UTC if reseller.time_zone in ("", "UTC") else ZoneInfo(reseller.time_zone)
