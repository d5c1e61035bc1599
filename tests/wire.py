"""Bytes on the wire of a real web process, also as no well-behaved client would send them."""

import json
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
ANSWER_SECONDS = 60.0  # far more than any machine needs


@dataclass(frozen=True, slots=True)
class Answer:
    status: int  # 0 when the connection was closed without an answer
    head: str
    body: bytes
    seconds: float

    @property
    def headers(self) -> str:
        return self.head.lower()

    def told(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Wire:
    port: int

    def open(self, wire: bytes = b"") -> socket.socket:
        connection = socket.create_connection((HOST, self.port), timeout=ANSWER_SECONDS)
        connection.sendall(wire)
        return connection

    def ask(self, wire: bytes, *, end: bool = False) -> Answer:
        """Sends these bytes; `end` closes our side after them."""
        began = time.monotonic()
        with self.open() as connection:
            try:
                connection.sendall(wire)
                if end:
                    connection.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass  # it answered and closed before it had read all, as it should
            return read(connection, began)

    @contextmanager
    def many_open(self, count: int, wire: bytes) -> Iterator[None]:
        with ExitStack() as opened:
            for _ in range(count):
                opened.enter_context(self.open(wire))
            yield


def post(path: str, body: bytes, headers: Sequence[str] = ()) -> bytes:
    """A whole request with its length."""
    return head("POST", path, *headers, f"Content-Length: {len(body)}") + body


def head(method: str, path: str, *headers: str) -> bytes:
    given = [f"{method} {path} HTTP/1.1", "Host: bridge.example", "Connection: close", *headers]
    return "\r\n".join(given).encode("latin-1") + b"\r\n\r\n"


def chunked(*pieces: bytes) -> bytes:
    """Pieces of a chunked body, without the last one that ends it."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def read(connection: socket.socket, began: float) -> Answer:
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
            if _is_whole(received):
                break
    except ConnectionError:
        pass
    top, _, body = received.partition(b"\r\n\r\n")
    status = int(top.split(b" ", 2)[1]) if top else 0
    return Answer(status, top.decode("latin-1"), body, time.monotonic() - began)


def _is_whole(received: bytes) -> bool:
    top, found, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", top.lower())
    return bool(found and length and len(body) >= int(length[1]))
