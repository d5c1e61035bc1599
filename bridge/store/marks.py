"""What the mark of an unanswered chat stands on, once an answer turns out not to have arrived."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import Connection, select

from bridge import codec
from bridge.domain.conversations import answers, exchange, unanswered_again, waits_since
from bridge.domain.facts import Exchange
from bridge.domain.names import ConversationId, MessageId
from bridge.domain.records import Message
from bridge.store.chats import conversations_by_id
from bridge.store.records import put_conversations
from bridge.store.schema import MESSAGES

NEWEST = 200
"""Messages of one chat that are looked at: an answer that failed is seldom older."""


def exchanged(
    db: Connection, conversations: Collection[ConversationId]
) -> Mapping[ConversationId, Mapping[MessageId, Exchange]]:
    """The newest messages of each chat, the newest first."""
    return {where: _newest(db, where) for where in conversations}


def note_unanswered(db: Connection, failed: Message) -> None:
    """A message of ours did not arrive: its chat is marked as it was without it."""
    if not answers(failed):
        return
    chat = conversations_by_id(db, [failed.conversation]).get(failed.conversation)
    if chat is None:
        return
    marked = unanswered_again(chat, _newest(db, chat.id).values(), failed.id)
    if marked != chat:
        put_conversations(db, [marked], renamed=())


def note_answered(db: Connection, arrived: Message) -> None:
    """A message that had been given up did arrive."""
    chat = conversations_by_id(db, [arrived.conversation]).get(arrived.conversation)
    if chat is None or chat.unanswered_since is None or not answers(arrived):
        return
    known = {**_newest(db, chat.id), arrived.id: exchange(arrived)}
    marked = replace(chat, unanswered_since=waits_since(chat, known.values()))
    put_conversations(db, [marked], renamed=())


def _newest(db: Connection, conversation: ConversationId) -> Mapping[MessageId, Exchange]:
    values = db.scalars(
        select(MESSAGES.c.value)
        .where(MESSAGES.c.conversation == conversation)
        .order_by(MESSAGES.c.seq.desc())
        .limit(NEWEST)
    )
    found = (codec.decode(Message, bytes(value)) for value in values)
    return {message.id: exchange(message) for message in found}
