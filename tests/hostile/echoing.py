"""A vendor that refuses everything, and says all that it was given in its refusals."""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_STATUSES = (400, 500, 409, 422, 403, 404, 502, 200, 207)


class _Echo(BaseHTTPRequestHandler):
    numbers = itertools.count()
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        number = next(self.numbers)
        given = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        said = f"{self.path} {self.headers.get('Authorization')} {given}"
        answer = {
            "status": "error",
            "message": said,
            "error": said,
            "category": "VALIDATION_ERROR",
            "description": said,
            "correlationId": said,
            "errors": [{"message": said, "code": said, "context": {said: [said]}}],
        }
        body = json.dumps(answer).encode()
        if number % 5 == 4:
            body = f"<html>{said}</html>".encode()
        self.send_response(_STATUSES[number % len(_STATUSES)], "Said")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PATCH = do_PUT = do_DELETE = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing itself."""


@contextmanager
def echoing(port: int) -> Iterator[list[str]]:
    """On this port; gives the list to which every request line is added."""
    heard: list[str] = []

    class Echo(_Echo):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            heard.append(f"{self.requestline} {code}")

    with ThreadingHTTPServer(("127.0.0.1", port), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield heard
        finally:
            server.shutdown()
