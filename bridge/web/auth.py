"""Who is asking: keys and sessions become a principal, by the active policy, on every request."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection

from bridge.domain.names import EmployeeId
from bridge.domain.people import Employee, Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.persons import person_of
from bridge.store.keys import ApiKey, Scope, find_key
from bridge.store.sessions import SignedIn
from bridge.web.problems import Problem, forbidden

HOUSE = frozenset({PersonKind.EMPLOYEE, PersonKind.SERVICE})
"""Whom a route serves that says nothing else."""
PARTNERS = frozenset({PersonKind.PARTNER_USER})
TENANTS = frozenset({PersonKind.PARTNER_USER, PersonKind.RESELLER_USER})
PEOPLE = TENANTS | HOUSE
CLIENTS = frozenset({PersonKind.CLIENT})
EVERYBODY = frozenset(PersonKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """`employee` is whose eyes lists of chats are read with: of everybody but employees somebody
    without a role. A service with the scope `read` reads all chats and writes in none; to write it
    names the employee it acts for."""

    person: Person
    employee: Employee
    scopes: frozenset[Scope]

    @property
    def id(self) -> str:
        return self.person.principal

    @property
    def is_service(self) -> bool:
        return self.person.kind is PersonKind.SERVICE

    @property
    def is_admin(self) -> bool:
        """An employee has to be a manager besides, so that a lost role closes his keys too."""
        trusted = self.is_service or self.employee.role is Role.MANAGER
        return Scope.ADMIN in self.scopes and trusted

    def require_kind(self, kinds: frozenset[PersonKind]) -> None:
        """Problem 403 for everybody whom this is not for."""
        if self.person.kind not in kinds:
            detail = "this is not for whom you are signed in as"
            raise forbidden(Reason(ReasonCode.WRONG_KIND, detail))

    def require(self, scope: Scope) -> None:
        """Problem 403 when this principal's key or role does not reach that far."""
        if scope not in self.scopes:
            detail = f"this key lacks the scope {scope}"
            raise forbidden(Reason(ReasonCode.SCOPE_MISSING, detail))
        if scope is Scope.ADMIN and not self.is_admin:
            detail = "only managers may do this"
            raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))

    def require_overseer(self) -> None:
        """Problem 403 for all but managers and quality control, who see how the house stands; a
        service needs the scope of admins for it."""
        if self.is_service:
            self.require(Scope.ADMIN)
        elif not self.is_overseer:
            detail = "only managers and quality control see this"
            raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))

    @property
    def is_overseer(self) -> bool:
        of_house = self.person.kind is PersonKind.EMPLOYEE
        return of_house and self.employee.role in (Role.MANAGER, Role.QUALITY_CONTROL)

    def require_writer(self) -> None:
        """Problem 403 for roles that change nothing anywhere (ROL-10, ROL-14), and for clients."""
        match self.person.kind:
            case PersonKind.EMPLOYEE:
                require_writing_role(self.employee)
            case PersonKind.CLIENT:
                detail = "who is signed in as a client looks, and changes nothing"
                raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))
            case PersonKind.SERVICE | PersonKind.PARTNER_USER | PersonKind.RESELLER_USER:
                return
            case _:
                assert_never(self.person.kind)


def require_writing_role(employee: Employee) -> None:
    """Problem 403 for quality control and for those without a role."""
    match employee.role:
        case Role.QUALITY_CONTROL:
            detail = "quality control reads all chats and writes in none"
            raise forbidden(Reason(ReasonCode.ROLE_QUALITY_CONTROL, detail))
        case Role.NONE:
            detail = "has no role, so sees and writes nothing"
            raise forbidden(Reason(ReasonCode.ROLE_NONE, detail))
        case Role.SALESPERSON | Role.MANAGER:
            return
    assert_never(employee.role)


def principal_of_key(db: Connection, secret: str, policy: Policy, now: datetime) -> Principal:
    """Raises Problem 401 when the secret is no valid key's, or its principal is gone."""
    key = find_key(db, secret, now)
    principal = None if key is None else principal_of(db, key, policy)
    if principal is None:
        raise unauthenticated("this key is unknown, expired or revoked")
    return principal


def principal_of(db: Connection, key: ApiKey, policy: Policy) -> Principal | None:
    """Whose key this is, as he stands now; None where he is nobody any more."""
    person = person_of(db, policy, key.principal)
    return None if person is None else _principal(person, policy, key.scopes)


def principal_for(db: Connection, name: str, policy: Policy) -> Principal | None:
    """Who signs in under this name, as he stands now."""
    person = person_of(db, policy, name)
    return None if person is None else _principal(person, policy, frozenset(Scope))


def principal_of_session(db: Connection, signed_in: SignedIn, policy: Policy) -> Principal | None:
    """Who is signed in; what he may is what he may now, whatever it was when he signed in."""
    person = person_of(db, policy, signed_in.principal, signed_in.behind)
    return None if person is None else _principal(person, policy, frozenset(Scope))


def _principal(person: Person, policy: Policy, scopes: frozenset[Scope]) -> Principal:
    return Principal(person=person, employee=_eyes(person, policy, scopes), scopes=scopes)


def _eyes(person: Person, policy: Policy, scopes: frozenset[Scope]) -> Employee:
    """Of anybody but employees under a name that no employee has."""
    match person.kind:
        case PersonKind.EMPLOYEE:
            return policy.employee(EmployeeId(person.id))
        case PersonKind.SERVICE:
            role = Role.QUALITY_CONTROL if Scope.READ in scopes else Role.NONE
            return Employee(id=EmployeeId(person.principal), role=role)
        case PersonKind.PARTNER_USER | PersonKind.RESELLER_USER | PersonKind.CLIENT:
            return Employee(id=EmployeeId(person.principal), role=Role.NONE)
    assert_never(person.kind)


def unauthenticated(detail: str) -> Problem:
    reason = Reason(ReasonCode.REQUEST_UNAUTHENTICATED, detail)
    return Problem(401, reason, headers={"WWW-Authenticate": 'Bearer realm="bridge"'})


def csrf_token(session_token: str) -> str:
    """What each form of a session carries: only its own pages can know it."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


def fits_session(session_token: str, given: str) -> bool:
    expected = csrf_token(session_token)
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def check_csrf(session_token: str, given: str) -> None:
    """Raises Problem 403. Without a session nothing fits: anybody can make the token of none."""
    if not (session_token and fits_session(session_token, given)):
        detail = "this form is out of date; go back, reload the page and send it again"
        raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))
