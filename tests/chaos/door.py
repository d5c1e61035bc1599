"""The bridge's front door as callers find it: they knock until they are heard."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

TIMEOUT_SECONDS = 5.0
AGAIN_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the bridge is called: `hook` is the messenger's path, `key` opens the API. `files` is
    the host of clients' files."""

    port: int
    hook: str
    key: str = field(repr=False)
    files: str = ""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status; 0 where no answer came."""
        return self._call("POST", path, body, headers)[0]

    def ask(self, method: str, path: str, body: bytes = b"", key: str = "") -> tuple[int, bytes]:
        """The API: the status, 0 where no answer came, and what it said. `key` is the request's
        idempotency key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self._call(
            method, path, body, {**headers, "Idempotency-Key": key} if key else headers
        )

    def _call(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        told = {"Content-Type": "application/json", **headers} if body else headers
        try:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
            with closing(connection):
                connection.request(method, path, body or None, told)
                answer = connection.getresponse()
                return answer.status, answer.read()
        except (OSError, HTTPException):
            return 0, b""


@dataclass(frozen=True, slots=True)
class Insisting:
    """What is not taken is sent again until `give_up_at` (monotonic)."""

    give_up_at: float

    def until_taken(self, attempt: Callable[[], bool]) -> None:
        while not attempt():
            if time.monotonic() > self.give_up_at:
                return
            time.sleep(AGAIN_SECONDS)
