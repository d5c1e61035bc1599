"""Where chats whose ids have changed go on: which conversation an event is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from bridge.domain import events as e
from bridge.domain.names import ConversationId, conversation_id, digest_id
from bridge.domain.records import Conversation
from bridge.pipeline.event_keys import chat_of
from bridge.store import chats, identities

Homes = dict[ConversationId, ConversationId]
Known = Mapping[ConversationId, Conversation]
_IN_CHATS = (
    e.MessageReceived
    | e.MessageSent
    | e.MessageEdited
    | e.MessageDeleted
    | e.MessageReacted
    | e.IdentityChanged
    | e.ChatBlocked
    | e.ChatInvited
)


def at_home(event: e.Event, homes: Homes, known: Known) -> e.Event:
    """The event with the conversation that its chat goes on in, where that is another than its id
    says. Whoever writes under an id that a client has left is somebody else."""
    chat = chat_of(event)
    if chat is None or chat.home is not None or not isinstance(event, _IN_CHATS):
        return event
    own = conversation_id(event.account, chat.channel_id, chat.chat_id)
    home = _left(homes.get(own, own), chat.chat_id, known)
    if home == own:
        return event
    return replace(event, chat=replace(chat, home=home))


def former(event: e.IdentityChanged) -> ConversationId:
    return conversation_id(event.account, event.chat.channel_id, event.old_chat_id)


def load_homes(
    db: Connection, run: Sequence[e.Event], known: dict[ConversationId, Conversation]
) -> Homes:
    """Asks only about chats without a conversation of their own, and adds those they go on in."""
    left = [former(event) for event in run if isinstance(event, e.IdentityChanged)]
    known.update(chats.conversations_by_id(db, left) if left else {})
    wanted = {own for event in run for own in _own(event)}
    found = identities.homes(db, missing) if (missing := wanted - known.keys()) else {}
    known.update(chats.conversations_by_id(db, found.values()) if found else {})
    strangers = [home for event in run for home in _homes_left(event, found, known)]
    known.update(chats.conversations_by_id(db, strangers) if strangers else {})
    return found


def _own(event: e.Event) -> Iterable[ConversationId]:
    chat = chat_of(event)
    if chat is not None:
        yield conversation_id(event.account, chat.channel_id, chat.chat_id)
    if isinstance(event, e.IdentityChanged):
        yield former(event)


def _homes_left(event: e.Event, homes: Homes, known: Known) -> Iterable[ConversationId]:
    chat = chat_of(at_home(event, homes, known))
    if chat is not None and chat.home is not None and chat.home not in known:
        yield chat.home


def _left(home: ConversationId, chat_id: str, known: Known) -> ConversationId:
    """A chat of its own for what comes under an id that the conversation has left."""
    conversation = known.get(home)
    if conversation is None or conversation.chat_id in ("", chat_id):
        return home
    return ConversationId(digest_id("cv", home, "left for", conversation.chat_id))
