"""The other end in tests: steers the stand-in for Telegram over HTTP, keeps what it posts."""

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
from connectors.telegram.inbound import TelegramInbound
from connectors.telegram.words import ALLOWED_UPDATES
from tests.connectors.telegram.building import BOT_TOKEN, SECRET_TOKEN, account, request
from tests.serving import served

EVA, LUIS = 5001, 5002
GROUP, OLD_GROUP = -1001234567890, -42
BUSINESS = "Zx9_bizconn-1"
TYPED = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Any


@dataclass(slots=True)
class Phone:
    """The stand-in at `url`: Eva has written to the bot and to Ana's own account, and there are two
    groups."""

    url: str

    def __post_init__(self) -> None:
        group = {"title": "Acme & Nortia"}
        self.steer(
            "seed",
            groups=[
                {"id": GROUP, "type": "supergroup", **group},
                {"id": OLD_GROUP, "type": "group", **group},
            ],
            connections=[{"id": BUSINESS, "user": {"id": 9001, "first_name": "Ana"}}],
        )
        self.eva("Hola")
        self.eva("Hola Ana", connection=BUSINESS)

    def eva(self, text: str = "", **fields: Any) -> Mapping[str, Any]:
        """Eva writes; gives the message as the stand-in keeps it."""
        who = {"id": EVA, "first_name": "Eva", "username": "eva_mx"}
        given = {"from": who, **({"text": text} if text else {}), **fields}
        return dict(self.steer("incoming", **given))

    def method(self, name: str, token: str = BOT_TOKEN, **parameters: Any) -> Answered:
        return self.ask("POST", f"/bot{token}/{name}", json.dumps(parameters), TYPED)

    def submit(self, form: str) -> Answered:
        return self.ask("POST", "/", form, FORM)

    def ask(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] = TYPED
    ) -> Answered:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        with closing(connection):
            connection.request(method, path, body.encode(), dict(headers))
            answer = connection.getresponse()
            text = answer.read()
        return Answered(answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text)

    def steer(self, verb: str, **body: object) -> Any:
        answered = self.ask("POST", f"/_sandbox/{verb}", json.dumps(body))
        assert answered.status == 200, answered
        return answered.body

    def fail(self, fault: str, **rule: object) -> None:
        """The fault strikes the next send."""
        self.steer("faults", rules=[{"match": "/send", "fault": fault, "times": 1} | rule])

    @property
    def state(self) -> Any:
        return self.ask("GET", "/_sandbox/state").body

    @property
    def sent(self) -> list[Mapping[str, Any]]:
        return list(self.state["sent"])

    def settle(self) -> None:
        assert self.ask("POST", "/_sandbox/settle?seconds=60").body["settled"]


@dataclass(slots=True)
class Receiver:
    """A bridge in small: answers `answers` in turn, then as a bridge does; keeps what came."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    def events(self) -> list[Event]:
        inbound = TelegramInbound(account())
        bodies = [json.dumps(body).encode() for body in self.bodies]
        return [event for body in bodies for event in inbound.parse(request(body)).events]


@contextmanager
def receiving(phone: Phone) -> Iterator[Receiver]:
    """Posts of the stand-in from now on."""
    receiver = Receiver()
    inbound = TelegramInbound(account())
    app = Flask("receiver")

    @app.post("/<path:_path>")
    def take(_path: str) -> Response:
        receiver.bodies.append(json.loads(asked.get_data()))
        receiver.headers.append({name.lower(): text for name, text in asked.headers})
        if receiver.answers:
            return Response(status=receiver.answers.pop(0))
        given = inbound.accepted(request(asked.get_data()))
        return Response(given.body, given.status, content_type=given.content_type)

    with served(app) as url:
        receiver.url = url
        phone.method(
            "setWebhook",
            url=f"{url}/hooks/tg",
            secret_token=SECRET_TOKEN,
            allowed_updates=ALLOWED_UPDATES,
        )
        phone.settle()
        receiver.bodies.clear()
        yield receiver
        phone.method("deleteWebhook")
