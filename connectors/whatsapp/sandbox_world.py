"""What the stand-in for WhatsApp remembers: numbers, people, messages, files, templates."""

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bridge.payload import Payload
from connectors.whatsapp.reading import digits_of

WABA_ID = "102290129340398"
APP_ID = "1234567890123456"
WINDOW = timedelta(hours=24)
FILES_LIVE = timedelta(days=30)
LINKS_LIVE = timedelta(minutes=5)
CALLS_PER_SECOND = 80
PAIR_BURST, PAIR_SECONDS = 45, 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPerson:
    """A client: `hides` his number, which needs a user name."""

    wa_id: str
    name: str = ""
    username: str = ""
    hides: bool = False

    @property
    def user_id(self) -> str:
        return f"US.{int(hashlib.sha256(self.wa_id.encode()).hexdigest()[:14], 16)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxMessage:
    """`seq` numbers all messages in the order in which they came; `content` is as Meta has it."""

    seq: int
    message_id: str
    number_id: str
    wa_id: str
    outgoing: bool
    at: datetime
    kind: str
    content: Mapping[str, object]
    text: str = ""
    status: str = ""
    our_key: str = ""
    by_phone: bool = False
    reply_to: str = ""
    emoji: str = ""
    edited: bool = False
    deleted: bool = False

    @property
    def chat(self) -> tuple[str, str]:
        return self.number_id, self.wa_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxFile:
    content: bytes = field(repr=False)
    content_type: str
    at: datetime

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()


@dataclass(slots=True)
class World:
    """The whole state; every method takes the lock for itself."""

    numbers: dict[str, dict[str, object]] = field(default_factory=dict)
    people: dict[str, SandboxPerson] = field(default_factory=dict)
    messages: dict[str, SandboxMessage] = field(default_factory=dict)
    files: dict[str, SandboxFile] = field(default_factory=dict)
    templates: list[Mapping[str, object]] = field(default_factory=list)
    subscribed: bool = False
    address: str = ""
    fields: tuple[str, ...] = ()
    ahead: timedelta = timedelta()
    second_began: float = 0.0
    second_calls: int = 0
    pairs: dict[tuple[str, str], float] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def reset(self) -> None:
        fresh = World()
        with self.lock:
            for name in self.__slots__:
                if name not in ("lock", "clock"):
                    setattr(self, name, getattr(fresh, name))

    def within_rate(self) -> bool:
        """Counts one message of a number; False once there were 80 in a second."""
        with self.lock:
            moment = self.clock()
            if moment - self.second_began >= 1.0:
                self.second_began, self.second_calls = moment, 0
            self.second_calls += 1
            return self.second_calls <= CALLS_PER_SECOND

    def within_pair_rate(self, number_id: str, wa_id: str) -> bool:
        """One message in 6 s to the same client, 45 of them borrowed."""
        with self.lock:
            moment = self.clock() + self.ahead.total_seconds()
            paid_until = max(self.pairs.get((number_id, wa_id), moment), moment)
            if paid_until - moment > PAIR_BURST * PAIR_SECONDS:
                return False
            self.pairs[number_id, wa_id] = paid_until + PAIR_SECONDS
            return True

    def seed_number(self, given: Payload) -> None:
        """As GET …/phone_numbers shows it; what is not given is that of a number in use."""
        number = {
            "display_phone_number": "+1 555-078-3881",
            "verified_name": "Acme",
            "status": "CONNECTED",
            "quality_rating": "GREEN",
            "messaging_limit_tier": "TIER_1K",
            "platform_type": "CLOUD_API",
            "code_verification_status": "VERIFIED",
        }
        with self.lock:
            self.numbers[given.at("id").text()] = number | dict(given.mapping())

    def person(self, given: Payload) -> SandboxPerson:
        """Who writes: known by his number, changed by what is given of him."""
        wa_id = digits_of(given.at("wa_id").text())
        with self.lock:
            known = self.people.get(wa_id, SandboxPerson(wa_id=wa_id, name=wa_id))
            self.people[wa_id] = replace(
                known,
                name=given.text_or("name") or known.name,
                username=given.text_or("username", known.username),
                hides=given.mapping().get("hides", known.hides) is True,
            )
            return self.people[wa_id]

    def by_address(self, to: str, recipient: str) -> SandboxPerson | None:
        """Whom a send is for; a number that nobody has is that of somebody new."""
        with self.lock:
            if digits := digits_of(to):
                return self.people.setdefault(digits, SandboxPerson(wa_id=digits, name=digits))
            return next((p for p in self.people.values() if p.user_id == recipient), None)

    def add(self, message: SandboxMessage) -> SandboxMessage:
        with self.lock:
            seq = len(self.messages) + 1
            tail = base64.b64encode(f"{message.wa_id}:{seq}".encode()).decode()
            kept = replace(message, seq=seq, message_id=message.message_id or f"wamid.{tail}")
            self.messages[kept.message_id] = kept
            return kept

    def update(self, message_id: str, **changes: str | bool) -> SandboxMessage | None:
        """The message as changed; None when there is none of this id."""
        with self.lock:
            found = self.messages.get(message_id)
            if found is None:
                return None
            changed: SandboxMessage = replace(found, **changes)  # type: ignore[arg-type]
            self.messages[message_id] = changed
            return changed

    def add_file(self, content: bytes, content_type: str) -> str:
        with self.lock:
            media_id = str(4490709327384000 + len(self.files))
            self.files[media_id] = SandboxFile(
                content=content, content_type=content_type, at=self.now()
            )
            return media_id

    def file(self, media_id: str) -> SandboxFile | None:
        """None when it died, or never lived."""
        with self.lock:
            found = self.files.get(media_id)
            return found if found and self.now() - found.at < FILES_LIVE else None

    def window_is_open(self, number_id: str, wa_id: str) -> bool:
        with self.lock:
            return any(
                m.chat == (number_id, wa_id) and not m.outgoing and self.now() - m.at < WINDOW
                for m in self.messages.values()
            )

    def shown(self) -> Mapping[str, object]:
        """GET /_sandbox/state: `sent` and `received` in order of `seq`, and the rest."""
        with self.lock:
            messages = [asdict(message) for message in self.messages.values()]
            return {
                "numbers": list(self.numbers.values()),
                "sent": [message for message in messages if message["outgoing"]],
                "received": [message for message in messages if not message["outgoing"]],
                "files": {key: file.content_type for key, file in self.files.items()},
                "templates": self.templates,
                "webhook": {"address": self.address, "fields": self.fields},
            }
