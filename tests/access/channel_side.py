"""Leads, clients and renewals in any state, with a decision each: who may read which?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import strategies as st

from bridge.codec import encode
from bridge.domain.crm_partners import CrmPartnerAccount
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.names import (
    HOUSE,
    ClientId,
    CrmId,
    EmployeeId,
    EventKey,
    PartnerLeadId,
    PartnerName,
    QueueName,
    ResellerName,
)
from bridge.domain.partner_leads import (
    Holder,
    HolderKind,
    How,
    LeadState,
    LeadSummary,
    PartnerLead,
)
from bridge.domain.partner_policy import (
    PartnerAccountPolicy,
    PartnersPolicy,
    PartnerUserPolicy,
    QueuePolicy,
)
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing import (
    Override,
    OwnerChoice,
    Renewal,
    RenewalId,
    RenewalOrigin,
    RenewalReading,
)
from bridge.domain.renewing_policy import Renewals
from bridge.domain.reseller_clients import ClientDetails, ResellerClient
from bridge.domain.reselling_policy import Plan, Reseller, Reselling
from bridge.domain.subjects import Subject, SubjectKind
from bridge.pipeline.ledger import record_of
from bridge.store import decisions, partner_leads, partners, renewals, reseller_clients
from bridge.store.decisions import DecisionRow
from bridge.store.engine import writing
from bridge.store.renewals import Placed
from tests.web.world import ANA, BRUNO, CRM, LUIS, NORA, OWNER, QA, World

NORTH, SOUTH = PartnerName("north"), PartnerName("south")
FACTURA, OTHER = ResellerName("factura"), ResellerName("other")
PETRA, PAUL, SUE = (
    EmployeeId(name) for name in ("petra@north.example", "paul@north.example", "sue@south.example")
)
ROSA, OMAR = EmployeeId("rosa@factura.example"), EmployeeId("omar@other.example")
MIXED = QueueName("mixed")
PLANTED = timedelta(days=1)
PARTNERS = PartnersPolicy(
    accounts={
        NORTH: PartnerAccountPolicy(crm_id=CrmId("acc-north"), label="North"),
        SOUTH: PartnerAccountPolicy(crm_id=CrmId("acc-south"), label="South"),
    },
    users={
        PETRA: PartnerUserPolicy(account=NORTH),
        PAUL: PartnerUserPolicy(account=NORTH),
        SUE: PartnerUserPolicy(account=SOUTH),
    },
    queues={MIXED: QueuePolicy(label="Mixed", members=(PETRA, SUE))},
)
BASIC = {"basic": Plan(name="Basic", units=100)}
USERS = {
    "partner:north": (PETRA, PAUL),
    "partner:south": (SUE,),
    "reseller:factura": (ROSA,),
    "reseller:other": (OMAR,),
}


def channel_policy(policy: Policy) -> Policy:
    return replace(
        policy,
        users=USERS,
        partners=PARTNERS,
        renewals=Renewals(partner_of="a vendor"),
        reselling=Reselling(
            resellers={
                FACTURA: Reseller(plans=BASIC),
                OTHER: Reseller(plans=BASIC),
            }
        ),
    )


def moves_in(world: World) -> None:
    """Ana owns the account of North in the CRM, Luis, a manager, that of South."""
    world.policy = channel_policy(world.policy)
    owned = ((CrmId("acc-north"), "North", ANA), (CrmId("acc-south"), "South", LUIS))
    with writing(world.engine) as db:
        partners.put_accounts(
            db,
            [
                CrmPartnerAccount(crm_id=crm_id, name=name, is_partner=True, owner=OWNER[who])
                for crm_id, name, who in owned
            ],
            world.now,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SomeLead:
    holder: Holder
    state: LeadState
    tenant: str  # that its decision is of

    kind = SubjectKind.LEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class SomeClient:
    reseller: ResellerName
    is_suspended: bool
    is_archived: bool

    kind = SubjectKind.CLIENT


@dataclass(frozen=True, slots=True, kw_only=True)
class SomeRenewal:
    tenant: str
    notify: str | None

    kind = SubjectKind.RENEWAL


@dataclass(frozen=True, slots=True, kw_only=True)
class TheProgramme:
    kind = SubjectKind.PROGRAMME


Some = SomeLead | SomeClient | SomeRenewal | TheProgramme
_holders = st.sampled_from(
    (
        *(Holder(kind=HolderKind.PARTNER, name=user) for user in (PETRA, PAUL, SUE)),
        *(Holder(kind=HolderKind.EMPLOYEE, name=who) for who in (ANA, BRUNO)),
        Holder(kind=HolderKind.QUEUE, name=MIXED),
        Holder(kind=HolderKind.QUEUE, name="gone"),
        Holder(kind=HolderKind.OTHER, name="005X"),
        Holder(kind=HolderKind.NOBODY),
    )
)
subjects: st.SearchStrategy[Some] = st.one_of(
    st.builds(
        SomeLead,
        holder=_holders,
        state=st.sampled_from(LeadState),
        tenant=st.sampled_from(("partner:north", "partner:south", "")),
    ),
    st.builds(
        SomeClient,
        reseller=st.sampled_from((FACTURA, OTHER)),
        is_suspended=st.booleans(),
        is_archived=st.booleans(),
    ),
    st.builds(
        SomeRenewal,
        tenant=st.sampled_from(("", *USERS)),
        notify=st.sampled_from((None, ANA, BRUNO, PETRA, ROSA)),
    ),
    st.just(TheProgramme()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedSubject:
    some: Some
    subject: Subject


def plant_subjects(world: World, wanted: Sequence[Some]) -> list[PlantedSubject]:
    """Each with one decision, in the tenant whose business it was."""
    found = [
        PlantedSubject(some=some, subject=_subject(number, some))
        for number, some in enumerate(wanted)
    ]
    with writing(world.engine) as db:
        partner_leads.put_leads(db, [_lead(world, p) for p in found if _is(p, SomeLead)])
        reseller_clients.put_clients(db, [_client(world, p) for p in found if _is(p, SomeClient)])
        renewals.put_renewals(db, [_renewal(p) for p in found if _is(p, SomeRenewal)])
        decisions.add(db, [_decision(world, p.subject) for p in found])
    return found


def _is(planted: PlantedSubject, kind: type[Some]) -> bool:
    return isinstance(planted.some, kind)


def _subject(number: int, some: Some) -> Subject:
    match some:
        case SomeLead():
            return Subject(kind=some.kind, id=f"pl_{number:03}", tenant=some.tenant)
        case SomeClient():
            tenant = f"reseller:{some.reseller}"
            return Subject(kind=some.kind, id=f"cl_{number:03}", tenant=tenant)
        case SomeRenewal():
            return Subject(kind=some.kind, id=f"rn_{number:03}", tenant=some.tenant)
        case TheProgramme():
            return Subject(kind=some.kind, id=f"p{number:03}")


def _lead(world: World, planted: PlantedSubject) -> PartnerLead:
    assert isinstance(planted.some, SomeLead)
    return PartnerLead(
        id=PartnerLeadId(planted.subject.id),
        account=CRM,
        crm_id=CrmId(f"crm-{planted.subject.id}"),
        summary=LeadSummary(name=f"Lead {planted.subject.id}"),
        holder=planted.some.holder,
        how=How.MANUAL,
        since=world.now,
        state=planted.some.state,
        tenant=planted.some.tenant,
    )


def _client(world: World, planted: PlantedSubject) -> ResellerClient:
    assert isinstance(planted.some, SomeClient)
    return ResellerClient(
        id=ClientId(planted.subject.id),
        reseller=planted.some.reseller,
        details=ClientDetails(legal_name=f"Client {planted.subject.id}"),
        created_at=world.now,
        plan="basic",
        plan_name="Basic",
        plan_units=100,
        balance=100,
        is_suspended=planted.some.is_suspended,
        is_archived=planted.some.is_archived,
    )


def _renewal(planted: PlantedSubject) -> Placed:
    assert isinstance(planted.some, SomeRenewal)
    override = Override(choice=OwnerChoice.PARTNER, notify=planted.some.notify)
    reading = RenewalReading(
        id=RenewalId(planted.subject.id),
        tenant=planted.some.tenant,
        name=f"Renewal {planted.subject.id}",
        renews_on=date(2026, 6, 1),
        origin=RenewalOrigin.CRM,
        ref=planted.subject.id,
        account=CRM,
    )
    return Placed(
        renewal=Renewal(reading=reading, override=override),
        notify=planted.some.notify,
        next_at=None,
        followed="",
    )


def _decision(world: World, subject: Subject) -> DecisionRow:
    decision = Decision(
        event_key=EventKey(f"planted-{subject.id}"),
        account=HOUSE,
        kind="LeadAssigned",
        verdict=Verdict.APPLIED,
        reasons=(Reason(ReasonCode.TARGET_RULE, f"secret of {subject.tenant}"),),
        decided_at=world.now,
        occurred_at=world.now,
        target=PETRA,
        subject=subject,
    )
    return DecisionRow(
        account=HOUSE,
        event_key=decision.event_key,
        kind=decision.kind,
        verdict=decision.verdict,
        headline=ReasonCode.TARGET_RULE,
        inbox_id=None,
        conversation=None,
        contact=None,
        subject=subject.name,
        tenant=subject.tenant,
        target=decision.target,
        message=None,
        occurred_at=world.now,
        decided_at=world.now,
        config_hash="",
        directory_hash="",
        code_version="test",
        event=None,
        facts=None,
        record=encode(record_of(decision, "", "")),
    )


PEOPLE = (
    *(Person(kind=PersonKind.EMPLOYEE, id=who) for who in (ANA, BRUNO, LUIS, QA, NORA)),
    *(
        Person(kind=PersonKind.PARTNER_USER, id=who, tenant=tenant)
        for who, tenant in (
            (PETRA, "partner:north"),
            (PAUL, "partner:north"),
            (SUE, "partner:south"),
        )
    ),
    *(
        Person(kind=PersonKind.RESELLER_USER, id=who, tenant=tenant)
        for who, tenant in ((ROSA, "reseller:factura"), (OMAR, "reseller:other"))
    ),
    Person(kind=PersonKind.SERVICE, id="warehouse"),
)
