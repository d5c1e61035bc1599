"""What the stand-in for Wazzup remembers: channels, messages, records, the subscription."""

import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bridge.payload import Payload

RATE_CALLS, RATE_SECONDS = 500, 5.0
KEY_SECONDS = 60

CHAT_TYPES = {
    "whatsapp": ("whatsapp", "whatsgroup"),
    "wapi": ("whatsapp",),
    "instagram": ("instagram",),
    "tgapi": ("telegram", "telegroup"),
    "telegram": ("telegram", "telegroup"),
    "max": ("max", "maxgroup"),
    "maxbot": ("max", "maxgroup"),
    "vk": ("vk",),
    "avito": ("avito",),
    "viber": ("viber",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxChannel:
    channel_id: str
    transport: str
    plain_id: str = ""
    state: str = "active"
    name: str = ""

    def as_vendor(self) -> Mapping[str, str]:
        return {
            "channelId": self.channel_id,
            "transport": self.transport,
            "plainId": self.plain_id,
            "state": self.state,
            "name": self.name,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxMessage:
    """`seq` numbers all messages in the order in which they came."""

    seq: int
    message_id: str
    channel_id: str
    chat_type: str
    chat_id: str
    outgoing: bool
    at: datetime
    kind: str = "text"
    text: str = ""
    content_uri: str = ""
    status: str = "inbound"
    crm_message_id: str = ""
    crm_user_id: str = ""
    reply_to: str = ""
    template_id: str = ""
    template_values: tuple[str, ...] = ()
    edited: bool = False
    deleted: bool = False

    @property
    def chat(self) -> tuple[str, str]:
        return self.channel_id, self.chat_id


@dataclass(slots=True)
class World:
    """The whole state; every method takes the lock for itself."""

    channels: dict[str, SandboxChannel] = field(default_factory=dict)
    messages: dict[str, SandboxMessage] = field(default_factory=dict)
    contacts: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    records: dict[str, dict[str, Mapping[str, object]]] = field(default_factory=dict)
    pipelines: list[Mapping[str, object]] = field(default_factory=list)
    templates: dict[str, Mapping[str, object]] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)  # writes of records, and how many
    address: str = ""
    subscriptions: dict[str, bool] = field(default_factory=dict)
    ahead: timedelta = timedelta()
    crm_ids: dict[str, datetime] = field(default_factory=dict)
    window_began: float = 0.0
    window_calls: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def reset(self) -> None:
        fresh = World()
        with self.lock:
            for name in self.__slots__:
                if name != "lock":
                    setattr(self, name, getattr(fresh, name))

    def within_rate(self) -> bool:
        """Counts one call; False once there were 500 in a window of 5 s."""
        with self.lock:
            moment = time.monotonic()
            if moment - self.window_began >= RATE_SECONDS:
                self.window_began, self.window_calls = moment, 0
            self.window_calls += 1
            return self.window_calls <= RATE_CALLS

    def seed(self, channels: Iterable[Payload]) -> None:
        """Adds channels as GET /v3/channels shows them."""
        with self.lock:
            for given in channels:
                channel = SandboxChannel(
                    channel_id=given.at("channelId").text(),
                    transport=given.at("transport").text(),
                    plain_id=given.text_or("plainId"),
                    state=given.text_or("state", "active"),
                    name=given.text_or("name"),
                )
                self.channels[channel.channel_id] = channel

    def seed_templates(self, templates: Iterable[Payload]) -> None:
        """Adds templates as GET /v3/templates/whatsapp shows them."""
        with self.lock:
            for given in templates:
                self.templates[given.at("templateGuid").text()] = given.mapping()

    def change_state(self, channel_id: str, state: str) -> None:
        with self.lock:
            self.channels[channel_id] = replace(self.channels[channel_id], state=state)

    def add(self, message: SandboxMessage) -> SandboxMessage:
        """Keeps the message under a number and an id of its own, where it has none."""
        with self.lock:
            kept = replace(
                message,
                seq=len(self.messages) + 1,
                message_id=message.message_id or str(uuid.uuid4()),
            )
            self.messages[kept.message_id] = kept
            return kept

    def send(self, message: SandboxMessage) -> SandboxMessage | None:
        """Keeps an outgoing message; None when its crmMessageId was used within 60 s."""
        with self.lock:
            used = self.crm_ids.get(message.crm_message_id)
            if used is not None and message.at - used < timedelta(seconds=KEY_SECONDS):
                return None
            if message.crm_message_id:
                self.crm_ids[message.crm_message_id] = message.at
            return self.add(message)

    def update(self, message_id: str, **changes: str | bool) -> SandboxMessage | None:
        """The message as changed; None when there is none of this id."""
        with self.lock:
            found = self.messages.get(message_id)
            if found is None:
                return None
            changed: SandboxMessage = replace(found, **changes)  # type: ignore[arg-type]
            self.messages[message_id] = changed
            return changed

    def last_inbound(self, channel_id: str, chat_id: str) -> datetime | None:
        with self.lock:
            found = [
                message.at
                for message in self.messages.values()
                if message.chat == (channel_id, chat_id) and not message.outgoing
            ]
            return max(found, default=None)

    def shown(self) -> Mapping[str, object]:
        """GET /_sandbox/state: `sent` and `received` in order of `seq`, and the rest."""
        with self.lock:
            messages = [asdict(message) for message in self.messages.values()]
            return {
                "channels": [channel.as_vendor() for channel in self.channels.values()],
                "sent": [message for message in messages if message["outgoing"]],
                "received": [message for message in messages if not message["outgoing"]],
                "records": {kind: list(found.values()) for kind, found in self.records.items()},
                "pipelines": self.pipelines,
                "asked": self.asked,
                "webhook": {"webhooksUri": self.address, "subscriptions": self.subscriptions},
            }
