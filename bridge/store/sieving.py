"""Whose conversations can matter to somebody: a superset that `access` has the last word on.

It is found by indices, so that who has few chats among very many reads few rows.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Column, CompoundSelect, Connection, Select, func, select, text, union

from bridge.domain.names import CrmId, EmployeeId
from bridge.store.schema import CONTACTS, CONVERSATIONS, RECORD_CONTACTS, RECORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """Those owned by these CRM ids or claimed by this employee; those that nobody owns when
    `unowned`."""

    employee: EmployeeId
    crm_ids: tuple[CrmId, ...]
    unowned: bool = False


def chats_within(sieve: Sieve) -> CompoundSelect[str]:
    """The ids of the conversations that a sieve lets through."""
    chat = CONVERSATIONS.c
    of_contacts = select(chat.id).where(chat.contact.in_(_contacts(sieve)))
    claimed = select(chat.id).where(chat.claimed_by == sieve.employee)
    if not sieve.unowned:
        return union(of_contacts, claimed)
    # As the partial index has it: neither store knows it by another name.
    nobodys = select(chat.id).where(text("conversations.unowned"))
    return union(of_contacts, claimed, nobodys)


def owners_but(db: Connection, able: Collection[CrmId]) -> tuple[CrmId, ...]:
    """Every owner of contacts, deals and leads but these."""
    found = db.scalars(union(_owners(CONTACTS.c.owner), _owners(RECORDS.c.owner)))
    return tuple(sorted(CrmId(owner) for owner in found if owner not in able))


def _contacts(sieve: Sieve) -> CompoundSelect[str]:
    return union(
        select(CONTACTS.c.id).where(CONTACTS.c.owner.in_(sieve.crm_ids)),
        _linked().where(RECORDS.c.owner.in_(sieve.crm_ids)),
    )


def _linked() -> Select[str]:
    """The contacts of open deals and leads."""
    return (
        select(RECORD_CONTACTS.c.contact)
        .join(RECORDS, RECORDS.c.id == RECORD_CONTACTS.c.record)
        .where(RECORDS.c.is_open)
    )


def _owners(owner: Column[str]) -> Select[str]:
    """Every owner there is, found by leaping from one to the next in their index."""
    first = select(func.min(owner).label("owner")).cte(recursive=True)
    following = select(func.min(owner)).where(owner > first.c.owner).scalar_subquery()
    owners = first.union_all(select(following).where(first.c.owner.is_not(None)))
    return select(owners.c.owner).where(owners.c.owner.is_not(None))
