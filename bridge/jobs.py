"""The job boundary: drains lanes for RQ and for polling workers, and logs what went wrong."""

import gc
import os
import signal
import threading
import time
from collections.abc import Callable

import structlog

from bridge.pipeline.counting import count
from bridge.pipeline.drain import drain, due_copies, due_lanes
from bridge.pipeline.file_keeping import keep_files
from bridge.pipeline.indexing import index
from bridge.pipeline.parts import Parts
from bridge.pipeline.renewals.keeping import keep_renewals
from bridge.pipeline.retention import forget
from bridge.pipeline.upkeep import tick
from bridge.queue import clients
from bridge.queue.bell import Listener
from bridge.queue.lane_job import lane_of
from bridge.queue.turn import Drain, Turn
from bridge.settings import Settings, environment
from bridge.wiring import built

AFTER_FAILURE_SECONDS = 1.0
# A run of messages makes tens of thousands of values and no cycles: to look for those as often as
# Python does by itself takes a tenth of all the time.
_GARBAGE = (20_000, 20, 20)
_log = structlog.get_logger()


def drain_lane(lane: str) -> None:
    """What RQ calls, in the process that it forked for it: drains the lane, then lingers for the
    next ring. Ends early at a SIGTERM, or when the worker that forked it is gone.

    Raises nothing: RQ would keep an error's words in Redis and write them to the log.
    """
    try:
        settings = Settings.of(environment())
        if settings.redis_url is not None:
            _take_turn(settings, settings.redis_url, lane)
    except Exception:
        _log.exception("job failed")


def _take_turn(settings: Settings, redis_url: str, lane: str) -> None:
    with built(settings, environment()) as parts:
        gc.freeze()  # what is there now stays; to look at it again would be felt by a message
        gc.set_threshold(*_GARBAGE)
        turn = Turn(
            drain=drain_of(parts),
            rings=Listener(clients.patient(redis_url)),
            ring=parts.bell.ring,
            stopping=_stopping(),
        )
        turn.take(lane_of((lane,)))


def drain_of(parts: Parts) -> Drain:
    """Drains one lane; a failure is logged and ends only this drain, its rows come again."""

    def drain_logged(lane: str, over: Callable[[], bool]) -> tuple[str, ...]:
        try:
            parts.keep_time()
            return drain(parts, lane, over=over)
        except Exception:
            _log.exception("drain failed", lane=lane)
            time.sleep(AFTER_FAILURE_SECONDS)
            return ()

    return drain_logged


def due_lanes_of(parts: Parts) -> Callable[[], tuple[str, ...]]:
    """The lanes that have work; none, and a line in the log, while the store can't be read."""

    def due_lanes_logged() -> tuple[str, ...]:
        try:
            return due_lanes(parts)
        except Exception:
            _log.exception("sweep failed")
            time.sleep(AFTER_FAILURE_SECONDS)
            return ()

    return due_lanes_logged


def due_copies_of(parts: Parts) -> Callable[[], tuple[str, ...]]:
    """The lanes that have files to copy; none, and a line in the log, while the store can't be
    read."""

    def due_copies_logged() -> tuple[str, ...]:
        try:
            return due_copies(parts)
        except Exception:
            _log.exception("sweep for files failed")
            time.sleep(AFTER_FAILURE_SECONDS)
            return ()

    return due_copies_logged


def keep_files_logged(parts: Parts) -> None:
    try:
        keep_files(parts)
    except Exception:
        _log.exception("keeping files failed")


def keep_renewals_logged(parts: Parts) -> None:
    try:
        keep_renewals(parts)
    except Exception:
        _log.exception("renewals failed")


def forget_logged(parts: Parts) -> None:
    try:
        forget(parts)
    except Exception:
        _log.exception("wiping what is old failed")


def count_logged(parts: Parts) -> None:
    try:
        count(parts)
    except Exception:
        _log.exception("counting failed")


def index_logged(parts: Parts) -> None:
    try:
        index(parts)
    except Exception:
        _log.exception("indexing failed")


def tick_logged(parts: Parts) -> None:
    try:
        tick(parts)
    except Exception:
        _log.exception("upkeep failed")


def _stopping() -> Callable[[], bool]:
    asked = threading.Event()
    parent = os.getppid()
    signal.signal(signal.SIGTERM, lambda signum, frame: asked.set())
    return lambda: asked.is_set() or os.getppid() != parent
