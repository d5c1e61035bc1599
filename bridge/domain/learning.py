"""What a chat teaches of its client: each proven identity is kept with his contact."""

from dataclasses import replace

from bridge.domain.changes import PutIdentity
from bridge.domain.draft import Draft
from bridge.domain.facts import ChatFacts
from bridge.domain.identities import KnownIdentity, is_phone
from bridge.domain.names import ConversationId, RecordId
from bridge.domain.recognising import doubt, known_people
from bridge.domain.records import ContactState, Conversation


def learn(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """Keeps what is new of the chat's identities; where one of them is another contact's as well,
    a manager is asked. An ordinary message teaches nothing and costs nothing."""
    names = _learned(draft, chat)
    if all(is_phone(name) for name in names):
        return chat
    mine = chat.conversation.contact
    others = [p for p in known_people(draft, phones=False) if p.id != mine]
    return doubt(draft, chat, others) if others else chat


def learn_by_hand(draft: Draft, chat: ChatFacts) -> None:
    """As a manager says: what this chat is known by is nobody else's any more."""
    where, contact = chat.conversation.id, chat.conversation.contact
    _learned(draft, chat)
    for known in draft.facts.identities:
        if known.conversation == where and known.contact != contact and not known.former:
            draft.change(PutIdentity(identity=replace(known, former=True)))


def _learned(draft: Draft, chat: ChatFacts) -> tuple[str, ...]:
    """The names that are new for the contact."""
    conversation, contact = chat.conversation, chat.contact
    if contact is None or contact.state is not ContactState.ACTIVE:
        return ()
    names = _new_names(draft.facts.conversation, conversation)
    current = {(x.name, x.contact) for x in draft.facts.identities if not x.former}
    for name in names:
        if (name, contact.id) not in current:
            draft.change(PutIdentity(identity=_known(draft, conversation.id, contact.id, name)))
    return names


def _new_names(before: Conversation | None, now: Conversation) -> tuple[str, ...]:
    """All of a chat that was just linked, else those that it did not have."""
    if before is None or before.contact != now.contact:
        return now.identities
    known = frozenset(before.identities)
    return tuple(name for name in now.identities if name not in known)


def _known(
    draft: Draft, conversation: ConversationId, contact: RecordId, name: str
) -> KnownIdentity:
    return KnownIdentity(
        name=name,
        contact=contact,
        conversation=conversation,
        since=draft.event.occurred_at,
    )
