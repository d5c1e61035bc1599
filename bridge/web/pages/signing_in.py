"""Signing in by a one-time link, and out again.

Opening the link only shows a button: what looks into links beforehand (mail scanners, previews)
does not use it up.
"""

import secrets
from datetime import timedelta

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import Connection

from bridge.domain.names import ClientId
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.helping import begin
from bridge.pipeline.persons import person_of
from bridge.store import audit
from bridge.store.audit import Deed, NewLine
from bridge.store.engine import reading, writing
from bridge.store.sessions import KEPT_AFTER, SignedIn, end_session, is_link_open, use_login_link
from bridge.web import cookies
from bridge.web.auth import Principal, check_csrf, csrf_token, principal_of_session
from bridge.web.cookies import BEFORE, LOGIN, SESSION
from bridge.web.pages.entering import Gate, led_in, open_here
from bridge.web.pages.helping import enter
from bridge.web.pages.visiting import Visit, visit_of
from bridge.web.problems import forbidden
from bridge.web.refusing import refused_help
from bridge.web.site import Site

VIA = "link"
_SHOWN = timedelta(minutes=15)
_USED_UP = Reason(
    ReasonCode.REQUEST_FORBIDDEN,
    "this sign-in link was used already or is older than 15 minutes; ask for a new one",
)


def how_to_sign_in(site: Site) -> Response:
    """The same for everybody: who is signed in already is told where to go on."""
    oidc = site.policy.signin.oidc
    return make_response(
        render_template(
            "signed_out.html",
            provider="" if oidc is None or site.parts.provider is None else oidc.label,
            is_in=visit_of(site) is not None,
            is_out="out" in request.args,
        )
    )


def show_button(site: Site, token: str) -> Response:
    ticket = secrets.token_urlsafe(24)
    answer = make_response(render_template("login.html", csrf=csrf_token(ticket)))
    cookies.put(site, answer, LOGIN, ticket, _SHOWN)
    return answer


def sign_in(site: Site, gate: Gate, token: str) -> Response:
    """Takes the button's form only from the browser that was shown it, so that nobody is signed in
    under another name behind his back. The session's token is new in any case."""
    check_csrf(cookies.read(site, LOGIN), request.form.get("csrf", ""))
    with reading(site.parts.engine) as db:
        is_open = is_link_open(db, token, site.parts.now())
    if not is_open:
        gate.failed(site)
        raise forbidden(_USED_UP)
    with writing(site.parts.engine) as db:
        signed_in, principal = _used(db, site, token)
        session = "" if signed_in.behind else open_here(db, site, principal, VIA)
    if signed_in.behind:
        answer = _as_client(site, signed_in, ClientId(principal.person.id))
    else:
        answer = led_in(site, principal, session)
    cookies.drop(site, answer, LOGIN)
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
    """Here; out of the provider's own session only by a link on the page that follows, as a form
    may lead to no other site."""
    with writing(visit.site.parts.engine) as db:
        end_session(db, visit.session, visit.now)
        audit.note(db, [NewLine(who=visit.who, deed=Deed.SIGNED_OUT)], visit.now)
    answer = make_response(redirect("/login?out", 303))
    cookies.drop(visit.site, answer, SESSION)
    cookies.put(visit.site, answer, BEFORE, visit.session, KEPT_AFTER)
    return answer
