"""Of whom a feed is: a contact, a deal or a lead, with its owner and its page in the CRM."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId, RecordId
from bridge.domain.people import Directory
from bridge.domain.records import Contact, ContactState, Deal, Lead, Owner, RecordKind
from bridge.pipeline.parts import Parts
from bridge.store.feed import contacts_named, records_named
from bridge.store.records import conversations_of
from bridge.web.crm_links import crm_address
from bridge.web.problems import not_found
from bridge.web.viewer import Viewer

_KINDS = {Contact: RecordKind.CONTACT, Deal: RecordKind.DEAL, Lead: RecordKind.LEAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHead:
    """`owner` is his e-mail, or his id in the CRM where nobody knows that; empty: nobody owns it.
    `chats` are those that the reader may read; `deals` and `leads` are theirs, the open ones first.
    `is_open` is of deals and leads, `state` of contacts."""

    kind: RecordKind
    id: RecordId
    name: str
    owner: str
    address: str
    contacts: frozenset[RecordId]
    state: ContactState = ContactState.ACTIVE
    is_open: bool = True
    chats: Mapping[ConversationId, ChatFacts] = field(default_factory=dict)
    deals: tuple[Deal, ...] = ()
    leads: tuple[Lead, ...] = ()


def head_of_feed(
    db: Connection, viewer: Viewer, parts: Parts, kind: RecordKind, name: str
) -> FeedHead:
    """Problem 404 where it is not there, and where the reader may read no chat of it."""
    found: tuple[Contact | Deal | Lead, ...]
    found = (
        contacts_named(db, name) if kind is RecordKind.CONTACT else records_named(db, kind, name)
    )
    for record in found:
        contacts = (record.id,) if isinstance(record, Contact) else record.contacts
        chats = _chats(db, viewer, contacts)
        if chats or viewer.reads_all:
            return _head(viewer, parts, record, contacts, chats)
    raise not_found(kind.value)


def _chats(
    db: Connection, viewer: Viewer, contacts: tuple[RecordId, ...]
) -> Mapping[ConversationId, ChatFacts]:
    theirs = conversations_of(db, contacts).values()
    return viewer.readable(db, [one.id for some in theirs for one in some])


def _head(
    viewer: Viewer,
    parts: Parts,
    record: Contact | Deal | Lead,
    contacts: tuple[RecordId, ...],
    chats: Mapping[ConversationId, ChatFacts],
) -> FeedHead:
    kind = _KINDS[type(record)]
    state = record.state if isinstance(record, Contact) else ContactState.ACTIVE
    deals = {deal.id: deal for chat in chats.values() for deal in chat.deals}
    leads = {lead.id: lead for chat in chats.values() for lead in chat.leads}
    return FeedHead(
        kind=kind,
        id=record.id,
        name=record.name,
        owner=_owner(record.owner, viewer.directory),
        address=crm_address(parts, kind, record.crm_id) if state is ContactState.ACTIVE else "",
        contacts=frozenset(contacts),
        state=state,
        is_open=isinstance(record, Contact) or record.is_open,
        chats=chats,
        deals=tuple(sorted(deals.values(), key=lambda deal: (not deal.is_open, deal.id))),
        leads=tuple(sorted(leads.values(), key=lambda lead: (not lead.is_open, lead.id))),
    )


def _owner(owner: Owner, directory: Directory) -> str:
    if owner.crm_id is None:
        return ""
    person = directory.by_crm_id(owner.crm_id)
    return owner.crm_id if person is None else person.email
