"""The house's own webhook: how it stands, and a test of it, for managers alone."""

from dataclasses import replace

import pytest

from bridge.domain.names import AccountName, EmployeeId
from bridge.domain.policy import AccountPolicy
from bridge.store.engine import writing
from bridge.store.lanes import hold
from bridge.store.schema import DECISIONS, OUTBOX
from tests.web.asking import api
from tests.web.world import ANA, LUIS, QA, World

PAGER = AccountName("pager")


@pytest.fixture
def house(world: World) -> World:
    accounts = {**world.policy.accounts, PAGER: AccountPolicy(connector="wazzup")}
    world.policy = replace(world.policy, accounts=accounts, webhook=PAGER)
    return world


def posted(house: World) -> list[str]:
    with house.engine.connect() as db:
        return [row.state for row in db.execute(OUTBOX.select()) if row.kind == "PostNotification"]


def test_it_is_listed_with_how_it_stands(house: World) -> None:
    fine = {"account": PAGER, "paused": False, "cause": "", "last_success_at": None}
    assert api(house, LUIS).all("/outgoing-webhooks") == [fine]
    with writing(house.engine) as db:
        hold(db, f"out:{PAGER}", None, "pager: 401")
    assert api(house, LUIS).all("/outgoing-webhooks") == [
        {**fine, "paused": True, "cause": "pager: 401"}
    ]


def test_without_one_there_is_none_to_try(world: World) -> None:
    assert api(world, LUIS).all("/outgoing-webhooks") == []
    refused = api(world, LUIS).post("/outgoing-webhooks/test")
    assert (refused.status, refused.reason) == (409, "request.conflict")
    assert "notifications.webhook" in refused.json["detail"]


def test_a_test_is_delivered_once_and_on_record(house: World) -> None:
    luis = api(house, LUIS)
    for _ in range(2):
        assert luis.post("/outgoing-webhooks/test", key="the-same").status == 202
    assert posted(house) == ["pending"]
    house.drain(f"out:{PAGER}")
    assert posted(house) == ["done"]
    with house.engine.connect() as db:
        (row,) = [row for row in db.execute(DECISIONS.select()) if row.kind == "WebhookTest"]
    assert (row.target, row.headline) == (LUIS, "notify.test")


def test_the_page_tries_it_too(house: World) -> None:
    browser = house.signed_in(LUIS)
    csrf = browser.get("/deliveries").text.split('name="csrf" value="')[1].split('"')[0]
    answer = browser.post("/deliveries/test", data={"csrf": csrf})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/deliveries?account=pager")
    assert "Post a notification</a><small>pager" in browser.get("/deliveries?account=pager").text


@pytest.mark.parametrize("who", [ANA, QA])
def test_it_is_for_managers(house: World, who: EmployeeId) -> None:
    assert api(house, who).get("/outgoing-webhooks").status == 403
    assert api(house, who).post("/outgoing-webhooks/test").status == 403
    assert posted(house) == []
