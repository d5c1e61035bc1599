"""A manager says whose client a chat is, joins two contacts, or parts them: decided at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.decisions import Verdict, Wait
from bridge.domain.events import ClientChosen, ContactsJoined, ContactsParted
from bridge.domain.names import AccountName, ConversationId, EmployeeId, EventKey, RecordId
from bridge.domain.people import Role
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.routing import route
from bridge.pipeline.commit import Decided, commit
from bridge.pipeline.ledger import stored_event, stored_facts
from bridge.pipeline.on_record import line_by
from bridge.pipeline.parts import Parts
from bridge.pipeline.send import Refusal
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import audit, chats, decisions, identities, mirror
from bridge.store.deciding import deciding

_Said = ClientChosen | ContactsJoined | ContactsParted
_Make = Callable[[Connection, datetime], _Said | Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Whose word it is and why; `key` tells it from every other, so that it counts once."""

    employee: EmployeeId
    why: str
    key: str


def choose(
    parts: Parts, word: Word, conversation: ConversationId, contact: RecordId | None
) -> Refusal | None:
    """`contact` of None: none of those who fit, a new client."""

    def said(db: Connection, now: datetime) -> _Said | Refusal:
        known = chats.conversations_by_id(db, [conversation]).get(conversation)
        if known is None:
            return _missing("conversation")
        if contact is not None and not chats.contacts_by_id(db, [contact]):
            return _missing("contact")
        return ClientChosen(
            event_key=EventKey(f"chosen:{word.key}"),
            occurred_at=now,
            account=known.account,
            conversation=conversation,
            contact=contact,
            employee=word.employee,
            why=word.why,
        )

    return _decide(parts, word, said)


def join(parts: Parts, word: Word, survivor: RecordId, absorbed: RecordId) -> Refusal | None:
    """All chats of `absorbed` are `survivor`'s from now on."""

    def said(db: Connection, now: datetime) -> _Said | Refusal:
        if len(chats.contacts_by_id(db, [survivor, absorbed])) < 2:
            return _missing("pair of contacts")
        return ContactsJoined(
            event_key=EventKey(f"joined:{word.key}"),
            occurred_at=now,
            account=_crm(parts),
            survivor=survivor,
            absorbed=absorbed,
            employee=word.employee,
            why=word.why,
        )

    return _decide(parts, word, said)


def part(parts: Parts, word: Word, merge: str) -> Refusal | None:
    """Both get back what was theirs before this merge."""

    def said(db: Connection, now: datetime) -> _Said | Refusal:
        if not identities.merges_by_id(db, [merge]):
            return _missing("merge")
        return ContactsParted(
            event_key=EventKey(f"parted:{word.key}"),
            occurred_at=now,
            account=_crm(parts),
            merge=merge,
            employee=word.employee,
            why=word.why,
        )

    return _decide(parts, word, said)


def _decide(parts: Parts, word: Word, make: _Make) -> Refusal | None:
    active = parts.active()
    if active.policy.employee(word.employee).role is not Role.MANAGER:
        detail = "only managers say whose client somebody is"
        return Refusal(reason=Reason(ReasonCode.REQUEST_FORBIDDEN, detail), status=403)
    with deciding(parts.engine) as db:
        now = parts.now()
        event = make(db, now)
        if isinstance(event, Refusal):
            return event
        if decisions.by_key(db, [event.account], event.event_key) is not None:
            return None
        directory, directory_hash = mirror.directory_and_hash(db, active.policy.crm)
        unit = UnitOfWork(db, active, directory, now, parts.public_url)
        unit.load([event], {})
        facts = unit.facts(event)
        decision = route(event, facts, active.policy)
        if isinstance(decision, Wait):
            return Refusal(reason=decision.reason, status=409)
        if decision.verdict is not Verdict.APPLIED:
            return Refusal(reason=decision.reasons[0], status=409)
        unit.apply(decision)
        made = Decided(decision=decision, event=stored_event(event), facts=stored_facts(facts))
        filled = commit(db, active, directory_hash, unit.held, [made], now)
        audit.note(db, [line_by(word.employee, decision)], now)
    for name in sorted(filled):
        parts.bell.ring(name)
    return None


def _crm(parts: Parts) -> AccountName:
    """Contacts are a CRM's, even where it is no longer the one that is set."""
    return parts.active().policy.crm or AccountName("")


def _missing(what: str) -> Refusal:
    return Refusal(
        reason=Reason(ReasonCode.REQUEST_NOT_FOUND, f"there is no such {what}"), status=404
    )
