"""Reads conversations with all that access looks at, many at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from bridge import codec
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId, RecordId
from bridge.domain.records import Contact, Conversation, Deal, Lead, RecordKind
from bridge.store.schema import CONTACTS, CONVERSATIONS, RECORD_CONTACTS, RECORDS

_SLICE = 500  # parameters per statement


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


def conversations_by_id(
    db: Connection, ids: Iterable[ConversationId]
) -> dict[ConversationId, Conversation]:
    found: dict[ConversationId, Conversation] = {}
    for some in slices(ids):
        rows = db.scalars(select(CONVERSATIONS.c.value).where(CONVERSATIONS.c.id.in_(some)))
        for value in rows:
            conversation = codec.decode(Conversation, bytes(value))
            found[conversation.id] = conversation
    return found


def contacts_by_id(db: Connection, ids: Iterable[RecordId]) -> dict[RecordId, Contact]:
    found: dict[RecordId, Contact] = {}
    for some in slices(ids):
        for value in db.scalars(select(CONTACTS.c.value).where(CONTACTS.c.id.in_(some))):
            contact = codec.decode(Contact, bytes(value))
            found[contact.id] = contact
    return found


def records_of(
    db: Connection, contacts: Iterable[RecordId]
) -> tuple[dict[RecordId, tuple[Deal, ...]], dict[RecordId, tuple[Lead, ...]]]:
    """The deals and the leads of each contact, in a stable order."""
    deals: defaultdict[RecordId, list[Deal]] = defaultdict(list)
    leads: defaultdict[RecordId, list[Lead]] = defaultdict(list)
    for some in slices(contacts):
        rows = db.execute(
            select(RECORD_CONTACTS.c.contact, RECORDS.c.kind, RECORDS.c.value)
            .join(RECORDS, RECORDS.c.id == RECORD_CONTACTS.c.record)
            .where(RECORD_CONTACTS.c.contact.in_(some))
            .order_by(RECORDS.c.id)
        )
        for contact, kind, value in rows:
            if kind == RecordKind.DEAL:
                deals[contact].append(codec.decode(Deal, bytes(value)))
            else:
                leads[contact].append(codec.decode(Lead, bytes(value)))
    return (
        {contact: tuple(found) for contact, found in deals.items()},
        {contact: tuple(found) for contact, found in leads.items()},
    )


def slices(ids: Iterable[str]) -> Iterable[list[str]]:
    """The ids without doubles, in slices that one statement can take."""
    unique = list(dict.fromkeys(ids))
    return (unique[n : n + _SLICE] for n in range(0, len(unique), _SLICE))
