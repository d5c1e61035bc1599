"""Sees to it that nothing of a crash run outlives the harness, not even what was stopped.

`python -m tests.chaos.warden FOLDER`: waits until who started it is gone, however it went, then
kills all that bears the folder's mark and deletes the folder. The kernel's own tie tells a child
only that its parent is gone, and a process that is stopped hears nothing.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

MARK = "BRIDGE_CRASH_RUN"
SWEEP_SECONDS = 20.0
ROOT = Path(__file__).parents[2]


def marked(folder: Path) -> list[psutil.Process]:
    """The processes of a run: those that bear its mark or work in its folder, for servers write
    over their environment; and what they have started since."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        if not _belongs(process, folder):
            continue
        found[process.pid] = process
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= {child.pid: child for child in process.children(recursive=True)}
    return [process for pid, process in found.items() if pid != os.getpid()]


def sweep(folder: Path) -> int:
    """Kills every process of a run; how many there were."""
    swept: set[int] = set()
    end = time.monotonic() + SWEEP_SECONDS
    while (left := marked(folder)) and time.monotonic() < end:
        kill(left)
        swept |= {process.pid for process in left}
        psutil.wait_procs(left, timeout=1.0)
    return len(swept)


def kill(processes: list[psutil.Process]) -> None:
    """psutil looks at the time of birth as well: a pid that was given out again is left alone."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


@contextmanager
def watched(folder: Path) -> Iterator[None]:
    """Whatever becomes of this process, nothing with the folder's mark is left."""
    warden = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.warden", str(folder)],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        yield
    finally:
        assert warden.stdin is not None
        warden.stdin.close()
        warden.wait()


def _belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        at_work = Path(process.cwd())
        return at_work.is_relative_to(folder) or process.environ().get(MARK) == str(folder)
    except (psutil.Error, OSError):
        return False


def main(folder: Path) -> None:
    sys.stdin.buffer.read()  # ends when nobody holds the other end any more
    sweep(folder)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
