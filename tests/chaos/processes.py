"""Real processes that are killed without warning and started again, as their host would do it."""

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bridge.cli import tied
from tests.chaos.plan import Aim
from tests.chaos.warden import MARK, kill
from tests.forked import Forked, can_be_forked
from tests.forked import tied as tied_to_here

AFTER_OWN_END_SECONDS = 0.3
STOP_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run and as whom; `stop` is the signal that ends it well."""

    command: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)
    user: str | None = None
    stop: signal.Signals = signal.SIGTERM


@dataclass(slots=True)
class Process:
    """One program and its successors; `log` holds what all of them said."""

    name: str
    program: Program
    log: Path
    forked: bool = False
    start_again_at: float | None = None
    go_on_at: float | None = None
    running: "subprocess.Popen[bytes] | None" = None
    paused: list[psutil.Process] = field(default_factory=list)
    ended: Counter[int] = field(default_factory=Counter)  # by themselves, by exit code
    struck: Counter[Aim] = field(default_factory=Counter)

    @property
    def environ(self) -> Mapping[str, str]:
        return self.program.environ

    def start(self) -> None:
        self.start_again_at = None
        with self.log.open("ab") as log:
            streams: Any = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            if self.forked and can_be_forked(self.program.command, self.environ):
                self.running = Forked(
                    list(self.program.command),
                    env=dict(self.environ),
                    cwd=self.environ.get(MARK),  # the warden finds it by its folder
                    preexec_fn=tied_to_here,
                    start_new_session=True,
                    **streams,
                )
                return
            self.running = subprocess.Popen(
                self._command(),
                env=dict(self.environ),
                user=self.program.user,
                start_new_session=True,
                **streams,
            )

    def _command(self) -> list[str]:
        """Another user may not reach this Python, without which nothing is tied: for him there is
        the warden alone."""
        command = list(self.program.command)
        return tied.command(command) if self.program.user is None else command

    def strike(self, aim: Aim, absence: float) -> list[psutil.Process]:
        """Kills or pauses; gives those that live on without their parent. Who is away can't be
        struck."""
        if self.running is None or self.running.poll() is not None:
            return []
        children = children_of(self.running.pid)
        if aim is Aim.JOB and not children:
            return []
        self.struck[aim] += 1
        if aim is Aim.PAUSE:
            self._pause([psutil.Process(self.running.pid), *children], absence)
            return []
        if aim is not Aim.JOB:
            self._end()
            self.start_again_at = time.monotonic() + absence
        if aim is Aim.PARENT:
            return children
        kill(children)
        return []

    def has_job(self) -> bool:
        """Of a worker: whether it has forked one, which it may have in hand."""
        if (
            not self.name.startswith("worker")
            or self.running is None
            or self.running.poll() is not None
        ):
            return False
        return bool(children_of(self.running.pid))

    def look(self) -> None:
        """Starts it again when its time has come, or when it ended by itself; wakes it."""
        now = time.monotonic()
        if self.go_on_at is not None and now >= self.go_on_at:
            self.go_on()
        if self.running is not None and self.running.poll() is not None:
            self.ended[self.running.returncode] += 1
            self.running = None
            self.start_again_at = now + AFTER_OWN_END_SECONDS
        if self.start_again_at is not None and now >= self.start_again_at:
            self.start()

    def go_on(self) -> None:
        self.go_on_at = None
        for process in self.paused:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        self.paused = []

    def ask_to_stop(self) -> list[psutil.Process]:
        """Gives what it has forked, which may outlive it."""
        self.go_on()
        self.start_again_at = None
        if self.running is None:
            return []
        children = children_of(self.running.pid)
        self.running.send_signal(self.program.stop)
        return children

    def stop(self) -> None:
        children = self.ask_to_stop()
        self.end_within(STOP_SECONDS)
        kill(children)

    def end_within(self, seconds: float) -> None:
        if self.running is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.running.wait(seconds)
            self._end()

    def _pause(self, processes: Sequence[psutil.Process], seconds: float) -> None:
        self.go_on_at = time.monotonic() + seconds
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
                self.paused.append(process)

    def _end(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None


class Fleet:
    """All processes of a house. Starts them from one thread, which has to outlive them."""

    def __init__(self, folder: Path, *, forked: bool = False) -> None:
        self._folder = folder
        self._forked = forked
        self._orphans: list[psutil.Process] = []
        self.processes: dict[str, Process] = {}

    def start(self, name: str, program: Program) -> None:
        log = self._folder / f"{name.replace(' ', '-')}.log"
        self.processes[name] = Process(name, program, log, self._forked)
        self.processes[name].start()

    def strike(self, name: str, aim: Aim, absence: float) -> None:
        """A job is struck wherever there is one."""
        victim = self.processes[name]
        if aim is Aim.JOB and not victim.has_job():
            others = (one for one in self.processes.values() if one.has_job())
            victim = next(others, victim)
        self._orphans += victim.strike(aim, absence)

    def look(self) -> None:
        for process in self.processes.values():
            process.look()

    def all_go_on(self) -> None:
        """Who is paused or away is needed now."""
        for process in self.processes.values():
            process.go_on()
            if process.start_again_at is not None:
                process.start()

    def stop(self) -> None:
        """All at once, which is quicker; who takes too long is killed."""
        for process in reversed(self.processes.values()):
            self._orphans += process.ask_to_stop()
        end = time.monotonic() + STOP_SECONDS
        for process in reversed(self.processes.values()):
            process.end_within(max(0.0, end - time.monotonic()))
        kill(self._orphans)


@contextlib.contextmanager
def fleet(folder: Path, *, forked: bool = False) -> Iterator[Fleet]:
    """With `forked`, of a process that has everything imported where that can be; their command
    line then says nothing."""
    made = Fleet(folder, forked=forked)
    try:
        yield made
    finally:
        made.stop()


def children_of(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def without_settings() -> dict[str, str]:
    """The environment of this process without anything that is meant for a bridge."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
