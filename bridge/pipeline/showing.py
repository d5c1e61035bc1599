"""What became of a message, where its writer sees it: in the chat, and among his notifications."""

from datetime import datetime

from sqlalchemy import Connection

from bridge.domain.changes import Notify
from bridge.domain.effects import SendMessage
from bridge.domain.messaging import MessageStatus
from bridge.domain.reasons import ReasonCode
from bridge.store import notices
from bridge.store.outgoing import Row
from bridge.store.records import messages_by_id
from bridge.store.sends import behind, note_failed

_WAITS = "waits: the part before it has not got through"


def show(db: Connection, row: Row, status: MessageStatus, reason: str) -> None:
    """In the conversation; what leaves only after it says that it waits."""
    if not isinstance(row.effect, SendMessage):
        return
    note_failed(db, row.account, row.effect.message, status, reason)
    for later in behind(db, row.effect.message):
        note_failed(db, row.account, later, MessageStatus.QUEUED, _WAITS)


def tell_writer(db: Connection, row: Row, code: ReasonCode, now: datetime) -> None:
    """Once for a whole letter: its later parts wait, and fail with no try of their own."""
    if not isinstance(row.effect, SendMessage):
        return
    message = messages_by_id(db, [row.effect.message]).get(row.effect.message)
    if message is None or message.author is None:
        return
    told = Notify(
        employee=message.author,
        conversation=message.conversation,
        message=message.id,
        code=code,
    )
    notices.add(db, [told], now)
