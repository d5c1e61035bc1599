"""A stand-in for Meta's Graph API on loopback: checks what the real one checks, calls webhooks."""

import hmac
from collections.abc import Mapping

from flask import Flask, Response, jsonify, request

from connectors.sandboxing import Faults, install
from connectors.whatsapp.inbound import OBJECT
from connectors.whatsapp.sandbox_client import add_client
from connectors.whatsapp.sandbox_page import add_page
from connectors.whatsapp.sandbox_posting import Poster
from connectors.whatsapp.sandbox_sending import Refusal, add_sending
from connectors.whatsapp.sandbox_world import APP_ID, LINKS_LIVE, WABA_ID, World


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds `access_token` and `app_secret`, which it asks for, and
    `verify_token`. `/` shows the clients' phones, `/_sandbox/…` steers it. Its account is
    102290129340398, its app 1234567890123456.
    """
    app = Flask(__name__)
    world = World()
    poster = Poster(world=world, app_secret=secrets["app_secret"])

    def shown() -> Mapping[str, object]:
        waiting = poster.waiting.unfinished_tasks
        counts = {"posted": poster.posted, "given_up": poster.given_up, "waiting": waiting}
        return {**world.shown(), "webhooks": counts}

    install(app, Faults(), _quota, shown, world.reset)
    _guard(app, secrets["access_token"], secrets["app_secret"])
    _add_account(app, world)
    _add_app(app, world, poster)
    add_sending(app, world, poster)
    _add_files(app, world)
    add_client(app, world, poster)
    add_page(app, world, poster)
    return app


def _quota() -> Response:
    answer, status = Refusal(80007, "Rate limit issues", 403).answer()
    answer.status_code = status
    return answer


def _guard(app: Flask, access_token: str, app_secret: str) -> None:
    """The access token opens all but the app's own webhook, which only the app may see."""
    token, own = (f"Bearer {word}".encode() for word in (access_token, f"{APP_ID}|{app_secret}"))

    @app.before_request
    def check() -> None:
        if not request.path.startswith(("/v", "/media/")):
            return
        expected = own if request.path.endswith("/subscriptions") else token
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, expected):
            raise Refusal(190, "Invalid OAuth access token", 401)


def _add_account(app: Flask, world: World) -> None:
    @app.get("/<version>/<account>/phone_numbers")
    def numbers(version: str, account: str) -> Response:
        _check_account(account)
        return jsonify(data=[{"id": key, **number} for key, number in world.numbers.items()])

    @app.get("/<version>/<account>/message_templates")
    def templates(version: str, account: str) -> Response:
        _check_account(account)
        return jsonify(data=world.templates)

    @app.get("/<version>/<account>/subscribed_apps")
    def subscribed(version: str, account: str) -> Response:
        _check_account(account)
        ours = {"whatsapp_business_api_data": {"id": APP_ID, "name": "bridge"}}
        return jsonify(data=[ours] if world.subscribed else [])

    @app.post("/<version>/<account>/subscribed_apps")
    def subscribe(version: str, account: str) -> Response:
        _check_account(account)
        with world.lock:
            world.subscribed = True
        return jsonify(success=True)


def _check_account(account: str) -> None:
    if account != WABA_ID:
        raise Refusal(100, "Unsupported get request. Object does not exist.", 400, 33)


def _add_app(app: Flask, world: World, poster: Poster) -> None:
    @app.get("/<version>/<app_id>/subscriptions")
    def subscription(version: str, app_id: str) -> Response:
        if not world.address:
            return jsonify(data=[])
        names = [{"name": name, "version": version} for name in world.fields]
        found = {"object": OBJECT, "callback_url": world.address, "active": True, "fields": names}
        return jsonify(data=[found])

    @app.post("/<version>/<app_id>/subscriptions")
    def point_webhook(version: str, app_id: str) -> Response:
        address = request.form.get("callback_url", "")
        if request.form.get("object") != OBJECT:
            raise Refusal(100, "The parameter object is required.")
        if not poster.accepts(address, request.form.get("verify_token", "")):
            raise Refusal(2200, "Callback verification failed")
        with world.lock:
            world.address = address
            world.fields = tuple(request.form.get("fields", "").split(","))
        return jsonify(success=True)


def _add_files(app: Flask, world: World) -> None:
    @app.get("/<version>/<node>")
    def node(version: str, node: str) -> Response:
        """The account, or a file's link, which lives for five minutes."""
        if node == WABA_ID:
            return jsonify(id=WABA_ID, name="Acme")
        file = world.file(node)
        if file is None:
            raise Refusal(100, "Unsupported get request. Object does not exist.", 400, 33)
        until = int((world.now() + LINKS_LIVE).timestamp())
        return jsonify(
            messaging_product="whatsapp",
            url=f"{request.host_url}media/{node}?until={until}",
            mime_type=file.content_type,
            sha256=file.sha256.hex(),
            file_size=str(len(file.content)),
            id=node,
        )

    @app.get("/media/<media_id>")
    def download(media_id: str) -> Response:
        file = world.file(media_id)
        if file is None or request.args.get("until", 0, int) < world.now().timestamp():
            return Response(status=404)
        return Response(file.content, content_type=file.content_type)
