"""Writes conversations, messages, contacts, deals and leads, many at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, literal_column, select

from bridge import codec
from bridge.domain.messaging import MessageStatus
from bridge.domain.names import AccountName, ConversationId, CrmId, MessageId, RecordId
from bridge.domain.phones import canonical
from bridge.domain.records import (
    Contact,
    ContactState,
    Conversation,
    Deal,
    Lead,
    Message,
    RecordKind,
    TimelineState,
)
from bridge.store import search_index
from bridge.store.among import among, among_given
from bridge.store.schema import (
    CONTACT_PHONES,
    CONTACTS,
    CONVERSATIONS,
    MESSAGES,
    RECORD_CONTACTS,
    RECORDS,
    TO_COUNT,
)
from bridge.store.unowned import UNLESS_LOOKED_AT, look_at_owners, may_be_unowned
from bridge.store.upsert import add_missing, append, put

# Made once: to make a statement anew costs as much as to run it.
_BY_VENDOR_ID = select(MESSAGES.c.vendor_id, MESSAGES.c.value).where(
    MESSAGES.c.account == bindparam("account"), among_given(MESSAGES.c.vendor_id, "ids")
)
_WAITING = (
    select(MESSAGES.c.conversation, MESSAGES.c.value)
    .where(among_given(MESSAGES.c.conversation, "conversations"))
    .where(MESSAGES.c.timeline == literal_column(f"'{TimelineState.WAITING}'"))
    .order_by(MESSAGES.c.seq)
)


def put_conversations(
    db: Connection, conversations: Sequence[Conversation], renamed: Collection[str] | None = None
) -> None:
    """`renamed` are those that a search may find by other words from now on; None: perhaps all."""
    rows = [
        {
            "id": c.id,
            "account": c.account,
            "contact": c.contact,
            "client": c.client,
            "last_message_at": c.last_message_at,
            "unanswered_since": c.unanswered_since,
            "undecided": c.is_undecided,
            "value": codec.encode(c),
            "claimed_by": c.claimed_by,
            "unowned": may_be_unowned(c),
            "channel": c.channel,
            "messenger": c.messenger,
        }
        for c in conversations
    ]
    put(db, CONVERSATIONS, ["id"], rows, {"unowned": UNLESS_LOOKED_AT})
    search_index.note(db, _of(conversations, renamed))


def put_messages(
    db: Connection,
    account_of: Mapping[MessageId, AccountName],
    messages: Sequence[Message],
    reworded: Collection[str] | None = None,
) -> None:
    """A message keeps the place in its conversation that it was first given. `reworded` are those
    known before that say something else now; None: perhaps all."""
    rows = [
        {
            "id": m.id,
            "conversation": m.conversation,
            "account": account_of[m.id],
            "vendor_id": m.vendor_id,
            "timeline": m.timeline,
            "occurred_at": m.occurred_at,
            "value": codec.encode(m),
            "failed": has_failed(m),
        }
        for m in messages
    ]
    put(db, MESSAGES, ["id"], rows)
    search_index.note(db, _of(messages, reworded))
    append(db, TO_COUNT, [{"message": row["id"]} for row in rows])


def _of(
    those: Sequence[Conversation] | Sequence[Message], changed: Collection[str] | None
) -> list[str]:
    return [one.id for one in those if changed is None or one.id in changed]


def has_failed(message: Message) -> bool:
    """Whether it waits for somebody to send it again, or to let it be."""
    return message.status is MessageStatus.FAILED and message.resent_as is None


def put_contacts(db: Connection, crm: AccountName, contacts: Sequence[Contact]) -> None:
    rows = [
        {
            "id": c.id,
            "account": crm,
            "crm_id": c.crm_id,
            "owner": c.owner.crm_id,
            "as_of": c.owner.as_of,
            "state": c.state,
            "value": codec.encode(c),
        }
        for c in contacts
    ]
    put(db, CONTACTS, ["id"], rows)
    search_index.note(db, [c.id for c in contacts])
    if not contacts:
        return
    ids = [c.id for c in contacts]
    db.execute(delete(CONTACT_PHONES).where(among(CONTACT_PHONES.c.contact, ids)))
    phones = [
        {"phone": canonical(phone), "contact": c.id}
        for c in contacts
        if c.state is ContactState.ACTIVE
        for phone in c.phones
    ]
    add_missing(db, CONTACT_PHONES, phones)
    look_at_owners(db, ids)


def open_leads(db: Connection, account: AccountName) -> tuple[CrmId, ...]:
    """The CRM's ids of all open leads that are mirrored."""
    of = RECORDS.c
    mine = (of.account == account, of.kind == RecordKind.LEAD.value, of.is_open)
    found = select(of.crm_id).where(*mine, of.crm_id.is_not(None)).order_by(of.id)
    return tuple(CrmId(crm_id) for crm_id in db.scalars(found))


def put_deals(db: Connection, crm: AccountName, deals: Sequence[Deal]) -> None:
    _put_records(db, crm, RecordKind.DEAL, deals)


def put_leads(db: Connection, crm: AccountName, leads: Sequence[Lead]) -> None:
    _put_records(db, crm, RecordKind.LEAD, leads)


def _put_records(
    db: Connection, crm: AccountName, kind: RecordKind, records: Sequence[Deal] | Sequence[Lead]
) -> None:
    rows = [
        {
            "id": r.id,
            "kind": kind,
            "account": crm,
            "crm_id": r.crm_id,
            "owner": r.owner.crm_id,
            "is_open": r.is_open,
            "value": codec.encode(r),
        }
        for r in records
    ]
    put(db, RECORDS, ["id"], rows)
    if not records:
        return
    ids = [r.id for r in records]
    unlink = delete(RECORD_CONTACTS).where(among(RECORD_CONTACTS.c.record, ids))
    before = db.scalars(unlink.returning(RECORD_CONTACTS.c.contact)).all()
    links = [{"contact": contact, "record": r.id} for r in records for contact in r.contacts]
    add_missing(db, RECORD_CONTACTS, links)
    look_at_owners(db, {*map(RecordId, before), *(one for r in records for one in r.contacts)})


def contacts_by_crm_id(
    db: Connection, crm: AccountName, ids: Iterable[CrmId]
) -> dict[CrmId, Contact]:
    rows = db.execute(
        select(CONTACTS.c.crm_id, CONTACTS.c.value).where(
            CONTACTS.c.account == crm, among(CONTACTS.c.crm_id, ids)
        )
    )
    return {crm_id: codec.decode(Contact, bytes(value)) for crm_id, value in rows}


def records_by_crm_id(
    db: Connection, crm: AccountName, wanted: Iterable[tuple[RecordKind, CrmId]]
) -> dict[tuple[RecordKind, CrmId], Deal | Lead]:
    found: dict[tuple[RecordKind, CrmId], Deal | Lead] = {}
    for kind in (RecordKind.DEAL, RecordKind.LEAD):
        shape: type[Deal] | type[Lead] = Deal if kind is RecordKind.DEAL else Lead
        ids = [crm_id for of, crm_id in wanted if of is kind]
        rows = db.execute(
            select(RECORDS.c.crm_id, RECORDS.c.value).where(
                RECORDS.c.account == crm, RECORDS.c.kind == kind, among(RECORDS.c.crm_id, ids)
            )
        )
        found.update({(kind, crm_id): codec.decode(shape, bytes(value)) for crm_id, value in rows})
    return found


def records_by_id(db: Connection, ids: Iterable[RecordId]) -> list[Deal | Lead]:
    found: list[Deal | Lead] = []
    rows = db.execute(select(RECORDS.c.kind, RECORDS.c.value).where(among(RECORDS.c.id, ids)))
    for kind, value in rows:
        if kind == RecordKind.DEAL:
            found.append(codec.decode(Deal, bytes(value)))
        else:
            found.append(codec.decode(Lead, bytes(value)))
    return found


def contacts_by_phone(db: Connection, phones: Iterable[str]) -> dict[str, tuple[Contact, ...]]:
    """Mirrored contacts by canonical phone."""
    found: dict[str, tuple[Contact, ...]] = {}
    rows = db.execute(
        select(CONTACT_PHONES.c.phone, CONTACTS.c.value)
        .join(CONTACTS, CONTACTS.c.id == CONTACT_PHONES.c.contact)
        .where(among(CONTACT_PHONES.c.phone, phones))
        .order_by(CONTACTS.c.id)
    )
    for phone, value in rows:
        found[phone] = (*found.get(phone, ()), codec.decode(Contact, bytes(value)))
    return found


def messages_by_vendor_id(
    db: Connection, wanted: Iterable[tuple[AccountName, str]]
) -> dict[tuple[AccountName, str], Message]:
    ids: defaultdict[AccountName, list[str]] = defaultdict(list)
    for account, vendor_id in wanted:
        ids[account].append(vendor_id)
    found = {}
    for account, some in ids.items():
        rows = db.execute(_BY_VENDOR_ID, {"account": account, "ids": some})
        found.update({(account, of): codec.decode(Message, bytes(value)) for of, value in rows})
    return found


def messages_by_id(db: Connection, ids: Iterable[MessageId]) -> dict[MessageId, Message]:
    values = db.scalars(select(MESSAGES.c.value).where(among(MESSAGES.c.id, ids)))
    found = (codec.decode(Message, bytes(value)) for value in values)
    return {message.id: message for message in found}


def newest_messages(db: Connection, limit: int) -> list[Message]:
    """Of all chats; the newest first."""
    newest = select(MESSAGES.c.value).order_by(MESSAGES.c.seq.desc()).limit(limit)
    return [codec.decode(Message, bytes(value)) for value in db.scalars(newest)]


def waiting_messages(
    db: Connection, conversations: Iterable[ConversationId]
) -> dict[ConversationId, tuple[Message, ...]]:
    """Messages that are on no timeline yet because their client was no contact, oldest first."""
    found: dict[ConversationId, tuple[Message, ...]] = {}
    rows = db.execute(_WAITING, {"conversations": conversations})
    for conversation, value in rows:
        message = codec.decode(Message, bytes(value))
        found[conversation] = (*found.get(conversation, ()), message)
    return found


def conversations_of(
    db: Connection, contacts: Iterable[RecordId]
) -> dict[RecordId, tuple[Conversation, ...]]:
    """The conversations of each contact, the latest first."""
    found: dict[RecordId, tuple[Conversation, ...]] = {}
    rows = db.execute(
        select(CONVERSATIONS.c.contact, CONVERSATIONS.c.value)
        .where(among(CONVERSATIONS.c.contact, contacts))
        .order_by(CONVERSATIONS.c.last_message_at.desc(), CONVERSATIONS.c.id)
    )
    for contact, value in rows:
        conversation = codec.decode(Conversation, bytes(value))
        found[contact] = (*found.get(contact, ()), conversation)
    return found
