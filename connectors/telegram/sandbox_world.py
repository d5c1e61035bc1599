"""What the stand-in for Telegram remembers: people, groups, connections, messages, files."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from connectors.telegram.words import BOT_CHANNEL

Json = dict[str, Any]
Place = tuple[str, int]  # channel and chat
WINDOW = timedelta(hours=24)
GROUP_LIMIT = (20, timedelta(seconds=60))
CHAT_LIMIT = (10, timedelta(seconds=10))  # one a second, and short bursts
_BOT: Mapping[str, Any] = {
    "id": 7000000001,
    "is_bot": True,
    "first_name": "Acme",
    "username": "acme_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": True,
    "supports_inline_queries": False,
    "can_connect_to_business": True,
    "has_main_web_app": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxMessage:
    """`vendor` is the Message as Telegram shows it; `number` counts all messages in order."""

    channel: str
    chat_id: int
    number: int
    outgoing: bool
    at: datetime
    vendor: Json
    deleted: bool = False
    reaction: str = ""

    @property
    def place(self) -> Place:
        return self.channel, self.chat_id

    def shown(self) -> Json:
        return {
            "channel": self.channel,
            "chat": self.chat_id,
            "number": self.number,
            "text": self.vendor.get("text", ""),
            "deleted": self.deleted,
            "reaction": self.reaction,
            "message": self.vendor,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxFile:
    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Webhook:
    url: str = ""
    secret: str = field(default="", repr=False)
    allowed: tuple[str, ...] | None = None  # None: the vendor's default
    connections: int = 40
    failed_at: datetime | None = None
    error: str = ""

    @property
    def can_be_called(self) -> bool:
        """A stand-in calls nobody outside its own machine."""
        return is_loopback(self.url)


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost")


@dataclass(slots=True)
class World:
    """The whole state; whoever changes it takes the lock."""

    bot: Json = field(default_factory=lambda: dict(_BOT))
    people: dict[int, Json] = field(default_factory=dict)
    groups: dict[int, Json] = field(default_factory=dict)
    connections: dict[str, Json] = field(default_factory=dict)
    messages: dict[tuple[str, int, int], SandboxMessage] = field(default_factory=dict)
    files: dict[str, SandboxFile] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)  # groups that have become supergroups
    answered: list[str] = field(default_factory=list)
    webhook: Webhook = field(default_factory=Webhook)
    links_open: bool = True
    updates: int = 10_000
    numbers: int = 0
    ahead: timedelta = timedelta()
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def reset(self) -> None:
        fresh = World()
        with self.lock:
            for name in self.__slots__:
                if name != "lock":
                    setattr(self, name, getattr(fresh, name))

    def next_update(self) -> int:
        with self.lock:
            self.updates += 1
            return self.updates

    def chat(self, chat_id: int) -> Json | None:
        """The Chat as Telegram shows it, if the bot can know of it."""
        if chat_id in self.groups:
            return self.groups[chat_id]
        person = self.people.get(chat_id)
        if person is None:
            return None
        shown = ("id", "first_name", "last_name", "username")
        return {key: person[key] for key in shown if key in person} | {"type": "private"}

    def add(self, place: Place, content: Json, *, outgoing: bool, sender: Json) -> SandboxMessage:
        """Keeps a message under the next number."""
        channel, chat_id = place
        with self.lock:
            self.numbers += 1
            at = self.now()
            vendor = {
                "message_id": self.numbers,
                "from": sender,
                "chat": self.chat(chat_id),
                "date": int(at.timestamp()),
                **({} if channel == BOT_CHANNEL else {"business_connection_id": channel}),
                **content,
            }
            message = SandboxMessage(
                channel=channel,
                chat_id=chat_id,
                number=self.numbers,
                outgoing=outgoing,
                at=at,
                vendor=vendor,
            )
            self.messages[(channel, chat_id, self.numbers)] = message
            return message

    def change(self, message: SandboxMessage, **changes: Any) -> SandboxMessage:
        with self.lock:
            changed = replace(message, **changes)
            self.messages[(changed.channel, changed.chat_id, changed.number)] = changed
            return changed

    def keep(self, file: SandboxFile) -> str:
        """The id of a file from now on."""
        with self.lock:
            file_id = f"AgACAgIAAxkB{len(self.files) + 1:08d}"
            self.files[file_id] = file
            return file_id

    def is_open(self, place: Place) -> bool:
        """Whether the client has written within 24 hours."""
        heard = [m.at for m in self.messages.values() if m.place == place and not m.outgoing]
        return bool(heard) and self.now() - max(heard) <= WINDOW

    def wait_in(self, place: Place) -> int:
        """Seconds until the bot may write in this chat again."""
        calls, window = GROUP_LIMIT if place[1] in self.groups else CHAT_LIMIT
        since = self.now() - window
        sent = sorted(
            m.at
            for key, m in self.messages.items()
            if key[:2] == place and m.outgoing and m.at > since
        )
        if len(sent) < calls:
            return 0
        return max(1, int((sent[-calls] - since).total_seconds()) + 1)

    def shown(self) -> Json:
        """GET /_sandbox/state; a webhook's secret is not shown."""
        with self.lock:
            messages = list(self.messages.values())
            return {
                "bot": self.bot,
                "sent": [m.shown() for m in messages if m.outgoing],
                "received": [m.shown() for m in messages if not m.outgoing],
                "people": list(self.people.values()),
                "groups": list(self.groups.values()),
                "connections": list(self.connections.values()),
                "blocked": sorted(self.blocked),
                "answered": self.answered,
                "webhook": {"url": self.webhook.url, "allowed_updates": self.webhook.allowed},
            }
