"""How the reference system posts its events: signed, in order, from its own thread, retried."""

import json
import queue
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from connectors.standard_webhooks import sign
from connectors.webhook.sandbox_world import World

_WAITS_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0)
_TIMEOUT_SECONDS = 30.0


@dataclass(slots=True)
class Poster:
    world: World
    signing_secret: str = field(repr=False)
    waiting: "queue.Queue[tuple[str, bytes]]" = field(default_factory=queue.Queue)
    posted: int = 0
    given_up: int = 0
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, *events: Mapping[str, object]) -> None:
        """Queues a body with these events."""
        self.later({"events": list(events)})

    def later(self, body: object) -> None:
        """Queues any body; a system without the bridge's address posts nothing."""
        if not self.world.address:
            return
        self.waiting.put((f"msg_{uuid.uuid4().hex}", json.dumps(body).encode()))
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self._work, daemon=True)
                self.thread.start()

    def settled(self, within_seconds: float) -> bool:
        """Whether everything queued was posted or given up in time."""
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            if self.waiting.unfinished_tasks == 0:
                return True
            time.sleep(0.01)
        return False

    def counts(self) -> Mapping[str, int]:
        waiting = self.waiting.unfinished_tasks
        return {"posted": self.posted, "given_up": self.given_up, "waiting": waiting}

    def _work(self) -> None:
        while True:
            message_id, body = self.waiting.get()
            self._insist(message_id, body)
            self.waiting.task_done()

    def _insist(self, message_id: str, body: bytes) -> None:
        """The id stays the same from try to try, the timestamp does not."""
        for wait in (0.0, *_WAITS_SECONDS):
            time.sleep(wait)
            status = _post(self.world.address, [self.signing_secret], message_id, body)
            if status is not None and 200 <= status < 300:
                self.posted += 1
                return
        self.given_up += 1


def _post(address: str, secrets: Sequence[str], message_id: str, body: bytes) -> int | None:
    """The HTTP status that the address answers with; None when it can't be reached."""
    headers = {
        "Content-Type": "application/json",
        **sign(secrets, message_id, body, datetime.now(UTC)),
    }
    try:
        with closing(_connection(address)) as connection:
            connection.request("POST", urlsplit(address).path or "/", body, headers)
            return connection.getresponse().status
    except (OSError, HTTPException, ValueError):
        return None


def _connection(address: str) -> HTTPConnection:
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
