"""Without Redis: what is due is drained, several lanes at a time, each by one thread only."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from bridge.queue import polling
from bridge.queue.polling import LONGEST_SECONDS, Poller


class Work:
    """Lanes with so many rows each; a drain takes one of them."""

    def __init__(self, **rows: int) -> None:
        self.rows = dict(rows)
        self.lock = threading.Lock()
        self.at_once: dict[str, int] = {}
        self.most_at_once = 0
        self.most_lanes = 0
        self.done = threading.Event()

    def due(self) -> Sequence[str]:
        with self.lock:
            return [lane for lane, rows in self.rows.items() if rows]

    def drain(self, lane: str, over: Callable[[], bool]) -> tuple[str, ...]:
        assert not over()
        with self.lock:
            self.at_once[lane] = self.at_once.get(lane, 0) + 1
            self.most_at_once = max(self.most_at_once, self.at_once[lane])
            self.most_lanes = max(self.most_lanes, sum(map(bool, self.at_once.values())))
        time.sleep(0.02)
        with self.lock:
            self.at_once[lane] -= 1
            self.rows[lane] -= 1
            if not any(self.rows.values()):
                self.done.set()
        return ()


def run(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without looking again by the clock: a drain that is over is followed by a look at once."""
    monkeypatch.setattr(polling, "SHORTEST_SECONDS", 1000.0)
    monkeypatch.setattr(polling, "LONGEST_SECONDS", 1000.0)
    poller = Poller(work.due, work.drain)
    thread = threading.Thread(target=poller.run)
    thread.start()
    assert work.done.wait(60)
    poller.stop()
    thread.join(60)
    assert not thread.is_alive()


def test_all_is_drained_and_a_lane_never_twice_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(a=5, b=5, c=5)
    run(work, monkeypatch)
    assert work.rows == {"a": 0, "b": 0, "c": 0}
    assert work.most_at_once == 1
    assert work.most_lanes == 3


def test_what_comes_later_is_found_within_half_a_second() -> None:
    assert LONGEST_SECONDS <= 0.5
    work = Work(a=0)
    poller = Poller(work.due, work.drain)
    thread = threading.Thread(target=poller.run)
    thread.start()
    time.sleep(1.0)
    with work.lock:
        work.rows["a"] = 1
    assert work.done.wait(60)
    poller.stop()
    thread.join(60)


def test_stop_waits_for_the_drain_in_hand_and_begins_no_other() -> None:
    begun, finished = threading.Event(), threading.Event()
    drained: list[str] = []

    def drain(lane: str, over: Callable[[], bool]) -> tuple[str, ...]:
        drained.append(lane)
        begun.set()
        time.sleep(0.2)
        finished.set()
        return ()

    poller = Poller(lambda: ("a", "b"), drain, threads=1)
    poller.look()
    assert begun.wait(60)
    poller.stop()
    assert finished.is_set()
    assert drained == ["a"]
