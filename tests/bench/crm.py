"""The benchmark's view of the CRM's process: fills it, slows it down, asks what has arrived."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.bench.crm_server import Call
from tests.bench.people import People, crm_of

PATIENCE_SECONDS = 180.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm:
    url: str
    pid: int

    def fill(self, groups: Sequence[People]) -> None:
        self._post("/_sandbox/seed", crm_of(groups))

    def take(self, seconds: float) -> None:
        """Every call takes so long from now on."""
        self._post("/_sandbox/faults", {"latency_seconds": seconds})

    @contextmanager
    def limited(self, calls_in_ten_seconds: int) -> Iterator[None]:
        """What goes beyond is answered with 429, as HubSpot does."""
        self._post("/_sandbox/settings", {"ten_second_limit": calls_in_ten_seconds})
        yield
        self._post("/_sandbox/settings", {"ten_second_limit": None})

    def calls(self, since: float) -> list[Call]:
        found = self._get(f"/_bench/calls?since={since!r}")
        return [Call(**{**one, "marks": tuple(map(tuple, one["marks"]))}) for one in found]

    def await_run(self, run: str, messages: int) -> None:
        """Until each message of the run is in the CRM, once; SystemExit when that never comes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (there := self.written(run)) < messages:
            if time.monotonic() > deadline:
                raise SystemExit(f"of {messages} messages {there} reached the CRM")
            time.sleep(LOOK_SECONDS)

    def written(self, run: str) -> int:
        """How many messages of the run are in the CRM; SystemExit when one is there twice."""
        there = self._get(f"/_bench/standing?run={run}")
        if there["doubles"]:
            raise SystemExit(f"{there['doubles']} messages stand in the CRM twice")
        return int(there["messages"])

    def _get(self, path: str) -> Any:
        answer = requests.get(self.url + path, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def _post(self, path: str, body: Any) -> None:
        requests.post(self.url + path, json=body, timeout=60).raise_for_status()
