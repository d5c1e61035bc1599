"""The other end in tests: steers the stand-in for Meta over HTTP, keeps what it posts."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response
from flask import request as asked

from bridge.domain.events import Event
from connectors.whatsapp.inbound import WhatsAppInbound
from tests.connectors.whatsapp.building import CLIENT, NUMBER, TOKEN, account, request
from tests.serving import served

TEMPLATE = {
    "id": "920070352646140",
    "name": "promo",
    "language": "en_US",
    "status": "APPROVED",
    "category": "MARKETING",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Fall Sale"},
        {"type": "BODY", "text": "Hi {{1}}, use {{2}}"},
        {"type": "FOOTER", "text": "Not interested? Tap Stop"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop"}]},
    ],
}


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Any

    @property
    def code(self) -> int | None:
        found = self.body.get("error", {}).get("code")
        return found if isinstance(found, int) else None


@dataclass(slots=True)
class Meta:
    """The stand-in at `url`, a number of ours and a template loaded."""

    url: str

    def __post_init__(self) -> None:
        self.steer("seed", numbers=[{"id": NUMBER}], templates=[TEMPLATE])

    def call(self, method: str, path: str, body: object = None, token: str = TOKEN) -> Answered:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self.ask(method, path, json.dumps(body), headers)

    def send(self, **fields: Any) -> Answered:
        """A text to the client but for what is given; None leaves a field out."""
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": CLIENT,
            "type": "text",
            "text": {"body": "Buenas"},
        } | fields
        given = {key: value for key, value in body.items() if value is not None}
        return self.call("POST", f"/v23.0/{NUMBER}/messages", given)

    def submit(self, form: str) -> Answered:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", "/", form, kind)

    def ask(
        self, method: str, path: str, body: str | bytes, headers: Mapping[str, str]
    ) -> Answered:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        with closing(connection):
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read()
        return Answered(answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text)

    def steer(self, deed: str, **body: Any) -> Any:
        answered = self.call("POST", f"/_sandbox/{deed}", body)
        assert answered.status == 200, answered
        return answered.body

    def state(self) -> Any:
        return self.call("GET", "/_sandbox/state").body

    def sent(self) -> list[Any]:
        found: list[Any] = self.state()["sent"]
        return found

    def fail(self, fault: str, match: str = "/messages", **rule: Any) -> None:
        self.steer("faults", rules=[{"fault": fault, "match": match, **rule}])

    def writes(self, text: str = "Hola", **more: Any) -> str:
        """The client writes; gives the message's id."""
        told = self.steer("incoming", number_id=NUMBER, wa_id=CLIENT, text=text, **more)
        return str(told["id"])

    def settle(self) -> None:
        assert self.call("POST", "/_sandbox/settle?seconds=30").body["settled"]


@dataclass(slots=True)
class Post:
    """What was posted to the bridge's address, the proof of each request checked."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    refusals: int = 0  # so many requests are refused first

    def events(self) -> list[Event]:
        inbound = WhatsAppInbound(account())
        return [event for body in self.bodies for event in inbound.parse(request(body)).events]


@contextmanager
def listening() -> Iterator[Post]:
    """The bridge's address on loopback, with the connector's own door."""
    post = Post()
    inbound = WhatsAppInbound(account())
    app = Flask(__name__)

    @app.get("/hooks/wa")
    def greet() -> Response:
        answer = inbound.handshake(replace(request(method="GET"), url=asked.url))
        return Response(answer.body if answer else b"", 200 if answer else 401)

    @app.post("/hooks/wa")
    def take() -> Response:
        body = asked.get_data()
        inbound.verify(request(body, signed=asked.headers.get("X-Hub-Signature-256", "")))
        if post.refusals:
            post.refusals -= 1
            return Response(status=503)
        post.bodies.append(body)
        return Response()

    with served(app) as url:
        post.url = f"{url}/hooks/wa"
        yield post
