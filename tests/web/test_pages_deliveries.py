"""The page of deliveries: what was ordered, with the answers; for managers and quality control."""

import pytest

from bridge.domain.names import EmployeeId
from tests.web.ordering import SAID, order
from tests.web.world import ANA, LUIS, QA, WA, World


def test_each_delivery_shows_what_was_answered(world: World) -> None:
    order(world, 3)
    page = world.signed_in(LUIS).get("/deliveries").text
    assert page.count(SAID) == 1
    assert page.index('/deliveries/3"') < page.index('/deliveries/1"')
    assert not any(word in page for word in ("secret words", "34600111222"))


def test_it_shows_one_account_where_asked(world: World) -> None:
    order(world, 1)
    browser = world.signed_in(LUIS)
    assert '/deliveries/1"' in browser.get(f"/deliveries?account={WA}").text
    assert "No deliveries" in browser.get("/deliveries?account=other").text


def test_it_goes_on_page_by_page(world: World) -> None:
    order(world, 31)
    browser = world.signed_in(LUIS)
    first = browser.get("/deliveries").text
    assert '/deliveries/31"' in first
    assert '/deliveries/1"' not in first
    following = first.split('href="/deliveries?cursor=')[1].split('"')[0]
    assert '/deliveries/1"' in browser.get(f"/deliveries?cursor={following}").text


@pytest.mark.parametrize(("employee", "status"), [(ANA, 403), (QA, 200), (LUIS, 200)])
def test_it_is_for_who_looks_after_the_house(
    world: World, employee: EmployeeId, status: int
) -> None:
    assert world.signed_in(employee).get("/deliveries").status_code == status
