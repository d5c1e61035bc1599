"""Which machine this is, in words that may be published, and who else is using it."""

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("flask", "granian", "rq", "redis", "sqlalchemy", "psycopg", "requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """No host name, nobody's user name: figures are for showing."""

    system: str
    processor: str
    cores: int
    memory_gigabytes: int
    python: str
    packages: Mapping[str, str]

    def __str__(self) -> str:
        return (
            f"{self.cores} cores ({self.processor}), {self.memory_gigabytes} GB, {self.system}, "
            f"Python {self.python}"
        )


class Others:
    """How much of the machine everybody else took since this was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._busy = _busy()
        self._own = _own()

    def share(self) -> float:
        """Per cent of all cores."""
        seconds = (time.monotonic() - self._began) * (psutil.cpu_count() or 1)
        others = (_busy() - self._busy) - (_own() - self._own)
        return max(0.0, others * 100 / seconds)


def this_machine() -> Machine:
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=psutil.cpu_count() or 1,
        memory_gigabytes=round(psutil.virtual_memory().total / 1024**3),
        python=platform.python_version(),
        packages={name: version(name) for name in PACKAGES},
    )


def _processor() -> str:
    """Linux says it in /proc; elsewhere the architecture has to do."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)


def _own() -> float:
    """This process and all that it started, as long as they ended before it asks."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
