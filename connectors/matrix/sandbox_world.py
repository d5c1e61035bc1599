"""What the stand-in for a homeserver remembers: rooms, events, files, who has read what."""

import itertools
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SERVER = "sandbox"
Event = dict[str, Any]


@dataclass(slots=True)
class Room:
    room_id: str
    name: str = ""
    members: dict[str, str] = field(default_factory=dict)  # user id: membership
    read: dict[str, str] = field(default_factory=dict)  # user id: event id


@dataclass(slots=True)
class File:
    content: bytes = field(repr=False)
    content_type: str
    name: str


class World:
    """Thread-safe where it says so: `lock` guards all of it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        with self.lock:
            self.user = ""  # the application service's, once it is registered
            self.url = ""  # of the registration
            self.rooms: dict[str, Room] = {}
            self.events: list[Event] = []
            self.files: dict[str, File] = {}
            self.names: dict[str, str] = {}
            self.transactions: dict[tuple[str, str, str], str] = {}
            self._numbers = itertools.count(1)

    def number(self) -> int:
        return next(self._numbers)

    def room(self, room_id: str) -> Room | None:
        return self.rooms.get(room_id)

    def new_room(self, client: str, name: str = "") -> Room:
        with self.lock:
            room = Room(room_id=f"!room{self.number()}:{SERVER}", name=name)
            room.members[client] = "join"
            self.rooms[room.room_id] = room
            return room

    def add(
        self,
        room: Room,
        sender: str,
        kind: str,
        content: Mapping[str, Any],
        *,
        state_key: str | None = None,
        unsigned: Mapping[str, Any] | None = None,
    ) -> Event:
        with self.lock:
            event: Event = {
                "type": kind,
                "event_id": f"$event{self.number()}",
                "room_id": room.room_id,
                "sender": sender,
                "origin_server_ts": int(time.time() * 1000),
                "content": dict(content),
                "unsigned": dict(unsigned or {}),
            }
            if state_key is not None:
                event["state_key"] = state_key
            if kind == "m.room.redaction":
                event["redacts"] = content["redacts"]
                self._redact(content["redacts"])
            self.events.append(event)
            return event

    def event(self, event_id: str) -> Event | None:
        return next((e for e in self.events if e["event_id"] == event_id), None)

    def in_room(self, room_id: str) -> list[Event]:
        with self.lock:
            return [e for e in self.events if e["room_id"] == room_id]

    def _redact(self, event_id: str) -> None:
        """In a new event: what waits to be pushed is as it was said."""
        self.events = [
            {**event, "content": {}} if event["event_id"] == event_id else event
            for event in self.events
        ]

    def shown(self) -> Mapping[str, Any]:
        with self.lock:
            rooms = {
                room.room_id: {"name": room.name, "members": dict(room.members)}
                for room in self.rooms.values()
            }
            return {
                "user": self.user,
                "rooms": rooms,
                "events": [dict(event) for event in self.events],
                "files": {key: len(file.content) for key, file in self.files.items()},
            }
