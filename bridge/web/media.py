"""Serves copies of files: to who is signed in and may read the chat, and by links of minutes."""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import BinaryIO, cast
from urllib.parse import quote

import structlog
from flask import Blueprint, Flask, Response, render_template, request
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from bridge.domain.errors import ConfigError, StorageFailed
from bridge.domain.files import is_shown, plain_name, served_type
from bridge.domain.names import MessageId
from bridge.domain.people import Employee
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.parts import Parts
from bridge.store import media
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.media import Copy, CopyState
from bridge.store.records import messages_by_id
from bridge.web.api.serving import principal_of
from bridge.web.auth import HOUSE
from bridge.web.environ import STREAMS
from bridge.web.pages.visiting import to_sign_in, visit_of
from bridge.web.problems import Problem, not_found, store_unavailable
from bridge.web.site import SecretKey, Site, site_of
from bridge.web.viewer import Viewer, viewer

AT_ONCE = 16
_PIECE = 64 * 1024
_PLACES = 1000  # more files than any message has
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Whoever loses a chat loses its files with the next request: nobody keeps what he was shown.
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex",
}
_WAIT = {"Retry-After": "5"}
_log = structlog.get_logger()


def register(app: Flask, parts: Parts, settings: SecretKey) -> None:
    door = _Door(site_of(parts, settings))
    blueprint = Blueprint("media", __name__, url_prefix="/media")
    blueprint.add_url_rule("/of/<message>/<int:place>", "lasting", door.lasting)
    blueprint.add_url_rule("/<signed>", "signed", door.signed)
    blueprint.register_error_handler(Problem, _problem)
    blueprint.register_error_handler(SQLAlchemyError, lambda error: _unavailable(error))
    blueprint.register_error_handler(ConfigError, lambda error: _unavailable(error))
    app.register_blueprint(blueprint)


class _Door:
    """A bounded number of files at a time, so that who reads slowly holds not every thread."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def lasting(self, message: str, place: int) -> Response:
        """Asks at each request who it is and what he may read now (ROL-06)."""
        employee = self._who()
        if employee is None:
            return to_sign_in(self._site)
        parts = self._site.parts
        with reading(parts.engine) as db:
            known = message.isprintable() and place < _PLACES
            found = media.one(db, MessageId(message), place) if known else None
            eyes = viewer(db, employee, self._site.policy, parts.now())
            if found is None or not _is_shown_to(db, eyes, found):
                raise not_found("file")
        return self._serve(_there(found))

    def signed(self, signed: str) -> Response:
        """Who holds the link is asked nothing else: it was made for one vendor and one send."""
        parts = self._site.parts
        copy = parts.links.opened(signed, parts.now())
        if copy is None:
            raise not_found("file")
        with reading(parts.engine) as db:
            found = media.by_id(db, copy)
        if found is None:
            raise not_found("file")
        return self._serve(_there(found))

    def _who(self) -> Employee | None:
        """By a key or a session; None for who has to sign in."""
        if "Authorization" in request.headers:
            principal = principal_of(self._site, request)
            principal.require_kind(HOUSE)
            principal.require(Scope.READ)
            return principal.employee
        visit = visit_of(self._site)
        if visit is None:
            return None
        visit.principal.require_kind(HOUSE)
        return visit.principal.employee

    def _serve(self, found: Copy) -> Response:
        if not self._room.acquire(blocking=False):
            raise _busy("many files are being read; try again in a moment")
        leave = _once(self._room.release)
        with ExitStack() as unless_answered:
            unless_answered.callback(leave)
            answer = _answer(found, _Read(self._opened(found), leave))
            unless_answered.pop_all()
            return answer

    def _opened(self, found: Copy) -> BinaryIO:
        try:
            return self._site.parts.storage.open(found.sha256 or "")
        except FileNotFoundError:
            _log.error("a copy is missing in the storage", media_id=found.id)
            raise not_found("file") from None
        except StorageFailed as error:
            _log.error("storage failed", cause=str(error))
            raise _busy("the storage of files does not answer; try again in a moment") from error


def _is_shown_to(db: Connection, eyes: Viewer, found: Copy) -> bool:
    """Who may read the chat may still not read what its writer took back."""
    message = messages_by_id(db, [found.message]).get(found.message)
    if message is None or not eyes.readable(db, [found.conversation]):
        return False
    return found.place < len(eyes.shown(message).media)


def _there(found: Copy) -> Copy:
    if found.state is CopyState.STORED and found.sha256:
        return found
    if found.is_open:
        raise _busy("the file is still being copied; try again in a moment")
    reason = Reason(ReasonCode.MEDIA_FAILED, f"the file could not be copied: {found.detail}")
    raise Problem(410, reason)


class _Read:
    """A file, and what is done when it is closed. Werkzeug closes what is passed through to the
    server, and calls nothing else."""

    def __init__(self, file: BinaryIO, leave: Callable[[], None]) -> None:
        self._file = file
        self._leave = leave

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        self._leave()


def _answer(found: Copy, file: _Read) -> Response:
    """Whole or in part, as a vendor or a player asks for it."""
    pieces = FileWrapper(cast(BinaryIO, file), _PIECE)
    answer = Response(pieces, direct_passthrough=True)
    kind = served_type(found.content_type)
    answer.headers["Content-Type"] = kind
    answer.headers["Content-Disposition"] = _disposition(found)
    answer.headers.update(_HEADERS)
    answer.set_etag(found.sha256 or "")
    if found.size is not None:
        answer.content_length = found.size
    try:
        answer.make_conditional(request.environ, accept_ranges=True, complete_length=found.size)
    except RequestedRangeNotSatisfiable as error:
        answer.close()
        reason = Reason(ReasonCode.REQUEST_INVALID, "the file has no such range")
        raise Problem(416, reason, headers=dict(error.get_headers())) from error
    request.environ[STREAMS] = True
    return answer


def _disposition(found: Copy) -> str:
    way = "inline" if is_shown(found.content_type) else "attachment"
    name = plain_name(found.media.name, found.content_type)
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    with suppress(UnicodeEncodeError):
        return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return way


def _once(do: Callable[[], None]) -> Callable[[], None]:
    done = threading.Lock()

    def first_time_only() -> None:
        if done.acquire(blocking=False):
            do()

    return first_time_only


def _busy(detail: str) -> Problem:
    return Problem(503, Reason(ReasonCode.MEDIA_PENDING, detail), headers=_WAIT)


def _problem(problem: Problem) -> Response:
    """For who has a key a document, for who has a browser a page."""
    if "Authorization" in request.headers:
        return problem.response()
    body = render_template("error.html", problem=problem)
    answer = Response(body, problem.status, problem.headers)
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _unavailable(error: Exception) -> Response:
    _log.error("store unavailable", kind=type(error).__name__)
    return _problem(store_unavailable())
