"""A conversation as a whole: its messages, the oldest first, and every decision about them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, select, union

from bridge.codec import decode
from bridge.domain.names import ConversationId, MessageId
from bridge.domain.records import Message
from bridge.store.among import among
from bridge.store.schema import DECISIONS, MESSAGES, OUTBOX, SENDS


def messages_between(
    db: Connection,
    conversation: ConversationId,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> tuple[Message, ...]:
    """In the order in which they came; `since` is included, `until` is not."""
    query = select(MESSAGES.c.value).where(MESSAGES.c.conversation == conversation)
    if since is not None:
        query = query.where(MESSAGES.c.occurred_at >= since)
    if until is not None:
        query = query.where(MESSAGES.c.occurred_at < until)
    values = db.scalars(query.order_by(MESSAGES.c.seq).limit(limit))
    return tuple(decode(Message, bytes(value)) for value in values)


def records_about(
    db: Connection, messages: Collection[MessageId]
) -> Mapping[MessageId, tuple[tuple[int, bytes], ...]]:
    """Per message the decisions that dealt with it, as (id, record), the first one first."""
    told = select(DECISIONS.c.message, DECISIONS.c.id).where(among(DECISIONS.c.message, messages))
    made = (
        select(OUTBOX.c.message, DECISIONS.c.id)
        .join(
            DECISIONS,
            and_(
                DECISIONS.c.account == OUTBOX.c.event_account,
                DECISIONS.c.event_key == OUTBOX.c.event_key,
            ),
        )
        .where(among(OUTBOX.c.message, messages), SENDS)
    )
    named = union(told, made).subquery()
    query = select(named.c.message, named.c.id, DECISIONS.c.record).join(
        DECISIONS, DECISIONS.c.id == named.c.id
    )
    found: defaultdict[MessageId, list[tuple[int, bytes]]] = defaultdict(list)
    for message, event, record in db.execute(query.order_by(named.c.id)):
        found[MessageId(message)].append((event, bytes(record)))
    return {message: tuple(rows) for message, rows in found.items()}
