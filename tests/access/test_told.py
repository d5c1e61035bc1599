"""Notifications of people outside the house, and of employees about the channel side (PRM-24)."""

from dataclasses import replace

import pytest

from bridge.domain.changes import Notify
from bridge.domain.names import EmployeeId, PartnerLeadId
from bridge.domain.partner_leads import Holder, HolderKind, LeadState
from bridge.domain.people import Employee, Role
from bridge.domain.reasons import ReasonCode
from bridge.store import notices, partner_leads
from bridge.store.engine import writing
from bridge.store.keys import Scope
from bridge.store.sessions import open_session
from bridge.web.auth import csrf_token
from bridge.web.site import site_of
from bridge.web.watches import Asked
from bridge.web.watching import admit, look
from tests.access.channel_side import FACTURA, PETRA, ROSA, SUE, SomeClient, SomeLead, moves_in
from tests.access.channel_side import plant_subjects as plant
from tests.web.asking import Api
from tests.web.world import ANA, LUIS, Key, World

LEAD, CLIENT = "lead:pl_000", "client:cl_001"
"""Petra's, of North, whose account Ana owns; and Rosa's."""


@pytest.fixture
def house(any_world: World) -> World:
    moves_in(any_world)
    held = Holder(kind=HolderKind.PARTNER, name=PETRA)
    lead = SomeLead(holder=held, state=LeadState.OFFERED, tenant="partner:north")
    plant(any_world, [lead, SomeClient(reseller=FACTURA, is_suspended=False, is_archived=False)])
    return any_world


def tell(world: World, who: EmployeeId, subject: str, tenant: str = "") -> None:
    told = Notify(
        employee=who,
        conversation=None,
        message=None,
        code=ReasonCode.PLAN_UNITS_LOW,
        about="a private word",
        tenant=tenant,
        subject=subject,
    )
    with writing(world.engine) as db:
        notices.add(db, [told], world.now)


def told(world: World, principal: str, **query: object) -> list[str]:
    found = Api(world, world.key(principal, Scope.READ)).all("/notifications", limit=1, **query)
    return [one["subject"] for one in found]


def streamed(world: World, principal: str) -> bytes:
    site = site_of(world.parts, Key())
    key = f"Bearer {world.key(principal, Scope.READ)}"
    [news] = look(site, [admit(site, Asked(authorization=key, after="0"))])
    return b"".join(piece for piece in news.pieces if b"event: notification" in piece)


def given_to(world: World, user: EmployeeId) -> None:
    """The lead is somebody else's."""
    with writing(world.engine) as db:
        [lead] = partner_leads.leads_by_id(db, [PartnerLeadId("pl_000")]).values()
        held = Holder(kind=HolderKind.PARTNER, name=user)
        partner_leads.put_leads(db, [replace(lead, holder=held)])


def test_each_is_told_what_is_his_and_nobody_else_is(house: World) -> None:
    tell(house, PETRA, LEAD, "partner:north")
    tell(house, ROSA, CLIENT, "reseller:factura")
    assert told(house, f"partner:{PETRA}") == [LEAD]
    assert told(house, f"reseller:{ROSA}") == [CLIENT]
    for principal in (f"partner:{SUE}", f"employee:{ANA}", f"employee:{LUIS}", "service:x"):
        assert told(house, principal) == [], principal


def test_an_employee_of_the_same_address_is_somebody_else(house: World) -> None:
    colleague = Employee(id=PETRA, role=Role.SALESPERSON)
    employees = {**house.policy.employees, PETRA: colleague}
    house.policy = replace(house.policy, employees=employees)
    tell(house, PETRA, LEAD, "partner:north")
    tell(house, PETRA, "")
    assert told(house, f"employee:{PETRA}") == [""]
    assert told(house, f"partner:{PETRA}") == [LEAD]


def test_who_loses_a_lead_loses_what_he_was_told_of_it(house: World) -> None:
    """A partner's user and a channel manager alike, also live; a manager keeps it."""
    tell(house, PETRA, LEAD, "partner:north")
    for who in (ANA, LUIS):
        tell(house, who, LEAD)
        assert told(house, f"employee:{who}") == [LEAD]
        assert b"a private word" in streamed(house, f"employee:{who}")
    given_to(house, SUE)
    assert told(house, f"partner:{PETRA}") == []
    assert told(house, f"employee:{ANA}") == []
    assert b"a private word" not in streamed(house, f"employee:{ANA}")
    assert told(house, f"employee:{LUIS}") == [LEAD]


def test_a_manager_still_sees_of_what_is_gone_that_he_was_told(house: World) -> None:
    tell(house, LUIS, "renewal:rn_gone")
    tell(house, ANA, "renewal:rn_gone")
    assert told(house, f"employee:{LUIS}") == ["renewal:rn_gone"]
    assert told(house, f"employee:{ANA}") == []


def test_he_reads_them_on_a_page_and_marks_his_own_alone(house: World) -> None:
    tell(house, PETRA, LEAD, "partner:north")
    tell(house, ROSA, CLIENT, "reseller:factura")
    with writing(house.engine) as db:
        token = open_session(db, f"partner:{PETRA}", house.now)
    browser = house.app.test_client()
    browser.set_cookie("bridge_session", token)
    page = browser.get("/notifications").text
    assert "Lead pl_000" in page
    assert "/activity?subject=lead%3Apl_000" in page
    sent = browser.post("/notifications/read", data={"csrf": csrf_token(token)})
    assert sent.status_code == 303
    assert told(house, f"partner:{PETRA}", unread="true") == []
    assert told(house, f"reseller:{ROSA}", unread="true") == [CLIENT]
    rosa = Api(house, house.key(f"reseller:{ROSA}", Scope.READ))
    assert rosa.post("/notifications/read").json == {"read": 1}
