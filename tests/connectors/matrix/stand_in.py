"""Steers the stand-in for a homeserver."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests


@dataclass(frozen=True, slots=True)
class StandIn:
    url: str

    def seed(self, **given: str) -> None:
        self._tell("seed", given)

    def play(self, **given: Any) -> Mapping[str, str]:
        """Gives the ids of the room and of what was said."""
        found: Mapping[str, str] = self._tell("incoming", given)
        return found

    def fail(self, fault: str, **given: Any) -> None:
        self._tell("faults", {"rules": [{"fault": fault, **given}]})

    def settle(self) -> None:
        answer = requests.post(f"{self.url}/_sandbox/settle?seconds=60", timeout=90)
        assert answer.json() == {"settled": True}

    def state(self) -> Any:
        return requests.get(f"{self.url}/_sandbox/state", timeout=30).json()

    def said(self, user: str) -> list[Mapping[str, Any]]:
        """What this user has said, the oldest first."""
        found = [e for e in self.state()["events"] if e["sender"] == user]
        return [event for event in found if event["type"] == "m.room.message"]

    def _tell(self, what: str, body: Any) -> Any:
        answer = requests.post(f"{self.url}/_sandbox/{what}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()
