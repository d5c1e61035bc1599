"""What was decided in a conversation beside what was said in it, for those who read it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from bridge.domain.names import ConversationId, EmployeeId, MessageId, RecordId
from bridge.store.schema import DECISIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """`record` is the whole record as stored, `headline` the code of its first reason."""

    id: int
    kind: str
    headline: str
    target: EmployeeId | None
    message: MessageId | None
    occurred_at: datetime
    decided_at: datetime
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From which decision to which; None ends nothing."""

    first: int
    last: int | None


_COLUMNS = select(
    DECISIONS.c.id,
    DECISIONS.c.kind,
    DECISIONS.c.headline,
    DECISIONS.c.target,
    DECISIONS.c.message,
    DECISIONS.c.occurred_at,
    DECISIONS.c.decided_at,
    DECISIONS.c.record,
)


def steps(
    db: Connection,
    conversation: ConversationId,
    contact: RecordId | None,
    stretch: Stretch,
    kinds: Collection[str],
    limit: int,
) -> tuple[StepRow, ...]:
    """Applied decisions of these kinds in their order, the newest `limit` of them; also those that
    the CRM told of the contact alone."""
    here = DECISIONS.c.conversation == conversation
    if contact is not None:
        alone = and_(DECISIONS.c.contact == contact, DECISIONS.c.conversation.is_(None))
        here = or_(here, alone)
    query = _COLUMNS.where(here, DECISIONS.c.id >= stretch.first)
    if stretch.last is not None:
        query = query.where(DECISIONS.c.id <= stretch.last)
    query = query.where(DECISIONS.c.kind.in_(kinds), DECISIONS.c.verdict == "applied")
    rows = db.execute(query.order_by(DECISIONS.c.id.desc()).limit(limit)).mappings()
    return tuple(reversed([StepRow(**row) for row in rows]))
