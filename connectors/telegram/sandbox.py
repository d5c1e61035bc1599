"""A stand-in for Telegram's Bot API on loopback: checks what the real one checks, posts updates."""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request

from connectors.sandboxing import Faults, install
from connectors.telegram.sandbox_client import add_client
from connectors.telegram.sandbox_page import add_page
from connectors.telegram.sandbox_posting import Poster
from connectors.telegram.sandbox_sending import METHODS, Given, Refusal, bad, send
from connectors.telegram.sandbox_world import Json, SandboxFile, Webhook, World, is_loopback

_MOST_FILE = 20 * 1024 * 1024
_PORTS = frozenset({80, 88, 443, 8443})
_SECRET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds `bot_token`, which stands in the addresses, and
    `secret_token`, which a seeded webhook is called with. `/` shows the clients' phones,
    `/_sandbox/…` steers it.
    """
    app = Flask(__name__)
    world = World()
    poster = Poster(world=world)

    def shown() -> Json:
        counts = {
            "posted": poster.posted,
            "given_up": poster.given_up,
            "waiting": poster.pending(),
        }
        return {**world.shown(), "webhooks": counts}

    def reset() -> None:
        world.reset()
        poster.forget()

    install(app, Faults(), _flooded, shown, reset)
    _add_methods(app, world, poster, secrets["bot_token"])
    _add_files(app, world, secrets["bot_token"])
    add_client(app, world, poster, secrets["secret_token"])
    add_page(app, world, poster)
    return app


def _flooded() -> Response:
    refusal = Refusal(429, "Too Many Requests: retry after 30", {"retry_after": 30})
    return Response(json.dumps(refusal.answer()), 429, content_type="application/json")


def _add_methods(app: Flask, world: World, poster: Poster, token: str) -> None:
    @app.route("/bot<given>/<method>", methods=["GET", "POST"])
    def call(given: str, method: str) -> tuple[Response, int]:
        try:
            _check(given, token)
            with world.lock:
                result = _call(world, poster, method, _given())
            return jsonify(ok=True, result=result), 200
        except Refusal as refusal:
            return jsonify(refusal.answer()), refusal.status


def _add_files(app: Flask, world: World, token: str) -> None:
    @app.get("/file/bot<given>/<path:path>")
    def file(given: str, path: str) -> Response:
        found = world.files.get(path.rpartition("/")[2].partition(".")[0])
        if not _is_same(given, token) or found is None:
            return Response(status=404)
        return Response(found.content, content_type="application/octet-stream")


def _check(given: str, token: str) -> None:
    if not _is_same(given, token):
        raise Refusal(401, "Unauthorized")


def _is_same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


def _given() -> Given:
    """Parameters come as JSON, as a form, or in the query; files with a form."""
    if request.is_json:
        values = request.get_json(silent=True)
        if not isinstance(values, dict):
            raise bad("can't parse JSON object")
        return Given(values=values)
    values = {key: _plain(text) for key, text in {**request.args, **request.form}.items()}
    files = {
        key: SandboxFile(name=file.filename or "", content_type=file.mimetype, content=file.read())
        for key, file in request.files.items()
    }
    return Given(values=values, files=files)


def _plain(text: str) -> Any:
    return json.loads(text) if text[:1] in ("{", "[") else text


def _call(world: World, poster: Poster, method: str, given: Given) -> Any:
    if method in METHODS:
        return send(world, poster, method, given)
    others: Mapping[str, Callable[[], Any]] = {
        "getMe": lambda: world.bot,
        "getWebhookInfo": lambda: _webhook_info(world, poster),
        "setWebhook": lambda: _set_webhook(world, poster, given),
        "deleteWebhook": lambda: _delete_webhook(world),
        "getFile": lambda: _file(world, given.text("file_id")),
        "getBusinessConnection": lambda: _connection(world, given.text("business_connection_id")),
        "answerCallbackQuery": lambda: _answered(world, given.text("callback_query_id")),
    }
    if method not in others:
        raise Refusal(404, "Not Found: method not found")
    return others[method]()


def _delete_webhook(world: World) -> bool:
    world.webhook = Webhook()
    return True


def _answered(world: World, query: str) -> bool:
    world.answered.append(query)
    return True


def _webhook_info(world: World, poster: Poster) -> Json:
    webhook = world.webhook
    info: Json = {
        "url": webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": poster.pending(),
    }
    if webhook.url:
        info |= {"max_connections": webhook.connections, "ip_address": "127.0.0.1"}
    if webhook.allowed is not None:
        info["allowed_updates"] = list(webhook.allowed)
    if webhook.failed_at is not None:
        info |= {"last_error_date": _seconds(webhook.failed_at)}
        info |= {"last_error_message": webhook.error}
    return info


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _set_webhook(world: World, poster: Poster, given: Given) -> bool:
    url, secret = given.text("url"), given.text("secret_token")
    if url:
        _check_address(url)
    if len(secret) > 256 or not set(secret) <= _SECRET:
        raise bad("secret token contains unallowed characters")
    allowed, connections = given.values.get("allowed_updates"), given.whole("max_connections")
    if connections is not None and not 1 <= connections <= 100:
        raise bad("max_connections must be between 1 and 100")
    world.webhook = Webhook(
        url=url,
        secret=secret,
        allowed=tuple(allowed) if allowed else world.webhook.allowed,
        connections=connections or 40,
    )
    poster.has_address()
    return True


def _check_address(url: str) -> None:
    """As the vendor does, but for loopback, where it would never call."""
    if is_loopback(url):
        return
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in _PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _file(world: World, file_id: str) -> Json:
    file = world.files.get(file_id)
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(file.content) > _MOST_FILE:
        raise bad("file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": f"AQAD{file_id[-8:]}",
        "file_size": len(file.content),
        "file_path": f"documents/{file_id}.bin",
    }


def _connection(world: World, connection_id: str) -> Json:
    found = world.connections.get(connection_id)
    if found is None:
        raise bad("business connection not found")
    return found
