"""Leads that come into the CRM, and partners' people who take, accept, decline, or let them lie."""

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from bridge.cli.calls import call
from bridge.domain.names import EmployeeId
from tests.chaos.door import Door, Insisting
from tests.chaos.plan import Plan
from tests.chaos.programme import (
    OFFERED,
    ONE_BY_ONE,
    USERS,
    AtCrm,
    country_of,
    name_of,
    number_of,
)

LOOK_SECONDS = 0.5
_PATH = "/api/v1/partners/leads"


class Will(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    LET_LIE = "let it lie"


def will(user: EmployeeId, number: int) -> Will:
    """What he does with a lead that is offered to him: of those who are asked one by one exactly
    one accepts it, sooner or later."""
    if country_of(number) != OFFERED:
        return Will.ACCEPT
    return list(Will)[(number // 3 + ONE_BY_ONE.index(user)) % len(Will)]


@dataclass
class LeadLedger:
    """`came` are the numbers of leads that were entered, `took` who was told that he has one of the
    queue, by its number; `answers` counts what those who tried were told."""

    came: set[int] = field(default_factory=set)
    took: defaultdict[int, set[EmployeeId]] = field(default_factory=lambda: defaultdict(set))
    answers: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)


class Agency:
    """A thread that enters leads, and one for each of the partners' people, until `stop`."""

    def __init__(
        self, plan: Plan, at: AtCrm, doors: Mapping[EmployeeId, Door], crm_url: str, until: float
    ) -> None:
        self._plan = plan
        self._at = at
        self._doors = doors
        self._crm_url = crm_url
        self._insisting = Insisting(until)
        self._over = threading.Event()
        self.ledger = LeadLedger()
        self._entering = threading.Thread(target=self._enter, daemon=True)
        self._people = [
            threading.Thread(target=self._work, args=(user,), daemon=True) for user in USERS
        ]

    def begin(self) -> None:
        for thread in (self._entering, *self._people) if self._plan.leads else ():
            thread.start()

    def is_entering(self) -> bool:
        return self._entering.is_alive()

    def stop(self) -> None:
        self._over.set()
        for thread in self._people if self._plan.leads else ():
            thread.join()

    def _enter(self) -> None:
        dice = random.Random(f"{self._plan.seed}:leads")
        pause = self._plan.seconds / self._plan.leads
        for number in range(self._plan.leads):
            time.sleep(pause * dice.uniform(0.5, 1.5))
            lead = self._at.comes(name_of(number), country_of(number))
            call("POST", f"{self._crm_url}/_sandbox/change", lead)
            with self.ledger.lock:
                self.ledger.came.add(number)

    def _work(self, user: EmployeeId) -> None:
        while not self._over.wait(LOOK_SECONDS):
            for state in ("offered", "queued"):
                for lead in self._listed(user, state):
                    self._do(user, state, lead)

    def _listed(self, user: EmployeeId, state: str) -> list[Any]:
        status, body = self._doors[user].ask("GET", f"{_PATH}?state={state}&limit=100")
        return list(json.loads(body)["items"]) if status == 200 else []

    def _do(self, user: EmployeeId, state: str, lead: Any) -> None:
        number = number_of(lead["summary"]["name"])
        if state == "queued":
            self._insisting.until_taken(partial(self._take, user, number, lead))
            return
        wish = will(user, number)
        if wish is not Will.LET_LIE:
            body = {"why": "no capacity"} if wish is Will.DECLINE else {}
            self._post(user, wish, lead, body)

    def _take(self, user: EmployeeId, number: int, lead: Any) -> bool:
        """Until he knows whether he has it."""
        status, reason = self._post(user, "take", lead, {})
        with self.ledger.lock:
            self.ledger.answers[reason or str(status)] += 1
            if status == 200:
                self.ledger.took[number].add(user)
        return status in (200, 404, 409, 422)

    def _post(
        self, user: EmployeeId, verb: str, lead: Any, body: Mapping[str, str]
    ) -> tuple[int, str]:
        """The status, and why it was refused. The same deed has the same key however often."""
        key = f"{verb}-{lead['id']}-{lead['version']}"
        path = f"{_PATH}/{lead['id']}/{verb}"
        status, said = self._doors[user].ask("POST", path, json.dumps(body).encode(), key)
        refused = 400 <= status < 500
        return status, str(json.loads(said).get("reason", "")) if refused else ""
