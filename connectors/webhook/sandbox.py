"""A reference CRM and messenger on loopback: the other side of the generic webhook, in small."""

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Flask, Response, jsonify, request

from bridge.domain.errors import SignatureInvalid
from bridge.payload import Payload
from connectors.sandboxing import Faults, install
from connectors.standard_webhooks import verify
from connectors.webhook.forms import read
from connectors.webhook.orders import ORDERS, PING, QUESTIONS
from connectors.webhook.sandbox_client import add_client
from connectors.webhook.sandbox_orders import Refusal, do
from connectors.webhook.sandbox_page import add_page
from connectors.webhook.sandbox_posting import Poster
from connectors.webhook.sandbox_questions import answer
from connectors.webhook.sandbox_world import Body, World

Answered = tuple[Response, int]


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds `signing_secret`, by which it checks and signs. It takes
    orders at `/`, shows its page there, and is steered by `/_sandbox/…`."""
    app = Flask(__name__)
    world = World()
    secret = secrets["signing_secret"]
    poster = Poster(world, secret)

    def shown() -> Mapping[str, object]:
        return {**world.shown(), "webhooks": poster.counts()}

    install(app, Faults(), _over_quota, shown, world.reset)
    _add_orders(app, world, poster, secret)
    add_client(app, world, poster)
    add_page(app, world, poster)
    return app


def _over_quota() -> Response:
    made, status = _refused(403, "quota")
    made.status_code = status
    made.headers["Retry-After"] = "3600"
    return made


def _add_orders(app: Flask, world: World, poster: Poster, secret: str) -> None:
    @app.post("/")
    def take() -> Answered:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            message_id = verify([secret], headers, request.get_data(), datetime.now(UTC))
        except SignatureInvalid:
            return _refused(401, "signature")
        body = Payload.from_bytes(request.get_data())
        word = body.at("type").text()
        if word in ORDERS:
            return _ordered(world, poster, message_id, body)
        if word in QUESTIONS or word == PING:
            return _asked(world, word, body)
        return _refused(501, "not_offered")


def _ordered(world: World, poster: Poster, message_id: str, body: Payload) -> Answered:
    """Each id is done once; who asks again hears what came of it. What was refused is not
    remembered, so that it may be tried again."""
    order = read(ORDERS[body.at("type").text()], body.at("data"), strict=False)
    with world.lock:
        before = world.done.get(message_id)
        if before is not None:
            world.repeats += 1
            return jsonify(before), 200
        try:
            made: Body = do(world, poster, order)
        except Refusal as refusal:
            return _refused(refusal.status, refusal.code)
        world.done[message_id] = made
    return jsonify(made), 200


def _asked(world: World, word: str, body: Payload) -> Answered:
    if word == PING:
        return jsonify(ok=True), 200
    question = read(QUESTIONS[word][0], body.at("data"), strict=False)
    with world.lock:
        found = answer(world, word, question)
    return _refused(501, "not_offered") if found is None else (jsonify(found), 200)


def _refused(status: int, code: str) -> Answered:
    return jsonify(error={"code": code}), status
