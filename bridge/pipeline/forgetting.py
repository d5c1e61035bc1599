"""A client who is to be forgotten, as the store's facts stand afterwards."""

from collections.abc import Iterable
from dataclasses import replace

from bridge.domain.names import ConversationId, EventKey, RecordId
from bridge.domain.records import ContactState, Conversation
from bridge.pipeline.loaded import Loaded
from bridge.store.erasure import Forgotten


def forget_contact(held: Loaded, contact: RecordId, by: EventKey) -> None:
    """With all his conversations; what the decision `by` plans is the last that is done."""
    known = held.contacts[contact]
    mine = [x for x in held.conversations.values() if x.contact == contact]
    held.put_contact(replace(known, name="", phones=(), state=ContactState.ERASED))
    for conversation in mine:
        held.put_conversation(_wiped(conversation))
    deals, leads = held.records_of(contact)
    for deal in deals:
        held.put_record(replace(deal, name=""))  # mostly the client's own
    for lead in leads:
        held.put_record(replace(lead, name=""))
    words = frozenset(phone.removeprefix("+") for phone in known.phones) | _words_of(mine)
    there = tuple(x.id for x in mine)
    forgotten = Forgotten(
        contact=contact, conversations=there, words=words, by=by, crm_id=known.crm_id
    )
    held.erased.append(forgotten)


def forget_chat(held: Loaded, conversation: ConversationId, by: EventKey) -> None:
    """Of a stranger, who has no contact."""
    known = held.conversations[conversation]
    held.put_conversation(_wiped(known))
    words = _words_of([known])
    held.erased.append(Forgotten(contact=None, conversations=(known.id,), words=words, by=by))


def _wiped(conversation: Conversation) -> Conversation:
    return replace(
        conversation,
        title="",
        chat_id="",
        phone=None,
        username=None,
        identities=(),
        candidates=(),
        unanswered_since=None,
    )


def _words_of(conversations: Iterable[Conversation]) -> frozenset[str]:
    words: set[str] = set()
    for conversation in conversations:
        words |= {conversation.chat_id, conversation.phone or "", conversation.username or ""}
        words |= {name.split(":", 2)[2] for name in conversation.identities}
    return frozenset(word.removeprefix("+") for word in words)
