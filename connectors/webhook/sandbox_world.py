"""What the reference CRM and messenger remembers: records, messages, what it has done already."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

Body = dict[str, object]
RECORDS = ("contact", "deal", "lead", "company")


@dataclass(slots=True)
class SandboxMessage:
    """`seq` numbers all messages in the order in which they came."""

    seq: int
    id: str
    channel_id: str
    chat_id: str
    outgoing: bool
    text: str
    file: str = ""
    status: str = ""
    key: str = ""
    reaction: str = ""
    edited: bool = False
    deleted: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(slots=True)
class World:
    """The whole state; take `lock` around what belongs together."""

    address: str = ""
    channels: dict[str, Body] = field(default_factory=dict)
    employees: list[Body] = field(default_factory=list)
    pipelines: list[Body] = field(default_factory=list)
    records: dict[str, dict[str, Body]] = field(
        default_factory=lambda: {kind: {} for kind in RECORDS}
    )
    entries: dict[str, Body] = field(default_factory=dict)
    messages: dict[str, SandboxMessage] = field(default_factory=dict)
    joined: list[Body] = field(default_factory=list)
    mails: list[Body] = field(default_factory=list)
    notifications: list[Body] = field(default_factory=list)
    tasks: list[Body] = field(default_factory=list)
    notes: list[Body] = field(default_factory=list)
    channel_side: dict[str, list[Body]] = field(default_factory=dict)
    names: dict[tuple[str, str], Body] = field(default_factory=dict)
    done: dict[str, Body] = field(default_factory=dict)
    repeats: int = 0
    numbers: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def reset(self) -> None:
        fresh = World()
        with self.lock:
            for name in self.__slots__:
                if name != "lock":
                    setattr(self, name, getattr(fresh, name))

    def number(self) -> int:
        with self.lock:
            self.numbers += 1
            return self.numbers

    def add(self, message: SandboxMessage) -> SandboxMessage:
        with self.lock:
            self.messages[message.id] = message
            return message

    def shown(self) -> Mapping[str, object]:
        """GET /_sandbox/state."""
        with self.lock:
            messages = [_message(one) for one in self.messages.values()]
            return {
                "channels": list(self.channels.values()),
                "employees": self.employees,
                "pipelines": self.pipelines,
                "records": {kind: list(found.values()) for kind, found in self.records.items()},
                "entries": list(self.entries.values()),
                "sent": [one for one in messages if one["outgoing"]],
                "received": [one for one in messages if not one["outgoing"]],
                "joined": self.joined,
                "mails": self.mails,
                "notifications": self.notifications,
                "tasks": self.tasks,
                "notes": self.notes,
                "done": sorted(self.done),
                "repeats": self.repeats,
                "webhook": self.address,
            }


def _message(message: SandboxMessage) -> Body:
    names = [name for name in SandboxMessage.__slots__ if name != "at"]
    return {name: getattr(message, name) for name in names} | {"at": message.at.isoformat()}
