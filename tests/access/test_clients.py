"""Random resellers with random clients: everybody lists exactly those that he may read (RSL-01)."""

import re
from dataclasses import replace
from itertools import count

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.client_access import facts_of_client
from bridge.domain.names import ClientId, EmployeeId, ResellerName
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reseller_clients import ClientDetails, ResellerClient
from bridge.domain.reselling_policy import Plan, Reseller, Reselling
from bridge.domain.subject_access import access_to
from bridge.store.engine import writing
from bridge.store.reseller_clients import put_clients
from bridge.web.api import PREFIX
from bridge.web.auth import csrf_token
from tests.domain.reselling.building import RITA, SARA
from tests.web.asking import Api, api
from tests.web.reselling import add, as_user, browser_of, kept, with_resellers
from tests.web.world import ANA, LUIS, NORA, QA, World

RESELLERS = tuple(ResellerName(name) for name in ("a", "b", "c"))
PLANS = {"basic": Plan(name="Basic", units=100)}
_numbers = count(1)


def client(reseller: ResellerName, suspended: bool, archived: bool, balance: int) -> ResellerClient:
    number = next(_numbers)
    return ResellerClient(
        id=ClientId(f"cl_{number:08}"),
        reseller=reseller,
        details=ClientDetails(legal_name=f"Client {number}"),
        created_at=World.now,
        plan="basic",
        plan_name="Basic",
        plan_units=100,
        balance=balance,
        is_suspended=suspended,
        is_archived=archived,
    )


clients = st.lists(
    st.builds(
        client,
        st.sampled_from((*RESELLERS, ResellerName("gone"))),
        st.booleans(),
        st.booleans(),
        st.sampled_from((0, 100)),
    ),
    max_size=12,
)


@given(clients)
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_everybody_lists_exactly_what_he_may_read(
    world: World, planted: list[ResellerClient]
) -> None:
    """By list, page, export and one by one; page after page; nobody else's is told of."""
    users = {f"reseller:{name}": (EmployeeId(f"user@{name}.example"),) for name in RESELLERS}
    reselling = Reselling(resellers={name: Reseller(plans=PLANS) for name in RESELLERS})
    world.policy = replace(world.policy, reselling=reselling, users=users)
    with writing(world.engine) as db:
        put_clients(db, planted)
    people = [
        Person(kind=PersonKind.RESELLER_USER, id=mail, tenant=tenant)
        for tenant, (mail,) in users.items()
    ]
    people += [Person(kind=PersonKind.EMPLOYEE, id=name) for name in (LUIS, QA, ANA, NORA)]
    for person in people:
        asker = Api(world, world.key(person.principal))
        may = {
            one.id
            for one in planted
            if access_to(person, facts_of_client(one), world.policy).can_read
        }
        mine = {one.id for one in planted}
        listed = {
            one["id"]
            for archived in ("true", "false")
            for one in asker.all("/clients", limit=3, archived=archived)
        }
        assert listed & mine == may, person
        opened = {one.id for one in planted if asker.get(f"/clients/{one.id}").status == 200}
        assert opened == may, person
        exported = {
            one["id"]
            for archived in ("true", "false")
            for one in _exported(asker, archived=archived)
        }
        assert exported & mine == may, person


def _exported(asker: Api, **query: str) -> list[dict[str, str]]:
    answer = asker.world.app.test_client().get(
        f"{PREFIX}/clients/export", query_string=query, headers=asker._headers()
    )
    found: list[dict[str, str]] = answer.get_json()["clients"]
    return found


BODIES = {
    "add-units": {"units": 1},
    "use": {"id": "1"},
    "renew": {"plan": "basic"},
    "link": {"kind": "company", "id": "1"},
}


@pytest.mark.parametrize("who", [SARA, ANA])
def test_anothers_client_is_there_on_no_route(world: World, who: EmployeeId) -> None:
    """RSL-01, RSL-25: every route of a client is asked; the answer is that of one who is not."""
    rita = as_user(with_resellers(world))
    name = add(rita)["id"]
    asker = as_user(world, SARA) if who == SARA else api(world, ANA)
    browser = browser_of(world, SARA) if who == SARA else world.signed_in(ANA)
    asked = 0
    for rule in world.app.url_map.iter_rules():
        found = re.fullmatch(r"(/api/v1)?/clients/<\w+>(/[a-z-]+|/<action>)?", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"} if found else ():
            for action in (
                ("edit", "add-units", "renew", "suspend", "activate", "archive", "unarchive")
                if "<action>" in rule.rule
                else ("",)
            ):
                path = re.sub(r"<action>", action, rule.rule)
                statuses = {
                    _asked(world, asker, browser, method, re.sub(r"<\w+>", one, path))
                    for one in (name, "cl_nowhere")
                }
                assert len(statuses) == 1, f"{method} {path}: {statuses}"
                assert statuses <= {403, 404}, f"{method} {path}: {statuses}"
                asked += 1
    assert asked > 20
    assert kept(world, name).version == 1


def _asked(world: World, asker: Api, browser: FlaskClient, method: str, address: str) -> int:
    if address.startswith(PREFIX):
        body = BODIES.get(address.rpartition("/")[2], {}) if method != "GET" else None
        answer = world.app.test_client().open(
            address, method=method, json=body, headers=asker._headers()
        )
        return answer.status_code
    session = browser.get_cookie("bridge_session")
    assert session is not None
    form = {"csrf": csrf_token(session.value), "units": "1"} if method == "POST" else None
    return browser.open(address, method=method, data=form).status_code


def test_an_import_reaches_no_other_resellers_clients(world: World) -> None:
    """A reference of another reseller's client is free, and tells nothing."""
    add(as_user(with_resellers(world), RITA), reference="R-1")
    sara = as_user(world, SARA)
    made = sara.post("/clients", {"legal_name": "S", "plan": "other", "reference": "R-1"})
    assert made.status == 201
