"""A relay between a homeserver and the bridge that can refuse, and swallow or hold back answers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

TIMEOUT_SECONDS = 60.0
Fate = Literal["pass", "refuse", "swallow", "hold"]


@dataclass(frozen=True, slots=True)
class Passed:
    method: str
    path: str
    fate: Fate
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Relay:
    """`decide` says of each call (method, path) whether it passes, is refused with 503 unseen, or
    passes and its answer is swallowed (the connection ends) or held back until `let_go` is set."""

    to_port: int
    port: int = 0
    decide: Callable[[str, str], Fate] = lambda method, path: "pass"
    calls: list[Passed] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def forwarded(self, method: str, path: str, headers: dict[str, str], body: bytes) -> "Answer":
        """502 where nobody answers."""
        try:
            connection = HTTPConnection("127.0.0.1", self.to_port, timeout=TIMEOUT_SECONDS)
            with closing(connection) as there:
                there.request(method, path, body, headers)
                answer = there.getresponse()
                kind = answer.getheader("content-type", "")
                return Answer(answer.status, kind, answer.read())
        except (OSError, HTTPException):
            return Answer(502, "text/plain", b"nobody there")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: bytes


@contextmanager
def relaying(to_port: int, port: int = 0) -> Iterator[Relay]:
    relay = Relay(to_port)
    server = _Server(("127.0.0.1", port), _Handler)
    server.relay = relay
    relay.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def do_PUT(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        assert isinstance(self.server, _Server)
        relay = self.server.relay
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        fate = relay.decide(self.command, self.path)
        answer = Answer(503, "text/plain", b"down")
        if fate != "refuse":
            headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
            answer = relay.forwarded(self.command, self.path, headers, body)
        relay.calls.append(Passed(self.command, self.path, fate, body))
        if fate == "hold":
            relay.let_go.wait(TIMEOUT_SECONDS)
        if fate in ("swallow", "hold"):
            self.close_connection = True
        else:
            self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("content-type", answer.content_type)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    relay: Relay
