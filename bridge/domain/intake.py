"""Who the client is: a contact of the CRM, or taken in as a new one (NEW-01 to NEW-08)."""

from dataclasses import replace
from datetime import timedelta

from bridge.domain.adopting import adopt
from bridge.domain.changes import (
    PutContact,
    PutDeal,
    PutLead,
    RefreshKind,
    RequestRefresh,
    TakeTurn,
)
from bridge.domain.creating import create_contact, owner_id
from bridge.domain.distribution import Selection, select
from bridge.domain.draft import Draft
from bridge.domain.effects import ChangeOwner
from bridge.domain.facts import ChatFacts, Lookup
from bridge.domain.names import EmployeeId
from bridge.domain.policy import ClientCondition
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import (
    ClientState,
    Contact,
    ContactState,
    Conversation,
    Owner,
    RecordKind,
)

SEARCH_LAG = timedelta(minutes=1)


def needs_identifying(conversation: Conversation | None, contact: Contact | None) -> bool:
    """Whether the CRM has to be asked who is behind a chat before a message of it is decided."""
    if conversation is None:
        return True
    return not is_identified(conversation.client, None if contact is None else contact.state)


def is_identified(client: ClientState, contact: ContactState | None) -> bool:
    """By the state of a conversation and that of its contact, if it has one."""
    if client is ClientState.GROUP:
        return True
    return client is ClientState.KNOWN and contact is ContactState.ACTIVE


def identify(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """The chat with its contact linked, or in the state that says why there is none."""
    lookup = draft.facts.lookup or Lookup(available=False)
    mirrored = tuple(c for c in draft.facts.same_phone if c.state is ContactState.ACTIVE)
    if not lookup.available:
        return _without_crm(draft, chat, mirrored)
    found = {contact.crm_id: contact for contact in lookup.found}
    if len(found) > 1:
        return _ambiguous(draft, chat, len(found))
    if found:
        return _link_found(draft, chat, lookup)
    made = tuple(c for c in mirrored if _may_be_unsearchable(draft, c))
    if len(made) > 1:
        return _ambiguous(draft, chat, len(made))
    if made:
        return _link_mirrored(draft, chat, made[0])
    return _unlinked(draft, chat, ClientState.NEW)


def take_in(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """Gives a new client to whoever takes him, with a contact and a deal or lead (NEW-04)."""
    selection = select(chat.conversation, ClientCondition.NEW, draft.facts, draft.policy)
    draft.tried(selection.rules)
    draft.consider(selection.candidates)
    draft.because(selection.reason.code, selection.reason.detail)
    if selection.employee is None:
        return chat
    draft.target = selection.employee
    _take_turn(draft, selection)
    return create_contact(draft, chat, selection.employee)


def assign_unowned(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """A known client whom nobody owns goes where a rule that covers known clients sends him."""
    selection = select(chat.conversation, ClientCondition.KNOWN, draft.facts, draft.policy)
    draft.tried(selection.rules)
    draft.consider(selection.candidates)
    draft.because(selection.reason.code, selection.reason.detail)
    if selection.employee is None or chat.contact is None:
        return chat
    draft.target = selection.employee
    _take_turn(draft, selection)
    return change_owner(draft, chat, chat.contact, selection.employee)


def _take_turn(draft: Draft, selection: Selection) -> None:
    """Only who gets a client has had his turn (PX-06)."""
    pool, employee, after = selection.turn, selection.employee, selection.after
    if pool is None or employee is None or after is None:
        return
    draft.used(f"last turn of {pool}", draft.facts.turns.get(pool, "none"))
    draft.change(TakeTurn(pool=pool, employee=employee, after=after))


def change_owner(
    draft: Draft, chat: ChatFacts, contact: Contact, employee: EmployeeId
) -> ChatFacts:
    """Plans the change in the CRM; here it counts at once."""
    owner = owner_id(draft, employee)
    if owner is None or draft.policy.crm is None:
        return chat
    effect = ChangeOwner(kind=RecordKind.CONTACT, record=contact.id, owner=owner)
    draft.plan(draft.policy.crm, effect, contact.id, urgent=True)
    moved = replace(contact, owner=Owner(crm_id=owner, as_of=draft.facts.now))
    draft.change(PutContact(contact=moved))
    return replace(chat, contact=moved)


def _may_be_unsearchable(draft: Draft, contact: Contact) -> bool:
    """A CRM finds a contact some moments after it was made, at the earliest (NEW-08)."""
    return contact.crm_id is None or draft.facts.now - contact.owner.as_of <= SEARCH_LAG


def _without_crm(draft: Draft, chat: ChatFacts, mirrored: tuple[Contact, ...]) -> ChatFacts:
    if draft.policy.crm is None:
        draft.because(ReasonCode.CRM_MISSING, "no CRM is set in accounts.yaml: managers see chats")
        return _unlinked(draft, chat, ClientState.UNIDENTIFIED)
    draft.because(ReasonCode.CRM_UNAVAILABLE, "the CRM could not be asked who this client is")
    if len(mirrored) == 1:
        return _link_mirrored(draft, chat, mirrored[0])
    draft.change(RequestRefresh(kind=RefreshKind.IDENTITY, key=chat.conversation.id))
    return _unlinked(draft, chat, ClientState.UNIDENTIFIED)


def _ambiguous(draft: Draft, chat: ChatFacts, count: int) -> ChatFacts:
    draft.because(
        ReasonCode.CLIENT_AMBIGUOUS, f"{count} contacts fit this client: a manager has to decide"
    )
    return _unlinked(draft, chat, ClientState.AMBIGUOUS)


def _link_mirrored(draft: Draft, chat: ChatFacts, contact: Contact) -> ChatFacts:
    draft.because(ReasonCode.CONTACT_FOUND, "a contact that the bridge knows has this number")
    draft.used("contact", contact.id, contact.owner.as_of)
    facts = draft.facts
    return replace(
        _linked(draft, chat, contact),
        deals=tuple(d for d in facts.same_phone_deals if contact.id in d.contacts),
        leads=tuple(x for x in facts.same_phone_leads if contact.id in x.contacts),
    )


def _link_found(draft: Draft, chat: ChatFacts, lookup: Lookup) -> ChatFacts:
    contact, deals, leads = adopt(draft, lookup.found[0], lookup.deals, lookup.leads)
    draft.because(ReasonCode.CONTACT_FOUND, "the client is a contact in the CRM already")
    draft.used("contact", contact.id, draft.facts.now)
    draft.change(PutContact(contact=contact))
    draft.change(*(PutDeal(deal=deal) for deal in deals))
    draft.change(*(PutLead(lead=lead) for lead in leads))
    return replace(_linked(draft, chat, contact), deals=deals, leads=leads)


def _linked(draft: Draft, chat: ChatFacts, contact: Contact) -> ChatFacts:
    draft.contact = contact.id
    conversation = replace(
        chat.conversation,
        client=ClientState.KNOWN,
        contact=contact.id,
        claimed_by=None,
        title=contact.name or chat.conversation.title,
    )
    return replace(chat, conversation=conversation, contact=contact)


def _unlinked(draft: Draft, chat: ChatFacts, state: ClientState) -> ChatFacts:
    draft.contact = None
    conversation = replace(chat.conversation, client=state, contact=None, claimed_by=None)
    return ChatFacts(conversation=conversation)
