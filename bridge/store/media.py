"""Copies of files: which are wanted, what became of them, and which nothing refers to any more."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, or_, select, text, update

from bridge import codec
from bridge.domain.files import is_copied, upload_id
from bridge.domain.messaging import Media
from bridge.domain.names import AccountName, ConversationId, MessageId
from bridge.domain.records import Message
from bridge.store.among import among
from bridge.store.schema import FILE_REMOVALS, MEDIA, UPLOADS
from bridge.store.upsert import add_missing, append

# Literal, as in the partial indexes.
_OPEN = text("state IN ('pending', 'leased')")
_FAILED = text("state = 'failed'")


class CopyState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"  # being copied
    STORED = "stored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file of a message, and how far we have a copy of it."""

    id: int
    message: MessageId
    place: int
    conversation: ConversationId
    account: AccountName
    media: Media
    state: CopyState
    reason: str
    detail: str
    attempts: int
    created_at: datetime
    sha256: str | None
    size: int | None
    content_type: str

    @property
    def is_open(self) -> bool:
        return self.state in (CopyState.PENDING, CopyState.LEASED)


def want(
    db: Connection,
    lanes: Mapping[AccountName, str],
    account_of: Mapping[MessageId, AccountName],
    messages: Sequence[Message],
    now: datetime,
) -> None:
    """A row for each file of these messages that has none. A file that took another's place is
    copied anew; one that an employee gave us is there already."""
    rows = [
        _row(message, place, media, account_of[message.id], lanes, now)
        for message in messages
        for place, media in enumerate(message.media)
        if is_copied(media)
    ]
    if not rows:
        return
    ids = {str(row["message"]) for row in rows}
    known = {(copy.message, copy.place): copy for copy in _sources(db, ids)}
    fresh = [row for row in rows if _is_new(row, known)]
    replaced = [known[key].id for row in fresh if (key := (row["message"], row["place"])) in known]
    if replaced:
        forget(db, among(MEDIA.c.id, replaced), now)
    append(db, MEDIA, fresh)
    given = [upload_id(media) for message in messages for media in message.media]
    if any(given):
        db.execute(delete(UPLOADS).where(among(UPLOADS.c.id, given)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    id: int
    message: str
    place: int
    source: str


def _sources(db: Connection, messages: Iterable[str]) -> list[_Source]:
    rows = db.execute(
        select(MEDIA.c.id, MEDIA.c.message, MEDIA.c.place, MEDIA.c.source).where(
            among(MEDIA.c.message, messages)
        )
    )
    return [_Source(id=r.id, message=r.message, place=r.place, source=r.source) for r in rows]


def _is_new(row: Mapping[str, Any], known: Mapping[tuple[Any, Any], _Source]) -> bool:
    found = known.get((row["message"], row["place"]))
    return found is None or found.source != row["source"]


def _row(
    message: Message,
    place: int,
    media: Media,
    account: AccountName,
    lanes: Mapping[AccountName, str],
    now: datetime,
) -> dict[str, Any]:
    is_ours = bool(upload_id(media)) and bool(media.sha256)
    return {
        "message": message.id,
        "place": place,
        "conversation": message.conversation,
        "account": account,
        "lane": lanes[account],
        "source": hashlib.sha256(f"{media.url}\n{media.media_id}".encode()).hexdigest(),
        "value": codec.encode(media),
        "state": CopyState.STORED if is_ours else CopyState.PENDING,
        "reason": "",
        "detail": "",
        "attempts": 0,
        "next_attempt_at": None,
        "sha256": media.sha256 if is_ours else None,
        "size": media.size if is_ours else None,
        "content_type": media.content_type if is_ours else "",
        "created_at": now,
        "done_at": now if is_ours else None,
    }


def take(
    db: Connection, lane: str, now: datetime, limit: int, *, besides: Sequence[int] = ()
) -> list[Copy]:
    """The next files to copy, the oldest first, their attempt counted before anything is done."""
    due = or_(MEDIA.c.next_attempt_at.is_(None), MEDIA.c.next_attempt_at <= now)
    rows = db.execute(
        select(MEDIA)
        .where(MEDIA.c.lane == lane, _OPEN, due, MEDIA.c.id.not_in(besides))
        .order_by(MEDIA.c.id)
        .limit(limit)
    ).all()
    ids = [row.id for row in rows]
    if ids:
        db.execute(
            update(MEDIA)
            .where(among(MEDIA.c.id, ids))
            .values(state=CopyState.LEASED, attempts=MEDIA.c.attempts + 1)
        )
    return [_copy(row) for row in rows]


def bury(db: Connection, lane: str, now: datetime, most: int, reason: str, detail: str) -> None:
    """Files whose worker died over them too often."""
    db.execute(
        update(MEDIA)
        .where(MEDIA.c.lane == lane, MEDIA.c.state == CopyState.LEASED, MEDIA.c.attempts >= most)
        .values(state=CopyState.FAILED, reason=reason, detail=detail, done_at=now)
    )


def claim(db: Connection, copy: int, sha256: str) -> bool:
    """Refers to this content before it is put into the storage. False while it is being removed, or
    when nobody wants this copy any more."""
    if is_being_removed(db, sha256):
        return False
    found = db.execute(update(MEDIA).where(MEDIA.c.id == copy).values(sha256=sha256))
    return found.rowcount == 1


def stored(
    db: Connection, copy: int, sha256: str, size: int, content_type: str, now: datetime
) -> None:
    """Should it have been forgotten meanwhile, the content goes as well."""
    found = db.execute(
        update(MEDIA)
        .where(MEDIA.c.id == copy, MEDIA.c.sha256 == sha256)
        .values(
            state=CopyState.STORED,
            size=size,
            content_type=content_type,
            reason="",
            detail="",
            next_attempt_at=None,
            done_at=now,
        )
    )
    if found.rowcount == 0:
        remove_unreferenced(db, [sha256], now)


def again(db: Connection, copy: int, at: datetime, detail: str, *, counts: bool = True) -> None:
    db.execute(
        update(MEDIA)
        .where(MEDIA.c.id == copy)
        .values(
            state=CopyState.PENDING,
            next_attempt_at=at,
            detail=detail,
            attempts=MEDIA.c.attempts - (0 if counts else 1),
        )
    )


def failed(db: Connection, copy: int, reason: str, detail: str, now: datetime) -> None:
    sha = db.scalar(select(MEDIA.c.sha256).where(MEDIA.c.id == copy))
    db.execute(
        update(MEDIA)
        .where(MEDIA.c.id == copy)
        .values(
            state=CopyState.FAILED,
            reason=reason,
            detail=detail,
            next_attempt_at=None,
            sha256=None,
            done_at=now,
        )
    )
    if sha is not None:
        remove_unreferenced(db, [sha], now)


def try_again(db: Connection, message: MessageId, place: int) -> str | None:
    """The lane that has work now; None when this copy has not failed."""
    which = (MEDIA.c.message == message) & (MEDIA.c.place == place) & _FAILED
    lane = db.scalar(select(MEDIA.c.lane).where(which))
    if lane is not None:
        db.execute(
            update(MEDIA)
            .where(which)
            .values(state=CopyState.PENDING, attempts=0, next_attempt_at=None, reason="", detail="")
        )
    return lane


def one(db: Connection, message: MessageId, place: int) -> Copy | None:
    row = db.execute(
        select(MEDIA).where(MEDIA.c.message == message, MEDIA.c.place == place)
    ).first()
    return None if row is None else _copy(row)


def by_id(db: Connection, copy: int) -> Copy | None:
    row = db.execute(select(MEDIA).where(MEDIA.c.id == copy)).first()
    return None if row is None else _copy(row)


def of_messages(
    db: Connection, messages: Iterable[MessageId]
) -> Mapping[tuple[MessageId, int], Copy]:
    rows = db.execute(select(MEDIA).where(among(MEDIA.c.message, messages)))
    return {(row.message, row.place): _copy(row) for row in rows}


def failures(db: Connection, before: int | None, limit: int) -> list[Copy]:
    """Copies that failed, the latest first."""
    older = [] if before is None else [MEDIA.c.id < before]
    wanted = select(MEDIA).where(_FAILED, *older).order_by(MEDIA.c.id.desc()).limit(limit)
    return [_copy(row) for row in db.execute(wanted)]


def counts(db: Connection) -> Mapping[tuple[AccountName, CopyState], int]:
    """Of copies that are not there: open ones and failed ones."""
    rows = db.execute(
        select(MEDIA.c.account, MEDIA.c.state, func.count())
        .where(or_(_OPEN, _FAILED))
        .group_by(MEDIA.c.account, MEDIA.c.state)
    )
    return {(AccountName(account), CopyState(state)): count for account, state, count in rows}


def forget(db: Connection, which: ColumnElement[bool], now: datetime) -> int:
    """Forgets the copies of these rows of MEDIA, and has removed what nothing else refers to;
    how many they were."""
    shas = db.scalars(select(MEDIA.c.sha256).where(which, MEDIA.c.sha256.is_not(None))).all()
    count = db.execute(delete(MEDIA).where(which)).rowcount
    remove_unreferenced(db, [sha for sha in shas if sha], now)
    return count


def forget_conversations(
    db: Connection, conversations: Iterable[ConversationId], now: datetime
) -> int:
    return forget(db, among(MEDIA.c.conversation, conversations), now)


def forget_messages(db: Connection, messages: Iterable[MessageId], now: datetime) -> int:
    return forget(db, among(MEDIA.c.message, messages), now)


def remove_unreferenced(db: Connection, shas: Iterable[str], now: datetime) -> None:
    """Notes those of these contents that nothing refers to for removal."""
    wanted = set(shas)
    if not wanted:
        return
    used = set(db.scalars(select(MEDIA.c.sha256).where(among(MEDIA.c.sha256, wanted))))
    used |= set(db.scalars(select(UPLOADS.c.sha256).where(among(UPLOADS.c.sha256, wanted))))
    rows = [{"sha256": sha, "since": now} for sha in sorted(wanted - used)]
    add_missing(db, FILE_REMOVALS, rows)


def removals(db: Connection, limit: int) -> Sequence[str]:
    """Contents to remove from the storage, the longest waiting first."""
    found = select(FILE_REMOVALS.c.sha256).order_by(FILE_REMOVALS.c.since).limit(limit)
    return db.scalars(found).all()


def removed(db: Connection, shas: Iterable[str]) -> None:
    """They are out of the storage; from now on the same content may come again."""
    db.execute(delete(FILE_REMOVALS).where(among(FILE_REMOVALS.c.sha256, shas)))


def is_being_removed(db: Connection, sha256: str) -> bool:
    found = select(FILE_REMOVALS.c.sha256).where(FILE_REMOVALS.c.sha256 == sha256)
    return db.scalar(found) is not None


def _copy(row: Row[tuple[object, ...]]) -> Copy:
    return Copy(
        id=row.id,
        message=MessageId(row.message),
        place=row.place,
        conversation=ConversationId(row.conversation),
        account=AccountName(row.account),
        media=codec.decode(Media, bytes(row.value)),
        state=CopyState(row.state),
        reason=row.reason,
        detail=row.detail,
        attempts=row.attempts,
        created_at=row.created_at,
        sha256=row.sha256,
        size=row.size,
        content_type=row.content_type,
    )
