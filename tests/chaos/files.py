"""Files that clients send: a host that serves them, badly while things fail; and what became of
their copies."""

import random
import threading
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlalchemy import select

from bridge.domain.names import AccountName, message_id
from bridge.pipeline.parts import Parts
from bridge.store.engine import reading
from bridge.store.schema import MEDIA
from tests.chaos.clients import Sent
from tests.chaos.plan import CHAT

_FAILS, _ENDS_EARLY, _HANGS = 0.1, 0.1, 0.05
HANG_SECONDS = 1.0
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class FileHost:
    """Every tenth answer is an error, every tenth ends in the middle, a few come late."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"{seed}:files")
        self._lock = threading.Lock()
        self.served = 0
        self.failed = 0
        self.fails = True
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def origin(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.rpartition("/")[2].removesuffix(".png")
        content = content_of(name)
        with self._lock:
            fate = self._dice.random() if self.fails else 1.0
            is_well = fate >= _FAILS + _ENDS_EARLY + _HANGS
            self.served += is_well
            self.failed += not is_well
        if fate < _FAILS:
            request.send_error(503)
            return
        if not is_well and fate >= _FAILS + _ENDS_EARLY:
            time.sleep(HANG_SECONDS)
        request.send_response(200)
        request.send_header("Content-Type", "image/png")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        ends_early = _FAILS <= fate < _FAILS + _ENDS_EARLY
        request.wfile.write(content[: len(content) // 2] if ends_early else content)
        request.close_connection = True

    @contextmanager
    def open(self) -> Iterator["FileHost"]:
        thread = threading.Thread(target=self._server.serve_forever, name="files", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def content_of(name: str) -> bytes:
    return _SIGNATURE + name.encode() * 2_000


def not_as_sent(parts: Parts, taken: Set[Sent]) -> list[Sent]:
    """Files that have no copy, or another one than was sent."""
    wanted = {message_id(AccountName(CHAT), sent.id): sent for sent in taken if sent.has_file}
    with reading(parts.engine) as db:
        rows = db.execute(select(MEDIA.c.message, MEDIA.c.sha256, MEDIA.c.state)).all()
    copies = {message: sha256 for message, sha256, state in rows if state == "stored"}
    return sorted(
        sent for name, sent in wanted.items() if not _is_right(parts, copies.get(name), sent)
    )


def _is_right(parts: Parts, sha256: str | None, sent: Sent) -> bool:
    if sha256 is None:
        return False
    with parts.storage.open(sha256) as file:
        return file.read() == content_of(sent.id)
