"""Wipes what was said in conversations whose client must be forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, literal, select, update

from bridge import codec
from bridge.domain.names import AccountName, ConversationId, CrmId, EventKey, MessageId, RecordId
from bridge.domain.records import Message
from bridge.domain.searching import Folded, fold
from bridge.domain.showing import words_of
from bridge.store import notes
from bridge.store.among import among
from bridge.store.erased_leads import erase_leads
from bridge.store.erased_renewals import erase_renewals
from bridge.store.media import forget_conversations
from bridge.store.outbox import WIPED, State
from bridge.store.records import put_messages
from bridge.store.reseller_clients import forget_linked
from bridge.store.schema import DECISIONS, INBOX, MESSAGES, NEEDS, OUTBOX
from bridge.store.search_index import forget_messages, forget_names, forget_notes
from bridge.store.wiping import without_words

_REASON = "erased"
_TELLING = 6  # characters: a shorter word stands in requests of other clients as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A client to forget; `words` are his numbers and names as they stand in raw requests.
    What the decision `by` plans is still to be done. `crm_id` is the contact's in the CRM."""

    contact: RecordId | None
    conversations: tuple[ConversationId, ...]
    words: frozenset[str]
    by: EventKey
    crm_id: CrmId | None = None


def erase(db: Connection, people: Sequence[Forgotten], now: datetime) -> None:
    """Texts, files, raw requests, decision inputs and effects of these clients are gone; what is
    left says that something happened, not what. What was still to be done for them is dropped."""
    said: dict[MessageId, tuple[int, Folded]] = {}
    noted: dict[int, Folded] = {}
    for forgotten in people:
        there = among(DECISIONS.c.conversation, forgotten.conversations)
        said |= _erase_messages(db, forgotten.conversations, now)
        noted |= notes.forget(db, forgotten.conversations)
        forget_conversations(db, forgotten.conversations, now)
        _erase_requests(db, _decided_from(there), now)
        _erase_inputs(db, there)
        _erase_effects(db, forgotten, now)
        if forgotten.contact is not None:
            his = DECISIONS.c.contact == forgotten.contact
            _erase_requests(db, _decided_from(his), now)
            _erase_inputs(db, his)
            erase_leads(db, forgotten.contact, now)
        if forgotten.crm_id is not None:
            erase_renewals(db, forgotten.crm_id, now)
            forget_linked(db, [forgotten.crm_id])
        for word in sorted(forgotten.words):
            if len(word) >= _TELLING:
                _erase_requests(db, _body_holds(db, word), now)
    forget_messages(db, said)
    forget_notes(db, noted)
    forget_names(db, [name for one in people for name in (*one.conversations, one.contact) if name])


def _decided_from(which: ColumnElement[bool]) -> ColumnElement[bool]:
    return INBOX.c.id.in_(select(DECISIONS.c.inbox_id).where(which))


def _body_holds(db: Connection, word: str) -> ColumnElement[bool]:
    """A request delivered twice led to no second decision, and a dead one to none at all."""
    if db.dialect.name == "sqlite":
        return func.instr(INBOX.c.body, word.encode()) > 0
    return func.position(literal(word.encode()).op("IN")(INBOX.c.body)) > 0


def _erase_requests(db: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """What is still to be decided is a new message of somebody unknown, and stays."""
    wiped = {"body": b"", "headers": b"{}", "reason": _REASON}
    db.execute(update(INBOX).where(which, INBOX.c.state.in_(["done", "dropped"])).values(**wiped))
    db.execute(
        update(INBOX)
        .where(which, INBOX.c.state == "dead")
        .values(**wiped, state="dropped", done_at=now)
    )


def _erase_inputs(db: Connection, which: ColumnElement[bool]) -> None:
    db.execute(update(DECISIONS).where(which).values(event=None, facts=None))


def _erase_effects(db: Connection, forgotten: Forgotten, now: datetime) -> None:
    there = among(OUTBOX.c.conversation, forgotten.conversations)
    mine = and_(there, OUTBOX.c.event_key != forgotten.by)
    db.execute(delete(NEEDS).where(NEEDS.c.outbox_id.in_(select(OUTBOX.c.id).where(mine))))
    db.execute(
        update(OUTBOX)
        .where(mine, OUTBOX.c.state.not_in([State.DONE.value, State.DROPPED.value]))
        .values(state=State.DROPPED.value, next_attempt_at=None, done_at=now)
    )
    db.execute(update(OUTBOX).where(mine).values(effect=WIPED, reason=_REASON))


def _erase_messages(
    db: Connection, conversations: Sequence[str], now: datetime
) -> dict[MessageId, tuple[int, Folded]]:
    """What each said until now, by its place."""
    rows = db.execute(
        select(MESSAGES.c.account, MESSAGES.c.seq, MESSAGES.c.value).where(
            among(MESSAGES.c.conversation, conversations)
        )
    ).all()
    accounts: dict[MessageId, AccountName] = {}
    wiped = []
    said = {}
    for account, seq, value in rows:
        message = codec.decode(Message, bytes(value))
        accounts[message.id] = account
        said[message.id] = (seq, fold(*words_of(message)))
        wiped.append(without_words(message, now))
    put_messages(db, accounts, wiped, reworded=())
    return said
