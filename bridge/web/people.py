"""Everybody the CRM or roles.yaml knows, as one list (ROL-03)."""

from dataclasses import dataclass

from bridge.domain.facts import ChatFacts
from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.people import Directory, Employee
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason
from bridge.pipeline.seeing import seers
from bridge.web.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`crm_id` of None: only roles.yaml knows him. `employee` has the role `none` where roles.yaml
    does not name him."""

    employee: Employee
    name: str
    crm_id: CrmId | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seer:
    """What somebody may do in one chat, and why."""

    employee: EmployeeId
    name: str
    can_read: bool
    can_write: bool
    reason: Reason


def everybody(directory: Directory, policy: Policy) -> tuple[Person, ...]:
    """Each CRM entry once, then those whom only roles.yaml knows; in alphabetical order."""
    known = [
        Person(
            employee=policy.employee(entry.email),
            name=entry.name,
            crm_id=entry.crm_id,
            active=entry.active,
        )
        for entry in directory.people
    ]
    seen = {entry.email for entry in directory.people}
    only_here = [
        Person(employee=employee, name="", crm_id=None, active=True)
        for employee in policy.employees.values()
        if employee.id not in seen
    ]
    return tuple(sorted([*known, *only_here], key=lambda p: (p.employee.id, p.crm_id or "")))


def who_can_see(viewer: Viewer, chat: ChatFacts) -> tuple[Seer, ...]:
    """Everybody, with what `access` says of him; those who read come first."""
    names = {person.email: person.name for person in viewer.directory.people}
    return tuple(
        Seer(
            employee=seen.employee,
            name=names.get(seen.employee, ""),
            can_read=seen.access.can_read,
            can_write=seen.access.can_write,
            reason=seen.access.reason,
        )
        for seen in seers(chat, viewer.directory, viewer.policy, viewer.now)
    )
