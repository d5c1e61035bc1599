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

from bridge.cli.demo_database import VARIABLE
from bridge.domain.principals import PersonKind
from bridge.pipeline.parts import Parts
from bridge.settings import Settings
from bridge.wiring import built, sign_in_link
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
    messenger: str
    links: Mapping[str, str]

    def login(self, who: str, kind: PersonKind = PersonKind.EMPLOYEE) -> str:
        """A fresh sign-in link."""
        return sign_in_link(Settings.of(self.environment()), who, kind)

    @contextmanager
    def parts(self) -> Iterator[Parts]:
        """Those of one more process of the same house."""
        environment = self.environment()
        with built(Settings.of(environment), environment) as parts:
            yield parts

    @property
    def config(self) -> Path:
        """The folder of YAML that this demo follows, and that is its own."""
        return Path(self.environment()["BRIDGE_CONFIG"])

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Another command on the same house."""
        return subprocess.run(
            [sys.executable, "-m", "bridge.cli", *arguments],
            env={"PATH": os.environ["PATH"], **self.environment()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def environment(self) -> Mapping[str, str]:
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
def running_demo(folder: Path, database_url: str = "") -> Iterator[RunningDemo]:
    """On a file, or on an empty database; killed with all its children at the end, if it has not
    ended before."""
    house = House(folder, {"BRIDGE_CONFIG": str(_CONFIG), VARIABLE: database_url}, free_port())
    house.extra["BRIDGE_SECRET_KEY"] = ""
    with house.started("up", "--demo", "--port", str(house.port)) as process:
        assert eventually(lambda: "Ctrl-C ends" in house.log("up"), START_SECONDS), house.log("up")
        told = house.log("up")
        links = re.findall(r"sign in as \S+ \((\w+)\): (\S+)", told)
        sandboxes = dict(re.findall(r"sandbox of (\S+): (\S+)/", told))
        yield RunningDemo(
            house=house,
            process=process,
            url=f"http://127.0.0.1:{house.port}",
            crm=sandboxes["hubspot-main"],
            messenger=sandboxes["wazzup-main"],
            links=dict(links),
        )
