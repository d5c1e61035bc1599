"""What the stand-in for Kannel remembers: the messages that went, and where it calls."""

import threading
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSms:
    """`seq` numbers all messages in the order in which they came; `report` is the dlr-url."""

    seq: int
    id: str
    sender: str
    receiver: str
    outgoing: bool
    at: datetime
    text: str
    coding: str = "0"
    mask: int = 0
    report: str = field(default="", repr=False)
    status: str = ""

    @property
    def chat(self) -> tuple[str, str]:
        """Ours and the client's."""
        return (self.sender, self.receiver) if self.outgoing else (self.receiver, self.sender)


@dataclass(slots=True)
class World:
    """The whole state; every method takes the lock for itself."""

    messages: dict[str, SandboxSms] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    hook: str = ""
    absent: set[str] = field(default_factory=set)  # phones that no SMS reaches
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def reset(self) -> None:
        fresh = World()
        with self.lock:
            for name in self.__slots__:
                if name != "lock":
                    setattr(self, name, getattr(fresh, name))

    def add(self, message: SandboxSms) -> SandboxSms:
        with self.lock:
            kept = replace(message, seq=len(self.messages) + 1, id=str(uuid.uuid4()))
            self.messages[kept.id] = kept
            return kept

    def move_on(self, message_id: str, status: str) -> None:
        with self.lock:
            if message_id in self.messages:
                self.messages[message_id] = replace(self.messages[message_id], status=status)

    def shown(self) -> Mapping[str, object]:
        """GET /_sandbox/state: `sent` and `received` in order of `seq`; no address of ours, which
        ends with a secret."""
        with self.lock:
            messages = [asdict(message) for message in self.messages.values()]
        for message in messages:
            del message["report"]
        return {
            "numbers": list(self.numbers),
            "sent": [message for message in messages if message["outgoing"]],
            "received": [message for message in messages if not message["outgoing"]],
        }
