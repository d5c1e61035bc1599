"""A stand-in for Wazzup's API v3 on loopback: checks what the real one checks, calls webhooks."""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request

from bridge.domain.errors import PayloadInvalid
from bridge.payload import Payload
from connectors.sandboxing import Faults, install
from connectors.wazzup.sandbox_client import add_client
from connectors.wazzup.sandbox_page import add_page
from connectors.wazzup.sandbox_posting import Poster
from connectors.wazzup.sandbox_records import Answered, add_records, refused
from connectors.wazzup.sandbox_sending import add_sending
from connectors.wazzup.sandbox_world import World

MAX_ADDRESS = 200
_SWITCHES = ("messagesAndStatuses", "contactsAndDealsCreation", "channelsUpdates", "templateStatus")


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds `api_key`, which it asks for, and `webhook_key`, with which
    it calls the registered address. `/` shows the clients' phones, `/_sandbox/…` steers it.
    """
    app = Flask(__name__)
    world = World()
    poster = Poster(world=world, webhook_key=secrets["webhook_key"])

    def shown() -> Mapping[str, object]:
        waiting = poster.waiting.unfinished_tasks
        counts = {"posted": poster.posted, "given_up": poster.given_up, "waiting": waiting}
        return {**world.shown(), "webhooks": counts}

    install(app, Faults(), _forbidden, shown, world.reset)
    _guard(app, world, secrets["api_key"])
    _add_channels(app, world)
    _add_templates(app, world)
    _add_subscription(app, world, poster)
    add_sending(app, world, poster)
    add_records(app, world)
    add_client(app, world, poster)
    add_page(app, world, poster)
    return app


def _forbidden() -> Response:
    answer, status = refused("FORBIDDEN", 403)
    answer.status_code = status
    return answer


def _guard(app: Flask, world: World, api_key: str) -> None:
    expected = f"Bearer {api_key}".encode()

    @app.before_request
    def check() -> Answered | None:
        if not request.path.startswith("/v3/"):
            return None
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, expected):
            return refused("UNAUTHORIZED", 401)
        return None if world.within_rate() else (jsonify({}), 429)


def _add_channels(app: Flask, world: World) -> None:
    @app.get("/v3/channels")
    def channels() -> Response:
        return jsonify([channel.as_vendor() for channel in world.channels.values()])


def _add_templates(app: Flask, world: World) -> None:
    @app.get("/v3/templates/whatsapp")
    def templates() -> Response:
        start, most = request.args.get("offset", 0, int), request.args.get("limit", 100, int)
        return jsonify(list(world.templates.values())[start : start + most])


def _add_subscription(app: Flask, world: World, poster: Poster) -> None:
    @app.get("/v3/webhooks")
    def subscription() -> Response:
        known = {switch: world.subscriptions.get(switch, False) for switch in _SWITCHES}
        # A live account answers this switch under a name that PATCH does not take.
        known["wabaTemplatesStatus"] = known.pop("templateStatus")
        return jsonify(webhooksUri=world.address or None, subscriptions=known)

    @app.patch("/v3/webhooks")
    def subscribe() -> Answered:
        try:
            body = Payload.from_bytes(request.get_data())
            address = body.text_or("webhooksUri", world.address)
            switches = _switches(body.get("subscriptions"))
        except PayloadInvalid:
            return refused("VALIDATION_ERROR", 400)
        if urlsplit(address).scheme not in ("http", "https") or len(address) > MAX_ADDRESS:
            return refused("uriNotValid", 400)
        answered = poster.now(address, {"test": True})
        if answered != 200:
            return refused("testPostNotPassed", 400, {"status": answered})
        with world.lock:
            world.address = address
            world.subscriptions.update(switches)
        return jsonify(ok=True), 200


def _switches(given: Payload | None) -> Mapping[str, bool]:
    if given is None:
        return {}
    return {key: given.at(key).boolean() for key in _SWITCHES if given.has(key)}
