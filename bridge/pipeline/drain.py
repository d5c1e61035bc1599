"""One turn on one lane, whatever its direction, under its lease."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import assert_never

from bridge.pipeline.copying import copy
from bridge.pipeline.deliver import deliver
from bridge.pipeline.lanes import Way, lane, split
from bridge.pipeline.lease import Lease, leased
from bridge.pipeline.parts import Parts
from bridge.pipeline.process import process
from bridge.pipeline.refresh import refresh
from bridge.store import lanes
from bridge.store.engine import reading
from bridge.store.lanes import LeaseLost


def drain(parts: Parts, lane: str, *, over: Callable[[], bool]) -> tuple[str, ...]:
    """Drains the lane until it is empty, or until `over`, which is asked before each step.

    Gives the lanes that it filled or that still have work, itself included; none when another
    worker has it. Raises ValueError for a name that is no lane's.
    """
    split(lane)
    with suppress(LeaseLost), leased(parts.engine, lane, parts.lease_seconds) as lease:
        return tuple(sorted(_turn(parts, lease, over)))
    return ()


def after(seconds: float) -> Callable[[], bool]:
    """Over when this time has passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def due_lanes(parts: Parts) -> tuple[str, ...]:
    """Lanes of the configured accounts that have work for a worker now and that nobody holds.

    Not those of files: a worker that waits for a file would keep messages waiting.
    """
    ways = [way for way in Way if way is not Way.MEDIA]
    names = [lane(way, account) for account in parts.active().accounts for way in ways]
    with reading(parts.engine) as db:
        return lanes.due(db, names)


def due_copies(parts: Parts) -> tuple[str, ...]:
    """Lanes of the configured accounts that have files to copy now and that nobody holds."""
    names = [lane(Way.MEDIA, account) for account in parts.active().accounts]
    with reading(parts.engine) as db:
        return lanes.due_copies(db, names)


def _turn(parts: Parts, lease: Lease, over: Callable[[], bool]) -> set[str]:
    way, _ = split(lease.lane)
    match way:
        case Way.IN:
            return _process_all(parts, lease, over)
        case Way.OUT:
            return {lease.lane} if deliver(parts, lease, over) else set()
        case Way.MIRROR:
            return set(refresh(parts, lease, over))
        case Way.MEDIA:
            return {lease.lane} if copy(parts, lease, over) else set()
    assert_never(way)


def _process_all(parts: Parts, lease: Lease, over: Callable[[], bool]) -> set[str]:
    filled: set[str] = set()
    rung: set[str] = set()
    while not over():
        more, lanes_filled = process(parts, lease, rung)
        filled |= lanes_filled
        if not more:
            return filled
    return filled | {lease.lane}
