"""How the stand-in for Wazzup calls webhooks: in order, from a thread of its own, retried."""

import json
import queue
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from connectors.wazzup.sandbox_world import SandboxMessage, World

_WAITS_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0)
_TIMEOUT_SECONDS = 30.0  # what the vendor waits
Body = Mapping[str, object]


@dataclass(slots=True)
class Poster:
    """Posts bodies to the registered address, with the vendor's odd charset header."""

    world: World
    webhook_key: str
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

    def now(self, address: str, body: Body) -> int | None:
        """The HTTP status that the address answers with; None when it can't be reached."""
        headers = {
            "Authorization": f"Bearer {self.webhook_key}",
            "Content-Type": "application/json; charset-utf-8",
        }
        try:
            with closing(_connection(address)) as connection:
                connection.request("POST", _target(address), json.dumps(body).encode(), headers)
                return connection.getresponse().status
        except (OSError, HTTPException, ValueError):
            return None

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


def announce_sent(poster: Poster, message: SandboxMessage) -> None:
    """The echo and `sent` in one body, then `delivered`, then `read`."""
    if not poster.world.subscriptions.get("messagesAndStatuses"):
        return
    echo = as_vendor(poster.world, message)
    together = {"messages": [echo], "statuses": [_status(poster.world, message, "sent")]}
    poster.later(together, message.message_id, "sent")
    for word in ("delivered", "read"):
        body = {"statuses": [_status(poster.world, message, word)]}
        poster.later(body, message.message_id, word)


def announce(poster: Poster, message: SandboxMessage, changes: Body) -> bool:
    """A message of the client's, or one typed on the phone; `changes` override its fields."""
    if not poster.world.subscriptions.get("messagesAndStatuses"):
        return False
    poster.later({"messages": [{**as_vendor(poster.world, message), **changes}]})
    return True


def as_vendor(world: World, message: SandboxMessage) -> Body:
    """An item of `messages` as Wazzup posts it; absent fields are left out."""
    user = world.records.get("users", {}).get(message.crm_user_id, {})
    item: dict[str, object] = {
        "messageId": message.message_id,
        "channelId": message.channel_id,
        "chatType": message.chat_type,
        "chatId": message.chat_id,
        "dateTime": _iso(message),
        "type": message.kind,
        "isEcho": message.outgoing,
        "contact": dict(world.contacts.get(message.chat, {"name": message.chat_id})),
        "status": message.status,
        "sentFromApp": False,
        "isEdited": message.edited,
        "isDeleted": message.deleted,
    }
    optional = {
        "text": message.text,
        "contentUri": message.content_uri,
        "authorId": message.crm_user_id,
        "authorName": user.get("name", ""),
        "quotedMessage": {"messageId": message.reply_to} if message.reply_to else "",
    }
    return item | {key: value for key, value in optional.items() if value}


def _status(world: World, message: SandboxMessage, word: str) -> Body:
    when = world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"messageId": message.message_id, "timestamp": when, "status": word}


def _iso(message: SandboxMessage) -> str:
    return message.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
