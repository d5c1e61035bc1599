"""Reads conversations with all that access looks at, many at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from bridge import codec
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId, RecordId
from bridge.domain.records import (
    ClientState,
    Contact,
    ContactState,
    Conversation,
    Deal,
    Lead,
    RecordKind,
)
from bridge.store.among import among_given
from bridge.store.schema import CONTACTS, CONVERSATIONS, RECORD_CONTACTS, RECORDS

# Made once: to make a statement anew costs as much as to run it.
_CLIENTS = (
    select(CONVERSATIONS.c.id, CONVERSATIONS.c.client, CONTACTS.c.state)
    .outerjoin(CONTACTS, CONTACTS.c.id == CONVERSATIONS.c.contact)
    .where(among_given(CONVERSATIONS.c.id, "ids"))
)
_CONVERSATIONS = select(CONVERSATIONS.c.value).where(among_given(CONVERSATIONS.c.id, "ids"))
_CONTACTS = select(CONTACTS.c.value).where(among_given(CONTACTS.c.id, "ids"))
_RECORDS = (
    select(RECORD_CONTACTS.c.contact, RECORDS.c.kind, RECORDS.c.value)
    .join(RECORDS, RECORDS.c.id == RECORD_CONTACTS.c.record)
    .where(among_given(RECORD_CONTACTS.c.contact, "contacts"))
    .order_by(RECORDS.c.id)
)


def chat_facts(db: Connection, ids: Sequence[ConversationId]) -> Mapping[ConversationId, ChatFacts]:
    """Those of the conversations that exist, each with contact, deals and leads."""
    conversations = conversations_by_id(db, ids)
    wanted = {c.contact for c in conversations.values() if c.contact is not None}
    contacts = contacts_by_id(db, wanted)
    deals, leads = records_of(db, contacts)
    return {
        key: ChatFacts(
            conversation=conversation,
            contact=contacts.get(conversation.contact) if conversation.contact else None,
            deals=deals.get(conversation.contact, ()) if conversation.contact else (),
            leads=leads.get(conversation.contact, ()) if conversation.contact else (),
        )
        for key, conversation in conversations.items()
    }


def clients_of(
    db: Connection, ids: Iterable[ConversationId]
) -> Mapping[ConversationId, tuple[ClientState, ContactState | None]]:
    """How far the client of each conversation is known, and the state of his contact."""
    rows = db.execute(_CLIENTS, {"ids": ids})
    return {
        where: (ClientState(client), None if state is None else ContactState(state))
        for where, client, state in rows.all()
    }


def conversations_by_id(
    db: Connection, ids: Iterable[ConversationId]
) -> dict[ConversationId, Conversation]:
    values = db.scalars(_CONVERSATIONS, {"ids": ids}).all()
    found = (codec.decode(Conversation, bytes(value)) for value in values)
    return {conversation.id: conversation for conversation in found}


def contacts_by_id(db: Connection, ids: Iterable[RecordId]) -> dict[RecordId, Contact]:
    values = db.scalars(_CONTACTS, {"ids": ids}).all()
    found = (codec.decode(Contact, bytes(value)) for value in values)
    return {contact.id: contact for contact in found}


def records_of(
    db: Connection, contacts: Iterable[RecordId]
) -> tuple[dict[RecordId, tuple[Deal, ...]], dict[RecordId, tuple[Lead, ...]]]:
    """The deals and the leads of each contact, in a stable order."""
    deals: defaultdict[RecordId, list[Deal]] = defaultdict(list)
    leads: defaultdict[RecordId, list[Lead]] = defaultdict(list)
    rows = db.execute(_RECORDS, {"contacts": contacts})
    for contact, kind, value in rows.all():
        if kind == RecordKind.DEAL:
            deals[contact].append(codec.decode(Deal, bytes(value)))
        else:
            leads[contact].append(codec.decode(Lead, bytes(value)))
    return (
        {contact: tuple(found) for contact, found in deals.items()},
        {contact: tuple(found) for contact, found in leads.items()},
    )
