"""What processes take of the machine: CPU seconds and memory, their children's included."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil

KILOBYTE = 1024
MEGABYTE = KILOBYTE * KILOBYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes. `rss` counts pages that are shared with other processes whole, `pss` by its share."""

    rss: int
    pss: int


def cpu_seconds(pid: int) -> float:
    """Of the process, its children that have ended and those that live."""
    process = psutil.Process(pid)
    return _own(process) + sum(_lenient(child) for child in process.children(recursive=True))


def cpu_of(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: cpu_seconds(pid) for name, pid in pids.items()}


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """CPU seconds between two readings."""
    return {name: after[name] - before[name] for name in before}


def memory_of(pid: int) -> Memory:
    """Of this process alone. Only Linux tells the share; elsewhere it is the whole."""
    found = psutil.Process(pid).memory_full_info()
    return Memory(rss=found.rss, pss=getattr(found, "pss", found.rss))


def children_of(pid: int) -> Iterator[int]:
    for child in psutil.Process(pid).children(recursive=True):
        yield child.pid


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _lenient(process: psutil.Process) -> float:
    """One that has just ended counts among its parent's children that have ended, next time."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return _own(process)
    return 0.0
