"""Starts processes, shows their lines, starts again what died, and stops them all."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from bridge.cli import tied

LOOK_SECONDS = 0.2
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
HEALTHY_SECONDS = 30.0
GRACE_SECONDS = 7.0


@dataclass(slots=True)
class Child:
    """One process and its successors."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)
    ends_last: bool = False
    errors_only: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """`show` is called with a child's name and each line that it wrote, from several threads."""

    def __init__(self, show: Callable[[str, str], None]) -> None:
        self._show = show
        self._children: list[Child] = []

    def start(
        self,
        name: str,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        ends_last: bool = False,
        errors_only: bool = False,
    ) -> Child:
        child = Child(name, command, environ, ends_last, errors_only)
        self._children.append(child)
        self._launch(child)
        return child

    def run(self, stopping: threading.Event) -> None:
        """Keeps all running until `stopping` is set."""
        while not stopping.wait(LOOK_SECONDS):
            for child in self._children:
                self._look_after(child)

    def stop(self) -> None:
        """Those that others stand on end last; who stays for `GRACE_SECONDS` is killed."""
        end = time.monotonic() + GRACE_SECONDS
        for group in (False, True):
            children = [child for child in self._children if child.ends_last is group]
            for child in children:
                _signal(child, signal.SIGTERM)
            for child in children:
                _await(child, max(end, time.monotonic() + 0.5))

    def _look_after(self, child: Child) -> None:
        if child.is_running:
            return
        now = time.monotonic()
        if child.process is not None:
            self._note_death(child, child.process.returncode, now)
        elif now >= child.start_again_at:
            self._launch(child)

    def _note_death(self, child: Child, code: int, now: float) -> None:
        if now - child.started_at > HEALTHY_SECONDS:
            child.pause = FIRST_PAUSE_SECONDS
        self._show(child.name, f"ended with {code}; starts again in {child.pause:.1f} s")
        child.process = None
        child.start_again_at = now + child.pause
        child.pause = min(LONGEST_PAUSE_SECONDS, child.pause * 2)

    def _launch(self, child: Child) -> None:
        child.started_at = time.monotonic()
        child.process = subprocess.Popen(  # noqa: S603 - our own commands
            tied.command(list(child.command)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if child.errors_only else subprocess.PIPE,
            stderr=subprocess.PIPE if child.errors_only else subprocess.STDOUT,
            env=dict(child.environ),
            process_group=0,  # Ctrl-C reaches only the supervisor, which then stops all in order
        )
        lines = child.process.stderr if child.errors_only else child.process.stdout
        if lines is not None:
            threading.Thread(target=self._relay, args=(child.name, lines), daemon=True).start()

    def _relay(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._show(name, line.decode("utf-8", "replace").rstrip("\n"))


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is not None and child.process.poll() is None:
        os.kill(child.process.pid, number)


def _await(child: Child, end: float) -> None:
    if child.process is None:
        return
    try:
        child.process.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
