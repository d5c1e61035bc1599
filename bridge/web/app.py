"""Makes the Flask application of the web process."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType

import structlog
from flask import Flask, Request, request
from flask.sessions import SessionInterface
from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.errors import ConfigError
from bridge.pipeline.parts import Parts, Queue
from bridge.pipeline.receive import Receiver
from bridge.settings import Settings
from bridge.web import api, health, hooks, media, pages
from bridge.web.metrics import Metrics
from bridge.web.visitors import Visitors

MAX_FORM_BYTES = 1024 * 1024
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What the web process serves with."""

    parts: Parts
    receiver: Receiver
    metrics: Metrics
    queue_state: Callable[[], Queue]


class _NoSessions(SessionInterface):
    """Ours are in the store; Flask's own would cost each webhook as much as its signature."""

    def open_session(self, app: Flask, request: Request) -> None:
        return None


class _App(Flask):
    session_interface = _NoSessions()

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Without the path, which Flask would log: it may hold a secret."""
        _log.error("request failed", endpoint=request.endpoint, exc_info=exc_info)


def create_app(web: Web, settings: Settings) -> Flask:
    app = _App("bridge.web", static_folder=None)
    app.config.update(SECRET_KEY=settings.required_secret_key())
    app.url_map.merge_slashes = False  # a webhook is never redirected
    door = hooks.HookDoor(parts=web.parts, receiver=web.receiver, metrics=web.metrics)
    app.wsgi_app = Visitors(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    app.wsgi_app = hooks.Hooks(door, app.wsgi_app)  # type: ignore[method-assign]
    web.metrics.watch(lambda: web.receiver.waiting_bytes)
    parts = replace(web.parts, queue_state=web.queue_state, trouble=web.receiver.trouble)
    health.register(app, parts, web.metrics, web.queue_state, web.receiver.trouble)
    pages.register(app, parts, settings)
    api.register(app, parts, settings)
    media.register(app, parts, settings)
    return app


class BodyLimit:
    """The most that any account or page takes, in bytes; each account's own limit is asked later.

    Asked by the async front, so it must not look into the store: a thread refreshes it.
    """

    def __init__(self) -> None:
        self._bytes = MAX_FORM_BYTES
        self._upload_bytes = MAX_FORM_BYTES

    def __call__(self) -> int:
        return self._bytes

    def of_upload(self) -> int:
        return self._upload_bytes

    def refresh(self, parts: Parts) -> None:
        try:
            policy = parts.active().policy
        except (ConfigError, SQLAlchemyError):
            return
        accounts = policy.accounts.values()
        self._bytes = max([MAX_FORM_BYTES, *(account.max_body_bytes for account in accounts)])
        # What a form has besides its file has room as well.
        self._upload_bytes = self._bytes + policy.media.max_upload_bytes
