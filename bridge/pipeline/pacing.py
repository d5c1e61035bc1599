"""Paces a chat before its vendor has to: what would be refused waits, and other chats go on."""

from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import Connection

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import ChatKind
from bridge.domain.names import AccountName
from bridge.ports import Budget
from bridge.store import outgoing
from bridge.store.outgoing import Row

WAITS = "waits for the chat's rate"
MOST_CHATS = 10_000
Chat = tuple[AccountName, str, str]


class Paces:
    """What has gone to each chat of late, as far as this process knows; nothing of it is stored.

    Another process that has the lane after this one counts anew. Then the vendor refuses, and that
    holds the chat in the same way: this only saves refusals.
    """

    def __init__(self, most_chats: int = MOST_CHATS) -> None:
        self._most = most_chats
        self._sent: OrderedDict[Chat, deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def take(self, chat: Chat, limit: Budget, now: datetime) -> datetime | None:
        """Counts a message to the chat, or counts nothing and gives the time when one may go."""
        window = timedelta(seconds=limit.per_seconds)
        with self._lock:
            sent = self._of(chat)
            # A clock that was put back must not hold a chat for longer than its window.
            while sent and not now - window < sent[0] <= now:
                sent.popleft()
            if len(sent) >= limit.calls:
                return sent[0] + window
            sent.append(now)
            return None

    def _of(self, chat: Chat) -> deque[datetime]:
        sent = self._sent.setdefault(chat, deque())
        self._sent.move_to_end(chat)
        if len(self._sent) > self._most:
            self._sent.popitem(last=False)
        return sent


def paced(
    paces: Paces,
    db: Connection,
    limits: Mapping[ChatKind, Budget],
    rows: list[Row],
    now: datetime,
) -> list[Row]:
    """The rows whose chats may have another message now. The others are given back until theirs
    may, and what follows them in order waits with them."""
    if not limits:
        return rows
    waits = {row.id: _wait(paces, limits, row, now) for row in rows}
    for row_id, until in waits.items():
        if until is not None:
            outgoing.give_back(db, [row_id], WAITS, until)
    return [row for row in rows if waits[row.id] is None]


def _wait(
    paces: Paces, limits: Mapping[ChatKind, Budget], row: Row, now: datetime
) -> datetime | None:
    effect = row.effect
    if not isinstance(effect, SendMessage) or effect.chat_kind not in limits:
        return None
    chat = (row.account, effect.channel_id, effect.chat_id)
    return paces.take(chat, limits[effect.chat_kind], now)
