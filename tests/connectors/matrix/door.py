"""A door of the bridge without the bridge: takes what is pushed as the connector takes it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from bridge.domain.errors import SignatureInvalid
from bridge.ports import Parsed, RawRequest
from connectors.matrix.inbound import MatrixInbound
from tests.connectors.matrix.building import NOW, PUBLIC, account
from tests.serving import served


@dataclass(slots=True)
class Door:
    """`refusals` calls are answered 503 first."""

    url: str = ""
    refusals: int = 0
    taken: list[RawRequest] = field(default_factory=list)
    refused: list[RawRequest] = field(default_factory=list)
    pings: list[RawRequest] = field(default_factory=list)

    def parsed(self) -> list[Parsed]:
        inbound = MatrixInbound(account())
        return [inbound.parse(told) for told in self.taken]

    def events(self) -> list[Any]:
        return [event for parsed in self.parsed() for event in parsed.events]

    def transactions(self) -> list[Any]:
        return [json.loads(told.body) for told in self.taken]


@contextmanager
def opened() -> Iterator[Door]:
    app = Flask("door")
    door = Door()

    @app.route("/hooks/<path:rest>", methods=["GET", "POST", "PUT"])
    def take(rest: str) -> Response:
        told = RawRequest(
            method=request.method,
            url=f"{PUBLIC}/hooks/{rest}",
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.get_data(),
            received_at=NOW,
        )
        return _answered(door, told)

    with served(app) as url:
        door.url = f"{url}/hooks/mx"
        yield door


def _answered(door: Door, told: RawRequest) -> Response:
    inbound = MatrixInbound(account())
    challenge = inbound.handshake(told)
    if challenge is not None:
        door.pings.append(told)
        return Response(challenge.body, challenge.status, content_type=challenge.content_type)
    try:
        inbound.verify(told)
    except SignatureInvalid:
        return Response(status=401)
    if door.refusals > 0:
        door.refusals -= 1
        door.refused.append(told)
        return Response(status=503)
    door.taken.append(told)
    answer = inbound.accepted(told)
    return Response(answer.body, answer.status, content_type=answer.content_type)
