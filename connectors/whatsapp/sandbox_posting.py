"""How the stand-in for WhatsApp calls webhooks: signed, in order, retried, from its own thread."""

import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlencode, urlsplit

from connectors.whatsapp.reading import digits_of
from connectors.whatsapp.sandbox_world import (
    WABA_ID,
    SandboxMessage,
    SandboxPerson,
    World,
)

_WAITS_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0)
_TIMEOUT_SECONDS = 30.0
_CHALLENGE = "1158201444"
Body = Mapping[str, object]


@dataclass(slots=True)
class Poster:
    """Posts bodies to the registered address as Meta signs them."""

    world: World
    app_secret: str = field(repr=False)
    waiting: "queue.Queue[tuple[Body, str, str]]" = field(default_factory=queue.Queue)
    posted: int = 0
    given_up: int = 0
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def later(self, body: Body, message_id: str = "", status: str = "") -> None:
        """Queues a body; once it is posted, the message of this id has this status."""
        self.waiting.put((body, message_id, status))
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self._work, daemon=True)
                self.thread.start()

    def field(self, name: str, value: Body, message_id: str = "", status: str = "") -> None:
        """One change, if the field is subscribed to."""
        if self.world.fields and name not in self.world.fields:
            return
        entry = {
            "id": WABA_ID,
            "time": int(self.world.now().timestamp()),
            "changes": [{"value": value, "field": name}],
        }
        body = {"object": "whatsapp_business_account", "entry": [entry]}
        self.later(body, message_id, status)

    def now(self, address: str, body: Body) -> int | None:
        """The HTTP status that the address answers with; None when it can't be reached."""
        # Meta escapes what is not ASCII, and signs it so.
        content = json.dumps(body, separators=(",", ":")).encode()
        made = hmac.new(self.app_secret.encode(), content, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={made}"}
        try:
            with closing(_connection(address)) as connection:
                connection.request("POST", _target(address), content, headers)
                return connection.getresponse().status
        except (OSError, HTTPException, ValueError):
            return None

    def accepts(self, address: str, verify_token: str) -> bool:
        """Whether the address gives our challenge back."""
        asked = {
            "hub.mode": "subscribe",
            "hub.challenge": _CHALLENGE,
            "hub.verify_token": verify_token,
        }
        try:
            with closing(_connection(address)) as connection:
                connection.request("GET", f"{_target(address)}?{urlencode(asked)}")
                answer = connection.getresponse()
                return answer.status == 200 and answer.read() == _CHALLENGE.encode()
        except (OSError, HTTPException, ValueError):
            return False

    def settled(self, within_seconds: float) -> bool:
        """Whether everything queued was posted or given up in time."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            if self.waiting.unfinished_tasks == 0:
                return True
            time.sleep(0.01)
        return False

    def _work(self) -> None:
        while True:
            body, message_id, status = self.waiting.get()
            if self._insist(body) and message_id:
                self.world.update(message_id, status=status)
            self.waiting.task_done()

    def _insist(self, body: Body) -> bool:
        for wait in (0.0, *_WAITS_SECONDS):
            time.sleep(wait)
            address = self.world.address
            if not address:
                break
            if self.now(address, body) == 200:
                self.posted += 1
                return True
        self.given_up += 1
        return False


def _connection(address: str) -> HTTPConnection:
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)


def _target(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def announce(poster: Poster, message: SandboxMessage, item: Body) -> None:
    """A message of a client's, or one typed on the business' phone."""
    person = poster.world.people[message.wa_id]
    base = {
        "id": message.message_id,
        "timestamp": str(int(message.at.timestamp())),
        **item,
    }
    if message.by_phone:
        echo = {"from": _own_number(poster.world, message), **_named(person, "to"), **base}
        value = {**_around(poster.world, message), "message_echoes": [echo]}
        poster.field("smb_message_echoes", value)
        return
    value = {
        **_around(poster.world, message),
        "contacts": [_contact(person)],
        "messages": [{**_named(person, "from"), **base}],
    }
    poster.field("messages", value)


def announce_status(
    poster: Poster, message: SandboxMessage, word: str, error: Body | None = None
) -> None:
    person = poster.world.people[message.wa_id]
    status: dict[str, object] = {
        "id": message.message_id,
        "status": word,
        "timestamp": str(int(poster.world.now().timestamp())),
    }
    if not person.hides:
        status["recipient_id"] = person.wa_id
    status["recipient_user_id"] = person.user_id
    if message.our_key:
        status["biz_opaque_callback_data"] = message.our_key
    if error is not None:
        status["errors"] = [error]
    value = {
        **_around(poster.world, message),
        "contacts": [_contact(person)],
        "statuses": [status],
    }
    poster.field("messages", value, message.message_id, word)


def _around(world: World, message: SandboxMessage) -> Body:
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": _own_number(world, message),
            "phone_number_id": message.number_id,
        },
    }


def _own_number(world: World, message: SandboxMessage) -> str:
    return digits_of(str(world.numbers[message.number_id]["display_phone_number"]))


def _contact(person: SandboxPerson) -> Body:
    """Since April 2026 with the user id; the number is left out of a client who hides it."""
    profile = {"name": person.name} | ({"username": person.username} if person.username else {})
    number = {} if person.hides else {"wa_id": person.wa_id}
    return {"profile": profile, **number, "user_id": person.user_id}


def _named(person: SandboxPerson, prefix: str) -> Body:
    number = {} if person.hides else {prefix: person.wa_id}
    return {**number, f"{prefix}_user_id": person.user_id}
