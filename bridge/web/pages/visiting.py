"""Who is visiting: the session behind a page, and what every page is rendered with."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bridge.domain.names import EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.domain.principals import PersonKind
from bridge.pipeline.territory import territory
from bridge.store.audit import Way, Who
from bridge.store.engine import reading, writing
from bridge.store.keys import digest
from bridge.store.mirror import directory
from bridge.store.partners import partner_state
from bridge.store.reseller_clients import by_ids
from bridge.store.sessions import SEEN_EVERY, SignedIn, seen, session_of
from bridge.web import cookies
from bridge.web.addresses import own_page
from bridge.web.auth import (
    HOUSE,
    TENANTS,
    Principal,
    check_csrf,
    csrf_token,
    fits_session,
    principal_of_session,
)
from bridge.web.business import Onlooker
from bridge.web.cookies import HELP, SESSION, WISH
from bridge.web.counting import FOR_A_MENU, OwnCounters, count, count_own
from bridge.web.languages import Said, _l
from bridge.web.on_record import who_of
from bridge.web.pages import kept
from bridge.web.pages.menus import menu_of_house, menu_of_others
from bridge.web.site import Site
from bridge.web.viewer import Viewer, viewer

SESSION_COOKIE, HELP_COOKIE = SESSION, HELP
KINDS: Mapping[PersonKind, Said] = {
    PersonKind.PARTNER_USER: _l("Partner"),
    PersonKind.RESELLER_USER: _l("Reseller"),
    PersonKind.CLIENT: _l("Client"),
}
HOMES = {
    PersonKind.EMPLOYEE: "/conversations",
    PersonKind.SERVICE: "/conversations",
    PersonKind.PARTNER_USER: "/inbox",
    PersonKind.RESELLER_USER: "/clients",
    PersonKind.CLIENT: "/plan",
}
ROLES: Mapping[Role, Said] = {
    Role.SALESPERSON: _l("Salesperson"),
    Role.MANAGER: _l("Manager"),
    Role.QUALITY_CONTROL: _l("Quality control"),
    Role.NONE: _l("No role"),
}
_WISHED = timedelta(minutes=15)
_ME = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of somebody who is signed in. `session` is its token."""

    site: Site
    session: str
    signed_in: SignedIn
    principal: Principal
    now: datetime
    eyes: list[Viewer] = field(default_factory=list, compare=False, repr=False)

    @property
    def policy(self) -> Policy:
        return self.site.policy

    @property
    def employee(self) -> EmployeeId:
        return self.principal.employee.id

    @property
    def who(self) -> Who:
        return who_of(self.principal.person, Way.PAGE)

    def viewer(self, db: Connection) -> Viewer:
        """The same for all that a page shows; what is sent may change whom he sees."""
        if request.method != "GET":
            return viewer(db, self.principal.employee, self.policy, self.now)
        if not self.eyes:
            self.eyes.append(viewer(db, self.principal.employee, self.policy, self.now))
        return self.eyes[0]

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        """A page within the frame that all share."""
        is_ours = self.principal.person.kind in HOUSE
        frame = {
            **(self._own_frame() if is_ours else self._frame()),
            "kind": self.principal.person.kind,
            "is_house": is_ours,
            "csrf": csrf_token(self.session),
            "me": digest(self.principal.id)[:_ME],
            "now": self.now,
            "policy": self.policy,
        }
        return make_response(render_template(template, **frame, **values), status)

    def _own_frame(self) -> dict[str, object]:
        with reading(self.site.parts.engine) as db:
            eyes = self.viewer(db)
            counters = count(db, eyes, FOR_A_MENU)
            person = eyes.directory.by_email(self.employee)
            sees_partners = self._sees_partners(db, eyes)
        menu = menu_of_house(
            self.principal, self.policy, request.path, counters, sees_partners=sees_partners
        )
        return {
            "my_name": person.name if person and person.name else self.employee,
            "my_role": str(ROLES[self.principal.employee.role]),
            "has_role": self.principal.employee.role is not Role.NONE,
            "menu": menu,
            "is_admin": self.principal.is_admin,
        }

    def _sees_partners(self, db: Connection, eyes: Viewer) -> bool:
        """Whether the menu shows them: to those who see all, and to channel managers."""
        if not self.policy.partners.is_set:
            return False
        return eyes.reads_all or bool(territory(db, self.employee, self.policy, eyes.directory))

    def _frame(self) -> dict[str, object]:
        person = self.principal.person
        name = person.tenant.partition(":")[2]
        role = f"{KINDS[person.kind]!s} · {name}"
        return {
            "my_name": self._own_name() or person.id,
            "my_role": role,
            "menu": menu_of_others(person.kind, request.path, self._own_counters()),
            "behind": person.behind,
            "until": self.signed_in.expires_at,
        }

    def _own_counters(self) -> OwnCounters:
        person = self.principal.person
        if person.kind not in TENANTS:
            return OwnCounters()
        with reading(self.site.parts.engine) as db:
            people = directory(db, self.policy.crm)
            return count_own(db, Onlooker(person=person, policy=self.policy, directory=people))

    def _own_name(self) -> str:
        """A client's of his record, a partner's user's as the CRM has it."""
        person = self.principal.person
        with reading(self.site.parts.engine) as db:
            if person.client is not None:
                found = by_ids(db, [person.client]).values()
                return "".join(one.details.legal_name for one in found)
            if person.kind is not PersonKind.PARTNER_USER:
                return ""
            users = partner_state(db).side.users
            return next((one.name for one in users if one.email == person.id), "")


View = Callable[..., Response]


def page(site: Site, view: View, kinds: frozenset[PersonKind] = HOUSE) -> View:
    """A page for those who are signed in and of these kinds; others are sent to their own home, who
    is not signed in to the sign-in page."""

    def visited(**path: str) -> Response:
        visit = visit_of(site)
        if visit is None:
            return to_sign_in(site)
        if visit.principal.person.kind not in kinds:
            return make_response(redirect(home_of(visit.principal), 303))
        return view(visit, **path)

    return visited


def own_form(site: Site, view: View, kinds: frozenset[PersonKind] = HOUSE) -> View:
    """A form about nobody but the visitor himself; taken only with his session's token."""

    def sent(**path: str) -> Response:
        visit = visit_of(site)
        if visit is None:
            return kept.instead(site) or to_sign_in(site)
        visit.principal.require_kind(kinds)
        return _unless_late(visit) or view(visit, **path)

    return sent


def form(site: Site, view: View, kinds: frozenset[PersonKind] = HOUSE) -> View:
    """A form that changes something: not for roles that only read (ROL-10)."""

    def sent(visit: Visit, **path: str) -> Response:
        visit.principal.require_writer()
        return view(visit, **path)

    return own_form(site, sent, kinds)


def home_of(principal: Principal) -> str:
    """Where somebody begins."""
    return HOMES[principal.person.kind]


def _unless_late(visit: Visit) -> Response | None:
    """A form of an earlier session of his is kept, until he says so; Problem 403 for any other that
    does not carry his session's token."""
    given = request.form.get("csrf", "")
    if fits_session(visit.session, given) or kept.is_sent_on(visit.site, visit.principal.id):
        return None
    late = kept.instead(visit.site, visit.principal.id)
    if late is None:
        check_csrf(visit.session, given)
    return late


def to_sign_in(site: Site) -> Response:
    """And back to the page that was asked for, afterwards."""
    if request.headers.get("HX-Request") == "true":
        return _told_in_place()
    answer = make_response(redirect("/login", 303))
    wish = own_page(request.full_path.rstrip("?")) if request.method == "GET" else ""
    if wish not in ("", "/"):
        cookies.put(site, answer, WISH, wish, _WISHED)
    return answer


def _told_in_place() -> Response:
    """To a script that asks for a part of a page: the page stays, with what is typed on it."""
    answer = make_response(render_template("session_over.html"))
    answer.headers["HX-Retarget"] = "#news"
    answer.headers["HX-Reselect"] = "#session-over"
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def visit_of(site: Site) -> Visit | None:
    """None without a session that still holds, of somebody who is still somebody."""
    own = cookies.read(site, SESSION)
    tokens = [token for token in (cookies.read(site, HELP), own) if token]
    if not tokens:
        return None
    with reading(site.parts.engine) as db:
        found = (_visit(db, site, token, own) for token in tokens)
        visit = next((visit for visit in found if visit is not None), None)
    if visit is not None:
        _note_seen(visit)
    return visit


def _note_seen(visit: Visit) -> None:
    """So that a session in use does not end; what a page asks for by itself is no use of it. A page
    is shown also where this can't be written at the moment."""
    seen_at = visit.signed_in.seen_at
    is_fresh = seen_at is not None and visit.now - seen_at < SEEN_EVERY
    if is_fresh or "X-Live" in request.headers:
        return
    with suppress(OperationalError), writing(visit.site.parts.engine) as db:
        seen(db, visit.session, visit.policy.signin.sessions, visit.now)


def _visit(db: Connection, site: Site, token: str, own: str) -> Visit | None:
    now = site.parts.now()
    signed_in = session_of(db, token, now)
    if signed_in is None or signed_in.parent not in ("", digest(own)):
        return None
    principal = principal_of_session(db, signed_in, site.policy)
    if principal is None:
        return None
    return Visit(site=site, session=token, signed_in=signed_in, principal=principal, now=now)
