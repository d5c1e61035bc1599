"""How the stand-in for Kannel calls: as sms-service and dlr-url do, repeated until taken."""

import queue
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlencode, urlsplit

from connectors.kannel.sandbox_world import SandboxSms, World

_WAITS_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0)
_TIMEOUT_SECONDS = 15.0
TAKEN_BY_SMSC, DELIVERED, UNDELIVERED = 8, 1, 2
_STATUSES = {TAKEN_BY_SMSC: "sent", DELIVERED: "delivered", UNDELIVERED: "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Once it is made, the message of this id has this status."""

    method: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    message_id: str = ""
    status: str = ""


@dataclass(slots=True)
class Poster:
    world: World
    path_secret: str
    waiting: "queue.Queue[Call]" = field(default_factory=queue.Queue)
    posted: int = 0
    given_up: int = 0
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def later(self, call: Call) -> None:
        self.waiting.put(call)
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

    def _work(self) -> None:
        while True:
            call = self.waiting.get()
            self.world.move_on(call.message_id, call.status)
            if call.address:
                self._insist(call)
            self.waiting.task_done()

    def _insist(self, call: Call) -> None:
        """http-request-retry: the same call until it is answered 200 or 202."""
        for wait in (0.0, *_WAITS_SECONDS):
            time.sleep(wait)
            if _made(call) in (200, 202):
                self.posted += 1
                return
        self.given_up += 1


def _made(call: Call) -> int | None:
    """The HTTP status that the address answers with; None when it can't be reached."""
    parts = urlsplit(call.address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    headers = {"User-Agent": "Kannel/1.4.5", **call.headers}
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
        with closing(connection):
            connection.request(call.method, target, call.body, headers)
            return connection.getresponse().status
    except (OSError, HTTPException, ValueError):
        return None


def announce(poster: Poster, message: SandboxSms) -> None:
    """A client's SMS, by post-url as the README has it."""
    query = {
        "id": message.id,
        "from": message.sender,
        "to": message.receiver,
        "when": str(int(message.at.timestamp())),
        "smsc": "fake",
    }
    hook = poster.world.hook
    secret = quote(poster.path_secret, safe="")
    poster.later(
        Call(
            method="POST",
            address=f"{hook}/{secret}?{urlencode(query)}" if hook else "",
            headers={
                "Content-Type": 'text/plain; charset="UTF-8"',
                "X-Kannel-From": message.sender,
                "X-Kannel-To": message.receiver,
                "X-Kannel-Coding": "0",
            },
            body=message.text.encode(),
        )
    )


def report(poster: Poster, message: SandboxSms) -> None:
    """What became of an SMS of ours: taken by the SMSC, then delivered or not."""
    reached = message.receiver not in poster.world.absent
    for bit in (TAKEN_BY_SMSC, DELIVERED if reached else UNDELIVERED):
        wanted = bool(message.report) and bool(message.mask & bit)
        poster.later(
            Call(
                method="GET",
                address=_filled(message, bit) if wanted else "",
                message_id=message.id,
                status=_STATUSES[bit],
            )
        )


def _filled(message: SandboxSms, bit: int) -> str:
    """The dlr-url with Kannel's codes replaced."""
    codes = {
        "%d": str(bit),
        "%T": str(int(time.time())),
        "%i": "fake",
        "%A": "ACK%2F" if bit == TAKEN_BY_SMSC else "",
        "%%": "%",
    }
    pieces = message.report.split("%%")
    for code, value in codes.items():
        pieces = [piece.replace(code, value) for piece in pieces]
    return "%".join(pieces)
