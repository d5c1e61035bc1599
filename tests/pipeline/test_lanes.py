"""One holder per lane, by the store's clock; whoever lost it changes nothing any more."""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.effects import ChangeOwner
from bridge.domain.names import CrmId
from bridge.domain.records import RecordKind
from bridge.pipeline import process
from bridge.pipeline.drain import after, drain, due_lanes
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Parts
from bridge.ports import Absent, CannotTell, Delivery, Found, Outbound, Outcome
from bridge.store import lanes, outbox
from bridge.store.engine import writing
from bridge.store.lanes import LeaseLost
from bridge.store.schema import DECISIONS, INBOX, LANES, MESSAGES, OUTBOX, REFRESHES
from tests.pipeline.world import CHAT, CRM, World, holding, in_another_process, known_clients

IN, OUT, MIRROR = lane(Way.IN, CHAT), lane(Way.OUT, CRM), lane(Way.MIRROR, CRM)


@dataclass
class Pausing:
    """Does something of the test's own in the middle of a call."""

    inner: Outbound
    deed: Callable[[], None]

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        self.deed()
        return self.inner.deliver(run)

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        return self.inner.find(run)


def in_the_middle(house: World, deed: Callable[[], None]) -> None:
    house.vendors.outbounds[CRM] = Pausing(house.vendors.outbound(CRM), deed)


def test_what_a_full_run_filled_is_rung_for_while_the_lane_goes_on(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker delivers meanwhile; a short run's worker goes on into the lane itself."""
    [phone] = known_clients(small, 1)
    monkeypatch.setattr(process, "RUN", 2)
    for text in ("one", "two", "three"):
        small.client_writes(phone, text)
    small.rings.rung.clear()
    assert small.drain(IN) == (OUT,)
    assert small.rings.rung == [OUT]


@pytest.mark.parametrize(
    ("is_free", "times"), [((True, True, True), 1), ((True, False, True), 2), ((False,) * 3, 0)]
)
def test_a_lane_is_rung_for_once_until_somebody_has_taken_it(
    small: World, monkeypatch: pytest.MonkeyPatch, is_free: tuple[bool, ...], times: int
) -> None:
    [phone] = known_clients(small, 1)
    for text in ("one", "two", "three"):
        small.client_writes(phone, text)
    small.rings.rung.clear()
    looks = iter(is_free)
    monkeypatch.setattr(process, "RUN", 1)
    monkeypatch.setattr(lanes, "due", lambda db, names: tuple(names) if next(looks) else ())
    small.drain(IN)
    assert small.rings.rung == [OUT] * times


def test_nobody_is_rung_for_a_lane_that_somebody_has(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    [phone] = known_clients(small, 1)
    monkeypatch.setattr(process, "RUN", 1)
    small.client_writes(phone)
    small.rings.rung.clear()
    with holding(small.engine, OUT, 15):
        small.drain(IN)
    assert small.rings.rung == []


def test_a_lane_has_one_holder_at_a_time(house: World) -> None:
    with holding(house.engine, IN, 15):
        house.client_writes()
        assert house.drain(IN) == ()
        assert due_lanes(house.parts) == ()
        with pytest.raises(LeaseLost), holding(house.engine, IN, 15):
            pass
    assert due_lanes(house.parts) == (IN,)
    assert house.count(DECISIONS) == 0


def test_eight_drains_at_once_deliver_once(house: World) -> None:
    phones = known_clients(house, 10)
    house.receives_each(phones, "news")
    house.drain(IN)
    script = house.script(CRM, lambda delivery: None)
    threads = [threading.Thread(target=house.drain, args=(OUT,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([d for run in script.runs for d in run]) == 10
    assert len(house.entries()) == 20


def test_a_lease_lost_in_the_middle_of_a_call_notes_nothing(house: World) -> None:
    """The fence: the next holder looks up what became of it."""
    [phone] = known_clients(house, 1)
    house.client_writes(phone, "news")
    house.drain(IN)

    def lose() -> None:
        house.later(house.parts.lease_seconds + 1)
        with writing(house.engine) as db:
            assert lanes.acquire(db, OUT, "the thief", 15)

    in_the_middle(house, lose)
    assert house.drain(OUT) == ()
    assert house.rows(OUTBOX)[-1]["state"] == "leased"
    [held] = [row for row in house.rows(LANES) if row["name"] == OUT]
    assert held["lease_token"] == "the thief"
    assert len(house.entries()) == 2


def test_a_lease_lost_while_the_crm_is_asked_decides_nothing(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = house.vendors.reader(CRM).contacts_by_identity

    def lose(queries: Sequence[object]) -> object:
        house.later(house.parts.lease_seconds + 1)
        with writing(house.engine) as db:
            assert lanes.acquire(db, IN, "the thief", 15)
        return ask(queries)  # type: ignore[arg-type]

    monkeypatch.setattr(house.vendors.reader(CRM), "contacts_by_identity", lose)
    house.client_writes()
    assert house.drain(IN) == ()
    assert [house.count(table) for table in (DECISIONS, MESSAGES, OUTBOX)] == [0, 0, 0]
    assert [row["state"] for row in house.rows(INBOX)] == ["leased"]


def lease_until(house: World, name: str) -> datetime:
    [until] = [row["lease_until"] for row in house.rows(LANES) if row["name"] == name]
    assert isinstance(until, datetime)
    return until


def test_a_long_call_keeps_the_lease(house: World) -> None:
    house.parts = replace(house.parts, lease_seconds=5.0)
    [phone] = known_clients(house, 1)
    house.client_writes(phone, "news")
    house.drain(IN)
    others: list[bool] = []

    def last() -> None:
        """Until the lease was renewed twice."""
        seen = {lease_until(house, OUT)}
        end = time.monotonic() + 60
        while len(seen) < 3:
            assert time.monotonic() < end, "the lease is not kept"
            time.sleep(0.02)
            seen.add(lease_until(house, OUT))
        try:
            with holding(house.engine, OUT, 3.0):
                others.append(False)
        except LeaseLost:
            others.append(True)

    in_the_middle(house, last)
    house.drain(OUT)
    assert others == [True]
    assert house.rows(OUTBOX)[-1]["state"] == "done"


def test_another_takes_over_within_a_lease_and_a_second_after_a_kill(house: World) -> None:
    house.parts = replace(house.parts, lease_seconds=1.0)
    house.tune(CRM, look_up_after_seconds="0")
    [phone] = known_clients(house, 1)
    house.client_writes(phone, "news")
    house.drain(IN)

    def die(parts: Parts) -> None:
        in_the_middle(house, lambda: os.kill(os.getpid(), signal.SIGKILL))
        drain(parts, OUT, over=lambda: False)

    assert in_another_process(house, die) == signal.SIGKILL
    [held] = [row for row in house.rows(LANES) if row["name"] == OUT]
    assert held["lease_until"] <= datetime.now(UTC) + timedelta(seconds=house.parts.lease_seconds)
    end = time.monotonic() + 60
    while due_lanes(house.parts) != (OUT,):
        assert time.monotonic() < end, "nobody may take over"
        time.sleep(0.02)
    house.settle()
    assert len(house.entries()) == 2


def test_leases_run_by_the_stores_clock_whatever_a_host_believes(house: World) -> None:
    ahead = replace(house.parts, now=lambda: house.parts.now() + timedelta(days=1))
    house.client_writes()
    with holding(house.engine, IN, 15):
        assert drain(ahead, IN, over=lambda: False) == ()
    [row] = [row for row in house.rows(LANES) if row["name"] == IN]
    assert row["lease_token"] is None


def test_a_fence_counts_every_holder(house: World) -> None:
    for _ in range(3):
        with holding(house.engine, IN, 15):
            pass
    [row] = [row for row in house.rows(LANES) if row["name"] == IN]
    assert row["fence"] == 3
    with writing(house.engine) as db, pytest.raises(LeaseLost):
        lanes.keep(db, IN, "an old token", 15)


def test_owner_changes_go_first(house: World) -> None:
    phones = known_clients(house, 3)
    house.receives_each(phones, "news")
    house.drain(IN)
    effect = ChangeOwner(
        kind=RecordKind.CONTACT, record=house.contact_of(phones[2]), owner=CrmId("102")
    )
    row = house.outbox_row(effect, urgent=True)
    with writing(house.engine) as db:
        outbox.add(db, [row], house.parts.now())
    script = house.script(CRM, lambda delivery: None)
    house.drain(OUT)
    [run] = script.runs
    assert isinstance(run[0].effect, ChangeOwner)
    assert [d.effect.text for d in run[1:]] == ["news"] * 3  # type: ignore[union-attr]


def test_a_bounded_turn_gives_way_and_says_so(house: World) -> None:
    known_clients(house, 1)
    for n in range(3):
        house.client_writes("34600000000", f"{n}")
    over = after(-1)
    assert drain(house.parts, IN, over=over) == (IN,)
    assert house.count(INBOX, state="pending") == 3
    house.drain(IN)
    assert drain(house.parts, OUT, over=over) == (OUT,)
    assert house.count(OUTBOX, state="pending") == 3


def test_a_drain_names_the_lanes_that_it_filled(small: World) -> None:
    small.client_writes()
    assert small.drain(IN) == (OUT,)
    small.fail(CRM, match="search", fault="500", times=1)
    small.client_writes("34600333444")
    assert MIRROR in small.drain(IN)


def test_a_name_that_is_no_lanes_is_refused(small: World) -> None:
    with pytest.raises(ValueError, match="lane"):
        small.drain("nonsense")
    with pytest.raises(ValueError, match="sideways"):
        small.drain("sideways:hubspot-main")


def test_due_lanes_are_exactly_those_with_work_that_can_be_done(house: World) -> None:
    [phone] = known_clients(house, 1)
    assert due_lanes(house.parts) == ()
    house.client_writes(phone, "one")
    assert due_lanes(house.parts) == (IN,)
    house.drain(IN)
    assert due_lanes(house.parts) == (OUT,)
    house.fail(CRM, match="communications/batch/create", fault="500", times=1)
    house.drain(OUT)
    house.client_writes(phone, "two")
    house.drain(IN)
    assert due_lanes(house.parts) == (), "the second waits behind the first"
    house.later(26)
    assert due_lanes(house.parts) == (OUT,)
    house.settle()
    assert house.count(OUTBOX, state="done") == 3


def test_a_row_that_needs_a_dead_one_makes_no_lane_due(house: World) -> None:
    house.fail(CRM, match="contacts/batch/upsert", fault="429", times=1, retry_after="60")
    house.client_writes()
    house.settle()
    assert due_lanes(house.parts) == ()
    house.later(61)
    assert due_lanes(house.parts) == (OUT,)
    house.settle()
    assert house.count(REFRESHES) == 0
