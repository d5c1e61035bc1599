"""The worker process. What its jobs need is imported here, before RQ forks: four times faster."""

import signal
import threading
import time

import structlog

from bridge import jobs
from bridge.pipeline.alive import BEAT_SECONDS, say_alive
from bridge.queue import clients
from bridge.queue.polling import Poller, end_soon_after
from bridge.queue.worker import lane_worker
from bridge.settings import Settings, environment
from bridge.wiring import built

AFTER_LOSS_SECONDS = 0.5
_log = structlog.get_logger()


def run(settings: Settings) -> None:
    """Works until it is told to stop; begins anew when Redis was lost."""
    if settings.redis_url is None:
        _poll(settings)
        return
    while not _work(settings.redis_url):
        time.sleep(AFTER_LOSS_SECONDS)


def _work(url: str) -> bool:
    """Until it is told to stop (true) or Redis is lost (false).

    Opens no connection to the store: each job does so by itself, after the fork.
    """
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda signum, frame: stopped.set())
    _await_redis(url, stopped)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until RQ puts in its own
    if stopped.is_set():
        return True
    return _work_until_lost(url)


def _work_until_lost(url: str) -> bool:
    try:
        worker = lane_worker(url)
    except clients.ERRORS:
        return False
    try:
        worker.work(logging_level="WARNING")
    except clients.ERRORS as error:
        _log.warning("redis lost", cause=type(error).__name__)
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, signal.SIG_DFL)  # RQ leaves its own behind, which raise
    return worker.asked_to_stop


def _await_redis(url: str, stopped: threading.Event) -> None:
    client = clients.quick(url)
    said = False
    while not clients.answers(client) and not stopped.wait(0.5):
        if not said:
            _log.warning("redis does not answer; meanwhile the clock drains")
            said = True
    client.close()


def _poll(settings: Settings) -> None:
    with built(settings, environment()) as parts:
        poller = Poller(jobs.due_lanes_of(parts), jobs.drain_of(parts))
        asked = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda signum, frame: asked.set())
        end_soon_after(asked)
        threading.Thread(target=poller.run, name="poller", daemon=True).start()
        say_alive(parts, "worker")
        while not asked.wait(BEAT_SECONDS):
            say_alive(parts, "worker")
        poller.stop()
