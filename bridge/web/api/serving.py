"""Answers one API request: who asks, may he, what does he bring, and was it answered before."""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import replace

from flask import Request, Response

from bridge.codec import encode
from bridge.domain.names import digest_id
from bridge.store.answers import Standing, keep, release, reserve
from bridge.store.engine import reading, writing
from bridge.web.api.given import raw_body
from bridge.web.api.routing import Call, Download, Route, Tagged
from bridge.web.auth import Principal, principal_of_key, unauthenticated
from bridge.web.problems import conflict, invalid, not_found
from bridge.web.site import Site

_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def serve(site: Site, route: Route, request: Request, path: dict[str, str]) -> Response:
    """The answer of a view, or a Problem raised."""
    principal = principal_of(site, request)
    principal.require_kind(route.kinds)
    if route.is_write:
        principal.require_writer()
    principal.require(route.scope)
    if any("\x00" in value for value in path.values()):
        raise not_found("address")
    call = Call(site=site, principal=principal, path=path, now=site.parts.now())
    if route.is_write:
        return _write(route, request, call)
    answer = route.bind(request)(call)
    if isinstance(answer, Download):
        return as_response(answer)
    return _shown(route, answer)


def as_response(file: Download) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{file.name}"',
    }
    return Response(file.body, 200, headers, content_type=file.content_type)


def principal_of(site: Site, request: Request) -> Principal:
    """Whose key the request brings; Problem 401 without one."""
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise unauthenticated("send an API key: Authorization: Bearer brk_…")
    with reading(site.parts.engine) as db:
        return principal_of_key(db, found[1], site.policy, site.parts.now())


def _write(route: Route, request: Request, call: Call) -> Response:
    if route.takes_file:
        request.get_data(cache=True, parse_form_data=False)  # before the form is read from it
    bound = route.bind(request)
    name = _idempotency_key(request)
    if name is None:
        return _shown(route, bound(replace(call, key=secrets.token_hex(16))))
    before = _answered_before(call, name, request, takes_file=route.takes_file)
    if before is not None:
        return before
    keyed = replace(call, key=digest_id("rq", call.principal.id, name))
    return _first_time(route, bound, keyed, name)


def _first_time(route: Route, bound: Callable[[Call], object], call: Call, name: str) -> Response:
    """A refusal is not kept: nothing was done, so the key may be tried again."""
    engine, kept = call.site.parts.engine, False
    try:
        answer = bound(call)
        with writing(engine) as db:
            bare = answer.answer if isinstance(answer, Tagged) else answer
            keep(db, call.principal.id, name, route.status, encode(route.remember(bare)))
        kept = True
        return _shown(route, answer)
    finally:
        if not kept:
            with writing(engine) as db:
                release(db, call.principal.id, name)


def _answered_before(
    call: Call, name: str, request: Request, *, takes_file: bool
) -> Response | None:
    body = request.get_data(cache=True) if takes_file else raw_body(request)
    asked = f"{request.method} {request.full_path}\n".encode() + body
    fingerprint = hashlib.sha256(asked).hexdigest()
    with writing(call.site.parts.engine) as db:
        call.site.chores.do(db, call.now)
        reserved = reserve(db, call.principal.id, name, fingerprint, call.now)
    match reserved.standing:
        case Standing.NEW:
            return None
        case Standing.GIVEN:
            return _answer(reserved.status, reserved.body)
        case Standing.OTHER_REQUEST:
            raise conflict("this Idempotency-Key was used for another request")
        case Standing.WORKING:
            raise conflict("a request with this Idempotency-Key is being worked on")


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        detail = "has to be 1 to 255 printable ASCII characters without spaces"
        raise invalid(detail, field="Idempotency-Key", status=400)
    return key


def _shown(route: Route, answer: object) -> Response:
    if not isinstance(answer, Tagged):
        return _answer(route.status, encode(answer))
    response = _answer(route.status, encode(answer.answer))
    response.headers["ETag"] = f'"{answer.etag}"'
    return response


def _answer(status: int, body: bytes) -> Response:
    return Response(body, status, {"Cache-Control": "no-store"}, content_type="application/json")
