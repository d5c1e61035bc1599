"""Reads in bulk who the chats of a run may belong to: by identities, candidates and merges."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.domain import events as e
from bridge.domain.facts import Lookup
from bridge.domain.identities import KnownIdentity, identities_of
from bridge.domain.intake import needs_identifying
from bridge.domain.merging import Merge
from bridge.domain.messaging import ChatKind
from bridge.domain.names import ConversationId, RecordId
from bridge.domain.records import Contact, Conversation, RecordKind
from bridge.pipeline import homes
from bridge.pipeline.event_keys import chat_of, conversation_of, records_found, records_of
from bridge.pipeline.loaded import Loaded
from bridge.store import chats, identities, records

_ASKED_AGAIN = e.ContactChanged | e.ContactDeleted | e.ContactErased | e.ContactsMerged


def load_kin(
    db: Connection, held: Loaded, run: Sequence[e.Event], lookups: Iterable[Lookup] = ()
) -> None:
    """An ordinary message of a known client asks for nothing here."""
    before = frozenset(held.contacts)
    names = {name for event in run for name in names_of(held, event)}
    if names:
        held.hold_identities(identities.named(db, names))
    if named := {x for lookup in lookups for x in _named_by(held, lookup)}:
        held.hold_identities(identities.of_contacts(db, named))
    merges = [event.merge for event in run if isinstance(event, e.ContactsParted)]
    if merges:
        held.merges = identities.merges_by_id(db, merges)
    _load_contacts(db, held, {x for event in run for x in _named(held, event)})
    moving = {x for event in run for x in _moving(held, event)}
    if moving:
        _load_all_of(db, held, moving)
    _load_records(db, held, held.contacts.keys() - before)
    if any(isinstance(event, _ASKED_AGAIN) for event in run):
        held.undecided = {x.id: x.candidates for x in identities.undecided(db)}


def names_of(held: Loaded, event: e.Event) -> tuple[str, ...]:
    """Those whose holders the event's decision looks at: what is new of a known client's chat, all
    of anybody else's."""
    where, chat = conversation_of(event), chat_of(event)
    known = held.conversations.get(where) if where else None
    had = () if known is None else known.identities
    if isinstance(event, e.IdentityChanged):
        left = held.conversations.get(homes.former(event))
        had = (*had, *(left.identities if left else ()))
        return tuple(dict.fromkeys((*had, *identities_of(event.account, event.chat))))
    if chat is None:
        return had if isinstance(event, e.ClientChosen | e.ClientIdentified) else ()
    if chat.kind is ChatKind.GROUP:
        return ()
    told = identities_of(event.account, chat)
    contact = held.contacts.get(known.contact) if known and known.contact else None
    if needs_identifying(known, contact):
        return tuple(dict.fromkeys((*had, *told)))
    return tuple(name for name in told if name not in had)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinship:
    """What of `Facts` is about who somebody is."""

    identities: tuple[KnownIdentity, ...]
    known_otherwise: tuple[KnownIdentity, ...]
    kin: tuple[Contact, ...]
    undecided: tuple[ConversationId, ...]
    former_chat: Conversation | None
    merge: Merge | None


_NOTHING_NEW = Kinship(
    identities=(), known_otherwise=(), kin=(), undecided=(), former_chat=None, merge=None
)


def kinship(held: Loaded, event: e.Event, lookup: Lookup | None) -> Kinship:
    names = sorted(names_of(held, event))
    if not names and lookup is None and isinstance(event, e.MessageReceived | e.MessageSent):
        return _NOTHING_NEW
    found = (held.identities.get(name, {}) for name in names)
    identities = tuple(known[x] for known in found for x in sorted(known))
    about = {x.contact for x in identities} | _named(held, event) | _joined(held, lookup)
    merge = held.merges.get(event.merge) if isinstance(event, e.ContactsParted) else None
    return Kinship(
        identities=identities,
        known_otherwise=_known_otherwise(held, lookup),
        kin=_with_survivors(held, about) if about else (),
        undecided=_undecided(held, event) if held.undecided else (),
        former_chat=_former(held, event) if isinstance(event, e.IdentityChanged) else None,
        merge=merge,
    )


def _with_survivors(held: Loaded, wanted: set[RecordId]) -> tuple[Contact, ...]:
    """The contacts, and those whom they turned out to be."""
    found: dict[RecordId, Contact] = {}
    while wanted:
        contact = held.contacts.get(wanted.pop())
        if contact is not None and contact.id not in found:
            found[contact.id] = contact
            wanted |= {contact.merged_into} if contact.merged_into else set()
    return tuple(found[x] for x in sorted(found))


def _known_otherwise(held: Loaded, lookup: Lookup | None) -> tuple[KnownIdentity, ...]:
    """All that the contacts are known by whom the CRM names."""
    named = _named_by(held, lookup) if lookup else frozenset()
    if not named:
        return ()
    found = (x for known in held.identities.values() for x in known.values())
    return tuple(
        sorted((x for x in found if x.contact in named), key=lambda x: (x.contact, x.name))
    )


def _named_by(held: Loaded, lookup: Lookup) -> frozenset[RecordId]:
    keys = ((RecordKind.CONTACT, found.crm_id) for found in lookup.found)
    return frozenset(held.crm_records[key] for key in keys if key in held.crm_records)


def _joined(held: Loaded, lookup: Lookup | None) -> set[RecordId]:
    """Contacts that the CRM names and that are one person with others here."""
    keys = records_found(lookup) if lookup else frozenset()
    ids = (held.crm_records[key] for key in keys if key in held.crm_records)
    found = (held.contacts.get(x) for x in ids)
    return {x.id for x in found if x is not None and x.merged_into is not None}


def _undecided(held: Loaded, event: e.Event) -> tuple[ConversationId, ...]:
    """Chats that wait for a choice among contacts of which the event tells news."""
    about = {held.crm_records.get(key) for key in records_of(event)}
    return tuple(x for x, candidates in held.undecided.items() if about & set(candidates))


def _former(held: Loaded, event: e.IdentityChanged) -> Conversation | None:
    """The chat as it was under the id that it has left, if it goes by that still."""
    left = homes.former(event)
    known = held.conversations.get(held.homes.get(left, left))
    return known if known is not None and known.chat_id == event.old_chat_id else None


def _named(held: Loaded, event: e.Event) -> set[RecordId]:
    """Contacts that the event itself is about."""
    match event:
        case e.ClientChosen():
            return {event.contact} if event.contact else set()
        case e.ContactsJoined():
            return {event.survivor, event.absorbed}
        case e.ContactsParted():
            merge = held.merges.get(event.merge)
            return {merge.survivor, merge.absorbed} if merge else set()
        case e.IdentityChanged():
            there = (conversation_of(event), homes.former(event))
            known = (held.conversations.get(x) for x in there if x)
            return {x.contact for x in known if x is not None and x.contact is not None}
        case _:
            return set()


def _moving(held: Loaded, event: e.Event) -> set[RecordId]:
    """Contacts all of whose chats and identities may move."""
    match event:
        case e.ContactsJoined() | e.ContactsParted():
            return _named(held, event)
        case e.ContactsMerged():
            keys = ((RecordKind.CONTACT, x) for x in (event.survivor, *event.absorbed))
            return {held.crm_records[key] for key in keys if key in held.crm_records}
        case _:
            return set()


def _load_contacts(db: Connection, held: Loaded, named: set[RecordId]) -> None:
    """Those named, those known by the run's identities, and whom they turned out to be."""
    known = {x for holders in held.identities.values() for x in holders}
    wanted = (named | known | _survivors(held)) - held.contacts.keys()
    while wanted:
        found = chats.contacts_by_id(db, wanted)
        for contact in found.values():
            held.hold_contact(contact)
        wanted = _survivors(held) - held.contacts.keys() if found else set()


def _survivors(held: Loaded) -> set[RecordId]:
    return {x.merged_into for x in held.contacts.values() if x.merged_into is not None}


def _load_all_of(db: Connection, held: Loaded, contacts: set[RecordId]) -> None:
    every = contacts | (_survivors(held) & held.contacts.keys())
    for found in records.conversations_of(db, every).values():
        for conversation in found:
            held.conversations.setdefault(conversation.id, conversation)
    held.hold_identities(identities.of_contacts(db, every))


def _load_records(db: Connection, held: Loaded, contacts: Iterable[RecordId]) -> None:
    people = list(contacts)
    if not people:
        return
    deals, leads = chats.records_of(db, people)
    for deal in (deal for found in deals.values() for deal in found):
        if deal.id not in held.records:
            held.hold_record(deal)
    for lead in (lead for found in leads.values() for lead in found):
        if lead.id not in held.records:
            held.hold_record(lead)
