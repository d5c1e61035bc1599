"""The partner programme through somebody's eyes: which leads he may read, and whose business he
sees. The access function has the last word on each; a list is narrowed before."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.access import Access
from bridge.domain.lead_access import lead_facts, managed_accounts
from bridge.domain.names import EmployeeId, PartnerLeadId, PartnerName, QueueName
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import LeadState, PartnerLead
from bridge.domain.partner_policy import PartnersPolicy
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind, tenant_of_partner
from bridge.domain.subject_access import ProgrammeFacts, access_to
from bridge.store import mirror, partner_leads
from bridge.store.partner_leads import LeadsWanted
from bridge.store.partners import PartnerState, partner_state

_BATCH = 100
_BATCHES = 10
"""A page looks at no more than that, and goes on from there: he may read few of many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    person: Person
    policy: Policy
    directory: Directory
    state: PartnerState

    @property
    def partners(self) -> PartnersPolicy:
        return self.policy.partners

    @property
    def facts(self) -> PartneringFacts:
        return PartneringFacts(programme=self.state.programme, side=self.state.side)

    def access(self, lead: PartnerLead) -> Access:
        facts = lead_facts(lead, self.state.side, self.partners, self.directory)
        return access_to(self.person, facts, self.policy)

    def programme_access(self) -> Access:
        return access_to(self.person, ProgrammeFacts(), self.policy)

    @property
    def reads_all(self) -> bool:
        return self.programme_access().can_read

    @property
    def accounts(self) -> frozenset[PartnerName]:
        """The partners whose people and leads are his business."""
        if self.reads_all:
            return frozenset(self.partners.accounts)
        if self.person.kind is PersonKind.EMPLOYEE:
            who = EmployeeId(self.person.id)
            managed = managed_accounts(who, self.state.side, self.partners, self.directory)
            return frozenset(PartnerName(name) for name in managed)
        mine = (name for name in self.partners.accounts if self._works_for(name))
        return frozenset(mine)

    def _works_for(self, name: PartnerName) -> bool:
        return self.person.tenant == tenant_of_partner(name)

    @property
    def users(self) -> tuple[EmployeeId, ...]:
        """The people of these partners."""
        accounts = self.accounts
        return tuple(x for x, user in self.partners.users.items() if user.account in accounts)

    @property
    def queues(self) -> tuple[QueueName, ...]:
        """Those of whose members one is his business; of a partner's user those that he is in."""
        if self.reads_all:
            return tuple(self.partners.queues)
        if self.person.kind is PersonKind.PARTNER_USER:
            return self.partners.queues_of(EmployeeId(self.person.id))
        users = set(self.users)
        return tuple(
            name for name, queue in self.partners.queues.items() if users & set(queue.members)
        )

    @property
    def holders(self) -> frozenset[str] | None:
        """Whose leads he may read at all, as the store's column has them; None: everybody's."""
        if self.reads_all:
            return None
        queues = {f"queue:{name}" for name in self.queues}
        if self.person.kind is PersonKind.PARTNER_USER:
            return frozenset({self.person.id, *queues})
        users = self.users
        return frozenset({self.person.id, *users, *queues}) if users else frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadPlace:
    """Where a list goes on."""

    since: datetime
    id: PartnerLeadId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadPage:
    leads: tuple[PartnerLead, ...]
    next: LeadPlace | None


def looker(db: Connection, policy: Policy, person: Person) -> Looker:
    people = mirror.directory(db, policy.crm)
    return Looker(person=person, policy=policy, directory=people, state=partner_state(db))


def lead_seen(db: Connection, eyes: Looker, name: str) -> PartnerLead | None:
    """None for one that is not there, or not for these eyes."""
    found = partner_leads.leads_by_id(db, [PartnerLeadId(name)]).get(PartnerLeadId(name))
    return found if found is not None and eyes.access(found).can_read else None


def leads_seen(
    db: Connection, eyes: Looker, wanted: LeadsWanted, start: LeadPlace | None, limit: int
) -> LeadPage:
    """The newest first: since when they are with whom they are with."""
    narrowed = _narrowed(eyes, wanted)
    if narrowed is None:
        return LeadPage(leads=(), next=None)
    found: list[PartnerLead] = []
    place = start
    for _ in range(_BATCHES):
        after = None if place is None else (place.since, place.id)
        batch = partner_leads.leads(db, replace(narrowed, after=after), _BATCH)
        for lead in batch:
            if not eyes.access(lead).can_read:
                continue
            if len(found) == limit:
                return LeadPage(leads=tuple(found), next=_place(found[-1]))
            found.append(lead)
        if len(batch) < _BATCH:
            return LeadPage(leads=tuple(found), next=None)
        place = _place(batch[-1])
    return LeadPage(leads=tuple(found), next=place)


def _narrowed(eyes: Looker, wanted: LeadsWanted) -> LeadsWanted | None:
    """None where nothing that is asked for can be his: an empty field would ask for all."""
    his = eyes.holders
    if his is None:
        return wanted
    holders = his & wanted.holders if wanted.holders else his
    return replace(wanted, holders=holders) if holders else None


def _place(lead: PartnerLead) -> LeadPlace:
    return LeadPlace(since=lead.since, id=lead.id)


def wanted_of(
    *,
    account: str = "",
    user: str = "",
    queue: str = "",
    states: frozenset[LeadState] = frozenset(),
    batch: str = "",
    unopened: bool = False,
) -> LeadsWanted:
    """As lists are asked: by partner, by user, by queue."""
    holders = [*([user.strip().lower()] if user else []), *([f"queue:{queue}"] if queue else [])]
    tenants = {tenant_of_partner(PartnerName(account))} if account else set()
    return LeadsWanted(
        tenants=frozenset(tenants),
        holders=frozenset(holders),
        states=states,
        batch=batch,
        unopened=unopened,
    )
