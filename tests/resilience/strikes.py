"""What a row may do to the process that works on it, and where: for poison under test."""

import ctypes
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from bridge.ports import (
    Absent,
    Answer,
    CannotTell,
    Delivery,
    Found,
    Inbound,
    Outbound,
    Outcome,
    Parsed,
    RawRequest,
)

STUCK_SECONDS = 20.0  # longer than the struck process lives
ROOM_BYTES = 64 * 1024 * 1024
Strike = Callable[[], None]


def fail() -> None:
    raise ValueError("a bug that these words set off")


def segfault() -> None:
    ctypes.string_at(0)


def eat_memory() -> None:
    """Until the limit of `little_memory` is reached."""
    eaten = []
    while True:
        eaten.append(bytearray(16 * 1024 * 1024))


STRIKES: Mapping[str, Strike] = {
    "raises": fail,
    "segfaults": segfault,
    "eats memory": eat_memory,
}


def little_memory() -> None:
    """This process may take only a little more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    leave_no_core()


def leave_no_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@dataclass(frozen=True, slots=True)
class PoisonedInbound:
    """Strikes before it parses a body that holds the word."""

    inner: Inbound
    word: bytes
    strike: Strike

    def handshake(self, request: RawRequest) -> Answer | None:
        return self.inner.handshake(request)

    def verify(self, request: RawRequest) -> None:
        self.inner.verify(request)

    def parse(self, request: RawRequest) -> Parsed:
        if self.word in request.body:
            self.strike()
        return self.inner.parse(request)

    def accepted(self, request: RawRequest) -> Answer:
        return self.inner.accepted(request)


@dataclass(frozen=True, slots=True)
class PoisonedOutbound:
    """Strikes before it delivers a run of which one effect holds the word."""

    inner: Outbound
    word: str
    strike: Strike

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        if any(self.word in str(delivery.effect) for delivery in run):
            self.strike()
        return self.inner.deliver(run)

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        return self.inner.find(run)


@dataclass(frozen=True, slots=True)
class CrowdedOutbound:
    """Strikes as soon as another call is in the air beside it, or after a while without one; that
    other call has not reached the vendor by then."""

    inner: Outbound
    word: str
    strike: Strike
    poison_in_air: Event = field(default_factory=Event)
    other_in_air: Event = field(default_factory=Event)

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        if any(self.word in str(delivery.effect) for delivery in run):
            self.poison_in_air.set()
            self.other_in_air.wait(0.5)
            self.strike()
        elif self.poison_in_air.is_set():
            self.other_in_air.set()
            time.sleep(STUCK_SECONDS)
        return self.inner.deliver(run)

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        return self.inner.find(run)
