"""The other end in tests: steers the stand-in for Wazzup over HTTP, keeps what it posts."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response
from flask import request as asked

from bridge.domain.events import Event
from connectors.wazzup.inbound import WazzupInbound
from tests.connectors.wazzup.building import API_KEY, account, request
from tests.serving import served

CHANNELS = (
    {"channelId": "wa", "transport": "whatsapp", "plainId": "79000000001", "name": "Sales"},
    {"channelId": "waba", "transport": "wapi", "plainId": "79000000002"},
    {"channelId": "ig", "transport": "instagram", "plainId": "acme.shop"},
    {"channelId": "tg", "transport": "tgapi", "plainId": "79000000003"},
    {"channelId": "mx", "transport": "max", "plainId": "79000000004"},
    {"channelId": "vi", "transport": "viber", "plainId": "79000000005"},
    {"channelId": "vk", "transport": "vk", "plainId": "acme"},
    {"channelId": "av", "transport": "avito", "plainId": "77"},
)


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Any


@dataclass(slots=True)
class Phone:
    """The stand-in at `url`, its channels loaded."""

    url: str

    def __post_init__(self) -> None:
        self.steer("seed", channels=list(CHANNELS))

    def call(self, method: str, path: str, body: object = None, api_key: str = API_KEY) -> Answered:
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        return self._ask(method, path, json.dumps(body), headers)

    def submit(self, form: str) -> Answered:
        return self._ask("POST", "/", form, {"Content-Type": "application/x-www-form-urlencoded"})

    def _ask(self, method: str, path: str, body: str, headers: Mapping[str, str]) -> Answered:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        with closing(connection):
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read()
        return Answered(answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text)

    def steer(self, verb: str, **body: object) -> Any:
        answered = self.call("POST", f"/_sandbox/{verb}", body)
        assert answered.status == 200, answered
        return answered.body

    def fail(self, fault: str, **rule: object) -> None:
        """The fault strikes the next send."""
        given = {"match": "POST /v3/message", "fault": fault, "times": 1} | rule
        self.steer("faults", rules=[given])

    @property
    def sent(self) -> list[Mapping[str, Any]]:
        return list(self.call("GET", "/_sandbox/state").body["sent"])

    def settle(self) -> None:
        assert self.steer("settle")["settled"]


@dataclass(slots=True)
class Receiver:
    """A bridge in small: answers `answers` in turn, then 200, and keeps what came."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def events(self) -> list[Event]:
        inbound = WazzupInbound(account())
        return [
            event
            for body in self.bodies
            for event in inbound.parse(request(json.dumps(body).encode())).events
        ]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    app = Flask("receiver")

    @app.post("/<path:_path>")
    def take(_path: str) -> Response:
        status = receiver.answers.pop(0) if receiver.answers else 200
        receiver.bodies.append(json.loads(asked.get_data()))
        receiver.headers.append(dict(asked.headers))
        receiver.paths.append(asked.full_path)
        return Response(status=status)

    with served(app) as url:
        receiver.url = url
        yield receiver
