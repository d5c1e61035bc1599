"""The other end in tests: steers the stand-in for Twilio over HTTP, keeps what it posts."""

import base64
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
from connectors.twilio.forms import FORM
from connectors.twilio.inbound import TwilioInbound
from tests.connectors.twilio.building import NOW, NUMBER, SENDER, SID, TOKEN, account
from tests.serving import served

MESSAGES = f"/2010-04-01/Accounts/{SID}/Messages.json"
CHANNELS = ({"address": NUMBER, "name": "Sales"}, {"address": SENDER, "name": "Acme"})


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(slots=True)
class Phone:
    """The stand-in at `url`, its channels loaded."""

    url: str

    def __post_init__(self) -> None:
        self.steer("seed", channels=list(CHANNELS))

    def call(
        self, method: str, path: str, form: Mapping[str, str] | None = None, token: str = TOKEN
    ) -> Answered:
        given = base64.b64encode(f"{SID}:{token}".encode()).decode()
        headers = {"Authorization": f"Basic {given}", "Content-Type": FORM}
        return self._ask(method, path, urlencode(form or {}), headers)

    def send(self, **form: str) -> Answered:
        given = {"To": "+34600000001", "From": NUMBER, "Body": "Buenas"} | form
        return self.call("POST", MESSAGES, {k: v for k, v in given.items() if v})

    def submit(self, **form: str) -> Answered:
        return self._ask("POST", "/", urlencode(form), {"Content-Type": FORM})

    def _ask(self, method: str, path: str, body: str, headers: Mapping[str, str]) -> Answered:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        with closing(connection):
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read()
        parsed = json.loads(text) if text[:1] in (b"{", b"[") else text
        return Answered(answer.status, parsed, dict(answer.headers))

    def steer(self, verb: str, **body: object) -> Any:
        headers = {"Content-Type": "application/json"}
        answered = self._ask("POST", f"/_sandbox/{verb}", json.dumps(body), headers)
        assert answered.status == 200, answered
        return answered.body

    def fail(self, fault: str, **rule: object) -> None:
        """The fault strikes the next send."""
        given = {"match": "POST .*/Messages.json", "fault": fault, "times": 1} | rule
        self.steer("faults", rules=[given])

    @property
    def state(self) -> Any:
        return self.call("GET", "/_sandbox/state").body

    @property
    def sent(self) -> list[Mapping[str, Any]]:
        return list(self.state["sent"])

    def settle(self) -> None:
        assert self.steer("settle?seconds=60")["settled"]


@dataclass(slots=True)
class Receiver:
    """A bridge in small: refuses what is not signed, answers `answers` in turn, then empty TwiML,
    and keeps what came."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    requests: list[RawRequest] = field(default_factory=list)

    @property
    def hook(self) -> str:
        return f"{self.url}/hooks/tw"

    def events(self) -> list[Event]:
        inbound = TwilioInbound(account())
        return [event for told in self.requests for event in inbound.parse(told).events]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    app = Flask("receiver")
    inbound = TwilioInbound(account())

    @app.post("/hooks/tw")
    def take() -> Response:
        told = RawRequest(
            method=asked.method,
            url=f"{receiver.url}{asked.full_path.rstrip('?')}",
            headers={name.lower(): value for name, value in asked.headers.items()},
            body=asked.get_data(),
            received_at=NOW,
        )
        inbound.verify(told)
        receiver.requests.append(told)
        status = receiver.answers.pop(0) if receiver.answers else 200
        answer = inbound.accepted(told)
        return Response(answer.body, status, content_type=answer.content_type)

    with served(app) as url:
        receiver.url = url
        yield receiver
