"""Who sees and does what on the channel side, as a table (RSL-01, RSL-25, PRM-07, PRM-12)."""

from dataclasses import replace
from itertools import product

import pytest

from bridge.domain.names import ClientId, EmployeeId, PartnerName, ResellerName
from bridge.domain.principals import Person, PersonKind, tenant_of_partner, tenant_of_reseller
from bridge.domain.subject_access import (
    ClientFacts,
    LeadFacts,
    ProgrammeFacts,
    RenewalFacts,
    SubjectFacts,
    access_to,
)
from tests.domain.building import ANA, BRUNO, LUIS, OTTO, POLICY, QA

NORTH, SOUTH = (tenant_of_partner(PartnerName(name)) for name in ("north", "south"))
FACTURA, OTHER = (tenant_of_reseller(ResellerName(name)) for name in ("factura", "other"))


def employee(name: EmployeeId) -> Person:
    return Person(kind=PersonKind.EMPLOYEE, id=name)


def partner_user(name: str, tenant: str = NORTH) -> Person:
    return Person(kind=PersonKind.PARTNER_USER, id=f"{name}@north.example", tenant=tenant)


def reseller_user(tenant: str = FACTURA) -> Person:
    return Person(kind=PersonKind.RESELLER_USER, id="rosa@factura.example", tenant=tenant)


def client(name: str, behind: str = "", tenant: str = FACTURA) -> Person:
    found = ClientId(name)
    return Person(kind=PersonKind.CLIENT, id=found, tenant=tenant, client=found, behind=behind)


PETRA, PAUL, PIA, PEDRO = (partner_user(name) for name in ("petra", "paul", "pia", "pedro"))
ROSA, SERVICE = reseller_user(), Person(kind=PersonKind.SERVICE, id="warehouse")
MANAGER, QUALITY, CHANNEL, SALES, NOBODY = (employee(n) for n in (LUIS, QA, ANA, BRUNO, OTTO))
CARLOS, HELPED = client("cl_1"), client("cl_1", behind="reseller:rosa@factura.example")

LEAD = LeadFacts(
    id="pl_1",
    owner=PETRA.id,
    offered_to=PAUL.id,
    may_take=frozenset({PIA.id}),
    channel_managers=frozenset({ANA}),
)
CLIENT = ClientFacts(id=ClientId("cl_1"), tenant=FACTURA)
RENEWAL = RenewalFacts(id="rn_1", tenant=FACTURA, notify=ANA)
PARTNERS_RENEWAL = RenewalFacts(id="rn_2", tenant=NORTH, notify=PETRA.id)
HOUSE_RENEWAL = RenewalFacts(id="rn_3", notify=ANA)
PROGRAMME = ProgrammeFacts()
CLOSED, SUSPENDED = replace(LEAD, is_open=False), replace(CLIENT, is_suspended=True)
ARCHIVED = replace(SUSPENDED, is_archived=True)
ACTS, READS, NOTHING = (True, True), (True, False), (False, False)

TABLE: tuple[tuple[SubjectFacts, Person, tuple[bool, bool], str], ...] = (
    (LEAD, PETRA, ACTS, "access.own_lead"),
    (CLOSED, PETRA, READS, "access.own_lead"),
    (LEAD, PAUL, ACTS, "access.offered_lead"),
    (CLOSED, PAUL, NOTHING, "access.none"),
    (LEAD, PIA, ACTS, "access.queued_lead"),
    (CLOSED, PIA, NOTHING, "access.none"),
    (LEAD, PEDRO, NOTHING, "access.none"),  # of the same company
    (LEAD, CHANNEL, ACTS, "access.channel_manager"),
    (CLOSED, CHANNEL, ACTS, "access.channel_manager"),
    (LEAD, SALES, NOTHING, "access.none"),
    (LEAD, ROSA, NOTHING, "access.none"),
    (LEAD, CARLOS, NOTHING, "access.none"),
    (CLIENT, ROSA, ACTS, "access.own_client"),
    (ARCHIVED, ROSA, ACTS, "access.own_client"),
    (CLIENT, reseller_user(OTHER), NOTHING, "access.none"),
    (CLIENT, PETRA, NOTHING, "access.none"),
    (CLIENT, CHANNEL, NOTHING, "access.none"),
    (CLIENT, CARLOS, READS, "access.own_plan"),
    (CLIENT, HELPED, READS, "access.own_plan"),
    (SUSPENDED, CARLOS, NOTHING, "access.blocked"),
    (SUSPENDED, HELPED, READS, "access.own_plan"),
    (ARCHIVED, CARLOS, NOTHING, "access.blocked"),
    (ARCHIVED, HELPED, NOTHING, "access.blocked"),
    (CLIENT, client("cl_2"), NOTHING, "access.none"),
    (CLIENT, client("cl_1", tenant=OTHER), NOTHING, "access.none"),  # it has another reseller now
    (RENEWAL, ROSA, ACTS, "access.own_renewal"),
    (RENEWAL, reseller_user(OTHER), NOTHING, "access.none"),
    (RENEWAL, CHANNEL, ACTS, "access.renewal_notified"),
    (RENEWAL, SALES, NOTHING, "access.none"),
    (RENEWAL, PETRA, NOTHING, "access.none"),
    (RENEWAL, CARLOS, NOTHING, "access.none"),
    (PARTNERS_RENEWAL, PETRA, ACTS, "access.own_renewal"),
    (PARTNERS_RENEWAL, partner_user("sue", SOUTH), NOTHING, "access.none"),
    (PARTNERS_RENEWAL, ROSA, NOTHING, "access.none"),
    (HOUSE_RENEWAL, CHANNEL, ACTS, "access.renewal_notified"),
    (HOUSE_RENEWAL, PETRA, NOTHING, "access.none"),
    (HOUSE_RENEWAL, ROSA, NOTHING, "access.none"),
    (PROGRAMME, CHANNEL, NOTHING, "access.none"),
    (PROGRAMME, PETRA, NOTHING, "access.none"),
    (PROGRAMME, ROSA, NOTHING, "access.none"),
    (PROGRAMME, CARLOS, NOTHING, "access.none"),
)


@pytest.mark.parametrize(("subject", "person", "expected", "why"), TABLE)
def test_who_may_what(
    subject: SubjectFacts, person: Person, expected: tuple[bool, bool], why: str
) -> None:
    found = access_to(person, subject, POLICY)
    assert (found.can_read, found.can_write, found.reason.code.value) == (*expected, why)


@pytest.mark.parametrize("subject", [LEAD, CLIENT, RENEWAL, HOUSE_RENEWAL, PROGRAMME])
@pytest.mark.parametrize(
    ("person", "expected", "why"),
    [
        (MANAGER, ACTS, "role.manager"),
        (QUALITY, READS, "role.quality_control"),
        (SERVICE, READS, "role.quality_control"),
        (NOBODY, NOTHING, "role.none"),
    ],
)
def test_rol_10_managers_and_quality_control_are_here_what_they_are_everywhere(
    subject: SubjectFacts, person: Person, expected: tuple[bool, bool], why: str
) -> None:
    found = access_to(person, subject, POLICY)
    assert (found.can_read, found.can_write, found.reason.code.value) == (*expected, why)


@pytest.mark.parametrize("kind", list(PersonKind))
def test_one_name_of_two_kinds_opens_nothing_of_the_other_kind(kind: PersonKind) -> None:
    """A partner user's address is no reseller user's, nor an employee's, though it reads alike."""
    theirs = replace(LEAD, owner="same", channel_managers=frozenset({EmployeeId("same")}))
    found = access_to(Person(kind=kind, id="same", tenant=NORTH), theirs, POLICY)
    reads = (PersonKind.PARTNER_USER, PersonKind.SERVICE)
    assert found.can_read is (kind in reads)


def test_what_belongs_to_no_tenant_belongs_to_nobody_without_one() -> None:
    """An empty tenant is the house's own: it never matches another empty one."""
    kinds = (PersonKind.PARTNER_USER, PersonKind.RESELLER_USER, PersonKind.CLIENT)
    subjects: tuple[SubjectFacts, ...] = (HOUSE_RENEWAL, replace(CLIENT, tenant=""))
    for kind, subject in product(kinds, subjects):
        person = Person(kind=kind, id=ANA, client=CLIENT.id)
        assert not access_to(person, subject, POLICY).can_read, kind


def test_who_may_not_read_may_not_write() -> None:
    for subject, person, (can_read, can_write), _ in TABLE:
        assert can_read or not can_write, (subject, person)
