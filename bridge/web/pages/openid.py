"""Signing in by the company's provider: there, back, and as whom."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from flask import Response, make_response, redirect, render_template, request

from bridge.domain.signing_in import (
    Begun,
    OpenIdClient,
    Provider,
    ProviderLogin,
    SignInFailed,
    Trouble,
    address_of,
    login_of,
    people_of,
)
from bridge.store import audit
from bridge.store.audit import PROVIDER, Deed, NewLine
from bridge.store.deciding import deciding
from bridge.store.engine import reading
from bridge.store.provider_logouts import is_logged_out, log_out
from bridge.web import cookies
from bridge.web.auth import Principal, check_csrf, csrf_token, principal_for
from bridge.web.pages.entering import Gate, led_in, open_here
from bridge.web.site import Site

CALLBACK = "/signin/callback"
BACK_CHANNEL = "/signin/backchannel"
VIA = "oidc"
BEGUN = "bridge_oidc"
CHOICE = "bridge_choice"
BEGUN_LIFETIME = timedelta(minutes=10)
CHOICE_LIFETIME = timedelta(minutes=5)
_STATUS = {Trouble.AWAY: 503, Trouble.BUSY: 503, Trouble.OFF: 404, Trouble.STALE: 400}
_NOT_HIS = (Trouble.OFF, Trouble.AWAY, Trouble.BUSY)
_MOST = 4096
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """A sign-in on its way; what it has to come back with is made from the ticket."""

    ticket: str
    issuer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """Somebody who has proved an address that is several people here."""

    address: str
    login: ProviderLogin
    ticket: str


def begin(site: Site, gate: Gate) -> Response:
    """Sends the browser to the provider."""
    try:
        provider, client = provider_of(site)
        gate.require(site)
        walk = _Walk(ticket=secrets.token_urlsafe(32), issuer=client.policy.issuer)
        address = provider.address(client, _begun(walk))
    except SignInFailed as failed:
        return _told(failed)
    answer = make_response(redirect(address, 303))
    until = site.parts.now() + BEGUN_LIFETIME
    cookies.put(site, answer, BEGUN, site.seals.seal(walk, BEGUN, until), BEGUN_LIFETIME)
    return answer


def come_back(site: Site, gate: Gate) -> Response:
    """From the provider. Each walk comes back once."""
    try:
        provider, client = provider_of(site)
        gate.require(site)
        address, login = _proven(site, provider, client)
        principals = _principals(site, address)
        if not principals:
            raise SignInFailed(Trouble.NO_ACCOUNT)
        answer = _let_in(site, gate, _Choice(address=address, login=login, ticket=""), principals)
    except SignInFailed as failed:
        if failed.trouble not in _NOT_HIS:
            gate.failed(site)
        answer = _told(failed)
    cookies.drop(site, answer, BEGUN)
    return answer


def show_choice(site: Site) -> Response:
    choice = _choice(site)
    if choice is None:
        return make_response(redirect("/login", 303))
    found = [one.person for one in _principals(site, choice.address)]
    csrf = csrf_token(choice.ticket)
    return make_response(render_template("signin_choose.html", people=found, csrf=csrf))


def choose(site: Site, gate: Gate) -> Response:
    choice = _choice(site)
    check_csrf("" if choice is None else choice.ticket, request.form.get("csrf", ""))
    if choice is None:  # which no token fits
        return _told(SignInFailed(Trouble.STALE))
    wanted = request.form.get("kind", "")
    found = [one for one in _principals(site, choice.address) if one.person.kind == wanted]
    try:
        if not found:
            raise SignInFailed(Trouble.NO_ACCOUNT)
        answer = _enter(site, gate, found[0], choice.login)
    except SignInFailed as failed:
        return _told(failed)
    cookies.drop(site, answer, CHOICE)
    return answer


def say_goodbye(site: Site, gate: Gate) -> Response:
    """Out of the provider's own session too, where it lets us ask for that."""
    try:
        provider, client = provider_of(site)
        gate.require(site)
        address = provider.goodbye(client, f"{site.parts.public_url}/login")
    except SignInFailed as failed:
        return _told(failed)
    return make_response(redirect(address or "/login", 303))


def hear_logout(site: Site) -> Response:
    """From the provider's own server: somebody has signed out there, or was (OpenID Connect
    Back-Channel Logout 1.0). What proves it is in the token alone, so no visitor's token is asked
    for; and nobody's attempts are counted, as many may leave at once."""
    try:
        provider, client = provider_of(site)
        token = request.form.get("logout_token", "")
        said = provider.logged_out(client, token, site.parts.now())
    except SignInFailed as failed:
        _log.warning("logout refused", trouble=str(failed.trouble), detail=failed.detail)
        return _refused_logout(_STATUS.get(failed.trouble, 400))
    with deciding(site.parts.engine) as db:
        ended = log_out(db, said, site.parts.now())
        lines = [
            NewLine(who=PROVIDER, deed=Deed.SESSION_REVOKED, object=one.principal, detail=one.id)
            for one in ended or ()
        ]
        audit.note(db, lines, site.parts.now())
    _log.info("signed out by the provider", sessions=len(lines))
    return _refused_logout(400) if ended is None else make_response("", 200)


def _refused_logout(status: int) -> Response:
    answer = make_response({"error": "invalid_request"}, status)
    if status == 503:
        answer.headers["Retry-After"] = "10"
    return answer


def provider_of(site: Site) -> tuple[Provider, OpenIdClient]:
    """SignInFailed where none is set up."""
    active = site.parts.active()
    if site.parts.provider is None or active.policy.signin.oidc is None:
        raise SignInFailed(Trouble.OFF)
    client = OpenIdClient(
        policy=active.policy.signin.oidc,
        redirect=f"{site.parts.public_url}{CALLBACK}",
        secret=active.provider_secret,
    )
    return site.parts.provider, client


def _proven(site: Site, provider: Provider, client: OpenIdClient) -> tuple[str, ProviderLogin]:
    """Whose address it is, and his session there."""
    sealed = cookies.read(site, BEGUN)
    walk = site.seals.open(_Walk, sealed, BEGUN, site.parts.now())
    if walk is None:
        raise SignInFailed(Trouble.STALE, "nothing was begun in this browser")
    if walk.issuer != client.policy.issuer:
        raise SignInFailed(Trouble.STALE, "the provider has changed meanwhile")
    answer = {name: value for name, value in request.args.items() if len(value) <= _MOST}
    proven = provider.proven(client, _begun(walk), answer, site.parts.now())
    address = address_of(proven.claims, client.policy)
    return address, login_of(proven.claims, client.policy.issuer)


def _begun(walk: _Walk) -> Begun:
    """None of the three tells another, nor the ticket that stays in the browser."""
    state, nonce, verifier = (_from(walk.ticket, name) for name in ("state", "nonce", "verifier"))
    return Begun(state=state, nonce=nonce, verifier=verifier)


def _from(ticket: str, name: str) -> str:
    return hashlib.sha256(f"{name}\x00{ticket}".encode()).hexdigest()


def _principals(site: Site, address: str) -> list[Principal]:
    with reading(site.parts.engine) as db:
        policy = site.policy
        found = (principal_for(db, one.principal, policy) for one in people_of(policy, address))
        return [principal for principal in found if principal is not None]


def _let_in(site: Site, gate: Gate, proven: _Choice, principals: list[Principal]) -> Response:
    if len(principals) == 1:
        return _enter(site, gate, principals[0], proven.login)
    choice = replace(proven, ticket=secrets.token_urlsafe(32))
    answer = make_response(redirect("/signin/choose", 303))
    until = site.parts.now() + CHOICE_LIFETIME
    cookies.put(site, answer, CHOICE, site.seals.seal(choice, CHOICE, until), CHOICE_LIFETIME)
    return answer


def _enter(site: Site, gate: Gate, principal: Principal, login: ProviderLogin) -> Response:
    """Not who was signed out there while he was on his way here."""
    gate.admit_account(site, principal)
    with deciding(site.parts.engine) as db:
        if is_logged_out(db, login):
            raise SignInFailed(Trouble.STALE, "signed out at the provider meanwhile")
        token = open_here(db, site, principal, VIA, login)
    return led_in(site, principal, token)


def _choice(site: Site) -> _Choice | None:
    return site.seals.open(_Choice, cookies.read(site, CHOICE), CHOICE, site.parts.now())


def _told(failed: SignInFailed) -> Response:
    """In words of its own for each trouble; what the provider said stays in the log."""
    _log.warning("sign-in failed", trouble=str(failed.trouble), detail=failed.detail)
    body = render_template("signin_failed.html", trouble=str(failed.trouble))
    answer = make_response(body, _STATUS.get(failed.trouble, 403))
    if answer.status_code == 503:
        answer.headers["Retry-After"] = "10"
    return answer
