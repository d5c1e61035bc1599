"""Which of a client's chats on one channel a message goes to: the one that he used last."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.records import ClientState, Conversation
from bridge.store import chats, records

_NEVER = datetime.min.replace(tzinfo=UTC)


def newest(db: Connection, chat: ChatFacts) -> ChatFacts:
    """A number that became a user id is two chats of one account of his: the newer is answered.
    Chats that share no proven identity are accounts of their own, each answered in itself."""
    known = chat.conversation
    if known.client is not ClientState.KNOWN or known.contact is None or not known.identities:
        return chat
    every = records.conversations_of(db, [known.contact]).get(known.contact, ())
    same = [other for other in every if _is_same_account(other, known)]
    last = max([known, *same], key=lambda x: (x.last_inbound_at or _NEVER, x.id == known.id))
    return chat if last.id == known.id else chats.chat_facts(db, [last.id])[last.id]


def _is_same_account(other: Conversation, known: Conversation) -> bool:
    there = (other.account, other.channel_id) == (known.account, known.channel_id)
    return there and bool(set(other.identities) & set(known.identities))
