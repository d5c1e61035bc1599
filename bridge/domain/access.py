"""The one function that decides who may see and write in a chat, used everywhere (ROL-02)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from bridge.domain.facts import ChatFacts
from bridge.domain.names import ChannelName, CrmId, EmployeeId
from bridge.domain.people import Directory, Employee, Role
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import ClientState, ContactState, Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    can_read: bool
    can_write: bool
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """One owner of the chat's contact, an open deal of his, or an open lead."""

    employee: EmployeeId
    reason: Reason
    as_of: datetime


_OWNS = {
    ReasonCode.OWNER_CONTACT: Reason(ReasonCode.OWNER_CONTACT, "owns the contact in the CRM"),
    ReasonCode.OWNER_DEAL: Reason(ReasonCode.OWNER_DEAL, "owns the open deal in the CRM"),
    ReasonCode.OWNER_LEAD: Reason(ReasonCode.OWNER_LEAD, "owns the open lead in the CRM"),
}


def access(
    employee: Employee, chat: ChatFacts, directory: Directory, policy: Policy, now: datetime
) -> Access:
    """What this employee may do in this chat, and why."""
    match employee.role:
        case Role.MANAGER:
            return _both(Reason(ReasonCode.ROLE_MANAGER, "managers read and write all chats"))
        case Role.QUALITY_CONTROL:
            detail = "quality control reads all chats and writes in none"
            return Access(
                can_read=True,
                can_write=False,
                reason=Reason(ReasonCode.ROLE_QUALITY_CONTROL, detail),
            )
        case Role.SALESPERSON:
            return _salesperson(employee, chat, directory, policy, now)
        case Role.NONE:
            return _neither(ReasonCode.ROLE_NONE, "has no role, so sees and writes nothing")
    assert_never(employee.role)


def owners(chat: ChatFacts, directory: Directory) -> tuple[Ownership, ...]:
    """The owners of the contact, of his open deals and of his open leads (WS-09)."""
    claim = _claim(chat)
    return tuple(_owners(chat, directory)) if claim is None else (claim,)


def stands_in(employee: Employee, chat: ChatFacts, directory: Directory, policy: Policy) -> bool:
    """Whether he is `ownership.fallback` of a client none of whose owners can answer."""
    if employee.id != policy.ownership.fallback or _unowned(chat):
        return False
    people = (policy.employee(owner.employee) for owner in owners(chat, directory))
    return not any(can_answer(person, chat) for person in people)


def can_answer(employee: Employee, chat: ChatFacts) -> bool:
    """Whether he would see the chat if he owned its client, and may write at all."""
    sees = employee.role is Role.MANAGER or employee.has_channel(chat.conversation.channel)
    return employee.may_write_at_all and sees


def answers_on(employee: Employee) -> frozenset[ChannelName] | None:
    """The channels on which he can answer in a chat he is responsible for; None: on all."""
    if not employee.may_write_at_all:
        return frozenset()
    return None if employee.role is Role.MANAGER else employee.channels


def is_unowned(chat: ChatFacts) -> bool:
    """Nobody is responsible for this client yet: visible to those who take new clients (WS-08)."""
    if chat.conversation.client not in (ClientState.NEW, ClientState.KNOWN):
        return False
    return chat.conversation.claimed_by is None and _unowned(chat)


def is_stale(as_of: datetime, policy: Policy, now: datetime) -> bool:
    """Read too long ago, or so far ahead of us that a clock was wrong: neither is believed."""
    return abs(now - as_of) > policy.ownership.max_age


def _claim(chat: ChatFacts) -> Ownership | None:
    """A claim made by answering, until the CRM names an owner: our own fact, so never stale."""
    claimed_by, when = chat.conversation.claimed_by, chat.conversation.last_message_at
    if claimed_by is None or when is None or not _unowned(chat):
        return None
    detail = "answered first; the CRM has not confirmed it yet"
    reason = Reason(ReasonCode.OWNER_CLAIMED, detail)
    return Ownership(employee=claimed_by, reason=reason, as_of=when)


def _unowned(chat: ChatFacts) -> bool:
    return next(_owned(chat), None) is None


def _owned(chat: ChatFacts) -> Iterator[tuple[Owner, CrmId, ReasonCode]]:
    if chat.contact is not None and chat.contact.owner.crm_id is not None:
        yield chat.contact.owner, chat.contact.owner.crm_id, ReasonCode.OWNER_CONTACT
    for deal in chat.deals:
        if deal.is_open and deal.owner.crm_id is not None:
            yield deal.owner, deal.owner.crm_id, ReasonCode.OWNER_DEAL
    for lead in chat.leads:
        if lead.is_open and lead.owner.crm_id is not None:
            yield lead.owner, lead.owner.crm_id, ReasonCode.OWNER_LEAD


def _owners(chat: ChatFacts, directory: Directory) -> Iterator[Ownership]:
    for owner, crm_id, code in _owned(chat):
        person = directory.by_crm_id(crm_id)
        if person is not None and person.active:
            yield Ownership(employee=person.email, reason=_OWNS[code], as_of=owner.as_of)


def _salesperson(
    employee: Employee, chat: ChatFacts, directory: Directory, policy: Policy, now: datetime
) -> Access:
    hidden = _hidden(employee, chat)
    if hidden is not None:
        return Access(can_read=False, can_write=False, reason=hidden)
    own = [o for o in owners(chat, directory) if o.employee == employee.id]
    fresh = [o for o in own if _is_claim(o) or not is_stale(o.as_of, policy, now)]
    if fresh:
        return _both(fresh[0].reason)
    if own:
        return _stale()
    if is_unowned(chat):
        return _unowned_client(employee, chat, policy, now)
    if stands_in(employee, chat, directory, policy):
        return _fallback(chat, policy, now)
    return _neither(ReasonCode.OWNER_MISMATCH, "owns neither the contact nor an open deal or lead")


def _hidden(employee: Employee, chat: ChatFacts) -> Reason | None:
    """What hides a chat from every salesperson, or from this one."""
    if not employee.has_channel(chat.conversation.channel):
        return Reason(ReasonCode.CHANNEL_NO_ACCESS, "has no access to this channel")
    match chat.conversation.client:
        case ClientState.UNIDENTIFIED:
            return Reason(
                ReasonCode.CLIENT_UNIDENTIFIED,
                "the CRM could not say yet whose client this is; managers see the chat",
            )
        case ClientState.AMBIGUOUS:
            return Reason(
                ReasonCode.CLIENT_AMBIGUOUS, "several CRM contacts fit; a manager has to decide"
            )
        case ClientState.GROUP:
            return Reason(ReasonCode.CLIENT_GROUP, "group chats belong to no client")
        case ClientState.KNOWN | ClientState.NEW:
            return _gone(chat)
    assert_never(chat.conversation.client)


def _gone(chat: ChatFacts) -> Reason | None:
    if chat.contact is not None and chat.contact.state is not ContactState.ACTIVE:
        return Reason(ReasonCode.CLIENT_DELETED, "the contact is no longer in the CRM")
    return None


def _unowned_client(employee: Employee, chat: ChatFacts, policy: Policy, now: datetime) -> Access:
    if not employee.gets_new_clients:
        return _neither(
            ReasonCode.NEW_CLIENT_HIDDEN, "nobody owns this client; does not take new clients"
        )
    if chat.contact is not None and is_stale(chat.contact.owner.as_of, policy, now):
        return _stale()  # somebody may own him by now
    return _both(
        Reason(ReasonCode.NEW_CLIENT_VISIBLE, "nobody owns this client; takes new clients")
    )


def _fallback(chat: ChatFacts, policy: Policy, now: datetime) -> Access:
    if any(is_stale(owner.as_of, policy, now) for owner, _, _ in _owned(chat)):
        return _stale()
    return _both(Reason(ReasonCode.TARGET_FALLBACK, "no owner can answer; is the fallback"))


def _is_claim(owner: Ownership) -> bool:
    return owner.reason.code is ReasonCode.OWNER_CLAIMED


def _stale() -> Access:
    return _neither(
        ReasonCode.OWNER_STALE,
        "the owner was last read from the CRM too long ago; a refresh is queued",
    )


def _both(reason: Reason) -> Access:
    return Access(can_read=True, can_write=True, reason=reason)


def _neither(code: ReasonCode, detail: str) -> Access:
    return Access(can_read=False, can_write=False, reason=Reason(code, detail))
