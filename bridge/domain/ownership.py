"""Whose client it is: the owner by precedence over deal, contact and lead, with a fallback."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.domain.access import can_answer, is_stale
from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.decisions import Candidate
from bridge.domain.draft import Draft
from bridge.domain.facts import ChatFacts
from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Deal, Owner, RecordKind

_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    kind: RecordKind
    owner: Owner
    crm_id: CrmId


def choose_owner(draft: Draft, chat: ChatFacts) -> bool:
    """Gives the chat to its owner; False when nobody owns the client.

    An owner who left, or who could not answer in this chat, is passed over for the next in
    precedence, and at last for `ownership.fallback`.
    """
    claims = tuple(_claims(chat, draft.policy))
    for claim in claims:
        draft.used(f"owner of {claim.kind}", claim.crm_id, claim.owner.as_of)
    if not claims:
        return _keep_claim(draft, chat)
    for claim in claims:
        candidate = _judge(draft, chat, claim)
        if candidate is None:
            continue
        draft.consider([candidate])
        if candidate.chosen:
            _set_target(draft, chat, candidate.employee, claim)
            return True
    _fall_back(draft)
    return True


def has_owner(chat: ChatFacts, policy: Policy) -> bool:
    """Whether the CRM names anybody whom `ownership.precedence` asks for."""
    asked = (owner for kind in policy.ownership.precedence for owner in _owners_of(kind, chat))
    return any(owner.crm_id is not None for owner in asked)


def _keep_claim(draft: Draft, chat: ChatFacts) -> bool:
    """Whoever answered first keeps the client until the CRM names another owner."""
    claimed_by = chat.conversation.claimed_by
    if claimed_by is None:
        return False
    draft.target = claimed_by
    draft.because(ReasonCode.TARGET_CLAIMED, f"{claimed_by} answered first and has the client")
    return True


def _claims(chat: ChatFacts, policy: Policy) -> Iterator[_Claim]:
    """Owners in the order of `ownership.precedence`; of several open deals the pinned one first,
    then the one in which something happened last."""
    for kind in policy.ownership.precedence:
        for owner in _owners_of(kind, chat):
            if owner.crm_id is not None:
                yield _Claim(kind=kind, owner=owner, crm_id=owner.crm_id)


def _owners_of(kind: RecordKind, chat: ChatFacts) -> tuple[Owner, ...]:
    match kind:
        case RecordKind.CONTACT:
            return () if chat.contact is None else (chat.contact.owner,)
        case RecordKind.DEAL:
            return tuple(deal.owner for deal in open_deals(chat))
        case RecordKind.LEAD:
            leads = [x for x in chat.leads if x.is_open]
            leads.sort(key=lambda x: _newest(x.crm_id), reverse=True)
            return tuple(lead.owner for lead in leads)


def open_deals(chat: ChatFacts) -> tuple[Deal, ...]:
    """The one that counts first: that which a manager has pinned, else the one with the newest
    activity in the CRM; one that is still being made is the newest of all."""

    found = tuple(deal for deal in chat.deals if deal.is_open)
    if len(found) < 2:
        return found

    def rank(deal: Deal) -> tuple[bool, datetime, tuple[int, str]]:
        newest = deal.active_at or _EVER
        is_pinned = deal.id == chat.conversation.pinned_deal
        return is_pinned, _NEVER if deal.crm_id is None else newest, _newest(deal.crm_id)

    return tuple(sorted(found, key=rank, reverse=True))


def _newest(crm_id: CrmId | None) -> tuple[int, str]:
    """Ids of a CRM grow; one that is still being made is the newest of all."""
    return (1_000, "") if crm_id is None else (len(crm_id), crm_id)


def _judge(draft: Draft, chat: ChatFacts, claim: _Claim) -> Candidate | None:
    person = draft.facts.directory.by_crm_id(claim.crm_id)
    if person is None:
        return None
    if not person.active:
        return _passed(person.email, ReasonCode.INACTIVE_IN_CRM, "is no longer active in the CRM")
    employee = draft.policy.employee(person.email)
    if not employee.may_write_at_all:
        return _passed(person.email, ReasonCode.ROLE_CANNOT_WRITE, "has no role that may write")
    if not can_answer(employee, chat):
        channel = chat.conversation.channel
        return _passed(person.email, ReasonCode.NO_CHANNEL_ACCESS, f"has no access to {channel}")
    reason = Reason(ReasonCode.TARGET_OWNER, f"owns the {claim.kind} in the CRM")
    return Candidate(employee=person.email, chosen=True, reason=reason)


def _passed(employee: EmployeeId, code: ReasonCode, detail: str) -> Candidate:
    return Candidate(employee=employee, chosen=False, reason=Reason(code, detail))


def _set_target(draft: Draft, chat: ChatFacts, employee: EmployeeId, claim: _Claim) -> None:
    draft.target = employee
    said = f"{employee} owns the {claim.kind} in the CRM{_of_several(chat, claim)}"
    draft.because(ReasonCode.TARGET_OWNER, said)
    if not is_stale(claim.owner.as_of, draft.policy, draft.facts.now):
        return
    draft.because(
        ReasonCode.OWNER_STALE,
        "the owner was read too long ago: hidden from salespeople until it is read again",
    )
    if chat.contact is not None and chat.contact.crm_id is not None:
        draft.change(RequestRefresh(kind=RefreshKind.CONTACT, key=chat.contact.crm_id))


def _of_several(chat: ChatFacts, claim: _Claim) -> str:
    """Which deal decided, where the client has more than one that is open."""
    if claim.kind is not RecordKind.DEAL or len(chat.deals) < 2:
        return ""
    deals = open_deals(chat)
    if len(deals) < 2:
        return ""
    if deals[0].id == chat.conversation.pinned_deal and deals[0].owner == claim.owner:
        return f"; of {len(deals)} open deals a manager has pinned this one"
    return (
        f"; of {len(deals)} open deals the one counts in which something happened last and whose "
        "owner can answer"
    )


def _fall_back(draft: Draft) -> None:
    fallback = draft.policy.ownership.fallback
    if fallback is None:
        draft.because(
            ReasonCode.TARGET_NOBODY,
            "no owner can answer and ownership.fallback is not set: managers see the chat",
        )
        return
    draft.target = fallback
    draft.because(ReasonCode.TARGET_FALLBACK, f"no owner can answer: {fallback} is the fallback")
