"""Whose conversations can matter to somebody: a superset that `access` has the last word on.

It is found by indices, so that who has few chats among very many reads few rows.
"""

from dataclasses import dataclass

from sqlalchemy import Column, CompoundSelect, Select, func, select, union

from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.records import ClientState
from bridge.store.schema import CONTACTS, CONVERSATIONS, RECORD_CONTACTS, RECORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """Those owned by these CRM ids or claimed by this employee; those that nobody owns when
    `unowned`; those owned by anybody but the `able`, when that is not None."""

    employee: EmployeeId
    crm_ids: tuple[CrmId, ...]
    unowned: bool = False
    able: tuple[CrmId, ...] | None = None


def chats_within(sieve: Sieve) -> CompoundSelect[str]:
    """The ids of the conversations that a sieve lets through."""
    chat = CONVERSATIONS.c
    of_contacts = select(chat.id).where(chat.contact.in_(_contacts(sieve)))
    claimed = select(chat.id).where(chat.claimed_by == sieve.employee)
    if not sieve.unowned:
        return union(of_contacts, claimed)
    nobodys = (ClientState.NEW, ClientState.KNOWN)  # all others are hidden from salespeople
    without = select(chat.id).where(chat.contact.is_(None), chat.client.in_(nobodys))
    return union(of_contacts, claimed, without)


def _contacts(sieve: Sieve) -> CompoundSelect[str]:
    found = [
        select(CONTACTS.c.id).where(CONTACTS.c.owner.in_(sieve.crm_ids)),
        _linked().where(RECORDS.c.owner.in_(sieve.crm_ids)),
    ]
    if sieve.unowned:
        found.append(select(CONTACTS.c.id).where(CONTACTS.c.owner.is_(None)))
    if sieve.able is not None:
        found.append(
            select(CONTACTS.c.id).where(CONTACTS.c.owner.in_(_others(CONTACTS.c.owner, sieve.able)))
        )
        found.append(_linked().where(RECORDS.c.owner.in_(_others(RECORDS.c.owner, sieve.able))))
    return union(*found)


def _linked() -> Select[str]:
    """The contacts of open deals and leads."""
    return (
        select(RECORD_CONTACTS.c.contact)
        .join(RECORDS, RECORDS.c.id == RECORD_CONTACTS.c.record)
        .where(RECORDS.c.is_open)
    )


def _others(owner: Column[str], able: tuple[CrmId, ...]) -> Select[str]:
    """Every owner there is but these, found by leaping from one to the next in their index."""
    first = select(func.min(owner).label("owner")).cte(recursive=True)
    following = select(func.min(owner)).where(owner > first.c.owner).scalar_subquery()
    owners = first.union_all(select(following).where(first.c.owner.is_not(None)))
    return select(owners.c.owner).where(owners.c.owner.not_in(able))
