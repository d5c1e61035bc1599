"""Clients who write: each in his own order, each message sent until the bridge has taken it."""

import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Any

from tests.chaos.plan import Plan

TIMEOUT_SECONDS = 5.0
AGAIN_SECONDS = 0.3
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
    """The message `place` of a chat, counted from 0."""

    chat: int
    place: int

    def __str__(self) -> str:
        return f"chat {self.chat:03d} message {self.place:05d}"

    @property
    def id(self) -> str:
        return f"m-{self.chat:03d}-{self.place:05d}"


@dataclass
class Ledger:
    """What the bridge has answered for. `answers` counts every answer, 0 where none came."""

    taken: set[Sent] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    sent_twice: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, sent: Sent, status: int) -> bool:
        with self.lock:
            self.answers[status] += 1
            if 200 <= status < 300:
                self.taken.add(sent)
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


class Crowd:
    """A thread per chat. What is not taken is sent again until `give_up_at` (monotonic)."""

    def __init__(self, plan: Plan, port: int, path: str, give_up_at: float) -> None:
        self._plan = plan
        self._port = port
        self._path = path
        self._give_up_at = give_up_at
        self.ledger = Ledger()
        self.threads: list[threading.Thread] = []

    def begin(self, chats: Sequence[Chat]) -> None:
        for chat in chats:
            thread = threading.Thread(target=self._write, args=(chat,), name=f"chat {chat.number}")
            self.threads.append(thread)
            thread.start()

    def is_writing(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def _write(self, chat: Chat) -> None:
        dice = random.Random(f"{self._plan.seed}:{chat.number}")
        pause = self._plan.chats / self._plan.messages_per_second
        due = time.monotonic() + dice.uniform(0.0, pause)
        for place in range(self._plan.messages_each):
            time.sleep(max(0.0, due - time.monotonic()))
            due += pause * dice.uniform(0.5, 1.5)
            sent = Sent(chat.number, place)
            body = webhook(chat, sent)
            self._insist(sent, body)
            if dice.random() < self._plan.sent_twice:
                with self.ledger.lock:
                    self.ledger.sent_twice += 1
                self._insist(sent, body)

    def _insist(self, sent: Sent, body: bytes) -> None:
        while not self.ledger.note(sent, self._post(body)):
            if time.monotonic() > self._give_up_at:
                return
            time.sleep(AGAIN_SECONDS)

    def _post(self, body: bytes) -> int:
        headers = {"Content-Type": "application/json"}
        try:
            connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
            with closing(connection):
                connection.request("POST", self._path, body, headers)
                return connection.getresponse().status
        except (OSError, HTTPException):
            return 0


def webhook(chat: Chat, sent: Sent) -> bytes:
    """The body in which the messenger brings this message."""
    return json.dumps({"messages": [_as_vendor(chat, sent)]}).encode()


def _as_vendor(chat: Chat, sent: Sent) -> Mapping[str, Any]:
    return {
        "messageId": sent.id,
        "channelId": chat.channel_id,
        "chatType": "whatsapp",
        "chatId": chat.client.phone,
        "dateTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "type": "text",
        "isEcho": False,
        "contact": {"name": chat.client.name},
        "text": str(sent),
        "status": "inbound",
    }
