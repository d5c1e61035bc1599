"""A client whose number or messenger id has changed: his chat goes on, and people are told."""

from dataclasses import replace

from bridge.domain.access import owners
from bridge.domain.announcing import announce
from bridge.domain.changes import MoveChat, Notify, PutConversation, PutIdentity
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import IdentityChanged
from bridge.domain.facts import ChatFacts
from bridge.domain.identities import home_of, identities_of, replaced
from bridge.domain.learning import learn
from bridge.domain.messaging import ChatKind
from bridge.domain.phones import canonical
from bridge.domain.reasons import ReasonCode
from bridge.domain.recognising import Person, doubt, link, person_of
from bridge.domain.records import ClientState, Conversation
from bridge.domain.telling import active_managers, may_read
from bridge.domain.timeline import write_waiting


def on_moved(draft: Draft, event: IdentityChanged) -> Decision:
    """The old chat goes on under the new id; where both are known they become one client's."""
    old, new = draft.facts.former_chat, draft.facts.conversation
    if old is not None and new is not None and old.id != new.id:
        return _joined(draft, event, old, new)
    known = old or new
    if known is None:
        return draft.ignored(ReasonCode.MESSAGE_UNKNOWN, "nobody has written in this chat yet")
    return _goes_on(draft, event, known)


def _goes_on(draft: Draft, event: IdentityChanged, known: Conversation) -> Decision:
    draft.conversation = known.id
    names = identities_of(event.account, event.chat)
    gone = replaced(known.identities, names)
    phone = None if event.chat.phone is None else canonical(event.chat.phone)
    kept = tuple(name for name in known.identities if name not in gone)
    moved = replace(
        known,
        chat_id=event.chat.chat_id,
        phone=phone or known.phone,
        identities=tuple(dict.fromkeys((*kept, *names))),
    )
    chat = _chat(draft, moved)
    _forget(draft, gone)
    there = home_of(event.account, replace(event.chat, home=None))
    if there != known.id:
        draft.change(MoveChat(chat=there, conversation=known.id))
    draft.because(
        ReasonCode.IDENTITY_MOVED,
        "the chat goes on under another id of the same client; the CRM is left as it is",
    )
    chat = learn(draft, chat)
    draft.change(PutConversation(conversation=chat.conversation))
    _tell(draft, chat)
    return draft.applied()


def _joined(draft: Draft, event: IdentityChanged, old: Conversation, new: Conversation) -> Decision:
    """Each keeps its feed; both are one contact's, unless two contacts are in question."""
    draft.conversation = new.id
    names = identities_of(event.account, event.chat)
    _forget(draft, replaced(old.identities, names))
    draft.because(
        ReasonCode.IDENTITY_MOVED, "the client is the one of another chat, whose id has changed"
    )
    first, second = _person(draft, old), _person(draft, new)
    every = tuple(dict.fromkeys((*new.identities, *names)))
    chat = _chat(draft, replace(new, identities=every))
    if first is not None and second is None:
        chat = learn(draft, link(draft, chat, first))
        write_waiting(draft, chat)
    elif first is not None and second is not None and first.id != second.id:
        chat = doubt(draft, learn(draft, chat), [first])
    elif first is None and second is not None:
        before = _chat(draft, old)
        draft.change(PutConversation(conversation=link(draft, before, second).conversation))
        draft.contact = second.id
    draft.change(PutConversation(conversation=chat.conversation))
    _tell(draft, chat)
    return draft.applied()


def _person(draft: Draft, conversation: Conversation) -> Person | None:
    if conversation.client is not ClientState.KNOWN or conversation.contact is None:
        return None
    return person_of(draft, conversation.contact)


def _chat(draft: Draft, conversation: Conversation) -> ChatFacts:
    person = _person(draft, conversation)
    if person is None:
        return ChatFacts(conversation=conversation)
    draft.contact = person.id
    return ChatFacts(
        conversation=conversation,
        contact=person.contact,
        deals=person.deals,
        leads=person.leads,
    )


def _forget(draft: Draft, gone: tuple[str, ...]) -> None:
    """What the vendor says that the client had proves nothing any more."""
    for identity in draft.facts.identities:
        if identity.name in gone and not identity.former:
            draft.change(PutIdentity(identity=replace(identity, former=True)))


def _tell(draft: Draft, chat: ChatFacts) -> None:
    """Owners and managers: what the CRM has is theirs to change."""
    if chat.conversation.kind is ChatKind.GROUP or chat.contact is None:
        return
    facts = draft.facts
    own = (o.employee for o in owners(chat, facts.directory) if may_read(draft, chat, o.employee))
    managers = (manager.id for manager in active_managers(facts.directory, draft.policy))
    where, code = chat.conversation.id, ReasonCode.IDENTITY_MOVED
    for employee in dict.fromkeys((*own, *managers)):
        announce(draft, Notify(employee=employee, conversation=where, message=None, code=code))
