"""Sends ready-made requests over keep-alive connections, from one loop, and times each answer."""

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """`seconds` from the first request to the last answer; `latencies` in seconds, sorted."""

    count: int
    refused: int
    seconds: float
    latencies: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    def percentile(self, share: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))]


def send_all(port: int, requests: Sequence[bytes], connections: int) -> Answers:
    """Each connection has one request in flight; all requests are sent exactly once."""
    waiting = iter(requests)
    latencies: list[float] = []
    refused = 0
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        for _ in range(connections):
            _open(selector, port, next(waiting, None))
        while selector.get_map():
            for key, _ in selector.select():
                held: list[float] = key.data
                answer = _read(key.fileobj)
                latencies.append(time.perf_counter() - held[0])
                refused += not answer.startswith(b"HTTP/1.1 2")
                _next(selector, key.fileobj, held, next(waiting, None))
        seconds = time.perf_counter() - began
    return Answers(
        count=len(latencies), refused=refused, seconds=seconds, latencies=tuple(sorted(latencies))
    )


def _open(selector: selectors.BaseSelector, port: int, request: bytes | None) -> None:
    if request is None:
        return
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    selector.register(connection, selectors.EVENT_READ, [time.perf_counter()])
    connection.sendall(request)


def _read(connection: object) -> bytes:
    assert isinstance(connection, socket.socket)
    answer = connection.recv(65536)
    if not answer:
        raise SystemExit("the server closed a connection instead of answering")
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return answer


def _next(
    selector: selectors.BaseSelector, connection: object, held: list[float], request: bytes | None
) -> None:
    assert isinstance(connection, socket.socket)
    if request is None:
        selector.unregister(connection)
        connection.close()
        return
    held[0] = time.perf_counter()
    connection.sendall(request)
