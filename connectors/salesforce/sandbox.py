"""A stand-in for a Salesforce org on loopback: sign-in, REST, outbound messages, and a page."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import unquote

from flask import Flask, Response, jsonify, request

from connectors.salesforce.sandbox_composite import Collections, Composite
from connectors.salesforce.sandbox_ids import long_id
from connectors.salesforce.sandbox_login import LoginRefused, Logins, user_info
from connectors.salesforce.sandbox_org import ORGANIZATION, Org, Settings
from connectors.salesforce.sandbox_page import add_page
from connectors.salesforce.sandbox_people import change, convert, merge, remove, restore
from connectors.salesforce.sandbox_rest import Ask, Reply, Rest, refused
from connectors.salesforce.sandbox_schema import Refused
from connectors.salesforce.sandbox_seed import furnish, seed
from connectors.salesforce.sandbox_webhooks import Target, Webhooks
from connectors.sandboxing import Faults, install

OLDEST_VERSION, NEWEST_VERSION = 31, 67
MAX_URI = 16_384
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds client_id, and client_secret or private_key or both.

    Beside Salesforce's paths: `/` shows the org, `/_sandbox/state`, `/faults` and `/reset` as every
    sandbox; `/_sandbox/seed` (see `seed`), `/_sandbox/settings` (see Settings), `/_sandbox/expire`
    (ends all tokens), `/_sandbox/lock` (POST {id, times}: so often a write finds that record
    locked), `/_sandbox/webhooks` (POST the fields of Target, or a list of such; DELETE ends them),
    and what a person does in the org's pages: `/_sandbox/change`, `/delete`, `/restore`, `/merge`,
    `/convert` (see sandbox_people).
    """
    app = Flask("salesforce-sandbox")
    org = Org()
    logins, webhooks = Logins(org, secrets), Webhooks(org)
    org.listener = webhooks.listen
    furnish(org)

    def reset() -> None:
        webhooks.aim(())
        with org.lock:
            org.clear()
            furnish(org)
            logins.clear()

    def state() -> Mapping[str, Any]:
        with org.lock:
            return {**org.state(), "logins": logins.shown(), "webhooks": webhooks.shown()}

    install(app, Faults(), lambda: _response(refused(_quota())), state, reset)
    _add_login(app, org, logins)
    _add_rest(app, org, logins)
    _add_control(app, org, logins)
    _add_webhooks(app, webhooks)
    _add_people(app, org)
    add_page(app, org)
    return app


def _quota() -> Refused:
    return Refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def _response(reply: Reply) -> Response:
    answer = Response(status=reply.status) if reply.body is None else jsonify(reply.body)
    answer.status_code = reply.status
    answer.headers.extend(reply.headers)
    return answer


def _own_url() -> str:
    return request.host_url.rstrip("/")


def _add_login(app: Flask, org: Org, logins: Logins) -> None:
    @app.post("/services/oauth2/token")
    def token() -> tuple[Response, int]:
        form = {**request.args.to_dict(), **request.form.to_dict()}
        with org.lock:
            try:
                basic = request.headers.get("Authorization", "")
                return jsonify(logins.sign_in(form, basic, _own_url())), 200
            except LoginRefused as error:
                return jsonify(error.shown()), 400

    @app.get("/services/oauth2/userinfo")
    def info() -> Response:
        with org.lock:
            try:
                logins.check(request.headers.get("Authorization", ""))
            except Refused:
                return Response("Bad_OAuth_Token", 403, content_type="text/plain")
            return jsonify(user_info(org))


def _add_rest(app: Flask, org: Org, logins: Logins) -> None:
    collections = Collections(org)

    def composite(ask: Ask) -> Reply:
        if len(ask.path) == 1:
            return Composite(org, rest.answer).answer(ask)
        return collections.answer(ask) if ask.path[1] == "sobjects" else refused(_no_resource())

    rest = Rest(org, {"composite": composite})

    @app.route("/services/data/v<version>/<path:path>", methods=_METHODS)
    def data(version: str, path: str) -> Response:
        ask = _ask(version)
        with org.lock:
            org.calls[f"{request.method} {request.path}"] += 1
            reply = _guarded(org, logins, ask) or rest.answer(ask)
            answer = _response(reply)
            used, most = org.calls_today, org.settings.daily_limit
        answer.headers["Sforce-Limit-Info"] = f"api-usage={used}/{most}"
        return answer


def _guarded(org: Org, logins: Logins, ask: Ask) -> Reply | None:
    """What is said before the resource is looked at."""
    try:
        logins.check(request.headers.get("Authorization", ""))
        _check_version(ask.version)
        if len(request.environ["RAW_URI"]) > MAX_URI:
            raise Refused(414, "URI_TOO_LONG", "The requested URI is too long")
        if org.calls_today >= org.settings.daily_limit:
            raise _quota()
    except Refused as error:
        return refused(error)
    org.calls_today += 1
    return None


def _check_version(version: str) -> None:
    whole, _, rest = version.partition(".")
    if not whole.isdigit() or rest != "0" or int(whole) > NEWEST_VERSION:
        raise _no_resource()
    if int(whole) < OLDEST_VERSION:
        raise Refused(410, "UNSUPPORTED_API_VERSION", "The requested API version is retired")


def _no_resource() -> Refused:
    return Refused(404, "NOT_FOUND", "The requested resource does not exist")


def _ask(version: str) -> Ask:
    """The path as it came, so that a slash within an external id stays one."""
    raw = str(request.environ["RAW_URI"]).split("?")[0].strip("/").split("/")
    return Ask(
        method=request.method,
        version=version,
        path=tuple(unquote(part) for part in raw[3:]),
        params=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.get_data(),
    )


def _add_control(app: Flask, org: Org, logins: Logins) -> None:
    @app.errorhandler(Refused)
    def wrong(error: Refused) -> Response:
        return _response(refused(error))

    @app.post("/_sandbox/seed")
    def load() -> Response:
        with org.lock:
            return jsonify(seed(org, request.get_json()))

    @app.post("/_sandbox/settings")
    def settings() -> tuple[Response, int]:
        given = request.get_json()
        unknown = given.keys() - {field.name for field in fields(Settings)}
        if unknown:
            return jsonify(error=f"unknown: {', '.join(sorted(unknown))}"), 400
        with org.lock:
            org.settings = Settings(**{**vars(org.settings), **given})
            return jsonify({**vars(org.settings), "organization_id": ORGANIZATION}), 200

    @app.post("/_sandbox/expire")
    def expire() -> Response:
        with org.lock:
            return jsonify(expired=logins.expire())

    @app.post("/_sandbox/lock")
    def lock() -> Response:
        given = request.get_json()
        with org.lock:
            org.locks[long_id(given["id"])] = int(given.get("times", 1))
        return jsonify(ok=True)


def _add_webhooks(app: Flask, webhooks: Webhooks) -> None:
    @app.post("/_sandbox/webhooks")
    def aim() -> Response:
        given = request.get_json()
        targets = given if isinstance(given, list) else [given]
        webhooks.aim([Target(**one) for one in targets])
        return jsonify(ok=True)

    @app.delete("/_sandbox/webhooks")
    def stop() -> Response:
        webhooks.aim(())
        return jsonify(ok=True)


def _add_people(app: Flask, org: Org) -> None:
    def add(name: str, done: Callable[[Org, Mapping[str, Any]], Any]) -> None:
        def view() -> Response:
            with org.lock:
                try:
                    return jsonify(done(org, request.get_json()))
                except (KeyError, TypeError) as error:
                    return _response(refused(Refused(400, "MISSING_ARGUMENT", f"without {error}")))

        app.add_url_rule(f"/_sandbox/{name}", f"person_{name}", view, methods=["POST"])

    add("change", change)
    add("delete", remove)
    add("restore", restore)
    add("merge", merge)
    add("convert", convert)
