"""Tells the people whom a client's message concerns, and nobody who may not read it."""

from bridge.domain.access import access
from bridge.domain.announcing import announce
from bridge.domain.changes import Notify
from bridge.domain.draft import Draft
from bridge.domain.events import ClientChosen, ClientIdentified
from bridge.domain.facts import ChatFacts
from bridge.domain.names import EmployeeId, MessageId
from bridge.domain.notifications import told
from bridge.domain.people import Directory, Employee, Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import ReasonCode


def tell(draft: Draft, chat: ChatFacts, message: MessageId | None) -> None:
    """Those whose mark is red and whoever the client goes to; managers when that is nobody."""
    facts, policy = draft.facts, draft.policy
    people = told(chat, facts.directory, policy, facts.now)
    codes = {person.employee: person.reason.code for person in people}
    target = draft.target
    if target is not None and target not in codes and may_read(draft, chat, target):
        codes[target] = ReasonCode.NOTIFY_TARGET
    if not codes:
        managers = active_managers(facts.directory, policy)
        codes = {manager.id: ReasonCode.NOTIFY_NOBODY for manager in managers}
    if draft.says(ReasonCode.TARGET_DEFAULT):  # once, with the message that was given out
        for manager in active_managers(facts.directory, policy):
            codes.setdefault(manager.id, ReasonCode.NOTIFY_DEFAULT)
    begins, label = _begins_to_wait(draft, chat), _label(draft, chat)
    for employee, code in codes.items():
        notice = Notify(
            employee=employee,
            conversation=chat.conversation.id,
            message=message,
            code=code,
            about=label,
        )
        announce(draft, notice, mailed=begins)


def _begins_to_wait(draft: Draft, chat: ChatFacts) -> bool:
    """One mail per chat, not one per message: who has been told once is not told of each line."""
    if isinstance(
        draft.event, ClientIdentified | ClientChosen
    ):  # only now it is known whom to tell
        return True
    return chat.conversation.unanswered_since == draft.event.occurred_at


def _label(draft: Draft, chat: ChatFacts) -> str:
    name = chat.conversation.channel
    channel = None if name is None else draft.policy.channels.get(name)
    return "" if channel is None else channel.label


def active_managers(directory: Directory, policy: Policy) -> tuple[Employee, ...]:
    """All managers but those who have left; the CRM need not know them."""
    return tuple(
        employee
        for employee in policy.employees.values()
        if employee.role is Role.MANAGER and not has_left(employee.id, directory)
    )


def has_left(employee: EmployeeId, directory: Directory) -> bool:
    person = directory.by_email(employee)
    return person is not None and not person.active


def may_read(draft: Draft, chat: ChatFacts, employee: EmployeeId) -> bool:
    facts, person = draft.facts, draft.policy.employee(employee)
    return access(person, chat, facts.directory, draft.policy, facts.now).can_read
