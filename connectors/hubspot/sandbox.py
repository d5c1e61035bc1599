"""A stand-in for HubSpot on loopback: its API, its webhooks, and a page that shows the CRM."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from flask import Flask, Response, jsonify, request

from connectors.hubspot.sandbox_crm import Crm, must_find
from connectors.hubspot.sandbox_limits import Limits, daily_quota
from connectors.hubspot.sandbox_links import add_link_routes
from connectors.hubspot.sandbox_objects import add_object_routes, body, kind_of
from connectors.hubspot.sandbox_page import page
from connectors.hubspot.sandbox_records import Settings, Source
from connectors.hubspot.sandbox_schema import Refused
from connectors.hubspot.sandbox_setup import add_setup_routes, seed
from connectors.hubspot.sandbox_webhooks import Target, Webhooks
from connectors.hubspot.sandbox_writes import create, details, shown, update
from connectors.sandboxing import Faults, install


def sandbox(secrets: Mapping[str, str]) -> Flask:
    """The application; `secrets` holds the access_token that calls have to bear.

    Beside HubSpot's paths: `/` shows contacts, deals and timeline; `/_sandbox/state`, `/faults`
    and `/reset` as every sandbox; `/_sandbox/seed` (see `seed`), `/_sandbox/settings` (see
    Settings), `/_sandbox/webhooks` (POST the fields of Target; DELETE ends them), and what a person
    does in HubSpot's pages: `/_sandbox/change` (POST {kind, id, properties, user}; without id it
    makes one), `/_sandbox/delete` (POST {kind, id, privacy}), `/_sandbox/merge` (POST {kind,
    primary, others}).
    """
    app = Flask("hubspot-sandbox")
    crm, webhooks = Crm(), Webhooks()
    crm.listener = webhooks.listen

    def reset() -> None:
        webhooks.aim(None)
        crm.clear()

    def state() -> Mapping[str, Any]:
        return {**crm.state(), "webhooks": webhooks.shown()}

    install(app, Faults(), daily_quota, state, reset)
    _add_guards(app, crm, secrets["access_token"])
    add_object_routes(app, crm)
    add_link_routes(app, crm)
    add_setup_routes(app, crm)
    _add_control(app, crm, webhooks)
    _add_people(app, crm)
    app.add_url_rule("/", "crm_page", lambda: _html(page(crm)))
    return app


def _html(shown: str) -> Response:
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(shown, headers=headers, content_type="text/html; charset=utf-8")


def _add_guards(app: Flask, crm: Crm, token: str) -> None:
    limits = Limits()

    @app.before_request
    def guard() -> Response | None:
        if not request.path.startswith(("/crm/", "/account-info/")):
            return None
        with crm.lock:
            crm.calls[f"{request.method} {request.path}"] += 1
        if request.headers.get("Authorization") != f"Bearer {token}":
            message = "Authentication credentials not found or not valid"
            return _refused(Refused(401, "INVALID_AUTHENTICATION", message))
        return limits.refusal(crm.settings, request.path)

    @app.url_value_preprocessor
    def without_version(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values is not None:
            values.pop("version", None)

    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return _refused(error)

    @app.errorhandler(KeyError)
    @app.errorhandler(TypeError)
    def unreadable(error: Exception) -> Response:
        return _refused(Refused(400, "VALIDATION_ERROR", f"Invalid input JSON: {error}"))


def _refused(error: Refused) -> Response:
    answer = jsonify(
        status="error",
        message=error.message,
        correlationId="00000000-0000-4000-8000-000000000400",
        category=error.category,
        errors=details(error),
        context=error.context,
    )
    answer.status_code = error.status
    return answer


def _add_control(app: Flask, crm: Crm, webhooks: Webhooks) -> None:
    @app.post("/_sandbox/seed")
    def load() -> Response:
        with crm.lock:
            return jsonify(seed(crm, body()))

    @app.post("/_sandbox/settings")
    def settings() -> tuple[Response, int]:
        given = body()
        unknown = given.keys() - {field.name for field in fields(Settings)}
        if unknown:
            return jsonify(error=f"unknown: {', '.join(sorted(unknown))}"), 400
        with crm.lock:
            crm.settings = Settings(**{**vars(crm.settings), **given})
        return jsonify(vars(crm.settings)), 200

    @app.post("/_sandbox/webhooks")
    def aim() -> Response:
        webhooks.aim(Target(**body()))
        return jsonify(ok=True)

    @app.delete("/_sandbox/webhooks")
    def stop() -> Response:
        webhooks.aim(None)
        return jsonify(ok=True)


def _add_people(app: Flask, crm: Crm) -> None:
    def person() -> Source:
        return Source("CRM_UI", str(body().get("user", "1")))

    @app.post("/_sandbox/change")
    def change() -> Response:
        given = body()
        with crm.lock:
            kind = kind_of(crm, given["kind"])
            write = update if "id" in given else create
            return jsonify(write(crm, kind, given, person()))

    @app.post("/_sandbox/delete")
    def delete() -> Response:
        given = body()
        with crm.lock:
            record = must_find(crm, kind_of(crm, given["kind"]), given["id"])
            crm.remove(record, person(), privacy=bool(given.get("privacy")))
        return jsonify(ok=True)

    @app.post("/_sandbox/merge")
    def merge() -> Response:
        given = body()
        with crm.lock:
            kind = kind_of(crm, given["kind"])
            others = [must_find(crm, kind, one) for one in given["others"]]
            survivor = crm.merge(must_find(crm, kind, given["primary"]), others, person())
        return jsonify(shown(survivor))
