"""The ledger of turns by API and on its page: for managers alone."""

from dataclasses import replace

import pytest

from bridge.domain.names import EmployeeId
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, LUIS, QA, SALES, World


@pytest.fixture(autouse=True)
def north(world: World) -> None:
    world.policy = replace(world.policy, pools={"north": (ANA, BRUNO)}, weights={"north": {ANA: 2}})


def test_a_manager_sees_who_is_next_and_the_shares(world: World) -> None:
    found = api(world, LUIS).get("/rotation/north").json
    assert found["next"] == [ANA, BRUNO, ANA]
    assert [(one["employee"], one["weight"], one["had"]) for one in found["members"]] == [
        (ANA, 2, 0),
        (BRUNO, 1, 0),
    ]


def test_a_turn_leads_to_its_event(world: World) -> None:
    world.writes("+34600111999", "hello")
    (turn,) = api(world, LUIS).get("/rotation/new_clients").json["turns"]
    assert turn["employee"] == ANA
    assert api(world, LUIS).get(f"/events/{turn['event']}").json["target"] == ANA
    page = world.signed_in(LUIS).get("/rotation?pool=new_clients").text
    assert f'href="/events/{turn["event"]}"' in page


@pytest.mark.parametrize("who", [ANA, QA])
def test_it_is_for_managers(world: World, who: EmployeeId) -> None:
    assert api(world, who).get("/rotation/north").status == 403
    assert world.signed_in(who).get("/rotation").status_code == 403


def test_what_is_not_there_is_not_found(world: World) -> None:
    luis = api(world, LUIS)
    assert luis.get("/rotation/south").status == 404
    assert luis.get("/rotation/north", channel="nowhere").status == 404
    assert luis.get("/rotation/north", channel=SALES).status == 200
    assert world.signed_in(LUIS).get("/rotation?pool=south").status_code == 404
