"""Whose client a chat is, learned after its messages came: the CRM answered, or a manager chose."""

from dataclasses import replace

from bridge.domain.changes import PutConversation
from bridge.domain.claiming import claim
from bridge.domain.conversations import answers
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import ClientChosen, ClientIdentified
from bridge.domain.facts import ChatFacts, Lookup
from bridge.domain.learning import learn, learn_by_hand
from bridge.domain.messages import assigned
from bridge.domain.reasons import ReasonCode
from bridge.domain.recognising import identify, link, person_of, unlink
from bridge.domain.records import ClientState, Conversation
from bridge.domain.telling import tell
from bridge.domain.timeline import write_waiting

_OPEN = (ClientState.UNIDENTIFIED, ClientState.AMBIGUOUS)


def on_identified(draft: Draft, event: ClientIdentified) -> Decision:
    """The CRM could be asked at last: what waited for it is decided now."""
    conversation = draft.facts.conversation
    if conversation is None or conversation.client not in _OPEN:
        return draft.ignored(ReasonCode.CONTACT_FOUND, "the client has been identified meanwhile")
    draft.conversation = conversation.id
    lookup = Lookup(available=True, found=event.found, deals=event.deals, leads=event.leads)
    draft.facts = replace(draft.facts, lookup=lookup)
    return _settled(draft, conversation, identify(draft, ChatFacts(conversation=conversation)))


def on_chosen(draft: Draft, event: ClientChosen) -> Decision:
    """A manager says whose client this is, or that it is nobody's of those in question. What was
    written into the CRM before stays where it is."""
    conversation = draft.facts.conversation
    if conversation is None or conversation.client is ClientState.GROUP:
        return draft.ignored(ReasonCode.CLIENT_GROUP, "no chat of one client")
    draft.conversation = conversation.id
    chat = ChatFacts(conversation=conversation)
    if event.contact is None:
        draft.because(ReasonCode.CLIENT_CHOSEN, f"{event.employee}: none of them, a new client")
        return _settled(draft, conversation, unlink(draft, chat, ClientState.NEW))
    person = person_of(draft, event.contact)
    if person is None:
        return draft.ignored(ReasonCode.CLIENT_DELETED, "the chosen contact is no longer there")
    draft.because(ReasonCode.CLIENT_CHOSEN, f"{event.employee} says whose client this is")
    draft.used("contact", person.id, person.contact.owner.as_of)
    return _settled(draft, conversation, link(draft, chat, person))


def _settled(draft: Draft, before: Conversation, chat: ChatFacts) -> Decision:
    """What follows once a client is known."""
    chat = _decide_late(draft, chat)
    if isinstance(draft.event, ClientChosen):
        learn_by_hand(draft, chat)
    else:
        chat = learn(draft, chat)
    draft.change(PutConversation(conversation=chat.conversation))
    write_waiting(draft, chat)
    if before.unanswered_since is not None:
        tell(draft, chat, draft.facts.waiting[-1].id if draft.facts.waiting else None)
    return draft.applied()


def _decide_late(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """Clients who have only been written to are given to nobody; who answered meanwhile claims."""
    if chat.conversation.last_inbound_at is None:
        draft.because(ReasonCode.ANSWER_NOT_NEEDED, "he has not written yet: nothing to give out")
        return chat
    chat = assigned(draft, chat)
    authors = (message.author for message in draft.facts.waiting if answers(message))
    first = next((author for author in authors if author is not None), None)
    return chat if first is None else claim(draft, chat, first)
