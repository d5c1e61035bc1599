"""The first to answer an unowned client becomes his owner, where clients are given out so."""

from dataclasses import replace

from bridge.domain.access import is_unowned, owners
from bridge.domain.creating import create_contact
from bridge.domain.decisions import Candidate
from bridge.domain.distribution import select
from bridge.domain.draft import Draft
from bridge.domain.facts import ChatFacts
from bridge.domain.intake import change_owner
from bridge.domain.names import EmployeeId
from bridge.domain.people import Directory, Employee
from bridge.domain.policy import ClientCondition
from bridge.domain.reasons import Reason, ReasonCode


def claim(draft: Draft, chat: ChatFacts, author: EmployeeId) -> ChatFacts:
    """The chat as it stands once `author` has answered (WZ-07, WS-10).

    Answering without `gets_new_clients` claims nothing (ROL-16).
    """
    if not is_unowned(chat) or not _may_claim(draft, chat, author):
        return chat
    reason = Reason(ReasonCode.TARGET_CLAIMED, f"{author} answered first and gets the client")
    draft.target = author
    draft.because(reason.code, reason.detail)
    draft.consider([Candidate(employee=author, chosen=True, reason=reason)])
    claimed = replace(chat, conversation=replace(chat.conversation, claimed_by=author))
    if chat.contact is None:
        return create_contact(draft, claimed, author)
    return change_owner(draft, claimed, chat.contact, author)


def taken_by(employee: Employee, chat: ChatFacts, directory: Directory) -> EmployeeId | None:
    """Who has got a client that this employee could have got as well."""
    could = employee.gets_new_clients and employee.may_write_at_all
    if not could or not employee.has_channel(chat.conversation.channel):
        return None
    taken = next((owner.employee for owner in owners(chat, directory)), None)
    return None if taken == employee.id else taken


def _may_claim(draft: Draft, chat: ChatFacts, author: EmployeeId) -> bool:
    """Whether the client is open to the first who answers, and to him among others."""
    if not draft.policy.employee(author).gets_new_clients:
        return False
    client = ClientCondition.NEW if chat.contact is None else ClientCondition.KNOWN
    return author in select(chat.conversation, client, draft.facts, draft.policy).open_to
