"""What clients are known by, whose contacts were joined, and where moved chats go on."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, or_, select, text

from bridge import codec
from bridge.domain.identities import KnownIdentity
from bridge.domain.merging import Merge
from bridge.domain.names import ConversationId, RecordId
from bridge.domain.records import ContactState, Conversation
from bridge.store.among import among, among_given
from bridge.store.schema import CHAT_HOMES, CONTACTS, CONVERSATIONS, IDENTITIES, MERGES
from bridge.store.upsert import put

# Made once: to make a statement anew costs as much as to run it.
_BY_NAME = select(IDENTITIES).where(among_given(IDENTITIES.c.name, "names"))
_HOLDERS = (
    select(IDENTITIES.c.name, IDENTITIES.c.contact)
    .join(CONTACTS, CONTACTS.c.id == IDENTITIES.c.contact)
    .where(among_given(IDENTITIES.c.name, "names"))
    .where(~IDENTITIES.c.former, CONTACTS.c.state == ContactState.ACTIVE.value)
)
_HOMES = select(CHAT_HOMES).where(among_given(CHAT_HOMES.c.chat, "chats"))


def named(db: Connection, names: Iterable[str]) -> tuple[KnownIdentity, ...]:
    """Every contact that is known by one of these names, or was."""
    return tuple(_known(row) for row in db.execute(_BY_NAME, {"names": names}).mappings())


def of_contacts(db: Connection, contacts: Iterable[RecordId]) -> tuple[KnownIdentity, ...]:
    rows = db.execute(select(IDENTITIES).where(among(IDENTITIES.c.contact, contacts)))
    return tuple(_known(row) for row in rows.mappings())


def holders(db: Connection, names: Iterable[str]) -> Mapping[str, frozenset[RecordId]]:
    """By each name the contacts whom it proves today."""
    found: dict[str, frozenset[RecordId]] = {}
    for name, contact in db.execute(_HOLDERS, {"names": names}):
        found[name] = found.get(name, frozenset()) | {RecordId(contact)}
    return found


def put_identities(db: Connection, identities: Iterable[KnownIdentity]) -> None:
    rows = [
        {
            "name": x.name,
            "contact": x.contact,
            "conversation": x.conversation,
            "since": x.since,
            "former": x.former,
        }
        for x in identities
    ]
    put(db, IDENTITIES, ["name", "contact"], rows)


def drop_identities(db: Connection, gone: Iterable[tuple[str, RecordId]]) -> None:
    for name, contact in gone:
        db.execute(
            delete(IDENTITIES).where(IDENTITIES.c.name == name, IDENTITIES.c.contact == contact)
        )


def forget(db: Connection, contacts: Iterable[RecordId]) -> None:
    """What these clients were known by, and what is kept of merges with them."""
    people = list(contacts)
    db.execute(delete(IDENTITIES).where(among(IDENTITIES.c.contact, people)))
    db.execute(
        delete(MERGES).where(
            or_(among(MERGES.c.survivor, people), among(MERGES.c.absorbed, people))
        )
    )


def put_merges(db: Connection, merges: Iterable[Merge]) -> None:
    rows = [
        {
            "id": m.id,
            "survivor": m.survivor,
            "absorbed": m.absorbed,
            "merged_at": m.at,
            "undone_at": m.undone_at,
            "value": codec.encode(m),
        }
        for m in merges
    ]
    put(db, MERGES, ["id"], rows)


def merges_by_id(db: Connection, ids: Iterable[str]) -> dict[str, Merge]:
    values = db.scalars(select(MERGES.c.value).where(among(MERGES.c.id, ids)))
    found = (codec.decode(Merge, bytes(value)) for value in values)
    return {merge.id: merge for merge in found}


def merges_before(
    db: Connection, before: tuple[datetime, str] | None, limit: int
) -> tuple[Merge, ...]:
    """The newest first, those undone included."""
    at, name = MERGES.c.merged_at, MERGES.c.id
    query = select(MERGES.c.value)
    if before is not None:
        when, last = before
        query = query.where(at <= when, or_(at < when, name < last))
    values = db.scalars(query.order_by(at.desc(), name.desc()).limit(limit))
    return tuple(codec.decode(Merge, bytes(value)) for value in values)


def homes(db: Connection, chats: Iterable[ConversationId]) -> dict[ConversationId, ConversationId]:
    """Where these chats go on, of those that go on elsewhere."""
    rows = db.execute(_HOMES, {"chats": chats})
    return {ConversationId(row.chat): ConversationId(row.conversation) for row in rows}


def put_homes(db: Connection, moved: Mapping[ConversationId, ConversationId]) -> None:
    rows = [{"chat": chat, "conversation": home} for chat, home in moved.items()]
    put(db, CHAT_HOMES, ["chat"], rows)


def undecided(
    db: Connection,
    after: tuple[datetime, ConversationId] | None = None,
    limit: int | None = None,
) -> tuple[Conversation, ...]:
    """Chats of which a manager has to say whose they are; the newest first."""
    at, name = CONVERSATIONS.c.last_message_at, CONVERSATIONS.c.id
    # As the partial index has it: SQLite knows it by no other name.
    query = select(CONVERSATIONS.c.value).where(text("conversations.undecided"))
    if after is not None:
        when, last = after
        query = query.where(at <= when, or_(at < when, name < last))
    query = query.order_by(at.desc(), name.desc()).limit(limit)
    return tuple(codec.decode(Conversation, bytes(value)) for value in db.scalars(query))


def _known(row: RowMapping) -> KnownIdentity:
    return KnownIdentity(
        name=row["name"],
        contact=RecordId(row["contact"]),
        conversation=ConversationId(row["conversation"]),
        since=row["since"],
        former=row["former"],
    )
