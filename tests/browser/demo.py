"""`bridge up --demo` as a real process, and the addresses that it tells."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bridge.domain.names import EmployeeId
from bridge.settings import Settings
from bridge.wiring import sign_in_link
from tests.cli.running import House, eventually
from tests.ports import free_port

START_SECONDS = 300
_CONFIG = Path(__file__).parents[2] / "config"


@dataclass(slots=True)
class RunningDemo:
    """`links` holds the sign-in links of the terminal, by role."""

    house: House
    process: "subprocess.Popen[bytes]"
    url: str
    crm: str
    links: Mapping[str, str]

    def login(self, employee: str) -> str:
        """A fresh sign-in link."""
        return sign_in_link(Settings.of(self._environment()), EmployeeId(employee))

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Another command on the same house."""
        return subprocess.run(
            [sys.executable, "-m", "bridge.cli", *arguments],
            env={"PATH": os.environ["PATH"], **self._environment()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def _environment(self) -> Mapping[str, str]:
        lines = (self.house.state / "demo" / "environment").read_text().splitlines()
        pairs = (shlex.split(line)[1].partition("=") for line in lines)
        return {name: value for name, _, value in pairs}

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> None:
        """As Ctrl-C does; raises TimeoutExpired when it has not ended after a minute."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


@contextmanager
def running_demo(folder: Path) -> Iterator[RunningDemo]:
    """Killed with all its children at the end, if it has not ended before."""
    house = House(folder, {"BRIDGE_CONFIG": str(_CONFIG)}, free_port())
    house.extra["BRIDGE_SECRET_KEY"] = ""
    with house.started("up", "--demo", "--port", str(house.port)) as process:
        assert eventually(lambda: "Ctrl-C ends" in house.log("up"), START_SECONDS), house.log("up")
        told = house.log("up")
        links = re.findall(r"sign in as \S+ \((\w+)\): (\S+)", told)
        crm = re.search(r"sandbox of hubspot-main: (\S+)", told)
        assert crm is not None, told
        url = f"http://127.0.0.1:{house.port}"
        yield RunningDemo(house, process, url, crm[1], dict(links))
