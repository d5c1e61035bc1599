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
from bridge.domain.reasons import Reason, ReasonCode
from bridge.store.keys import ApiKey, Scope, find_key
from bridge.web.problems import Problem, forbidden

EMPLOYEE = "employee:"
SERVICE = "service:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """`employee` is whose eyes lists are read with. A service with the scope `read` reads all
    chats and writes in none; to write it names the employee it acts for."""

    id: str
    employee: Employee
    scopes: frozenset[Scope]

    @property
    def is_service(self) -> bool:
        return self.id.startswith(SERVICE)

    @property
    def is_admin(self) -> bool:
        """An employee has to be a manager besides, so that a lost role closes his keys too."""
        trusted = self.is_service or self.employee.role is Role.MANAGER
        return Scope.ADMIN in self.scopes and trusted

    def require(self, scope: Scope) -> None:
        """Problem 403 when this principal's key or role does not reach that far."""
        if scope not in self.scopes:
            detail = f"this key lacks the scope {scope}"
            raise forbidden(Reason(ReasonCode.SCOPE_MISSING, detail))
        if scope is Scope.ADMIN and not self.is_admin:
            detail = "only managers may do this"
            raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))

    def require_writer(self) -> None:
        """Problem 403 for roles that change nothing anywhere (ROL-10, ROL-14)."""
        if not self.is_service:
            require_writing_role(self.employee)


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
    """Raises Problem 401 when the secret is no valid key's."""
    key = find_key(db, secret, now)
    if key is None:
        raise unauthenticated("this key is unknown, expired or revoked")
    return principal_of(key, policy)


def principal_of(key: ApiKey, policy: Policy) -> Principal:
    """Whose key this is, as he stands now."""
    if key.principal.startswith(SERVICE):
        return _service(key.principal, key.scopes)
    employee = policy.employee(EmployeeId(key.principal.removeprefix(EMPLOYEE)))
    return Principal(id=key.principal, employee=employee, scopes=key.scopes)


def principal_of_session(employee: EmployeeId, policy: Policy) -> Principal:
    """A signed-in employee; his role is the active one, whatever it was when he signed in."""
    return Principal(
        id=f"{EMPLOYEE}{employee}", employee=policy.employee(employee), scopes=frozenset(Scope)
    )


def unauthenticated(detail: str) -> Problem:
    reason = Reason(ReasonCode.REQUEST_UNAUTHENTICATED, detail)
    return Problem(401, reason, headers={"WWW-Authenticate": 'Bearer realm="bridge"'})


def csrf_token(session_token: str) -> str:
    """What each form of a session carries: only its own pages can know it."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


def check_csrf(session_token: str, given: str) -> None:
    """Raises Problem 403. Without a session nothing fits: anybody can make the token of none."""
    expected = csrf_token(session_token)
    fits = hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
    if not (session_token and fits):
        detail = "this form is out of date; go back, reload the page and send it again"
        raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))


def _service(name: str, scopes: frozenset[Scope]) -> Principal:
    role = Role.QUALITY_CONTROL if Scope.READ in scopes else Role.NONE
    return Principal(id=name, employee=Employee(id=EmployeeId(name), role=role), scopes=scopes)
