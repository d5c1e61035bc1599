"""JSON under /api/v1: every route comes from a table, and so does its description."""

import re
import time
from collections.abc import Callable

import structlog
from flask import Blueprint, Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from bridge import __version__
from bridge.codec import encode
from bridge.domain.errors import ConfigError
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.parts import Parts
from bridge.web.api import stream
from bridge.web.api.audit import ROUTES as AUDIT
from bridge.web.api.business import ROUTES as BUSINESS
from bridge.web.api.channels import ROUTES as CHANNELS
from bridge.web.api.client_actions import ROUTES as CLIENT_ACTIONS
from bridge.web.api.client_files import ROUTES as CLIENT_FILES
from bridge.web.api.clients import ROUTES as CLIENTS
from bridge.web.api.config import ROUTES as CONFIG
from bridge.web.api.conversations import ROUTES as CONVERSATIONS
from bridge.web.api.dead_letters import ROUTES as DEAD_LETTERS
from bridge.web.api.deliveries import ROUTES as DELIVERIES
from bridge.web.api.description import describe
from bridge.web.api.embedding import ROUTES as EMBEDDING
from bridge.web.api.employees import ROUTES as EMPLOYEES
from bridge.web.api.erasing import ROUTES as ERASING
from bridge.web.api.events import ROUTES as EVENTS
from bridge.web.api.export import ROUTES as EXPORT
from bridge.web.api.files import ROUTES as FILES
from bridge.web.api.helping import ROUTES as HELPING
from bridge.web.api.keys import ROUTES as KEYS
from bridge.web.api.messages import ROUTES as MESSAGES
from bridge.web.api.new_clients import ROUTES as NEW_CLIENTS
from bridge.web.api.notes import ROUTES as NOTES
from bridge.web.api.notifications import ROUTES as NOTIFICATIONS
from bridge.web.api.numbers import ROUTES as NUMBERS
from bridge.web.api.operations import ROUTES as OPERATIONS
from bridge.web.api.outgoing_webhooks import ROUTES as OUTGOING_WEBHOOKS
from bridge.web.api.partner_leads import ROUTES as PARTNER_LEADS
from bridge.web.api.partners import ROUTES as PARTNERS
from bridge.web.api.plan import ROUTES as PLAN
from bridge.web.api.renewals import ROUTES as RENEWALS
from bridge.web.api.reseller_clients import ROUTES as RESELLER_CLIENTS
from bridge.web.api.resending import ROUTES as RESENDING
from bridge.web.api.rotation import ROUTES as ROTATION
from bridge.web.api.routing import Route
from bridge.web.api.serving import serve
from bridge.web.api.sessions import ROUTES as SESSIONS
from bridge.web.api.templates import ROUTES as TEMPLATES
from bridge.web.api.timeline import ROUTES as TIMELINE
from bridge.web.problems import Problem, invalid, not_found, store_unavailable
from bridge.web.readable import refuse_unreadable_query
from bridge.web.site import SecretKey, Site, site_of

PREFIX = "/api/v1"
ROUTES: tuple[Route, ...] = (
    *CONVERSATIONS,
    *CLIENTS,
    *RESELLER_CLIENTS,
    *CLIENT_ACTIONS,
    *CLIENT_FILES,
    *ERASING,
    *EXPORT,
    *MESSAGES,
    *RESENDING,
    *TEMPLATES,
    *FILES,
    *TIMELINE,
    *BUSINESS,
    *HELPING,
    *PLAN,
    *EVENTS,
    *EMPLOYEES,
    *CHANNELS,
    *NEW_CLIENTS,
    *ROTATION,
    *NOTES,
    *NOTIFICATIONS,
    *PARTNERS,
    *PARTNER_LEADS,
    *OUTGOING_WEBHOOKS,
    *DEAD_LETTERS,
    *DELIVERIES,
    *KEYS,
    *SESSIONS,
    *EMBEDDING,
    *AUDIT,
    *NUMBERS,
    *OPERATIONS,
    *RENEWALS,
    *CONFIG,
)
_log = structlog.get_logger()


def register(app: Flask, parts: Parts, settings: SecretKey) -> None:
    """Adds the API to the application; ConfigError without a secret key."""
    site = site_of(parts, settings)
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    for route in ROUTES:
        rule = re.sub(r"{(\w+)}", r"<\1>", route.path)
        blueprint.add_url_rule(rule, route.name, _view(site, route), methods=[route.method])
    blueprint.add_url_rule(stream.PATH, "notifications_stream", lambda: stream.news(site))
    described = describe(ROUTES, __version__)
    described["paths"][stream.PATH] = {"get": stream.described()}
    description = encode(described)
    blueprint.add_url_rule("/openapi.json", "description", lambda: _json(description))
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    blueprint.add_url_rule("/<path:rest>", "nowhere", _nowhere, methods=everything)
    blueprint.before_request(refuse_unreadable_query)
    _answer_errors(blueprint)
    app.register_blueprint(blueprint)


def _view(site: Site, route: Route) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        began = time.perf_counter()
        status = 500
        try:
            answer = serve(site, route, request, path)
            status = answer.status_code
            return answer
        except Problem as problem:
            status = problem.status
            raise
        finally:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            _log.info("api", route=route.name, status=status, milliseconds=milliseconds)

    return view


def _nowhere(rest: str) -> Response:
    """Any address or method that no route has."""
    raise not_found("address")


def _answer_errors(blueprint: Blueprint) -> None:
    blueprint.register_error_handler(Problem, lambda problem: problem.response())
    blueprint.register_error_handler(SQLAlchemyError, _store_failed)
    blueprint.register_error_handler(ConfigError, _store_failed)
    blueprint.register_error_handler(HTTPException, _http_error)


def _store_failed(error: Exception) -> Response:
    _log.error("store unavailable", kind=type(error).__name__)
    return store_unavailable().response()


def _http_error(error: HTTPException) -> Response:
    """What Flask itself refuses, and what nobody foresaw: a problem document too."""
    status = error.code or 500
    if status < 500:
        return invalid(error.name.lower(), status=status).response()
    detail = "something went wrong here; it has been logged"
    return Problem(500, Reason(ReasonCode.REQUEST_FAILED, detail)).response()


def _json(body: bytes) -> Response:
    return Response(body, content_type="application/json")
