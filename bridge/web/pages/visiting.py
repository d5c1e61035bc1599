"""Who is visiting: the session behind a page, and what every page is rendered with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import Connection

from bridge.domain.names import EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.store.engine import reading
from bridge.store.sessions import session_employee
from bridge.web.auth import Principal, check_csrf, csrf_token, principal_of_session
from bridge.web.counting import count
from bridge.web.site import Site
from bridge.web.viewer import Viewer, viewer

SESSION_COOKIE = "bridge_session"
ROLES = {
    Role.SALESPERSON: "Salesperson",
    Role.MANAGER: "Manager",
    Role.QUALITY_CONTROL: "Quality control",
    Role.NONE: "No role",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of somebody who is signed in."""

    site: Site
    session: str
    principal: Principal
    now: datetime

    @property
    def policy(self) -> Policy:
        return self.site.policy

    @property
    def employee(self) -> EmployeeId:
        return self.principal.employee.id

    def viewer(self, db: Connection) -> Viewer:
        return viewer(db, self.principal.employee, self.policy, self.now)

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        """A page within the frame that all share."""
        with reading(self.site.parts.engine) as db:
            eyes = self.viewer(db)
            counters = count(db, eyes)
            person = eyes.directory.by_email(self.employee)
        frame = {
            "my_name": person.name if person and person.name else self.employee,
            "my_role": ROLES[self.principal.employee.role],
            "counters": counters,
            "is_admin": self.principal.is_admin,
            "csrf": csrf_token(self.session),
            "now": self.now,
            "policy": self.policy,
        }
        return make_response(render_template(template, **frame, **values), status)


View = Callable[..., Response]


def page(site: Site, view: View) -> View:
    """A page for those who are signed in; the rest are sent to the sign-in page."""

    def visited(**path: str) -> Response:
        visit = visit_of(site)
        return _to_sign_in() if visit is None else view(visit, **path)

    return visited


def own_form(site: Site, view: View) -> View:
    """A form about nobody but the visitor himself; taken only with his session's token."""

    def sent(**path: str) -> Response:
        visit = visit_of(site)
        if visit is None:
            return _to_sign_in()
        check_csrf(visit.session, request.form.get("csrf", ""))
        return view(visit, **path)

    return sent


def form(site: Site, view: View) -> View:
    """A form that changes something: not for roles that only read (ROL-10)."""

    def sent(visit: Visit, **path: str) -> Response:
        visit.principal.require_writer()
        return view(visit, **path)

    return own_form(site, sent)


def _to_sign_in() -> Response:
    return make_response(redirect("/login", 303))


def visit_of(site: Site) -> Visit | None:
    """None without a session that still holds."""
    token = request.cookies.get(SESSION_COOKIE, "")
    now = site.parts.now()
    with reading(site.parts.engine) as db:
        employee = session_employee(db, token, now) if token else None
    if employee is None:
        return None
    principal = principal_of_session(employee, site.policy)
    return Visit(site=site, session=token, principal=principal, now=now)


def is_https(site: Site) -> bool:
    return urlsplit(site.parts.public_url).scheme == "https"
