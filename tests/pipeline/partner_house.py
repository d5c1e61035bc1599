"""A house whose CRM has partners: what it says of them and of leads is a test's to set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.crm_effects import AssignRecord, SetProperty
from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    Openness,
    Organisation,
    OwnerKind,
    PartnersRead,
    ProgrammeLead,
    SharingReview,
    SharingSetting,
)
from bridge.domain.names import CrmId, EmployeeId, PartnerLeadId, PartnerName, QueueName
from bridge.domain.partner_leads import PartnerLead, lead_id
from bridge.domain.partner_policy import (
    LeadTarget,
    PartnerAccountPolicy,
    PartnersPolicy,
    PartnerUserPolicy,
    QueuePolicy,
)
from bridge.domain.principals import Person, PersonKind
from bridge.domain.programme_switching import CONFIRMATION
from bridge.pipeline.house import Outcome
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.acting import Asked, Order
from bridge.ports import Account, Delivery, Done
from bridge.ports import Outcome as Came
from bridge.store import mirror, partner_leads
from bridge.store.engine import reading, writing
from tests.pipeline.world import ANA, CRM, LUIS, World

NORTH, SOUTH = PartnerName("north"), PartnerName("south")
PETRA = EmployeeId("petra@north.example")
PABLO = EmployeeId("pablo@north.example")
SONIA = EmployeeId("sonia@south.example")
Q1, Q2, Q3 = QueueName("q1"), QueueName("q2"), QueueName("q3")
IDS = {PETRA: "901", PABLO: "902", SONIA: "903", Q1: "g1", Q2: "g2", Q3: "g3", ANA: "101"}

PARTNERS = PartnersPolicy(
    accounts={
        NORTH: PartnerAccountPolicy(crm_id=CrmId("acc-n"), label="North"),
        SOUTH: PartnerAccountPolicy(crm_id=CrmId("acc-s"), label="South"),
    },
    users={
        PETRA: PartnerUserPolicy(account=NORTH),
        PABLO: PartnerUserPolicy(account=NORTH),
        SONIA: PartnerUserPolicy(account=SOUTH),
    },
    queues={
        Q1: QueuePolicy(label="One", members=(PETRA, PABLO), crm_queue=CrmId("g1")),
        Q2: QueuePolicy(label="Two", members=(SONIA,), crm_queue=CrmId("g2")),
        Q3: QueuePolicy(label="Three", members=(PETRA, SONIA), crm_queue=CrmId("g3")),
    },
    default_owner=LUIS,
    accept_within=timedelta(days=3),
)


def user(email: EmployeeId, account: str, **changes: Any) -> CrmPartnerUser:
    made = CrmPartnerUser(
        email=email,
        name=email,
        account=CrmId(account),
        crm_id=CrmId(IDS[email]),
        contact=CrmId(f"c-{IDS[email]}"),
        active=True,
        is_partner=True,
        has_signed_in=True,
        is_member=True,
        is_published=True,
    )
    return replace(made, **changes)


@dataclass
class Agency:
    """The CRM's partner side, a stand-in; what is written of leads' owners lands in it."""

    organisation_now: Organisation = field(
        default_factory=lambda: Organisation(id="00D", name="Acme", is_sandbox=True)
    )
    accounts: dict[str, CrmPartnerAccount] = field(
        default_factory=lambda: {
            "acc-n": CrmPartnerAccount(
                crm_id=CrmId("acc-n"), name="North", is_partner=True, owner=CrmId("101")
            ),
            "acc-s": CrmPartnerAccount(
                crm_id=CrmId("acc-s"), name="South", is_partner=True, owner=CrmId("102")
            ),
        }
    )
    users: dict[str, CrmPartnerUser] = field(
        default_factory=lambda: {
            PETRA: user(PETRA, "acc-n"),
            PABLO: user(PABLO, "acc-n"),
            SONIA: user(SONIA, "acc-s"),
        }
    )
    leads_now: dict[str, ProgrammeLead] = field(default_factory=dict)
    properties: dict[tuple[str, str], str] = field(default_factory=dict)

    def organisation(self) -> Organisation:
        return self.organisation_now

    def partners(self, accounts: Sequence[CrmId], emails: Sequence[str]) -> PartnersRead:
        found = tuple(x for x in self.accounts.values() if x.crm_id in accounts)
        return PartnersRead(accounts=found, users=tuple(self.users.values()))

    def sharing(self) -> SharingReview:
        folder = SharingSetting(
            kind=Openness.FOLDER, name="Prices", about="Documents", open_to="all partners"
        )
        return SharingReview(settings=(folder,), unread=("list views",))

    def leads(
        self, ids: Sequence[CrmId], properties: Sequence[str]
    ) -> Mapping[CrmId, ProgrammeLead]:
        return {x: self.leads_now[x] for x in ids if x in self.leads_now}

    def delivered(self, delivery: Delivery) -> Came | None:
        """What a write of ours does to a lead; all else is the real connector's."""
        effect = delivery.effect
        if isinstance(effect, AssignRecord):
            kind = OwnerKind.QUEUE if effect.to_queue else OwnerKind.PERSON
            known = self.leads_now[effect.record]
            self.leads_now[effect.record] = replace(known, owner=effect.owner, owner_kind=kind)
            return Done()
        if isinstance(effect, SetProperty):
            self.properties[effect.record, effect.name] = effect.value
            return Done()
        return None


class Partners:
    """A world with an agency in its CRM."""

    def __init__(self, house: World, **changes: Any) -> None:
        self.house = house
        self.agency = Agency()
        self._asked = 0
        house.use(partners=replace(PARTNERS, **changes), users=USERS)
        self.attach()

    def attach(self) -> None:
        """The CRM's parts, after they were made anew."""
        connectors, agency = self.house.vendors.connectors, self.agency
        connectors[CRM] = replace(
            connectors[CRM], partners=lambda account: _reader(account, agency)
        )
        self.house.script(CRM, agency.delivered)

    def use(self, **changes: Any) -> None:
        self.house.use(partners=replace(PARTNERS, **changes))

    def read_side(self) -> None:
        self.wish(RefreshKind.PARTNERS, CRM)
        self.house.settle()

    def wish(self, kind: RefreshKind, *keys: str) -> None:
        wishes = [RequestRefresh(kind=kind, key=CrmId(key)) for key in keys]
        with writing(self.house.engine) as db:
            where = lane(Way.MIRROR, CRM)
            mirror.request_refreshes(db, where, wishes, self.house.parts.now())

    def asked(self, by: Person | None = None, key: str = "") -> Asked:
        self._asked += 1
        return Asked(by=by or manager(), key=key or f"request {self._asked}")

    def switch_on(self) -> Outcome:
        self.read_side()
        return acting.switch_on(self.house.parts, self.asked(), CONFIRMATION)

    def has_lead(self, number: int = 1, **changes: Any) -> PartnerLeadId:
        """One of Ana's, known here since it was read."""
        name = self.in_crm(number, **changes)
        self.wish(RefreshKind.PARTNER_LEAD, f"lead-{number}")
        self.house.settle()
        return name

    def comes(self, *numbers: int, **changes: Any) -> list[PartnerLeadId]:
        """Leads that have just come into the CRM."""
        names = [self.in_crm(number, **changes) for number in numbers]
        self.wish(RefreshKind.NEW_LEAD, *(f"lead-{number}" for number in numbers))
        self.house.settle()
        return names

    def in_crm(self, number: int = 1, **changes: Any) -> PartnerLeadId:
        made = a_lead(number, **changes)
        self.agency.leads_now[made.crm_id] = made
        return lead_id(CRM, made.crm_id)

    def lead(self, name: PartnerLeadId) -> PartnerLead:
        with reading(self.house.engine) as db:
            return partner_leads.leads_by_id(db, [name])[name]

    def owner_in_crm(self, name: PartnerLeadId) -> str | None:
        return self.agency.leads_now[self.lead(name).crm_id].owner

    def gives(self, name: PartnerLeadId, to: str, **how: Any) -> Outcome:
        """Luis does, to a user, or to a queue by its key."""
        order = Order(to=target(to), **how)
        return acting.assign(self.house.parts, self.asked(), name, order)


def a_lead(number: int = 1, **changes: Any) -> ProgrammeLead:
    """One of Ana's, as the CRM has it."""
    made = ProgrammeLead(
        crm_id=CrmId(f"lead-{number}"),
        name=f"Lea {number}",
        owner=CrmId("101"),
        company="Lemon",
        country="MX",
    )
    return replace(made, **changes)


USERS = {"partner:north": (PETRA, PABLO), "partner:south": (SONIA,)}


def target(to: str) -> LeadTarget:
    if "@" in to:
        return LeadTarget(user=EmployeeId(to))
    return LeadTarget(queue=QueueName(to))


def manager(name: EmployeeId = LUIS) -> Person:
    return Person(kind=PersonKind.EMPLOYEE, id=name)


def partner_user(name: EmployeeId) -> Person:
    tenant = next(tenant for tenant, people in USERS.items() if name in people)
    return Person(kind=PersonKind.PARTNER_USER, id=name, tenant=tenant)


def code(outcome: Outcome) -> str:
    """Why it was refused; empty when it was not."""
    return "" if outcome.refused is None else outcome.refused.code


def _reader(account: Account, agency: Agency) -> Agency:
    return agency
