"""What was ordered of vendors: listed, paged, one by one; for managers alone."""

import pytest

from tests.web.asking import api
from tests.web.ordering import SAID, order
from tests.web.world import ANA, LUIS, WA, World


@pytest.fixture
def ordered(any_world: World) -> World:
    order(any_world, 5)
    return any_world


def test_they_are_listed_the_newest_first_page_by_page(ordered: World) -> None:
    found = api(ordered, LUIS).all("/deliveries", limit=2)
    assert [one["key"] for one in found] == ["key-4", "key-3", "key-2", "key-1", "key-0"]
    assert {one["account"] for one in found} == {WA}


def test_they_are_told_apart_by_account_and_state(ordered: World) -> None:
    luis = api(ordered, LUIS)
    assert [one["key"] for one in luis.all("/deliveries", state="dead")] == ["key-0"]
    assert luis.all("/deliveries", account="other") == []
    assert luis.get("/deliveries", state="odd").status == 422


def test_one_shows_each_attempt_and_nothing_of_the_client(ordered: World) -> None:
    luis = api(ordered, LUIS)
    (dead,) = luis.all("/deliveries", state="dead")
    one = luis.get(f"/deliveries/{dead['id']}").json
    assert [(entry["number"], entry["said"]) for entry in one["log"]] == [(1, SAID)]
    assert (one["state"], one["attempts"], one["kind"]) == ("dead", 1, "SendMessage")
    assert not any(word in str(one) for word in ("secret words", "34600111222"))


@pytest.mark.parametrize("name", ["0", "99", "x", "9" * 30, "-1"])
def test_one_that_there_is_not_is_not_found(ordered: World, name: str) -> None:
    assert api(ordered, LUIS).get(f"/deliveries/{name}").status == 404


def test_a_salesperson_sees_none(ordered: World) -> None:
    ana = api(ordered, ANA)
    assert ana.get("/deliveries").status == 403
    assert ana.get("/deliveries/1").status == 403
