"""Whatever a vendor answers, what was to be done is done once and no sooner than allowed."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.pipeline.dead import Box, replay
from bridge.pipeline.drain import drain, due_lanes
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Parts
from bridge.ports import Absent, CannotTell, Delivery, Found, Outbound, Outcome
from bridge.store import lanes
from bridge.store.engine import writing
from bridge.store.schema import LANES, NOTIFICATIONS, OUTBOX
from tests.pipeline.world import CRM, LUIS, World, in_another_process, known_clients

OUT = lane(Way.OUT, CRM)
CREATE = "communications/batch/create"
LOOK_UP = "contacts/communications/batch/read"
SETTLED_AFTER = 25.0  # HubSpot's time-out and its lag


def written(house: World, text: str) -> int:
    return sum(text in entry for entry in house.entries())


def held(house: World) -> Any:
    return next(row for row in house.rows(LANES) if row["name"] == OUT)


def last(house: World) -> Any:
    return house.rows(OUTBOX)[-1]


def a_message_meets(house: World, **fault: Any) -> None:
    [phone] = known_clients(house, 1)
    house.fail(CRM, match=CREATE, times=1, **fault)
    house.client_writes(phone, "news")
    house.settle()


@pytest.mark.parametrize(
    "fault", ["429", "500", "500_after", "reset", "reset_after", "html", "html_after"]
)
def test_after_a_fault_there_is_exactly_one_entry(small: World, fault: str) -> None:
    a_message_meets(small, fault=fault)
    assert last(small)["state"] in ("pending", "unknown")
    small.patiently(3)
    assert last(small)["state"] == "done"
    assert written(small, "news") == 1


def test_a_time_out_after_storing_leaves_exactly_one_entry(small: World) -> None:
    small.tune(CRM, call_timeout_seconds="0.3")
    a_message_meets(small, fault="timeout_after", seconds=1.0)
    assert (last(small)["state"], written(small, "news")) == ("unknown", 1)
    small.patiently(2)
    assert (last(small)["state"], written(small, "news")) == ("done", 1)
    assert last(small)["attempts"] == 1


def test_an_unknown_outcome_is_looked_up_no_sooner_than_its_traces_show(house: World) -> None:
    a_message_meets(house, fault="500")
    tries, looks = house.calls(CREATE), house.calls(LOOK_UP)
    house.later(SETTLED_AFTER - 1)
    assert due_lanes(house.parts) == ()
    assert (house.calls(CREATE), house.calls(LOOK_UP)) == (tries, looks)
    house.later(1.5)
    house.settle()
    assert (house.calls(CREATE), house.calls(LOOK_UP)) == (tries + 1, looks + 1)
    assert (last(house)["state"], written(house, "news")) == ("done", 1)


def test_many_unknown_outcomes_are_looked_up_together(small: World) -> None:
    phones = known_clients(small, 20)
    small.fail(CRM, match=CREATE, fault="500_after", times=1)
    small.receives_each(phones, "news")
    small.settle()
    looks = small.calls(LOOK_UP)
    small.later(SETTLED_AFTER + 1)
    small.settle()
    assert small.calls(LOOK_UP) - looks == 1
    assert written(small, "news") == 20


def test_successors_in_the_chat_wait_for_the_look_up(small: World) -> None:
    a_message_meets(small, fault="500_after")
    small.client_writes("34600000000", "more")
    small.settle()
    assert written(small, "more") == 0
    small.patiently(2)
    entries = small.entries()
    assert ["news" in entries[-2], "more" in entries[-1]] == [True, True]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_429_holds_the_lane_as_long_as_the_vendor_asks(small: World, form: str) -> None:
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=120)
    asked = {"seconds": "120", "date": format_datetime(moment, usegmt=True)}[form]
    a_message_meets(small, fault="429", retry_after=asked)
    row = last(small)
    assert (row["state"], row["attempts"], row["in_doubt_since"]) == ("pending", 0, None)
    assert abs((held(small)["held_until"] - moment).total_seconds()) < 10
    small.later(100)
    assert due_lanes(small.parts) == ()
    small.later(25)
    small.settle()
    assert written(small, "news") == 1


def test_a_used_up_daily_quota_holds_the_lane_until_its_reset(small: World) -> None:
    a_message_meets(small, fault="403_quota")
    wait = held(small)["held_until"] - small.parts.now()
    assert timedelta(0) < wait <= timedelta(hours=1)
    assert last(small)["attempts"] == 0
    small.later(wait.total_seconds() + 1)
    small.settle()
    assert written(small, "news") == 1


def test_a_401_pauses_the_account_and_is_told_once(house: World) -> None:
    with capture_logs() as log:
        a_message_meets(house, fault="401")
        house.patiently(3, 5000)
    told = [line for line in log if line["event"] == "lane held"]
    assert [line["lane"] for line in told] == [OUT]
    paused = [n["employee"] for n in house.rows(NOTIFICATIONS) if n["code"] == "account.paused"]
    assert paused == [LUIS]
    assert (held(house)["paused"], written(house, "news")) == (True, 0)
    assert due_lanes(house.parts) == ()
    with writing(house.engine) as db:
        lanes.resume(db, OUT)
    house.settle()
    assert (held(house)["held_cause"], written(house, "news")) == ("", 1)


def test_a_partial_answer_settles_each_row_by_itself(small: World) -> None:
    """207: one client is gone from the CRM, which has not told us yet."""
    stays, goes = known_clients(small, 2)
    small.in_crm("delete", kind="contacts", id="100001")
    small.client_writes(goes, "lost")
    small.client_writes(stays, "kept")
    small.settle()
    assert [row["state"] for row in small.rows(OUTBOX)[-2:]] == ["dropped", "done"]
    assert (written(small, "kept"), written(small, "lost")) == (1, 0)
    assert "no longer in the CRM" in small.rows(OUTBOX)[-2]["reason"]
    small.client_writes(goes, "again")
    small.settle()
    assert (written(small, "lost"), written(small, "again")) == (1, 1)


def test_a_crm_that_is_gone_holds_the_lane(small: World) -> None:
    [phone] = known_clients(small, 1)
    small.crm_is_elsewhere("http://127.0.0.1:9")
    small.client_writes(phone, "news")
    small.settle()
    assert "no connection" in held(small)["held_cause"]
    assert (last(small)["state"], last(small)["attempts"]) == ("pending", 0)
    small.crm_is_elsewhere(small.crm_url)
    small.later(20)
    small.settle()
    assert written(small, "news") == 1


def test_a_look_up_takes_its_share_of_the_rate(small: World) -> None:
    a_message_meets(small, fault="500_after")
    small.later(SETTLED_AFTER + 1)
    small.limit(0)
    looks = small.calls(LOOK_UP)
    small.settle()
    assert small.calls(LOOK_UP) == looks
    assert "budget" in held(small)["held_cause"]
    small.limit(10)
    small.later(4)
    small.settle()
    assert last(small)["state"] == "done"


@dataclass
class Deadly:
    """Kills its process after the vendor has stored, or before it is called."""

    inner: Outbound
    after: bool

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        if self.after:
            self.inner.deliver(run)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        return self.inner.find(run)


def dying(house: World, *, after: bool) -> int:
    def work(parts: Parts) -> None:
        house.vendors.outbounds[CRM] = Deadly(house.vendors.outbound(CRM), after)
        drain(parts, OUT, over=lambda: False)

    return in_another_process(house, work)


def test_a_worker_killed_while_the_vendor_stored_leaves_exactly_one_entry(house: World) -> None:
    [phone] = known_clients(house, 1)
    house.client_writes(phone, "news")
    house.drain("in:wazzup-main")
    assert dying(house, after=True) == signal.SIGKILL
    assert (last(house)["state"], last(house)["attempts"]) == ("leased", 1)
    assert due_lanes(house.parts) == ()
    house.later(house.parts.lease_seconds + 1)
    assert due_lanes(house.parts) == (OUT,)
    house.settle()
    assert last(house)["state"] == "unknown"
    house.patiently(2)
    assert (last(house)["state"], written(house, "news")) == ("done", 1)


def test_a_row_that_kills_its_worker_each_time_ends_dead(small: World) -> None:
    [phone] = known_clients(small, 1)
    small.client_writes(phone, "killer")
    small.drain("in:wazzup-main")
    for _ in range(40):
        dying(small, after=False)
        small.later(SETTLED_AFTER + 1)
    row = last(small)
    assert (row["state"], row["attempts"]) == ("dead", 8)
    assert replay(small.parts, Box.OUTBOX, row["id"])
    small.patiently(2)
    assert (last(small)["state"], written(small, "killer")) == ("done", 1)
