"""The clock process: sweeps lanes that nobody rang for, copies files, keeps house, follows the
folder."""

import threading
import time

import structlog
from redis import Redis
from sqlalchemy.exc import SQLAlchemyError

from bridge import jobs
from bridge.domain.errors import ConfigError
from bridge.pipeline.alive import BEAT_SECONDS, say_alive
from bridge.pipeline.file_keeping import tidy
from bridge.pipeline.parts import Parts
from bridge.policy.following import FolderState, changed, state_of
from bridge.queue import clients
from bridge.queue.polling import Poller, end_soon_after
from bridge.settings import Settings, environment
from bridge.store import configs
from bridge.store.engine import reading
from bridge.wiring import take

TICK_SECONDS = 0.5
FOLDER_SECONDS = 1.0
FILES_SECONDS = 5.0
COUNT_SECONDS = 1.0
RENEWALS_SECONDS = 5.0
HALF_FILES_SECONDS = 3600.0
_log = structlog.get_logger()


class Clock:
    """Several clocks at once do no harm: lanes have leases, and the row of the configuration has
    the last word."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self._parts = parts
        self._settings = settings
        self._due_lanes = jobs.due_lanes_of(parts)
        self._redis = None if settings.redis_url is None else clients.quick(settings.redis_url)
        self._poller = Poller(self._due_lanes, jobs.drain_of(parts))
        self._copies = Poller(jobs.due_copies_of(parts), jobs.drain_of(parts))
        self._beat = Every(BEAT_SECONDS)
        self._look = Every(FOLDER_SECONDS)
        self._files = Every(FILES_SECONDS)
        self._renewals = Every(RENEWALS_SECONDS)
        self._counting = Every(COUNT_SECONDS)
        self._half_files = Every(HALF_FILES_SECONDS)
        self._seen: FolderState | None = None

    def run(self, stopping: threading.Event) -> None:
        end_soon_after(stopping)
        while not stopping.wait(TICK_SECONDS):
            self._sweep(self._redis)
            self._copies.look()
            jobs.tick_logged(self._parts)
            jobs.index_logged(self._parts)
            self._keep_files()
            self._follow_folder()
            self._say_alive()
        self._copies.stop()
        self._poller.stop()

    def _keep_files(self) -> None:
        if self._files.due():
            jobs.keep_files_logged(self._parts)
            jobs.forget_logged(self._parts)
        if self._renewals.due():
            jobs.keep_renewals_logged(self._parts)
        if self._counting.due():
            jobs.count_logged(self._parts)
        if self._half_files.due():
            tidy(self._parts)

    def _sweep(self, redis: Redis | None) -> None:
        """Rings for what is due. While Redis is down nobody would hear it, so the clock drains."""
        if redis is None:
            return
        if not clients.answers(redis):
            self._poller.look()
            return
        for lane in self._due_lanes():
            self._parts.bell.ring(lane)

    def _follow_folder(self) -> None:
        folder = self._settings.config
        if not self._look.due():
            return
        before = self._seen
        try:
            seen = self._taken() if before is None else before
            if not changed(folder, seen):
                self._seen = seen
                return
            self._seen = state_of(folder)
            loaded = take(self._parts.engine, self._settings, environment())
        except ConfigError as error:
            _log.error("config refused, the last good one stays", error=str(error))
        except SQLAlchemyError as error:
            self._seen = before
            _log.warning("config not taken yet", cause=type(error).__name__)
        else:
            _log.info("config taken", hash=loaded.hash)

    def _taken(self) -> FolderState:
        """The folder as it was when it was taken, as far as that can be told: one with a file newer
        than the active configuration was changed while no clock looked."""
        with reading(self._parts.engine) as db:
            active = configs.active(db)
        found = state_of(self._settings.config)
        newest = max((file.modified_ns for file in found.files.values()), default=0)
        if active is not None and newest <= active.activated_at.timestamp() * 1e9:
            return found
        return FolderState(files={})

    def _say_alive(self) -> None:
        if self._beat.due():
            say_alive(self._parts, "clock")


class Every:
    """Says when a span of time has passed again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
