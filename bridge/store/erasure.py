"""Wipes what was said in conversations whose client must be forgotten."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select, update

from bridge import codec
from bridge.domain.names import AccountName, ConversationId, MessageId
from bridge.domain.records import Message
from bridge.store.chats import slices
from bridge.store.outbox import State
from bridge.store.records import put_messages
from bridge.store.schema import DECISIONS, INBOX, MESSAGES, OUTBOX


def erase(db: Connection, conversations: Sequence[ConversationId]) -> None:
    """Texts, files, raw requests, decision inputs and effects of these conversations are gone;
    what is left says that something happened, not what."""
    for some in slices(conversations):
        _erase_messages(db, some)
        came = select(DECISIONS.c.inbox_id).where(DECISIONS.c.conversation.in_(some))
        db.execute(
            update(INBOX)
            .where(INBOX.c.id.in_(came), INBOX.c.state == State.DONE.value)
            .values(body=b"", headers=b"{}", reason="erased")
        )
        db.execute(
            update(DECISIONS)
            .where(DECISIONS.c.conversation.in_(some))
            .values(event=None, facts=None)
        )
        db.execute(
            update(OUTBOX)
            .where(OUTBOX.c.conversation.in_(some))
            .where(OUTBOX.c.state.in_([State.DONE.value, State.DROPPED.value]))
            .values(effect=b"{}", reason="erased")
        )


def _erase_messages(db: Connection, conversations: Sequence[str]) -> None:
    rows = db.execute(
        select(MESSAGES.c.account, MESSAGES.c.value).where(
            MESSAGES.c.conversation.in_(conversations)
        )
    ).all()
    accounts: dict[MessageId, AccountName] = {}
    wiped = []
    for account, value in rows:
        message = codec.decode(Message, bytes(value))
        accounts[message.id] = account
        wiped.append(replace(message, text="", media=(), edits=(), author_name="", error=""))
    put_messages(db, accounts, wiped)
