"""A stand-in for Twilio's APIs on loopback: checks what the real ones check, calls webhooks."""

import base64
import hmac
from collections.abc import Mapping

from flask import Flask, Response, request

from connectors.sandboxing import Faults, install
from connectors.twilio.sandbox_client import add_client
from connectors.twilio.sandbox_page import add_page
from connectors.twilio.sandbox_posting import Poster
from connectors.twilio.sandbox_sending import Refusal, add_sending
from connectors.twilio.sandbox_settings import add_settings
from connectors.twilio.sandbox_world import World

_APIS = ("/2010-04-01/", "/v1/", "/v2/")


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds `account_sid` and `auth_token`, which it asks for and signs
    its webhooks with. `/` shows the clients' phones, `/_sandbox/…` steers it.
    """
    app = Flask(__name__)
    world = World()
    sid, token = secrets["account_sid"], secrets["auth_token"]
    poster = Poster(world=world, account_sid=sid, auth_token=token)

    def shown() -> Mapping[str, object]:
        waiting = poster.waiting.unfinished_tasks
        counts = {"posted": poster.posted, "given_up": poster.given_up, "waiting": waiting}
        return {**world.shown(), "webhooks": counts}

    install(app, Faults(), _daily_limit, shown, world.reset)
    _guard(app, sid, token)
    add_sending(app, world, poster)
    add_settings(app, world, sid)
    add_client(app, world, poster)
    add_page(app, world, poster)
    return app


def _daily_limit() -> Response:
    said = "Account exceeded the daily messages limit"
    answer, status = Refusal(63038, said, 429).answer()
    answer.status_code = status
    return answer


def _guard(app: Flask, sid: str, token: str) -> None:
    expected = b"Basic " + base64.b64encode(f"{sid}:{token}".encode())

    @app.before_request
    def check() -> tuple[Response, int] | None:
        if not request.path.startswith(_APIS):
            return None
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, expected):
            return Refusal(20003, "Authenticate", 401).answer()
        of_account = (request.view_args or {}).get("account_sid", sid)
        if of_account != sid:
            return Refusal(20404, "The requested resource was not found", 404).answer()
        return None
