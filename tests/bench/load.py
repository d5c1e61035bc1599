"""Sends ready-made requests over keep-alive connections, from one loop, and times each answer."""

import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.bench.figures import percentile

PATIENCE_SECONDS = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """`seconds` from the first request to the last answer; `latencies` in seconds, sorted;
    `cpu_seconds` are what sending and reading cost in this process."""

    count: int
    refused: int
    seconds: float
    cpu_seconds: float
    latencies: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    def milliseconds(self, share: float) -> float:
        return percentile(self.latencies, share) * 1000


@dataclass(slots=True)
class _Line:
    """One connection, with one request in flight."""

    socket: socket.socket
    sent_at: float = 0.0
    answer: bytes = b""

    def send(self, request: bytes) -> None:
        self.answer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """True when the whole answer is there."""
        piece = self.socket.recv(65536)
        if not piece:
            raise SystemExit("the server closed a connection instead of answering")
        self.answer = self.answer + piece if self.answer else piece
        return is_whole(self.answer)


@dataclass(slots=True)
class _Tally:
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    def note(self, line: _Line) -> None:
        self.latencies.append(time.perf_counter() - line.sent_at)
        self.refused += not line.answer.startswith(b"HTTP/1.1 2")


def send_all(port: int, requests: Sequence[bytes], connections: int) -> Answers:
    """Each connection has one request in flight; all requests are sent exactly once."""
    waiting = iter(requests)
    tally = _Tally()
    lines = [_connected(port) for _ in requests[:connections]]
    with selectors.DefaultSelector() as selector:
        began, cpu = time.perf_counter(), time.process_time()
        for line, request in zip(lines, waiting, strict=False):
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(request)
        _exchange(selector, waiting, tally, len(requests))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    for line in lines:
        line.socket.close()
    return Answers(
        count=len(tally.latencies),
        refused=tally.refused,
        seconds=seconds,
        cpu_seconds=cpu,
        latencies=tuple(sorted(tally.latencies)),
    )


def is_whole(answer: bytes | bytearray) -> bool:
    """Whether these bytes hold a whole HTTP message of a length that it tells."""
    head = answer.find(_END)
    if head < 0:
        return False
    length = _LENGTH.search(answer, 0, head)
    return len(answer) >= head + len(_END) + (int(length[1]) if length else 0)


def _exchange(
    selector: selectors.BaseSelector, waiting: Iterator[bytes], tally: _Tally, count: int
) -> None:
    latencies = tally.latencies
    while len(latencies) < count:
        ready = selector.select(PATIENCE_SECONDS)
        if not ready:
            raise SystemExit(f"no answer within {PATIENCE_SECONDS:.0f} s")
        for key, _ in ready:
            line: _Line = key.data
            if line.read():
                tally.note(line)
                _next(line, waiting)


def _next(line: _Line, waiting: Iterator[bytes]) -> None:
    request = next(waiting, None)
    if request is not None:
        line.send(request)


def _connected(port: int) -> _Line:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Line(connection)
