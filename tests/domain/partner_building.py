"""A house with two partners: their accounts, users and queues, and leads to give out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.domain.changes import Notify
from bridge.domain.crm_partners import (
    CrmPartnerAccount,
    CrmPartnerUser,
    NamedValue,
    Organisation,
    OwnerKind,
    ProgrammeLead,
)
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.events import Event
from bridge.domain.facts import Facts
from bridge.domain.names import AccountName, CrmId, EmployeeId, EventKey, PartnerName, QueueName
from bridge.domain.partner_changes import PutPartnerLead, TakeLeadTurn
from bridge.domain.partner_events import (
    LeadAccepted,
    LeadAssigned,
    LeadDeclined,
    LeadDistributed,
    LeadExpired,
    LeadRead,
    LeadTaken,
)
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.partner_leads import (
    Holder,
    HolderKind,
    How,
    LeadState,
    LeadSummary,
    PartnerLead,
    Tried,
    Written,
    lead_id,
)
from bridge.domain.partner_policy import (
    LeadMail,
    LeadRule,
    LeadTarget,
    LeadWhen,
    PartnerAccountPolicy,
    PartnersPolicy,
    PartnerUserPolicy,
    QueuePolicy,
)
from bridge.domain.people import CrmEmployee, Directory, Employee, Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind, tenant_of_partner
from bridge.domain.programme import PartnerSide, Programme
from bridge.domain.routing import route

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CRM = AccountName("sf-main")
NORTH, SOUTH = PartnerName("north"), PartnerName("south")
PETRA = EmployeeId("petra@north.example")
PABLO = EmployeeId("pablo@north.example")
SONIA = EmployeeId("sonia@south.example")
MARTA = EmployeeId("marta@acme.example")  # a manager
CORA = EmployeeId("cora@acme.example")  # channel manager of north
CARL = EmployeeId("carl@acme.example")  # channel manager of south
Q1, Q2, Q3 = QueueName("q1"), QueueName("q2"), QueueName("q3")
CRM_IDS = {
    PETRA: CrmId("005P1"),
    PABLO: CrmId("005P2"),
    SONIA: CrmId("005S1"),
    MARTA: CrmId("005M"),
    CORA: CrmId("005C"),
    CARL: CrmId("005K"),
    Q1: CrmId("00G1"),
    Q2: CrmId("00G2"),
    Q3: CrmId("00G3"),
}

PARTNERS = PartnersPolicy(
    accounts={
        NORTH: PartnerAccountPolicy(crm_id=CrmId("001N"), label="North"),
        SOUTH: PartnerAccountPolicy(crm_id=CrmId("001S"), label="South"),
    },
    users={
        PETRA: PartnerUserPolicy(account=NORTH),
        PABLO: PartnerUserPolicy(account=NORTH),
        SONIA: PartnerUserPolicy(account=SOUTH),
    },
    queues={
        Q1: QueuePolicy(label="One", members=(PETRA, PABLO), crm_queue=CRM_IDS[Q1]),
        Q2: QueuePolicy(label="Two", members=(SONIA,), crm_queue=CRM_IDS[Q2]),
        Q3: QueuePolicy(label="Three", members=(PETRA, SONIA), crm_queue=CRM_IDS[Q3]),
    },
    default_owner=MARTA,
    accept_within=timedelta(days=3),
)


MAIL = AccountName("mail-main")


def policy(mail: AccountName | None = MAIL, **changes: Any) -> Policy:
    return Policy(
        crm=CRM,
        employees={
            MARTA: Employee(id=MARTA, role=Role.MANAGER),
            CORA: Employee(id=CORA, role=Role.SALESPERSON),
            CARL: Employee(id=CARL, role=Role.SALESPERSON),
        },
        email=mail,
        partners=replace(PARTNERS, **changes),
    )


POLICY = policy()
DIRECTORY = Directory(
    people=tuple(
        CrmEmployee(crm_id=CRM_IDS[who], email=who, name=who, active=True)
        for who in (MARTA, CORA, CARL)
    ),
    as_of=NOW,
)


def user(email: EmployeeId, account: str, **changes: Any) -> CrmPartnerUser:
    able = CrmPartnerUser(
        email=email,
        name=email.split("@")[0].title(),
        account=CrmId(account),
        crm_id=CRM_IDS[email],
        contact=CrmId(f"003{CRM_IDS[email]}"),
        active=True,
        is_partner=True,
        has_signed_in=True,
        is_member=True,
        is_published=True,
    )
    return replace(able, **changes)


SIDE = PartnerSide(
    organisation=Organisation(id="00D", name="Acme Production", is_sandbox=False),
    accounts=(
        CrmPartnerAccount(crm_id=CrmId("001N"), name="North", is_partner=True, owner=CRM_IDS[CORA]),
        CrmPartnerAccount(crm_id=CrmId("001S"), name="South", is_partner=True, owner=CRM_IDS[CARL]),
    ),
    users=(user(PETRA, "001N"), user(PABLO, "001N"), user(SONIA, "001S")),
    read_at=NOW,
)
ON = Programme(since=NOW - timedelta(days=9), by=MARTA, organisation="Acme Production", version=1)


def with_user(who: EmployeeId, **changes: Any) -> PartnerSide:
    """The partner side with one of its users otherwise."""
    others = tuple(replace(x, **changes) if x.email == who else x for x in SIDE.users)
    return replace(SIDE, users=others)


def facts(lead: PartnerLead | None = None, now: datetime = NOW, **changes: Any) -> Facts:
    partnering = PartneringFacts(programme=ON, side=SIDE, lead=lead)
    return Facts(now=now, directory=DIRECTORY, partnering=replace(partnering, **changes))


def lead(number: int = 1, **changes: Any) -> PartnerLead:
    """One of Marta's, as the CRM has it."""
    crm_id = CrmId(f"00Q{number}")
    made = PartnerLead(
        id=lead_id(CRM, crm_id),
        account=CRM,
        crm_id=crm_id,
        summary=LeadSummary(name=f"Lea {number}", company="Lemon", country="MX", source="Web"),
        holder=employee(MARTA),
        how=How.CRM,
        since=NOW - timedelta(days=1),
        state=LeadState.HELD,
        crm_owner=CRM_IDS[MARTA],
        written=Tried(state=Written.CONFIRMED),
    )
    return replace(made, **changes)


def offered(to: EmployeeId = PETRA, number: int = 1, **changes: Any) -> PartnerLead:
    account = PARTNERS.users[to].account
    whole: dict[str, Any] = {
        "holder": partner(to),
        "state": LeadState.OFFERED,
        "tenant": tenant_of_partner(account),
        "offered_until": NOW + timedelta(days=3),
        "crm_owner": CRM_IDS[to],
        "how": How.MANUAL,
        "version": 2,
    }
    return lead(number, **(whole | changes))


def queued(name: QueueName = Q1, number: int = 1, **changes: Any) -> PartnerLead:
    whole: dict[str, Any] = {
        "holder": Holder(kind=HolderKind.QUEUE, name=name),
        "state": LeadState.QUEUED,
        "crm_owner": CRM_IDS[name],
        "version": 2,
    }
    return lead(number, **(whole | changes))


def employee(name: EmployeeId) -> Holder:
    return Holder(kind=HolderKind.EMPLOYEE, name=name)


def partner(name: EmployeeId) -> Holder:
    return Holder(kind=HolderKind.PARTNER, name=name)


def manager(name: EmployeeId = MARTA) -> Person:
    return Person(kind=PersonKind.EMPLOYEE, id=name)


def partner_user(name: EmployeeId) -> Person:
    account = PARTNERS.users[name].account
    return Person(kind=PersonKind.PARTNER_USER, id=name, tenant=tenant_of_partner(account))


def assigned(about: PartnerLead, by: Person | None = None, **how: Any) -> LeadAssigned:
    return LeadAssigned(
        event_key=EventKey(f"assign:{about.id}"),
        occurred_at=NOW,
        by=by or manager(),
        lead=about.id,
        **how,
    )


def to_user(who: EmployeeId) -> LeadTarget:
    return LeadTarget(user=who)


def to_queue(name: QueueName) -> LeadTarget:
    return LeadTarget(queue=name)


def in_turn(*names: str) -> LeadTarget:
    return LeadTarget(round_robin=names)


def taken(about: PartnerLead, by: EmployeeId) -> LeadTaken:
    return LeadTaken(
        event_key=EventKey(f"take:{by}"), occurred_at=NOW, by=partner_user(by), lead=about.id
    )


def accepted(about: PartnerLead, by: EmployeeId) -> LeadAccepted:
    return LeadAccepted(
        event_key=EventKey(f"accept:{by}"), occurred_at=NOW, by=partner_user(by), lead=about.id
    )


def declined(about: PartnerLead, by: EmployeeId, why: str = "no capacity") -> LeadDeclined:
    return LeadDeclined(
        event_key=EventKey(f"decline:{by}"),
        occurred_at=NOW,
        by=partner_user(by),
        lead=about.id,
        why=why,
    )


def expired(about: PartnerLead, seen: int | None = None) -> LeadExpired:
    return LeadExpired(
        event_key=EventKey(f"expire:{about.id}"),
        occurred_at=NOW,
        lead=about.id,
        seen=about.version if seen is None else seen,
    )


def distributed(about: PartnerLead) -> LeadDistributed:
    return LeadDistributed(event_key=EventKey(f"on:{about.id}"), occurred_at=NOW, lead=about.id)


def reading(number: int = 1, owner: str | None = CRM_IDS[MARTA], **changes: Any) -> ProgrammeLead:
    more = changes.pop("properties", {})
    found = ProgrammeLead(
        crm_id=CrmId(f"00Q{number}"),
        name=f"Lea {number}",
        owner=None if owner is None else CrmId(owner),
        owner_kind=OwnerKind.QUEUE if (owner or "").startswith("00G") else OwnerKind.PERSON,
        company="Lemon",
        country="MX",
        source="Web",
        more=tuple(NamedValue(name=name, value=value) for name, value in more.items()),
    )
    return replace(found, **changes)


def read(
    found: ProgrammeLead | None, number: int = 1, *, is_new: bool = False, at: datetime = NOW
) -> LeadRead:
    return LeadRead(
        event_key=EventKey(f"read:{number}"),
        occurred_at=at,
        crm=CRM,
        crm_id=CrmId(f"00Q{number}"),
        found=found,
        read_at=at,
        is_new=is_new,
    )


def rule(name: str, to: LeadTarget, **when: Any) -> LeadRule:
    return LeadRule(id=name, label=name, when=LeadWhen(**when), to=(to,))


def mail(**changes: Any) -> LeadMail:
    return replace(LeadMail(), **changes)


def decide(event: Event, given: Facts, by: Policy = POLICY) -> Decision:
    decision = route(event, given, by)
    assert isinstance(decision, Decision)
    return decision


def after(decision: Decision) -> PartnerLead:
    """The lead as the decision leaves it."""
    return next(x.lead for x in reversed(decision.changes) if isinstance(x, PutPartnerLead))


def told(decision: Decision) -> Mapping[EmployeeId, str]:
    return {x.employee: x.code for x in decision.changes if isinstance(x, Notify)}


def turns(decision: Decision) -> list[TakeLeadTurn]:
    return [x for x in decision.changes if isinstance(x, TakeLeadTurn)]


def refused(decision: Decision) -> str:
    """Why; what was refused changes nothing."""
    assert decision.verdict is Verdict.REJECTED
    assert (decision.changes, decision.effects) == ((), ())
    return decision.reasons[0].code
