"""How the stand-in for Telegram posts updates: one at a time, in order, repeated on failure."""

import json
import queue
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from connectors.telegram.sandbox_world import Json, World
from connectors.telegram.words import NOT_BY_DEFAULT

_WAITS_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0)
_TIMEOUT_SECONDS = 30.0


@dataclass(slots=True)
class Poster:
    """Posts what the bot has asked for; while it has no webhook that can be called, keeps it."""

    world: World
    waiting: "queue.Queue[Json]" = field(default_factory=queue.Queue)
    kept: list[Json] = field(default_factory=list)
    posted: int = 0
    given_up: int = 0
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def update(self, kind: str, item: Json) -> Json | None:
        """Queues an update; None where the bot has not asked for this kind."""
        allowed = self.world.webhook.allowed
        wanted = kind not in NOT_BY_DEFAULT if allowed is None else kind in allowed
        if not wanted:
            return None
        update = {"update_id": self.world.next_update(), kind: item}
        self.later(update)
        return update

    def later(self, update: Json) -> None:
        """Queues an update as it stands."""
        with self.lock:
            if not self.world.webhook.can_be_called:
                self.kept.append(update)
                return
            self._queue(update)

    def has_address(self) -> None:
        """What was kept goes out now, if it can."""
        with self.lock:
            if not self.world.webhook.can_be_called:
                return
            for update in self.kept:
                self._queue(update)
            self.kept.clear()

    def _queue(self, update: Json) -> None:
        self.waiting.put(update)
        if self.thread is None:
            self.thread = threading.Thread(target=self._work, daemon=True)
            self.thread.start()

    def forget(self) -> None:
        with self.lock:
            self.kept.clear()

    def pending(self) -> int:
        return self.waiting.unfinished_tasks + len(self.kept)

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
            update = self.waiting.get()
            self._insist(update)
            self.waiting.task_done()

    def _insist(self, update: Json) -> None:
        for wait in (0.0, *_WAITS_SECONDS):
            time.sleep(wait)
            if not self.world.webhook.can_be_called:
                break
            status, said = self._post(update)
            if status is not None and 200 <= status < 300:
                self.posted += 1
                self._take_answer(said)
                return
            self._note(status)
        self.given_up += 1

    def _post(self, update: Json) -> tuple[int | None, bytes]:
        webhook = self.world.webhook
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret
        try:
            with closing(_connection(webhook.url)) as connection:
                connection.request("POST", _target(webhook.url), json.dumps(update), headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
        except (OSError, HTTPException, ValueError):
            return None, b""

    def _note(self, status: int | None) -> None:
        webhook = self.world.webhook
        webhook.failed_at = self.world.now()
        webhook.error = (
            "Connection refused"
            if status is None
            else f"Wrong response from the webhook: {status} {_WORDS.get(status, 'Error')}"
        )

    def _take_answer(self, said: bytes) -> None:
        """A bot may answer an update with a call."""
        if not said.startswith(b"{"):
            return
        call = json.loads(said)
        if call.get("method") == "answerCallbackQuery":
            self.world.answered.append(call["callback_query_id"])


_WORDS = {401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error"}


def _connection(address: str) -> HTTPConnection:
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)


def _target(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
