"""Who is told about a client's message, and how an unanswered chat is marked for whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from bridge.domain.access import Access, access, can_answer, is_unowned, owners, stands_in
from bridge.domain.facts import ChatFacts
from bridge.domain.names import EmployeeId
from bridge.domain.people import Directory, Employee, Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode


class Mark(StrEnum):
    """Of an unanswered chat: red asks for an answer, grey is for information."""

    RED = "red"
    GREY = "grey"
    NONE = "none"


_RESPONSIBLE = Reason(ReasonCode.NOTIFY_RESPONSIBLE, "is responsible for this client")
_NEW_CLIENT = Reason(ReasonCode.NOTIFY_NEW_CLIENT, "takes new clients; nobody owns this one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    employee: EmployeeId
    reason: Reason


def mark(
    employee: Employee, chat: ChatFacts, directory: Directory, policy: Policy, now: datetime
) -> tuple[Mark, Reason]:
    """The mark that this employee sees while the chat is unanswered (NOT-03 to NOT-05, WS-07)."""
    granted = access(employee, chat, directory, policy, now)
    if not granted.can_read:
        return Mark.NONE, granted.reason
    match employee.role:
        case Role.SALESPERSON:
            return Mark.RED, _why_red(granted)
        case Role.MANAGER:
            return _manager_mark(employee, chat, directory, policy, granted)
        case Role.QUALITY_CONTROL:
            return Mark.GREY, granted.reason
        case Role.NONE:
            return Mark.NONE, granted.reason
    assert_never(employee.role)


def told(chat: ChatFacts, directory: Directory, policy: Policy, now: datetime) -> tuple[Told, ...]:
    """Everybody who is notified about a message of this client: those whose mark is red."""
    found = []
    for employee in _perhaps_red(chat, directory, policy):
        person = directory.by_email(employee.id)
        if person is not None and not person.active:
            continue
        tone, reason = mark(employee, chat, directory, policy, now)
        if tone is Mark.RED:
            found.append(Told(employee=employee.id, reason=reason))
    return tuple(found)


def _perhaps_red(chat: ChatFacts, directory: Directory, policy: Policy) -> Iterator[Employee]:
    """All whom `mark` could give red, and few others: of hundreds of employees a client concerns
    one or two, and to weigh all of them for each message would take longer than all the rest."""
    unowned = is_unowned(chat)
    concerned: set[EmployeeId | None] = {x.employee for x in owners(chat, directory)}
    if not any(owner and can_answer(policy.employee(owner), chat) for owner in concerned):
        concerned.add(policy.ownership.fallback)
    for employee in policy.employees.values():
        if employee.id in concerned:
            yield employee
        elif unowned and employee.gets_new_clients:
            yield employee
        elif policy.managers_hear_all_chats and employee.role is Role.MANAGER:
            yield employee


def _manager_mark(
    employee: Employee, chat: ChatFacts, directory: Directory, policy: Policy, granted: Access
) -> tuple[Mark, Reason]:
    if _is_responsible(employee, chat, directory, policy):
        return Mark.RED, _RESPONSIBLE
    if is_unowned(chat) and employee.gets_new_clients:
        return Mark.RED, _NEW_CLIENT
    if policy.managers_hear_all_chats:
        return Mark.RED, Reason(ReasonCode.NOTIFY_ALL_CHATS, "managers hear all chats")
    return Mark.GREY, granted.reason


def _why_red(granted: Access) -> Reason:
    """A salesperson sees only what he answers for and new clients that he may take."""
    is_new = granted.reason.code is ReasonCode.NEW_CLIENT_VISIBLE
    return _NEW_CLIENT if is_new else _RESPONSIBLE


def _is_responsible(
    employee: Employee, chat: ChatFacts, directory: Directory, policy: Policy
) -> bool:
    own = any(owner.employee == employee.id for owner in owners(chat, directory))
    return own or stands_in(employee, chat, directory, policy)
