"""The other end in tests: steers the stand-in for Kannel over HTTP, keeps what it calls with."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response
from flask import request as asked

from bridge.domain.events import Event
from bridge.ports import RawRequest
from connectors.kannel.inbound import KannelInbound
from tests.connectors.kannel.building import CLIENT, NOW, NUMBER, PASSWORD, account
from tests.serving import served


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Any


@dataclass(slots=True)
class Phone:
    """The stand-in at `url`."""

    url: str

    def ask(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> Answered:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        with closing(connection):
            connection.request(method, path, body.encode(), dict(headers or {}))
            answer = connection.getresponse()
            text = answer.read()
        return Answered(answer.status, json.loads(text) if text[:1] == b"{" else text.decode())

    def send(self, text: str = "Buenas", **headers: str) -> Answered:
        """As smsbox is posted to; `dlr_url="…"` becomes `X-Kannel-Dlr-Url`."""
        given = {"username": "bridge", "password": PASSWORD, "to": CLIENT, "from": NUMBER} | headers
        named = {f"X-Kannel-{k.replace('_', '-')}": v for k, v in given.items() if v}
        return self.ask("POST", "/cgi-bin/sendsms", text, named)

    def steer(self, verb: str, **body: object) -> Any:
        answered = self.ask(
            "POST", f"/_sandbox/{verb}", json.dumps(body), {"Content-Type": "application/json"}
        )
        assert answered.status == 200, answered
        return answered.body

    def submit(self, **form: str) -> Answered:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", "/", urlencode(form), kind)

    def fail(self, fault: str, **rule: object) -> None:
        """The fault strikes the next send."""
        given = {"match": "POST /cgi-bin/sendsms", "fault": fault, "times": 1} | rule
        self.steer("faults", rules=[given])

    @property
    def sent(self) -> list[Mapping[str, Any]]:
        return list(self.ask("GET", "/_sandbox/state").body["sent"])

    def settle(self) -> None:
        assert self.steer("settle?seconds=60")["settled"]


@dataclass(slots=True)
class Receiver:
    """A bridge in small: refuses what has no secret, answers `answers` in turn, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    requests: list[RawRequest] = field(default_factory=list)

    @property
    def hook(self) -> str:
        return f"{self.url}/hooks/sms"

    def events(self) -> list[Event]:
        inbound = KannelInbound(account())
        return [event for told in self.requests for event in inbound.parse(told).events]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    app, inbound = Flask("receiver"), KannelInbound(account())

    @app.route("/hooks/<path:_rest>", methods=["GET", "POST"])
    def take(_rest: str) -> Response:
        told = RawRequest(
            method=asked.method,
            url=asked.url,
            headers={name.lower(): value for name, value in asked.headers.items()},
            body=asked.get_data(),
            received_at=NOW,
        )
        inbound.verify(told)
        receiver.requests.append(told)
        return Response(status=receiver.answers.pop(0) if receiver.answers else 200)

    with served(app) as url:
        receiver.url = url
        yield receiver
