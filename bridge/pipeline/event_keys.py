"""Which chats, messages and CRM records an event speaks of, so that they can be read in bulk."""

from bridge.domain import events as e
from bridge.domain.facts import Lookup
from bridge.domain.identities import home_of
from bridge.domain.messaging import Chat
from bridge.domain.names import ConversationId, CrmId
from bridge.domain.records import RecordKind

CrmKey = tuple[RecordKind, CrmId]


def chat_of(event: e.Event) -> Chat | None:
    match event:
        case e.MessageReceived() | e.MessageSent() | e.MessageReacted():
            return event.chat
        case e.IdentityChanged() | e.ChatBlocked() | e.ChatInvited():
            return event.chat
        case e.MessageEdited() | e.MessageDeleted() | e.MessageStatusChanged():
            return event.chat
        case _:
            return None


def vendor_message_of(event: e.Event) -> str | None:
    """The vendor's id of the message that the event speaks of."""
    match event:
        case e.MessageReceived() | e.MessageSent() | e.MessageReacted():
            return event.message_id
        case e.MessageEdited() | e.MessageDeleted() | e.MessageStatusChanged():
            return event.message_id
        case _:
            return None


def conversation_of(event: e.Event) -> ConversationId | None:
    if isinstance(event, e.ClientIdentified | e.ClientChosen | e.SendMarked | e.NoteAdded):
        return event.conversation
    chat = chat_of(event)
    return None if chat is None else home_of(event.account, chat)


def record_of(event: e.Event) -> CrmKey | None:
    """The one CRM record whose state decides the event."""
    match event:
        case e.OwnerChanged():
            return event.kind, event.record
        case e.ContactChanged() | e.ContactDeleted() | e.ContactErased():
            return RecordKind.CONTACT, event.contact
        case e.DealChanged():
            return RecordKind.DEAL, event.deal
        case e.LeadChanged():
            return RecordKind.LEAD, event.lead
        case e.AssociationChanged():
            return next((end for end in _ends(event) if end[0] is not RecordKind.CONTACT), None)
        case _:
            return None


def stage_of(event: e.Event) -> tuple[RecordKind, str] | None:
    """The stage that a deal or lead came to, where the event says."""
    if isinstance(event, e.DealChanged) and event.stage:
        return RecordKind.DEAL, event.stage
    if isinstance(event, e.LeadChanged) and event.stage:
        return RecordKind.LEAD, event.stage
    return None


def records_of(event: e.Event) -> frozenset[CrmKey]:
    """Every CRM record that the event names."""
    if isinstance(event, e.ContactsMerged):
        return frozenset((RecordKind.CONTACT, x) for x in (event.survivor, *event.absorbed))
    if isinstance(event, e.AssociationChanged):
        return frozenset(_ends(event))
    if isinstance(event, e.ClientIdentified):
        return records_found(
            Lookup(available=True, found=event.found, deals=event.deals, leads=event.leads)
        )
    one = record_of(event)
    return frozenset() if one is None else frozenset({one})


def _ends(event: e.AssociationChanged) -> tuple[CrmKey, CrmKey]:
    return (event.from_kind, event.from_record), (event.to_kind, event.to_record)


def records_found(lookup: Lookup) -> frozenset[CrmKey]:
    """Every CRM record that a look-up brought, contacts of its deals and leads included."""
    keys: set[CrmKey] = {(RecordKind.CONTACT, found.crm_id) for found in lookup.found}
    for deal in lookup.deals:
        keys.add((RecordKind.DEAL, deal.crm_id))
        keys.update((RecordKind.CONTACT, x) for x in deal.contacts)
    for lead in lookup.leads:
        keys.add((RecordKind.LEAD, lead.crm_id))
        keys.update((RecordKind.CONTACT, x) for x in lead.contacts)
    return frozenset(keys)
