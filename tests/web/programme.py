"""A partner programme in the small company: two partners, their users and queues, and leads."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from flask.testing import FlaskClient

from bridge.domain.names import EmployeeId
from bridge.domain.partner_leads import PartnerLead
from bridge.domain.people import CrmEmployee, Directory, Employee, Role
from bridge.domain.programme import PartnerSide, Programme
from bridge.store import mirror, partner_leads, partners
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.partners import House
from bridge.store.sessions import open_session
from tests.domain.partner_building import (
    CARL,
    CORA,
    CRM_IDS,
    MARTA,
    NORTH,
    ON,
    PABLO,
    PARTNERS,
    PETRA,
    SIDE,
    SONIA,
    SOUTH,
)
from tests.web.asking import Api
from tests.web.world import ANA, CRM, QA, World

EMPLOYEES = {
    MARTA: Role.MANAGER,
    CORA: Role.SALESPERSON,
    CARL: Role.SALESPERSON,
    ANA: Role.SALESPERSON,
    QA: Role.QUALITY_CONTROL,
}
USERS = {f"partner:{NORTH}": (PETRA, PABLO), f"partner:{SOUTH}": (SONIA,)}
OFF = Programme()


def programme(
    world: World,
    *leads: PartnerLead,
    programme: Programme = ON,
    side: PartnerSide = SIDE,
) -> None:
    """The house has these people and partners from now on, and these leads."""
    world.policy = replace(
        world.policy,
        employees={who: Employee(id=who, role=role) for who, role in EMPLOYEES.items()},
        partners=PARTNERS,
        users=USERS,
    )
    known = [
        CrmEmployee(crm_id=CRM_IDS[who], email=who, name=who.split("@")[0].title(), active=True)
        for who in (MARTA, CORA, CARL)
    ]
    assert side.organisation is not None
    house = House(crm=CRM, organisation=side.organisation, sharing=side.sharing, read_at=world.now)
    with writing(world.engine) as db:
        people = Directory(people=tuple(known), as_of=world.now)
        mirror.put_directory(db, CRM, people, world.now + timedelta(seconds=1))
        partners.put_programme(db, programme, world.now)
        partners.put_house(db, house, world.now)
        partners.put_accounts(db, side.accounts, world.now)
        partners.put_users(db, side.users, world.now)
    has_leads(world, leads)


def has_leads(world: World, leads: Iterable[PartnerLead]) -> None:
    with writing(world.engine) as db:
        partner_leads.put_leads(db, leads)


def stored(world: World, lead: PartnerLead) -> PartnerLead:
    """The lead as it is now."""
    with reading(world.engine) as db:
        return partner_leads.leads_by_id(db, [lead.id])[lead.id]


def principal(who: str) -> str:
    is_partner = who in {user for users in USERS.values() for user in users}
    return f"{'partner' if is_partner else 'employee'}:{who}"


def api(world: World, who: EmployeeId, *scopes: Scope) -> Api:
    return Api(world, world.key(principal(who), *scopes))


def signed_in(world: World, who: EmployeeId) -> FlaskClient:
    with writing(world.engine) as db:
        token = open_session(db, principal(who), world.now)
    browser = world.app.test_client()
    browser.set_cookie("bridge_session", token)
    return browser
