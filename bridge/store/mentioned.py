"""Messages that an event means without naming them by their own id."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from bridge import codec
from bridge.domain.names import AccountName, ConversationId, MessageId
from bridge.domain.records import Message
from bridge.store.among import among
from bridge.store.records import messages_by_id
from bridge.store.schema import MESSAGES, REACTION_IDS

NEWEST = 500
"""So many messages of a chat are moved on by a word about all that was sent before."""

ReactionId = tuple[AccountName, str]


def messages_of_reactions(
    db: Connection, wanted: Iterable[ReactionId]
) -> dict[ReactionId, Message]:
    """The message that each of these reactions is on."""
    ids: defaultdict[AccountName, list[str]] = defaultdict(list)
    for account, reaction_id in wanted:
        ids[account].append(reaction_id)
    named: dict[ReactionId, MessageId] = {}
    for account, some in ids.items():
        rows = db.execute(
            select(REACTION_IDS.c.reaction_id, REACTION_IDS.c.message).where(
                REACTION_IDS.c.account == account, among(REACTION_IDS.c.reaction_id, some)
            )
        )
        named.update({(account, reaction_id): MessageId(of) for reaction_id, of in rows})
    found = messages_by_id(db, named.values()) if named else {}
    return {key: found[of] for key, of in named.items() if of in found}


def messages_between(
    db: Connection, conversation: ConversationId, after: datetime | None, until: datetime
) -> list[Message]:
    """The newest messages of a chat from the time between."""
    query = select(MESSAGES.c.value).where(
        MESSAGES.c.conversation == conversation, MESSAGES.c.occurred_at <= until
    )
    if after is not None:
        query = query.where(MESSAGES.c.occurred_at > after)
    values = db.scalars(query.order_by(MESSAGES.c.seq.desc()).limit(NEWEST))
    return [codec.decode(Message, bytes(value)) for value in values]
