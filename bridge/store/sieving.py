"""Whose conversations can matter to somebody: a superset that `access` has the last word on.

It is found by indices, so that who has few chats among very many reads few rows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    false,
    or_,
    select,
    text,
    union,
    union_all,
)

from bridge.domain.names import ChannelName, ConversationId, CrmId, EmployeeId
from bridge.store.among import among
from bridge.store.leaping import different
from bridge.store.schema import CONTACTS, CONVERSATIONS, RECORD_CONTACTS, RECORDS

FEW = 2000
"""So many chats are named one by one rather than looked for again by each statement."""
_CHAT = CONVERSATIONS.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Able:
    """Owners who can answer on these channels; None: on all."""

    crm_ids: tuple[CrmId, ...]
    channels: tuple[ChannelName, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """Who stands in where no owner can answer: `owners` are all who can't everywhere."""

    owners: tuple[CrmId, ...]
    able: tuple[Able, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """Those owned by these CRM ids or claimed by this employee; those that nobody owns when
    `unowned`; those he stands in for. `chats`: all that these are among, where they have been
    found and are few."""

    employee: EmployeeId
    crm_ids: tuple[CrmId, ...]
    unowned: bool = False
    stands_in: StandIn | None = None
    chats: tuple[ConversationId, ...] | None = None


def settled(db: Connection, sieve: Sieve) -> Sieve:
    """With its chats where they are few: for whoever asks more than once, or wants them sorted."""
    if sieve.chats is not None:
        return sieve
    found = db.scalars(chats_within(sieve).limit(FEW + 1)).all()
    if len(found) > FEW:
        return sieve
    return replace(sieve, chats=tuple(dict.fromkeys(ConversationId(name) for name in found)))


def let_through(chat: ColumnElement[str], sieve: Sieve) -> ColumnElement[bool]:
    """Whether the conversation that this column names comes through."""
    if sieve.chats is not None:
        return among(chat, sieve.chats)
    return select(_CHAT.id).where(_CHAT.id == chat, comes_through(sieve)).exists()


def comes_through(sieve: Sieve) -> ColumnElement[bool]:
    """The same, asked of a conversation: its own row tells it, however many others there are."""
    if sieve.chats is not None:
        named = among(_CHAT.id, sieve.chats)
        return named if sieve.stands_in is None else and_(named, _is_his(sieve))
    return _is_his(sieve)


def _is_his(sieve: Sieve) -> ColumnElement[bool]:
    ways = [_CHAT.claimed_by == sieve.employee]
    if sieve.unowned:
        ways.append(_CHAT.unowned)
    ways.append(_owned(CONTACTS.c.owner.in_(sieve.crm_ids), RECORDS.c.owner.in_(sieve.crm_ids)))
    if sieve.stands_in is not None:
        ways.append(_is_stuck(sieve.stands_in.able))
    return or_(*ways)


def _is_stuck(able: Sequence[Able]) -> ColumnElement[bool]:
    """Owned, and by nobody who can answer in it."""
    by_able = _owned(_can_answer(CONTACTS.c.owner, able), _can_answer(RECORDS.c.owner, able))
    by_anybody = _owned(CONTACTS.c.owner.is_not(None), RECORDS.c.owner.is_not(None))
    return and_(~by_able, by_anybody)


def _can_answer(owner: Column[str], able: Sequence[Able]) -> ColumnElement[bool]:
    ways = (
        among(owner, some.crm_ids)
        if some.channels is None
        else and_(among(_CHAT.channel, some.channels), among(owner, some.crm_ids))
        for some in able
    )
    return or_(false(), *ways)


def _owned(contact: ColumnElement[bool], record: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether that is so of the owner of its contact, or of an open deal or lead of his."""
    of_contact = select(CONTACTS.c.id).where(CONTACTS.c.id == _CHAT.contact, contact)
    of_record = _linked().where(RECORD_CONTACTS.c.contact == _CHAT.contact, record)
    return or_(of_contact.exists(), of_record.exists())


def chats_within(sieve: Sieve) -> CompoundSelect[str]:
    """The ids of the conversations that a sieve lets through, and of all those that he may have to
    stand in for; one that comes through in several ways as often."""
    owners = (*sieve.crm_ids, *(sieve.stands_in.owners if sieve.stands_in else ()))
    ways = [
        select(_CHAT.id).where(
            _CHAT.contact.in_(select(CONTACTS.c.id).where(CONTACTS.c.owner.in_(owners)))
        ),
        select(_CHAT.id).where(_CHAT.contact.in_(_linked().where(RECORDS.c.owner.in_(owners)))),
        select(_CHAT.id).where(_CHAT.claimed_by == sieve.employee),
    ]
    if sieve.unowned:
        # As the partial index has it: neither store knows it by another name.
        ways.append(select(_CHAT.id).where(text("conversations.unowned")))
    return union_all(*ways)


def owners_but(db: Connection, able: Collection[CrmId]) -> tuple[CrmId, ...]:
    """Every owner of contacts, deals and leads but these."""
    found = db.scalars(union(different(CONTACTS.c.owner), different(RECORDS.c.owner)))
    return tuple(sorted(CrmId(owner) for owner in found if owner not in able))


def _linked() -> Select[str]:
    """The contacts of open deals and leads."""
    return (
        select(RECORD_CONTACTS.c.contact)
        .join(RECORDS, RECORDS.c.id == RECORD_CONTACTS.c.record)
        .where(RECORDS.c.is_open)
    )
