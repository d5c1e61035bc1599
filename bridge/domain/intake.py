"""Gives clients whom nobody has yet to somebody (NEW-01 to NEW-08)."""

from dataclasses import replace

from bridge.domain.changes import (
    PutContact,
    TakeTurn,
)
from bridge.domain.creating import create_contact, owner_id
from bridge.domain.distribution import Selection, select
from bridge.domain.draft import Draft
from bridge.domain.effects import ChangeOwner
from bridge.domain.facts import ChatFacts
from bridge.domain.names import EmployeeId
from bridge.domain.policy import ClientCondition
from bridge.domain.records import (
    ClientState,
    Contact,
    ContactState,
    Conversation,
    Owner,
    RecordKind,
)


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
