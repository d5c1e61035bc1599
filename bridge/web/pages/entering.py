"""The last step of every way to sign in: a new session, its cookie, and where to begin."""

from dataclasses import dataclass

from flask import Response, make_response, redirect, request
from sqlalchemy import Connection

from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.signing_in import ProviderLogin
from bridge.store import audit
from bridge.store.audit import Deed, NewLine, Way
from bridge.store.sessions import KEPT_AFTER, Entrance, end_session, open_session
from bridge.web import cookies
from bridge.web.addresses import own_page
from bridge.web.attempts import Attempts, household
from bridge.web.auth import Principal
from bridge.web.browsers import browser_family
from bridge.web.cookies import BEFORE, SESSION, WISH
from bridge.web.on_record import who_of
from bridge.web.pages.welcome import begin_of
from bridge.web.problems import Problem
from bridge.web.site import Site
from bridge.web.visitors import SHARED

_TOO_MANY = Reason(ReasonCode.REQUEST_TOO_MANY, "too many attempts; wait a minute and try again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Counts who fails, by address, and who comes in, by account. Nobody is locked out by what
    others try: who brings a link that opens is not asked how often others failed, and behind a
    proxy that nobody has named all visitors may fail more often together."""

    of_addresses: Attempts
    of_shared: Attempts
    of_accounts: Attempts

    def require(self, site: Site) -> None:
        """Problem 429 for who has failed too often lately."""
        if self._attempts().is_over(_visitor(), site.parts.now()):
            raise _too_many()

    def failed(self, site: Site) -> None:
        """Counts; Problem 429 as above."""
        self.require(site)
        self._attempts().count(_visitor(), site.parts.now())

    def admit_account(self, site: Site, principal: Principal) -> None:
        if not self.of_accounts.admit(principal.id, site.parts.now()):
            raise _too_many()

    def _attempts(self) -> Attempts:
        return self.of_shared if request.environ.get(SHARED) else self.of_addresses


def gate() -> Gate:
    return Gate(
        of_addresses=Attempts(), of_shared=Attempts(allowed=300), of_accounts=Attempts(allowed=10)
    )


def _visitor() -> str:
    return household(request.remote_addr or "")


def _too_many() -> Problem:
    return Problem(429, _TOO_MANY, headers={"Retry-After": "60"})


def entrance(site: Site, via: str, login: ProviderLogin | None = None) -> Entrance:
    family = browser_family(request.headers.get("User-Agent", ""))
    return Entrance(via=via, login=login, browser=family, limits=site.policy.signin.sessions)


def open_here(
    db: Connection, site: Site, principal: Principal, via: str, login: ProviderLogin | None = None
) -> str:
    """A session of this browser in place of the one that it had; on record."""
    now = site.parts.now()
    end_session(db, cookies.read(site, SESSION), now)
    site.chores.do(db, now)
    who = who_of(principal.person, Way.PAGE)
    audit.note(db, [NewLine(who=who, deed=Deed.SIGNED_IN, detail=via)], now)
    return open_session(db, principal.id, now, entrance(site, via, login))


def led_in(site: Site, principal: Principal, token: str) -> Response:
    """To the page that he had asked for, else to where he begins. The cookie outlives the session,
    so that a form sent too late is still known to be his."""
    wish = own_page(cookies.read(site, WISH))
    answer = make_response(redirect(wish or begin_of(site, principal), 303))
    before = cookies.read(site, SESSION)
    if before:
        cookies.put(site, answer, BEFORE, before, KEPT_AFTER)
    lifetime = site.policy.signin.sessions.longest + KEPT_AFTER
    cookies.put(site, answer, SESSION, token, lifetime)
    cookies.drop(site, answer, WISH)
    return answer
