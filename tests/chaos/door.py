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
        told = {"Content-Type": "application/json", **headers}
        try:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
            with closing(connection):
                connection.request("POST", path, body, told)
                return connection.getresponse().status
        except (OSError, HTTPException):
            return 0


@dataclass(frozen=True, slots=True)
class Insisting:
    """What is not taken is sent again until `give_up_at` (monotonic)."""

    give_up_at: float

    def until_taken(self, attempt: Callable[[], bool]) -> None:
        while not attempt():
            if time.monotonic() > self.give_up_at:
                return
            time.sleep(AGAIN_SECONDS)
