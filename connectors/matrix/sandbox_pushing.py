"""How the stand-in pushes transactions: in order, one at a time, the same one until it is taken."""

import json
import queue
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from connectors.matrix.sandbox_world import World

_WAITS_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)
_TIMEOUT_SECONDS = 30.0
Body = Mapping[str, Any]


@dataclass(slots=True)
class Pusher:
    """Calls the registration's url with `hs_token`; without a url nothing is pushed."""

    world: World
    hs_token: str = field(repr=False)
    waiting: "queue.Queue[Body]" = field(default_factory=queue.Queue)
    pushed: int = 0
    given_up: int = 0
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def event(self, event: Body) -> None:
        self._later({"events": [event], "ephemeral": []})

    def receipt(self, room_id: str, event_id: str, user: str) -> None:
        read = {event_id: {"m.read": {user: {"ts": int(time.time() * 1000)}}}}
        receipt = {"type": "m.receipt", "room_id": room_id, "content": read}
        self._later({"events": [], "ephemeral": [receipt]})

    def ping(self, transaction_id: str) -> int | None:
        body = {"transaction_id": transaction_id} if transaction_id else {}
        return self._call("POST", "/_matrix/app/v1/ping", body)

    def settled(self, within_seconds: float) -> bool:
        """Whether everything queued was taken or given up in time."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            if self.waiting.unfinished_tasks == 0:
                return True
            time.sleep(0.01)
        return False

    def _later(self, body: Body) -> None:
        if not self.world.url:
            return
        self.waiting.put(body)
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self._work, daemon=True)
                self.thread.start()

    def _work(self) -> None:
        while True:
            body = self.waiting.get()
            self._insist(f"/_matrix/app/v1/transactions/{self.world.number()}", body)
            self.waiting.task_done()

    def _insist(self, path: str, body: Body) -> None:
        for wait in (0.0, *_WAITS_SECONDS):
            time.sleep(wait)
            if self._call("PUT", path, body) == 200:
                self.pushed += 1
                return
        self.given_up += 1

    def _call(self, method: str, path: str, body: Body) -> int | None:
        """The HTTP status that the bridge answers with; None when it can't be reached."""
        parts = urlsplit(self.world.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        headers = {
            "Authorization": f"Bearer {self.hs_token}",
            "Content-Type": "application/json",
        }
        try:
            with closing(
                kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
            ) as connection:
                connection.request(method, parts.path + path, json.dumps(body).encode(), headers)
                answer = connection.getresponse()
                answer.read()
                return answer.status
        except (OSError, HTTPException, ValueError):
            return None
