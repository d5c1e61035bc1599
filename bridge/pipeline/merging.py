"""Joins two contacts in what a unit of work holds, keeps what moved, and moves it back."""

from dataclasses import replace
from datetime import datetime

from bridge.domain import changes as c
from bridge.domain.merging import Merge
from bridge.domain.names import RecordId
from bridge.domain.records import Contact, ContactState, Conversation, Deal, Lead
from bridge.pipeline.loaded import Loaded


def merge(held: Loaded, change: c.MergeContacts, now: datetime) -> None:
    survivor = _standing(held, held.contacts[change.survivor])
    if change.absorbed == change.survivor:
        held.put_contact(replace(survivor, crm_id=change.crm_id, state=ContactState.ACTIVE))
        return
    absorbed = held.contacts[change.absorbed]
    if absorbed.merged_into is not None or absorbed.id == survivor.id:
        return  # he was joined before, by hand
    done = _what_moves(held, change, survivor, absorbed, now)
    held.put_merge(done)
    gone = replace(
        absorbed,
        state=ContactState.MERGED,
        name="",
        phones=(),
        merged_into=survivor.id,
    )
    held.put_contact(gone)
    held.put_contact(replace(survivor, phones=(*survivor.phones, *done.phones)))
    for where in done.conversations:
        _move(held, held.conversations[where], absorbed.id, survivor.id)
    for record, contacts in done.records:
        _put_record(held, record, _moved(contacts, absorbed.id, survivor.id))
    for known in done.identities:
        held.drop_identity(known.name, absorbed.id)
        if known.name not in done.shared:
            held.put_identity(replace(known, contact=survivor.id))


def undo(held: Loaded, change: c.UndoMerge) -> None:
    """Chats that went on to somebody else meanwhile stay there."""
    done = held.merges[change.merge]
    held.put_merge(replace(done, undone_at=change.at, undone_by=change.by))
    survivor = held.contacts[done.survivor]
    kept = tuple(phone for phone in survivor.phones if phone not in done.phones)
    held.put_contact(replace(survivor, phones=kept))
    held.put_contact(done.before)
    for where in done.conversations:
        conversation = held.conversations.get(where)
        if conversation is not None and conversation.contact == done.survivor:
            _move(held, conversation, done.survivor, done.absorbed)
    for record, contacts in done.records:
        _give_back(held, record, contacts, done)
    _part_identities(held, done)


def _what_moves(
    held: Loaded, change: c.MergeContacts, survivor: Contact, absorbed: Contact, now: datetime
) -> Merge:
    deals, leads = held.records_of(absorbed.id)
    identities = [x for found in held.identities.values() for x in found.values()]
    mine = tuple(x for x in identities if x.contact == absorbed.id)
    his = {x.name for x in identities if x.contact == survivor.id}
    chats = (x for x in held.conversations.values() if x.contact == absorbed.id)
    return Merge(
        id=change.merge,
        survivor=survivor.id,
        absorbed=absorbed.id,
        at=now,
        by=change.by,
        why=change.why,
        before=absorbed,
        conversations=tuple(sorted(x.id for x in chats)),
        records=(*((x.id, x.contacts) for x in deals), *((x.id, x.contacts) for x in leads)),
        phones=tuple(x for x in dict.fromkeys(absorbed.phones) if x not in survivor.phones),
        identities=tuple(sorted(mine, key=lambda x: x.name)),
        shared=tuple(sorted(x.name for x in mine if x.name in his)),
    )


def _move(held: Loaded, conversation: Conversation, old: RecordId, new: RecordId) -> None:
    """A question whether the two are one person is answered by this."""
    asked = {x for x in conversation.candidates if x not in (old, new)}
    candidates = conversation.candidates if asked else ()
    held.put_conversation(replace(conversation, contact=new, candidates=candidates))


def _put_record(held: Loaded, record: RecordId, contacts: tuple[RecordId, ...]) -> None:
    known = held.records.get(record)
    if isinstance(known, Deal | Lead):
        held.put_record(replace(known, contacts=contacts))


def _give_back(held: Loaded, record: RecordId, before: tuple[RecordId, ...], done: Merge) -> None:
    """As it was, with whom else the CRM has linked to it since."""
    known = held.records.get(record)
    if known is None:
        return
    two = (done.survivor, done.absorbed)
    since = (x for x in known.contacts if x not in two and x not in before)
    _put_record(held, record, (*before, *since))


def _part_identities(held: Loaded, done: Merge) -> None:
    """What he was known by before, and what was learned since in chats of his."""
    for known in done.identities:
        if known.name not in done.shared:
            held.drop_identity(known.name, done.survivor)
        held.put_identity(known)
    names = {known.name for known in done.identities}
    for found in list(held.identities.values()):
        learned = found.get(done.survivor)
        if learned is None or learned.name in names:
            continue
        if learned.conversation in done.conversations:
            held.drop_identity(learned.name, done.survivor)
            held.put_identity(replace(learned, contact=done.absorbed))


def _standing(held: Loaded, contact: Contact) -> Contact:
    """He himself, or the one whom he turned out to be."""
    seen = {contact.id}
    while contact.merged_into is not None and contact.merged_into in held.contacts:
        contact = held.contacts[contact.merged_into]
        if contact.id in seen:
            break
        seen.add(contact.id)
    return contact


def _moved(
    contacts: tuple[RecordId, ...], absorbed: RecordId, survivor: RecordId
) -> tuple[RecordId, ...]:
    moved = (survivor if x == absorbed else x for x in contacts)
    return tuple(dict.fromkeys(moved))
