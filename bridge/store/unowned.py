"""Which chats may be nobody's: a column that a list of them is entered by.

It may be true for too many, never for too few: a chat that is new, or moves to another contact, is
marked until its contact, deals and leads have been looked at; whatever is written of those looks.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, and_, literal_column, or_, select, update

from bridge.domain.names import RecordId
from bridge.domain.records import ClientState, Conversation
from bridge.store.among import among_given
from bridge.store.schema import CONTACTS, CONVERSATIONS, RECORD_CONTACTS, RECORDS

_CLIENTS = (ClientState.NEW, ClientState.KNOWN)  # all others are hidden from salespeople
_RECORD_OWNED = (
    select(RECORDS.c.id)
    .join(RECORD_CONTACTS, RECORD_CONTACTS.c.record == RECORDS.c.id)
    .where(RECORD_CONTACTS.c.contact == CONTACTS.c.id)
    .where(RECORDS.c.is_open, RECORDS.c.owner.is_not(None))
    .exists()
)
_OWNED = (
    select(CONTACTS.c.id)
    .where(CONTACTS.c.id == CONVERSATIONS.c.contact)
    .where(or_(CONTACTS.c.owner.is_not(None), _RECORD_OWNED))
    .exists()
)
# Made once: to make a statement anew costs as much as to run it.
_MARKED = (
    update(CONVERSATIONS)
    .where(among_given(CONVERSATIONS.c.contact, "contacts"))
    .where(CONVERSATIONS.c.client.in_([literal_column(f"'{one}'") for one in _CLIENTS]))
    .where(CONVERSATIONS.c.claimed_by.is_(None))
    .where(or_(and_(CONVERSATIONS.c.unowned, _OWNED), and_(~CONVERSATIONS.c.unowned, ~_OWNED)))
    .values(unowned=~CONVERSATIONS.c.unowned)
)

UNLESS_LOOKED_AT = (
    "CASE WHEN excluded.unowned AND conversations.client = excluded.client"
    " AND coalesce(conversations.contact, '') = coalesce(excluded.contact, '')"
    " AND coalesce(conversations.claimed_by, '') = coalesce(excluded.claimed_by, '')"
    " THEN conversations.unowned ELSE excluded.unowned END"
)
"""What becomes of the mark when a conversation is written again."""


def may_be_unowned(conversation: Conversation) -> bool:
    """As far as the conversation itself can tell."""
    return conversation.client in _CLIENTS and conversation.claimed_by is None


def look_at_owners(db: Connection, contacts: Iterable[RecordId]) -> None:
    """Marks the chats of these contacts by who owns them, their open deals and open leads."""
    if wanted := sorted(set(contacts)):
        db.execute(_MARKED, {"contacts": wanted})
