"""One turn: drain, go on into what was filled, linger, give way."""

import time
from collections import deque
from collections.abc import Callable, Sequence

import pytest
from redis import ConnectionError as RedisDown

from bridge.queue import turn
from bridge.queue.bell import Heard
from bridge.queue.turn import Turn


class Rings:
    """Rings that come in order; then quiet. `during`: while a lane is drained."""

    def __init__(self, *rung: str | None, during: Sequence[str] = (), left: str = "") -> None:
        self.rung = deque(rung)
        self.during = deque(during)
        self.left = left
        self.waited = 0
        self.said: list[tuple[str, str]] = []
        self.jobs = False

    def begin(self, lane: str) -> None:
        self.said.append(("begun", lane))

    def draining(self, lane: str) -> None:
        self.said.append(("draining", lane))

    def drained(self, lane: str) -> Heard:
        self.said.append(("drained", lane))
        heard = (self.during.popleft(),) if self.during else ()
        return Heard(lanes=heard, jobs_wait=self.jobs)

    def others_wait(self) -> bool:
        return self.jobs

    def wait(self, seconds: float) -> Heard:
        assert 0 < seconds <= 1
        self.waited += 1
        rung = self.rung.popleft() if self.rung else None
        return Heard(lanes=() if rung is None else (rung,), jobs_wait=self.jobs)

    def end(self) -> tuple[str, ...]:
        return (self.left,) if self.left else ()


class Lanes:
    """Drains that answer as told, and otherwise with nothing."""

    def __init__(self, **more: tuple[str, ...]) -> None:
        self.more = {lane.replace("_", ":", 1): list(lanes) for lane, lanes in more.items()}
        self.drained: list[str] = []

    def drain(self, lane: str, over: Callable[[], bool]) -> tuple[str, ...]:
        self.drained.append(lane)
        found = self.more.pop(lane, [])
        return tuple(found)


def take(
    lanes: Lanes, rings: Rings, first: str = "in:a", stopping: Callable[[], bool] = lambda: False
) -> list[str]:
    """The lanes left for others."""
    left: list[str] = []
    Turn(
        drain=lanes.drain,
        rings=rings,
        ring=left.append,
        stopping=stopping,
        quiet_seconds=0.05,
        turn_seconds=5,
    ).take(first)
    return left


def test_the_mark_is_taken_away_before_the_lane_is_read() -> None:
    rings, order = Rings(), []

    def drain(lane: str, over: Callable[[], bool]) -> tuple[str, ...]:
        order.append((lane, list(rings.said)))
        return ()

    Turn(drain=drain, rings=rings, ring=lambda lane: None, quiet_seconds=0.01).take("in:a")
    assert order == [("in:a", [("begun", "in:a"), ("draining", "in:a")])]
    assert rings.said[-1] == ("drained", "in:a")


def test_a_turn_goes_on_into_the_lanes_it_filled() -> None:
    lanes = Lanes(in_a=("out:crm", "out:b"), out_crm=("out:crm",))
    assert take(lanes, Rings()) == []
    assert lanes.drained == ["in:a", "out:crm", "out:b", "out:crm"]


def test_a_turn_lingers_for_the_next_ring() -> None:
    lanes = Lanes(in_b=("out:crm",))
    take(lanes, Rings(None, "in:b", "in:a"))
    assert lanes.drained == ["in:a", "in:b", "out:crm", "in:a"]


def test_a_ring_for_what_is_no_lane_is_not_followed() -> None:
    lanes = Lanes()
    take(lanes, Rings("os.system", "in:b"))
    assert lanes.drained == ["in:a", "in:b"]


def test_a_turn_gives_way_when_others_wait_and_rings_for_what_is_left() -> None:
    lanes, rings = Lanes(in_a=("in:a", "out:crm")), Rings()
    rings.jobs = True
    assert take(lanes, rings) == ["in:a", "out:crm"]
    assert lanes.drained == ["in:a"]


def test_a_turn_does_not_linger_when_others_wait() -> None:
    lanes, rings = Lanes(), Rings(None, None, None)
    rings.jobs = True
    take(lanes, rings)
    assert rings.waited == 0


def test_a_turn_takes_up_what_was_rung_for_while_it_drained() -> None:
    lanes = Lanes(in_a=("out:crm",))
    assert take(lanes, Rings(during=["in:b", "os.system"])) == []
    assert lanes.drained == ["in:a", "out:crm", "in:b"]


def test_what_nobody_else_would_hear_is_rung_for_at_the_end() -> None:
    assert take(Lanes(), Rings(left="out:b")) == ["out:b"]


def test_a_long_drain_goes_on_saying_that_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "_TOLD_EVERY_SECONDS", 0.02)
    rings = Rings()

    def drain(lane: str, over: Callable[[], bool]) -> tuple[str, ...]:
        while rings.said.count(("draining", lane)) < 3:
            assert not over()
        return ()

    Turn(drain=drain, rings=rings, ring=lambda lane: None, quiet_seconds=0.01).take("in:a")
    assert rings.said.count(("drained", "in:a")) == 1


def test_a_turn_ends_when_its_time_is_over() -> None:
    left: list[str] = []
    turn = Turn(
        drain=lambda lane, over: ("in:a",), rings=Rings(), ring=left.append, turn_seconds=0.1
    )
    turn.take("in:a")
    assert left == ["in:a"]


def test_a_turn_that_is_told_to_stop_rings_for_what_is_left() -> None:
    lanes = Lanes(in_a=("out:crm",))
    assert take(lanes, Rings(), stopping=lambda: bool(lanes.drained)) == ["out:crm"]
    assert lanes.drained == ["in:a"]


@pytest.mark.parametrize("broken", ["begin", "draining", "drained", "wait", "end"])
def test_without_redis_a_turn_finishes_its_lanes(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*given: object) -> None:
        raise RedisDown("gone")

    lanes, rings = Lanes(in_a=("out:crm",)), Rings()
    monkeypatch.setattr(rings, broken, down)
    assert take(lanes, rings) == []
    assert lanes.drained == ["in:a", "out:crm"]


class Busy:
    """Lanes with work without end, but for a first one that only fills `more`; how long each was
    worked on."""

    def __init__(self, *more: str) -> None:
        self.more = more
        self.seconds: list[float] = []

    def drain(self, lane: str, over: Callable[[], bool]) -> tuple[str, ...]:
        began = time.monotonic()
        while not over() and (self.seconds or not self.more):
            time.sleep(0.01)
        self.seconds.append(time.monotonic() - began)
        return self.more


def worked(
    busy: Busy, rings: Rings, monkeypatch: pytest.MonkeyPatch, turn_seconds: float = 2
) -> list[float]:
    monkeypatch.setattr(turn, "LANE_SECONDS", 0.1)
    Turn(
        drain=busy.drain,
        rings=rings,
        ring=lambda lane: None,
        quiet_seconds=0.01,
        turn_seconds=turn_seconds,
    ).take("in:a")
    return busy.seconds


def test_a_lane_is_worked_on_while_no_other_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    [seconds] = worked(Busy(), Rings(), monkeypatch)
    assert seconds > 1.5


def test_a_lane_gives_way_to_those_it_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(worked(Busy("in:a", "out:crm"), Rings(), monkeypatch)) > 2


@pytest.mark.parametrize("error", [None, RedisDown("gone")])
def test_a_lane_gives_way_to_others_and_when_redis_does_not_say(
    error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Others(Rings):
        def others_wait(self) -> bool:
            if error is not None:
                raise error
            return True

    assert worked(Busy(), Others(), monkeypatch, turn_seconds=60)[0] < 50
