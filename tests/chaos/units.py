"""A reseller's clients who use up their units, as his system tells it by signed webhooks."""

import json
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bridge.domain.names import HOUSE, ClientId, EmployeeId, ResellerName
from bridge.domain.principals import Person, PersonKind, tenant_of_reseller
from bridge.domain.reseller_clients import ClientDetails
from bridge.domain.reselling_events import ClientAdded
from bridge.pipeline.house import decide_here
from bridge.pipeline.parts import Parts
from bridge.pipeline.reselling.asking import asked_key, new_client
from connectors.standard_webhooks import sign
from tests.chaos.door import Door, Insisting
from tests.chaos.plan import Plan

BILLING = "norte-billing"
NORTE = ResellerName("norte")
RITA = EmployeeId("rita@norte.example")
SECRET = "whsec_c2VjcmV0IG9mIHRoZSBtZXRlcnMgb2YgYSBjcmFzaCB0ZXN0"
LARGE, SMALL = 1_000_000, 10
FEW = 3
BY_RITA = Person(kind=PersonKind.RESELLER_USER, id=RITA, tenant=tenant_of_reseller(NORTE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A client; every second one has so few units that they run out."""

    number: int

    @property
    def reference(self) -> str:
        return f"A-{self.number:02d}"

    @property
    def is_small(self) -> bool:
        return self.number % 2 == 1

    @property
    def granted(self) -> int:
        return SMALL if self.is_small else LARGE

    @property
    def id(self) -> ClientId:
        return new_client(NORTE, asked_key("add", BY_RITA, self.reference))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Use:
    """The use `place` of a client, counted from 0."""

    meter: int
    place: int

    @property
    def id(self) -> str:
        return f"use-{self.meter:02d}-{self.place:05d}"

    @property
    def units(self) -> int:
        """Of one that has few: one at a time, but now and then more than may be left."""
        return 1 + self.place % 3 if self.meter % 2 == 0 or self.place % 5 == 4 else 1


@dataclass
class UseLedger:
    """Which uses the bridge has answered for, and how often some were told again."""

    taken: set[Use] = field(default_factory=set)
    told_again: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def meters_of(plan: Plan) -> list[Meter]:
    return [Meter(number=number) for number in range(plan.meters)]


def config() -> Mapping[str, Any]:
    """The reseller's part of the configuration."""
    plans = {
        "large": {"name": "Large", "units": LARGE, "validity": "12mo"},
        "small": {"name": "Small", "units": SMALL},
    }
    norte = {
        "users": [RITA],
        "accounts": [BILLING],
        "plans": plans,
        "hints": {"low_units": FEW},
    }
    return {"resellers": {"norte": norte}}


def add_clients(parts: Parts, meters: Sequence[Meter]) -> None:
    """As Rita does it, each with his plan."""
    for meter in meters:
        event = ClientAdded(
            event_key=asked_key("add", BY_RITA, meter.reference),
            occurred_at=parts.now(),
            account=HOUSE,
            by=BY_RITA,
            client=meter.id,
            reseller=NORTE,
            details=ClientDetails(legal_name=f"Client {meter.reference}"),
            plan="small" if meter.is_small else "large",
            reference=meter.reference,
        )
        (outcome,) = decide_here(parts, [event])
        assert outcome.refused is None, outcome.refused


class Usage:
    """A thread per client. Some uses come twice in one body, some in a second body."""

    def __init__(self, plan: Plan, door: Door, give_up_at: float) -> None:
        self._plan = plan
        self._door = door
        self._insisting = Insisting(give_up_at)
        self.ledger = UseLedger()
        self.threads: list[threading.Thread] = []

    def begin(self, meters: Sequence[Meter]) -> None:
        for meter in meters:
            thread = threading.Thread(target=self._use, args=(meter,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def is_at_work(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def _use(self, meter: Meter) -> None:
        dice = random.Random(f"{self._plan.seed}:{meter.reference}")
        pause = self._plan.meters / self._plan.uses_per_second
        due = time.monotonic() + dice.uniform(0.0, pause)
        last: Use | None = None
        for place in range(self._plan.uses_each):
            time.sleep(max(0.0, due - time.monotonic()))
            due += pause * dice.uniform(0.5, 1.5)
            use = Use(meter=meter.number, place=place)
            again = [x for x in (use, last) if x and dice.random() < self._plan.sent_twice]
            self._tell(meter, [use, *again])
            if dice.random() < self._plan.sent_twice:
                again.append(use)
                self._tell(meter, [use])
            with self.ledger.lock:
                self.ledger.told_again += len(again)
            last = use

    def _tell(self, meter: Meter, uses: Sequence[Use]) -> None:
        body = json.dumps({"events": [_told(meter, use) for use in uses]}).encode()
        self._insisting.until_taken(partial(self._post, body, uses))

    def _post(self, body: bytes, uses: Sequence[Use]) -> bool:
        headers = sign([SECRET], f"msg_{uses[0].id}", body, datetime.now(UTC))
        is_taken = 200 <= self._door.post(f"/hooks/{BILLING}", body, headers) < 300
        if is_taken:
            with self.ledger.lock:
                self.ledger.taken.update(uses)
        return is_taken


def _told(meter: Meter, use: Use) -> Mapping[str, object]:
    """By turns with the bridge's id of the client and with his reseller's."""
    return {
        "type": "units.used",
        "id": use.id,
        "occurred_at": "2026-03-05T14:20:00Z",
        "client": meter.reference if use.place % 2 else meter.id,
        "units": use.units,
    }
