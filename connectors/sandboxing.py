"""What every sandbox can be told: to fail in the ways that real vendors fail, and to be slow."""

import logging
import random
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler

FAULTS = frozenset(
    {
        "429",  # rate limit, not done
        "403_quota",  # daily quota, not done
        "401",  # token refused, not done
        "500",  # not done
        "500_after",  # done, but answered 500
        "timeout_after",  # done, then silence for `seconds`
        "reset",  # connection cut, not done
        "reset_after",  # done, then the connection is cut
        "html",  # 200 with an HTML page, not done
        "html_after",  # done, answered 200 with an HTML page
        "delay",  # done after `seconds`
        # In batches, where the vendor has them: every other input is answered with an error.
        "207_partial",  # those are not done
        "207_partial_after",  # those are done all the same
    }
)


@dataclass(slots=True)
class Rule:
    """Requests whose `METHOD path` matches get the fault: `times` of them, or a share `rate`."""

    pattern: re.Pattern[str]
    fault: str
    times: int | None = None
    rate: float = 1.0
    seconds: float = 30.0
    retry_after: str | None = None


@dataclass
class Faults:
    """The fault rules of one sandbox; thread-safe, random by a seed of its own."""

    seed: int = 0
    rules: list[Rule] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    latency_seconds: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(self.seed)  # noqa: S311 - not for secrets

    def add(self, given: dict[str, Any]) -> None:
        """`given` holds the fields of a Rule, its pattern under `match`; ValueError if wrong."""
        if given["fault"] not in FAULTS:
            raise ValueError(f"fault {given['fault']} is not one of {', '.join(sorted(FAULTS))}")
        others = {name: value for name, value in given.items() if name != "match"}
        rule = Rule(re.compile(given.get("match", ".*")), **others)
        with self._lock:
            self.rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self.rules.clear()
            self.counts.clear()
            self.latency_seconds = 0.0

    def reseed(self, seed: int) -> None:
        with self._lock:
            self._random.seed(seed)

    def pick(self, line: str) -> Rule | None:
        """The rule that strikes this request, counted."""
        with self._lock:
            for rule in self.rules:
                if rule.times == 0 or not rule.pattern.search(line):
                    continue
                if rule.rate < 1.0 and self._random.random() >= rule.rate:
                    continue
                if rule.times is not None:
                    rule.times -= 1
                self.counts[rule.fault] = self.counts.get(rule.fault, 0) + 1
                return rule
        return None


class ConnectionCut(ConnectionError):
    """Told to cut the connection, by a server that does not hand its socket to the application."""


class _QuietRequest(WSGIRequestHandler):
    """Werkzeug's handler, its lines in the log instead of on the terminal."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        logging.getLogger(__name__).debug(message, *args)


def make_sandbox_server(app: WSGIApplication, port: int = 0) -> BaseWSGIServer:
    """A threaded server on 127.0.0.1, of which every fault holds; port 0 takes a free one.

    Run its `serve_forever` in a thread, end it with `shutdown` and `server_close`.
    """
    return ThreadedWSGIServer("127.0.0.1", port, app, _QuietRequest)


def install(
    app: Flask,
    faults: Faults,
    quota: Callable[[], Response],
    state: Callable[[], Any],
    reset: Callable[[], None],
) -> None:
    """Adds the faults to every route of `app`, and `/_sandbox/…` to steer it.

    `quota` answers 403_quota in the vendor's words, `state` is what GET /_sandbox/state shows.
    """
    _install_control(app, faults, state, reset)

    @app.before_request
    def before() -> Response | None:
        if request.path.startswith("/_sandbox/"):
            return None
        time.sleep(faults.latency_seconds)
        rule = faults.pick(f"{request.method} {request.path}")
        request.environ["sandbox.rule"] = rule
        return None if rule is None else _answer_before(rule, quota)

    @app.after_request
    def after(response: Response) -> Response:
        rule: Rule | None = request.environ.get("sandbox.rule")
        return response if rule is None else _answer_after(rule, response)


def struck() -> str:
    """The fault that strikes the request at hand, or nothing: for what only the vendor's own code
    can do, such as a part of a batch."""
    rule: Rule | None = request.environ.get("sandbox.rule")
    return "" if rule is None else rule.fault


def _with_retry_after(rule: Rule, answer: Response) -> Response:
    if rule.retry_after is not None:
        answer.headers["Retry-After"] = rule.retry_after
    return answer


def _answer_before(rule: Rule, quota: Callable[[], Response]) -> Response | None:
    match rule.fault:
        case "429" | "401" | "500":
            answer = Response("{}", int(rule.fault), content_type="application/json")
            return _with_retry_after(rule, answer)
        case "403_quota":
            return _with_retry_after(rule, quota())
        case "reset":
            return _cut()
        case "html":
            return _html()
        case "delay":
            time.sleep(rule.seconds)
    return None


def _answer_after(rule: Rule, response: Response) -> Response:
    match rule.fault:
        case "500_after":
            return Response("{}", 500, content_type="application/json")
        case "timeout_after":
            time.sleep(rule.seconds)
        case "reset_after":
            return _cut()
        case "html_after":
            return _html()
    return response


def _html() -> Response:
    return Response("<html><body>Gateway</body></html>", 200, content_type="text/html")


def _cut() -> Response:
    """Shuts the connection, so that the answer below never leaves."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is None:
        raise ConnectionCut
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)


def _install_control(
    app: Flask, faults: Faults, state: Callable[[], Any], reset: Callable[[], None]
) -> None:
    control = Blueprint("sandbox", __name__, url_prefix="/_sandbox")

    @control.post("/faults")
    def set_faults() -> Response:
        body = request.get_json()
        faults.latency_seconds = float(body.get("latency_seconds", faults.latency_seconds))
        if "seed" in body:
            faults.reseed(int(body["seed"]))
        for rule in body.get("rules", []):
            faults.add(rule)
        return jsonify(counts=faults.counts)

    @control.get("/faults")
    def get_faults() -> Response:
        return jsonify(counts=faults.counts)

    @control.delete("/faults")
    def clear_faults() -> Response:
        faults.clear()
        return jsonify(counts={})

    @control.get("/state")
    def get_state() -> Response:
        return jsonify(state())

    @control.post("/reset")
    def reset_all() -> Response:
        faults.clear()
        reset()
        return jsonify(ok=True)

    app.register_blueprint(control)
