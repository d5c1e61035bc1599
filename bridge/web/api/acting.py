"""Who a write is done by: the key's own employee, or the one that a service names."""

import msgspec

from bridge.domain.names import EmployeeId
from bridge.domain.people import Employee
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.send import Refusal
from bridge.web.api.routing import Call
from bridge.web.auth import require_writing_role
from bridge.web.problems import Problem, forbidden, invalid


class Actor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`employee` is the e-mail of the employee that a service acts for, with his rights."""

    employee: str | None = None


def acting_employee(call: Call, named: str | None) -> Employee:
    """Problem 422 when a service names nobody, 403 when somebody may not act so."""
    principal = call.principal
    if principal.is_service:
        if not named:
            raise invalid("a service says for which employee it acts", field="$.employee")
        employee = call.site.policy.employee(EmployeeId(named.lower()))
        require_writing_role(employee)
        return employee
    if named is not None and named.lower() != principal.employee.id:
        detail = "this key is an employee's own; only a service acts for others"
        raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))
    return principal.employee


def acting_person(call: Call, named: str | None) -> Person:
    """The same on the channel side, where partners' and resellers' users act as well."""
    if call.principal.is_service or call.principal.person.kind is PersonKind.EMPLOYEE:
        return Person(kind=PersonKind.EMPLOYEE, id=acting_employee(call, named).id)
    if named is not None:
        detail = "only a service acts for others"
        raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))
    return call.principal.person


def refused(refusal: Refusal) -> Problem:
    return Problem(refusal.status, refusal.reason)
