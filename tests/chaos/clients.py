"""Clients and their chats, what is written in them, and what the bridge has answered for."""

import itertools
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.chaos.plan import Plan

_WRITTEN = re.compile(r"(chat|reply) (\d+) message (\d+)( continued)?")
_FILLER = " and so on" * 1_100  # longer than the messenger takes at once
EDITED = "as it was meant"
CHANNEL_IDS = ("8c1d7a52-0f3e-4f0b-9a51-2f0c2a7f6b11", "3b9e2c74-6d18-4a5f-8e07-91d4c5b6a722")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    number: int
    is_known: bool

    @property
    def phone(self) -> str:
        """Digits with the country's code, as the messenger has them."""
        return f"346{self.number:08d}"

    @property
    def name(self) -> str:
        return f"Client {self.number:03d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A client on one channel: within it messages have an order."""

    number: int
    client: Client
    channel_id: str = CHANNEL_IDS[0]


@dataclass(frozen=True, slots=True, order=True)
class Sent:
    """The message `place` of a chat, counted from 0: the client's, or a reply to him. Every fifth
    reply is longer than the messenger takes at once: it arrives as two messages."""

    chat: int
    place: int
    is_reply: bool = False
    is_second: bool = False

    def __str__(self) -> str:
        kind = "reply" if self.is_reply else "chat"
        more = " continued" if self.is_second else ""
        return f"{kind} {self.chat:03d} message {self.place:05d}{more}"

    @property
    def has_file(self) -> bool:
        """Every seventh message of a client comes with one."""
        return not self.is_reply and self.place % 7 == 3

    @property
    def is_long(self) -> bool:
        return self.is_reply and self.place % 5 == 4

    @property
    def second(self) -> "Sent":
        return replace(self, is_second=True)

    @property
    def text(self) -> str:
        return f"{self}{_FILLER} {self.second}" if self.is_long else str(self)

    @classmethod
    def read(cls, text: str) -> "Sent":
        """The message that a text is of, wherever it stands now."""
        kind, chat, place, second = _WRITTEN.findall(text)[0]
        return cls(int(chat), int(place), kind == "reply", bool(second))

    @property
    def id(self) -> str:
        return f"{'r' if self.is_reply else 'm'}-{self.chat:03d}-{self.place:05d}"


@dataclass
class Ledger:
    """What the bridge has answered for; `edited` are the messages whose edit was taken. `answers`
    counts every answer, 0 where none came."""

    taken: set[Sent] = field(default_factory=set)
    edited: set[Sent] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    sent_twice: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, sent: Sent, status: int, *, is_edit: bool = False) -> bool:
        with self.lock:
            self.answers[status] += 1
            if 200 <= status < 300:
                (self.edited if is_edit else self.taken).add(sent)
                return True
            return False


def clients_of(plan: Plan) -> list[Client]:
    """Known ones and strangers by turns."""
    known, strangers = range(plan.known), range(plan.strangers)
    kinds = (
        is_known
        for pair in itertools.zip_longest(known, strangers)
        for is_known, there in zip((True, False), pair, strict=True)
        if there is not None
    )
    return [Client(number=n, is_known=is_known) for n, is_known in enumerate(kinds)]


def chats_of(plan: Plan, clients: Sequence[Client]) -> list[Chat]:
    """One of each client, and a second one of some strangers."""
    first = [Chat(number=client.number, client=client) for client in clients]
    strangers = [client for client in clients if not client.is_known]
    second = [
        Chat(number=number, client=client, channel_id=CHANNEL_IDS[1])
        for number, client in enumerate(strangers[: plan.on_two_channels], len(first))
    ]
    return [*first, *second]


def webhook(chat: Chat, sent: Sent, files: str = "") -> bytes:
    """The body in which the messenger brings this message; `files` is the host of its file."""
    return json.dumps({"messages": [_as_vendor(chat, sent, files)]}).encode()


def edit_of(chat: Chat, sent: Sent, files: str = "") -> bytes:
    """The body in which the messenger tells that the client has written it anew."""
    edited = {
        **_as_vendor(chat, sent, files),
        "text": f"{sent}, {EDITED}",
        "isEdited": True,
        "oldInfo": {"oldText": str(sent)},
    }
    return json.dumps({"messages": [edited]}).encode()


def _as_vendor(chat: Chat, sent: Sent, files: str) -> Mapping[str, Any]:
    file = {"type": "image", "contentUri": f"http://{files}/{sent.id}.png"}
    return {
        "messageId": sent.id,
        "channelId": chat.channel_id,
        "chatType": "whatsapp",
        "chatId": chat.client.phone,
        "dateTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        **(file if sent.has_file and files else {"type": "text"}),
        "isEcho": False,
        "contact": {"name": chat.client.name},
        "text": str(sent),
        "status": "inbound",
    }
