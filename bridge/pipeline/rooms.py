"""What a unit of work holds of each subject beside chats: read, changed and written in bulk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from bridge.domain.changes import Change
from bridge.domain.decisions import Decision
from bridge.domain.events import Event
from bridge.domain.facts import Facts
from bridge.domain.policy import Policy


class Room(Protocol):
    """One subject's part. It costs nothing where no event of the run is about it."""

    def load(self, db: Connection, policy: Policy, run: Sequence[Event]) -> None:
        """Reads everything that these events may ask for."""

    def facts(self, event: Event, facts: Facts) -> Facts:
        """The facts with its own, as they stand after the events before this one."""

    def apply(self, change: Change, decision: Decision) -> bool:
        """Whether the change was one of its own."""

    def write(self, db: Connection, now: datetime) -> None:
        """Writes what has changed."""


class Rooms:
    """Those of one run."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        self._rooms = tuple(rooms)

    def load(self, db: Connection, policy: Policy, run: Sequence[Event]) -> None:
        for room in self._rooms:
            room.load(db, policy, run)

    def facts(self, event: Event, facts: Facts) -> Facts:
        for room in self._rooms:
            facts = room.facts(event, facts)
        return facts

    def apply(self, change: Change, decision: Decision) -> None:
        if not any(room.apply(change, decision) for room in self._rooms):
            raise AssertionError(f"no room for {type(change).__name__}")

    def write(self, db: Connection, now: datetime) -> None:
        for room in self._rooms:
            room.write(db, now)
