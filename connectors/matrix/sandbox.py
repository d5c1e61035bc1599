"""A stand-in for a homeserver on loopback: checks what a real one checks, pushes transactions."""

import hmac
from collections.abc import Mapping

from flask import Flask, Response, jsonify, request

from connectors.matrix.people import is_user
from connectors.matrix.sandbox_client import add_client
from connectors.matrix.sandbox_page import add_page
from connectors.matrix.sandbox_pushing import Pusher
from connectors.matrix.sandbox_rooms import Answered, add_files, add_rooms, refused
from connectors.matrix.sandbox_world import World
from connectors.sandboxing import Faults, install

REGISTRATION_ID = "bridge"


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds `as_token`, which it asks for, and `hs_token`, with which
    it pushes. `/` shows the clients' phones, `/_sandbox/…` steers it.
    """
    app = Flask(__name__)
    world = World()
    pusher = Pusher(world=world, hs_token=secrets["hs_token"])

    def shown() -> Mapping[str, object]:
        waiting = pusher.waiting.unfinished_tasks
        counts = {"pushed": pusher.pushed, "given_up": pusher.given_up, "waiting": waiting}
        return {**world.shown(), "transactions": counts}

    install(app, Faults(), _full, shown, world.reset)
    _guard(app, world, secrets["as_token"])
    _add_account(app, world)
    _add_ping(app, world, pusher)
    add_rooms(app, world, pusher)
    add_files(app, world)
    add_client(app, world, pusher)
    add_page(app, world, pusher)
    return app


def _full() -> Response:
    answer, status = refused("M_RESOURCE_LIMIT_EXCEEDED", 403, admin_contact="mailto:a@sandbox")
    answer.status_code = status
    return answer


def _guard(app: Flask, world: World, as_token: str) -> None:
    expected = f"Bearer {as_token}".encode()

    @app.before_request
    def check() -> Answered | None:
        if not request.path.startswith("/_matrix/"):
            return None
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogatepass")
        if not given:
            return refused("M_MISSING_TOKEN", 401, "Missing access token")
        if not hmac.compare_digest(given, expected):
            return refused("M_UNKNOWN_TOKEN", 401, "Unrecognised access token")
        if request.path.endswith("/register") or _acts_as(world):
            return None
        return refused("M_FORBIDDEN", 403, "Application service has not registered this user")

    @app.errorhandler(404)
    def unknown(error: Exception) -> Answered:
        return refused("M_UNRECOGNIZED", 404, "Unrecognized request")


def _acts_as(world: World) -> bool:
    return bool(world.user) and request.args.get("user_id", world.user) == world.user


def _add_account(app: Flask, world: World) -> None:
    @app.get("/_matrix/client/v3/account/whoami")
    def whoami() -> Response:
        return jsonify(user_id=world.user, is_guest=False)

    @app.post("/_matrix/client/v3/register")
    def register() -> Answered:
        body = request.get_json(silent=True) or {}
        wanted = request.args.get("user_id", "")
        if body.get("type") != "m.login.application_service" or not is_user(wanted):
            return refused("M_INVALID_USERNAME", 400)
        if world.user:
            return refused("M_USER_IN_USE", 400, "User ID already taken.")
        with world.lock:
            world.user = wanted
        return jsonify(user_id=wanted), 200

    @app.get("/_matrix/client/v3/profile/<user_id>/displayname")
    def displayname(user_id: str) -> Answered:
        name = world.names.get(user_id)
        if name is None:
            return refused("M_NOT_FOUND", 404, "Profile was not found")
        return jsonify(displayname=name), 200


def _add_ping(app: Flask, world: World, pusher: Pusher) -> None:
    @app.post("/_matrix/client/v1/appservice/<appservice_id>/ping")
    def ping(appservice_id: str) -> Answered:
        if appservice_id != REGISTRATION_ID:
            return refused("M_FORBIDDEN", 403, "Mismatching application service ID in path")
        if not world.url:
            return refused("M_URL_NOT_SET", 400)
        body = request.get_json(silent=True) or {}
        status = pusher.ping(str(body.get("transaction_id", "")))
        if status is None:
            return refused("M_CONNECTION_FAILED", 502)
        if status != 200:
            return refused("M_BAD_STATUS", 502, f"HTTP {status}")
        return jsonify(duration_ms=1), 200
