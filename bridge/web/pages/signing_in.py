"""Signing in by a one-time link, and out again.

Opening the link only shows a button: what looks into links beforehand (mail scanners, previews)
does not use it up.
"""

import secrets

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import Connection

from bridge.domain.names import ClientId
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.helping import begin
from bridge.pipeline.persons import person_of
from bridge.store import audit
from bridge.store.audit import Deed, NewLine, Way
from bridge.store.engine import reading, writing
from bridge.store.sessions import (
    SESSION_LIFETIME,
    SignedIn,
    end_session,
    keep_session,
    use_login_link,
)
from bridge.web.attempts import Attempts
from bridge.web.auth import Principal, check_csrf, csrf_token, principal_of_session
from bridge.web.on_record import who_of
from bridge.web.pages.helping import enter
from bridge.web.pages.visiting import SESSION_COOKIE, Visit, home_of, is_https
from bridge.web.problems import Problem, forbidden
from bridge.web.refusing import refused_help
from bridge.web.site import Site

_LOGIN_COOKIE = "bridge_login"
_TOO_MANY = Reason(ReasonCode.REQUEST_TOO_MANY, "too many attempts; wait a minute and try again")
_USED_UP = Reason(
    ReasonCode.REQUEST_FORBIDDEN,
    "this sign-in link was used already or is older than 15 minutes; ask for a new one",
)


def how_to_sign_in() -> Response:
    return make_response(render_template("signed_out.html"))


def show_button(site: Site, attempts: Attempts, token: str) -> Response:
    _admit(site, attempts)
    ticket = secrets.token_urlsafe(24)
    answer = make_response(render_template("login.html", csrf=csrf_token(ticket)))
    answer.set_cookie(
        _LOGIN_COOKIE,
        ticket,
        max_age=900,
        path="/login",
        httponly=True,
        samesite="Lax",
        secure=is_https(site),
    )
    return answer


def sign_in(site: Site, attempts: Attempts, token: str) -> Response:
    """Takes the button's form only from the browser that was shown it, so that nobody is signed in
    under another name behind his back. The session's token is new in any case."""
    _admit(site, attempts)
    check_csrf(request.cookies.get(_LOGIN_COOKIE, ""), request.form.get("csrf", ""))
    with writing(site.parts.engine) as db:
        signed_in, principal = _used(db, site, token)
        session = "" if signed_in.behind else _fresh(db, site, signed_in)
        if session:
            who = who_of(principal.person, Way.PAGE)
            audit.note(db, [NewLine(who=who, deed=Deed.SIGNED_IN)], site.parts.now())
    if signed_in.behind:
        answer = _as_client(site, signed_in, ClientId(principal.person.id))
    else:
        answer = make_response(redirect(home_of(principal), 303))
        _set_session(answer, session, secure=is_https(site))
    answer.delete_cookie(_LOGIN_COOKIE, path="/login")
    return answer


def _used(db: Connection, site: Site, token: str) -> tuple[SignedIn, Principal]:
    """Whose link this was; Problem 403 for a link that opens nothing (any more)."""
    signed_in = use_login_link(db, token, site.parts.now())
    if signed_in is None:
        raise forbidden(_USED_UP)
    principal = principal_of_session(db, signed_in, site.policy)
    if principal is None:
        raise forbidden(_USED_UP)
    return signed_in, principal


def _fresh(db: Connection, site: Site, signed_in: SignedIn) -> str:
    now = site.parts.now()
    end_session(db, request.cookies.get(SESSION_COOKIE, ""), now)
    site.chores.do(db, now)
    return keep_session(db, signed_in, now)


def _as_client(site: Site, signed_in: SignedIn, client: ClientId) -> Response:
    """Beside whatever session he has here, which waits."""
    with reading(site.parts.engine) as db:
        helper = person_of(db, site.policy, signed_in.behind)
    if helper is None:
        raise forbidden(_USED_UP)
    begun = begin(site.parts, helper, client)
    if isinstance(begun, Reason):
        raise refused_help(begun)
    return enter(site, begun)


def sign_out(visit: Visit) -> Response:
    with writing(visit.site.parts.engine) as db:
        end_session(db, visit.session, visit.now)
        audit.note(db, [NewLine(who=visit.who, deed=Deed.SIGNED_OUT)], visit.now)
    answer = make_response(redirect("/login", 303))
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def _set_session(answer: Response, session: str, secure: bool) -> None:
    answer.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=secure,
    )


def _admit(site: Site, attempts: Attempts) -> None:
    if not attempts.admit(request.remote_addr or "", site.parts.now()):
        raise Problem(429, _TOO_MANY, headers={"Retry-After": "60"})
