"""`python -m tests.web.front_process PORT BODY_SECONDS`: the front with an
application that tells what came."""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response, jsonify, request

from bridge.pipeline.receive import NotStored
from bridge.web.environ import STREAMS
from bridge.web.front import Front, serve
from bridge.web.held import Held, Ready, hold

LIMIT = 10_000
UPLOAD_LIMIT = 10 * LIMIT
PIECE = b"x" * 65536
PIECES = 64
BODY_SECONDS = 4.0
THREADS = 4
HELD_SECONDS = 0.3
WAIT_SECONDS = 6.0


def make_app() -> Flask:
    app = Flask("front")
    app.url_map.merge_slashes = False
    counts: dict[str, int] = {}
    lock = threading.Lock()

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def tell(path: str) -> Response:
        with lock:
            counts[path] = counts.get(path, 0) + 1
        if path.startswith("slow"):
            time.sleep(1.0)
        environ = {k: v for k, v in request.environ.items() if isinstance(v, str)}
        return jsonify(path=path, body=request.get_data().decode("latin-1"), environ=environ)

    @app.get("/counts")
    def told() -> Response:
        return jsonify(counts)

    @app.get("/stream")
    def stream() -> Response:
        def pieces() -> Iterator[bytes]:
            yield from (b"one ", b"two ", b"three")

        return Response(pieces(), content_type="text/plain")

    @app.get("/nothing")
    def nothing() -> Response:
        return Response(iter(()), content_type="text/plain")

    return app


def held(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A webhook whose row becomes durable soon, or never, or can't be."""
    durable: Future[None] = Future()
    fate = environ["PATH_INFO"].removeprefix("/hooks/")
    if fate == "soon":
        threading.Timer(HELD_SECONDS, durable.set_result, (None,)).start()
    elif fate == "refused":
        threading.Timer(HELD_SECONDS, durable.set_exception, (NotStored("locked"),)).start()
    return hold(Held(durable=durable, finish=finished), environ, start_response)


def finished(durable: Future[None]) -> Ready:
    error = durable.exception()
    body = (str(error) if error else threading.current_thread().name).encode()
    return Ready(status=503 if error else 202, content_type="text/plain", body=body, retry_after=7)


def tell_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise RuntimeError("bug")


def large_file(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """As files are answered with: the length is known, the pieces come one by one."""
    environ[STREAMS] = True
    start_response("200 OK", [("Content-Length", str(PIECES * len(PIECE)))])
    return (PIECE for _ in range(0 if environ["REQUEST_METHOD"] == "HEAD" else PIECES))


def routed(environ: WSGIEnvironment, start_response: StartResponse, app: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/file":
        return large_file(environ, start_response)
    chosen = broken if path == "/broken" else held if path.startswith("/hooks/") else app
    answer: Iterable[bytes] = chosen(environ, start_response)
    return answer


if __name__ == "__main__":
    flask = make_app()
    front = Front(
        lambda environ, start: routed(environ, start, flask),
        lambda: LIMIT,
        max_upload_bytes=lambda: UPLOAD_LIMIT,
        threads=THREADS,
        body_seconds=float(sys.argv[2]),
        wait_seconds=WAIT_SECONDS,
    )
    serve(front, "127.0.0.1", int(sys.argv[1]), ready=tell_ready)
