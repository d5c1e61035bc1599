"""What the stand-in for Twilio remembers: numbers, senders, messages, files, templates."""

import threading
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bridge.payload import Payload

WINDOW = timedelta(hours=24)
STOP_WORDS = {"STOP": "STOP", "UNSUBSCRIBE": "STOP", "START": "START", "HELP": "HELP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxChannel:
    """A number (`PN…`) or a WhatsApp sender (`XE…`)."""

    sid: str
    address: str
    name: str = ""
    hook: str = ""
    method: str = "POST"
    application: str = ""
    status: str = "ONLINE"

    @property
    def is_sender(self) -> bool:
        return self.address.startswith("whatsapp:")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxMessage:
    """`seq` numbers all messages in the order in which they came."""

    seq: int
    sid: str
    sender: str
    receiver: str
    outgoing: bool
    at: datetime
    body: str = ""
    media: tuple[str, ...] = ()
    status: str = "received"
    error_code: int | None = None
    service: str = ""
    callback: str = ""
    content_sid: str = ""

    @property
    def chat(self) -> tuple[str, str]:
        """Ours and the client's."""
        return (self.sender, self.receiver) if self.outgoing else (self.receiver, self.sender)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxFile:
    sid: str
    message: str
    content_type: str
    content: bytes = field(repr=False)


def new_sid(kind: str) -> str:
    return f"{kind}{uuid.uuid4().hex}"


@dataclass(slots=True)
class World:
    """The whole state; every method takes the lock for itself."""

    channels: dict[str, SandboxChannel] = field(default_factory=dict)
    messages: dict[str, SandboxMessage] = field(default_factory=dict)
    files: dict[str, SandboxFile] = field(default_factory=dict)
    contents: dict[str, Mapping[str, object]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    ahead: timedelta = timedelta()
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def reset(self) -> None:
        fresh = World()
        with self.lock:
            for name in self.__slots__:
                if name != "lock":
                    setattr(self, name, getattr(fresh, name))

    def add_channel(self, given: Payload) -> SandboxChannel:
        """`{"address", "name"?, "hook"?, "method"?, "status"?, "application"?}`."""
        address = given.at("address").text()
        channel = SandboxChannel(
            sid=new_sid("XE" if address.startswith("whatsapp:") else "PN"),
            address=address,
            name=given.text_or("name"),
            hook=given.text_or("hook"),
            method=given.text_or("method", "POST"),
            application=given.text_or("application"),
            status=given.text_or("status", "ONLINE"),
        )
        with self.lock:
            self.channels[channel.sid] = channel
        return channel

    def channel_of(self, address: str) -> SandboxChannel | None:
        with self.lock:
            return next((c for c in self.channels.values() if c.address == address), None)

    def change_channel(self, sid: str, **changes: str) -> SandboxChannel | None:
        with self.lock:
            found = self.channels.get(sid)
            if found is None:
                return None
            self.channels[sid] = replace(found, **changes)
            return self.channels[sid]

    def add(self, message: SandboxMessage) -> SandboxMessage:
        """Keeps the message under a number and an id of its own, where it has none."""
        with self.lock:
            kind = "MM" if message.media else "SM"
            kept = replace(message, seq=len(self.messages) + 1, sid=message.sid or new_sid(kind))
            self.messages[kept.sid] = kept
            return kept

    def add_file(self, message: str, content_type: str, content: bytes) -> SandboxFile:
        kept = SandboxFile(
            sid=new_sid("ME"), message=message, content_type=content_type, content=content
        )
        with self.lock:
            self.files[kept.sid] = kept
        return kept

    def move_on(self, sid: str, status: str, error_code: int | None) -> SandboxMessage:
        with self.lock:
            changed = replace(self.messages[sid], status=status, error_code=error_code)
            self.messages[sid] = changed
            return changed

    def window_is_open(self, ours: str, client: str) -> bool:
        with self.lock:
            found = [
                m.at for m in self.messages.values() if m.chat == (ours, client) and not m.outgoing
            ]
            return bool(found) and self.now() - max(found) <= WINDOW

    def heed(self, ours: str, client: str, words: str) -> str:
        """Acts on an opt-out keyword; its kind, or `""`."""
        kind = STOP_WORDS.get(words.strip().upper(), "")
        with self.lock:
            if kind == "STOP":
                self.opted_out.add((ours, client))
            elif kind == "START":
                self.opted_out.discard((ours, client))
        return kind

    def shown(self) -> Mapping[str, object]:
        """GET /_sandbox/state: `sent` and `received` in order of `seq`, and the rest."""
        with self.lock:
            messages = [asdict(message) for message in self.messages.values()]
            return {
                "channels": [asdict(channel) for channel in self.channels.values()],
                "sent": [message for message in messages if message["outgoing"]],
                "received": [message for message in messages if not message["outgoing"]],
            }
