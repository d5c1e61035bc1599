"""What a vendor may have told nobody: asked for by the clock, read by the one walk."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.errors import ConfigError, DeliveryTransient, OutcomeUnknown
from bridge.domain.names import AccountName, CrmId
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.upkeep import tick
from bridge.ports import Poll, Polled
from bridge.store import cursors, mirror
from bridge.store.schema import CURSORS, DECISIONS, INBOX, REFRESHES
from tests.pipeline.world import CRM, World, known_clients

MIRROR = lane(Way.MIRROR, CRM)
OWNER_CHANGED = {
    "eventId": 1,
    "subscriptionId": 1,
    "portalId": 1,
    "appId": 1,
    "subscriptionType": "contact.propertyChange",
    "objectId": 100000,
    "propertyName": "hubspot_owner_id",
    "propertyValue": "102",
    "changeSource": "CRM_UI",
}


@dataclass
class Net:
    """A vendor's poll of which a test says what it catches."""

    caught: list[Polled] = field(default_factory=list)
    every: timedelta | None = timedelta(minutes=10)
    asked: list[str] = field(default_factory=list)
    error: Exception | None = None

    def changes(self, cursor: str, now: datetime) -> Polled:
        self.asked.append(cursor)
        if self.error is not None:
            raise self.error
        if self.caught:
            return self.caught.pop(0)
        return Polled(bodies=(), cursor=f"{cursor}.")


@pytest.fixture
def net(house: World) -> Net:
    net = Net()
    house.vendors.polls[CRM] = net
    return net


def body(house: World, owner: str = "102") -> bytes:
    at = round(house.parts.now().timestamp() * 1000)
    return json.dumps([{**OWNER_CHANGED, "occurredAt": at, "propertyValue": owner}]).encode()


def ticked(house: World, minutes: float = 0) -> None:
    house.later(minutes * 60)
    tick(house.parts)
    house.settle()


def headlines(house: World) -> list[str]:
    return [row["headline"] for row in house.rows(DECISIONS) if row["account"] == CRM]


def test_what_it_catches_is_decided_like_a_webhook(house: World, net: Net) -> None:
    known_clients(house, 1)
    net.caught = [Polled(bodies=(body(house),), cursor="a")]
    ticked(house)
    assert headlines(house) == ["owner.changed"]
    [row] = [row for row in house.rows(INBOX) if row["account"] == CRM]
    assert (row["method"], row["state"]) == ("POLL", "done")


def test_what_comes_twice_is_decided_once(house: World, net: Net) -> None:
    known_clients(house, 1)
    caught = Polled(bodies=(body(house),), cursor="a")
    net.caught = [caught, caught]
    ticked(house)
    ticked(house, 10)
    assert headlines(house) == ["owner.changed"]
    assert net.asked == ["", "a"]


def test_it_asks_as_often_as_the_vendor_wants_and_begins_where_it_ended(
    house: World, net: Net
) -> None:
    ticked(house)
    ticked(house, 5)
    assert net.asked == [""]
    ticked(house, 6)
    ticked(house, 11)
    assert net.asked == ["", ".", ".."]
    cursors = {row["account"]: row["cursor"] for row in house.rows(CURSORS)}
    assert cursors[CRM] == "..."


def test_more_is_asked_for_at_once(house: World, net: Net) -> None:
    net.caught = [
        Polled(bodies=(), cursor="a", more=True),
        Polled(bodies=(), cursor="b", more=True),
    ]
    ticked(house)
    assert net.asked == ["", "a", "b"]
    assert house.count(REFRESHES) == 0


def test_an_account_that_wants_none_is_not_asked(house: World, net: Net) -> None:
    net.every = None
    ticked(house)
    assert net.asked == []


def test_an_account_that_is_not_set_up_keeps_nobody_else_waiting(
    house: World, net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poll(account: AccountName) -> Poll | None:
        if account != CRM:
            raise ConfigError("a secret is missing")
        return net

    monkeypatch.setattr(house.vendors, "poll", poll)
    ticked(house)
    assert net.asked == [""]


@pytest.mark.parametrize(
    "error", [DeliveryTransient("down", account_wide=True), OutcomeUnknown("odd"), ConfigError("x")]
)
def test_a_net_that_fails_is_cast_again_later_and_stands_in_nobodys_way(
    house: World, net: Net, error: Exception
) -> None:
    known_clients(house, 1)
    net.error = error
    with house.engine.begin() as db:
        wish = RequestRefresh(kind=RefreshKind.CONTACT, key=CrmId("100000"))
        mirror.request_refreshes(db, MIRROR, [wish], house.parts.now())
    ticked(house)
    tick(house.parts)
    house.settle()
    [row] = house.rows(REFRESHES)
    assert (row["kind"], row["attempts"]) == ("changes", 1)
    assert net.asked == [""]
    net.error = None
    ticked(house, 5)
    assert len(net.asked) == 2
    assert house.count(REFRESHES) == 0


def test_a_cursor_moves_only_with_what_was_stored(
    house: World, net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the vendor's answer and the commit loses nothing."""
    known_clients(house, 1)
    kept: Callable[..., None] = cursors.put_cursor
    net.caught = [Polled(bodies=(body(house),), cursor="a")] * 2

    def killed(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cursors, "put_cursor", killed)
    with pytest.raises(KeyboardInterrupt):
        ticked(house)
    assert [row for row in house.rows(INBOX) if row["account"] == CRM] == []
    monkeypatch.setattr(cursors, "put_cursor", kept)
    house.later(60)
    house.settle()
    assert net.asked == ["", ""]
    assert headlines(house) == ["owner.changed"]
