"""The configuration's history: who changed which files when and why, with their texts."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, text

from bridge.store.engine import writing
from bridge.store.schema import CONFIG_CHANGES, CONFIG_DRAFTS, CONFIG_TEXTS
from bridge.store.upsert import add_missing, append

DRAFTS_KEPT = timedelta(days=7)
_LOCK = 7_165_233


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """`actor` is a principal, empty for who edited the files by hand; `folder` the digest of all
    files, `config` the hash of the policy that they make, `contents` the folder afterwards."""

    actor: str
    way: str
    message: str
    folder: str
    config: str
    contents: Mapping[str, bytes]
    digests: Mapping[str, str]
    back_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`manifest` is each file's digest by its name, all of the folder."""

    id: int
    at: datetime
    actor: str
    way: str
    message: str
    back_to: int | None
    folder: str
    config: str
    manifest: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    id: str
    actor: str
    at: datetime
    value: bytes


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """Like `writing`, and one at a time in the whole house: the folder's files are read, written
    and taken within it."""
    with writing(engine) as db:
        if db.dialect.name == "postgresql":
            db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        yield db


def note_change(db: Connection, new: NewChange, now: datetime) -> int:
    """Its number, from 1."""
    texts = [
        {"digest": new.digests[name], "content": content} for name, content in new.contents.items()
    ]
    add_missing(db, CONFIG_TEXTS, texts)
    row = insert(CONFIG_CHANGES).values(
        at=now,
        actor=new.actor,
        way=new.way,
        message=new.message,
        back_to=new.back_to,
        folder=new.folder,
        config=new.config,
        manifest=json.dumps(dict(sorted(new.digests.items()))),
    )
    return int(db.execute(row.returning(CONFIG_CHANGES.c.id)).scalar_one())


def changes(db: Connection, before: int | None = None, limit: int = 50) -> tuple[Change, ...]:
    """The newest first."""
    query = select(CONFIG_CHANGES).order_by(CONFIG_CHANGES.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(CONFIG_CHANGES.c.id < before)
    return tuple(_change(row) for row in db.execute(query))


def change(db: Connection, number: int) -> Change | None:
    row = db.execute(select(CONFIG_CHANGES).where(CONFIG_CHANGES.c.id == number)).one_or_none()
    return None if row is None else _change(row)


def change_to(db: Connection, config: str) -> int | None:
    """The number of the latest change that made this policy, by its hash."""
    made = select(CONFIG_CHANGES.c.id).where(CONFIG_CHANGES.c.config == config)
    return db.scalar(made.order_by(CONFIG_CHANGES.c.id.desc()).limit(1))


def last_change(db: Connection) -> Change | None:
    return next(iter(changes(db, limit=1)), None)


def texts_of(db: Connection, digests: Iterable[str]) -> Mapping[str, bytes]:
    """Contents by their digest."""
    wanted = sorted(set(digests))
    rows = db.execute(select(CONFIG_TEXTS).where(CONFIG_TEXTS.c.digest.in_(wanted)))
    return {row.digest: bytes(row.content) for row in rows}


def contents_of(db: Connection, change: Change | None) -> Mapping[str, bytes]:
    """The whole folder as it was after this change; nothing before the first one."""
    if change is None:
        return {}
    texts = texts_of(db, change.manifest.values())
    return {name: texts[digest] for name, digest in change.manifest.items()}


def keep_draft(db: Connection, draft: Draft) -> None:
    """And forgets those that are a week old."""
    db.execute(delete(CONFIG_DRAFTS).where(CONFIG_DRAFTS.c.at < draft.at - DRAFTS_KEPT))
    row = {"id": draft.id, "actor": draft.actor, "at": draft.at, "value": draft.value}
    append(db, CONFIG_DRAFTS, [row])


def draft(db: Connection, name: str) -> Draft | None:
    row = db.execute(select(CONFIG_DRAFTS).where(CONFIG_DRAFTS.c.id == name)).one_or_none()
    if row is None:
        return None
    return Draft(id=row.id, actor=row.actor, at=row.at, value=bytes(row.value))


def drop_draft(db: Connection, name: str) -> None:
    db.execute(delete(CONFIG_DRAFTS).where(CONFIG_DRAFTS.c.id == name))


def _change(row: Row[Any]) -> Change:
    return Change(
        id=row.id,
        at=row.at,
        actor=row.actor,
        way=row.way,
        message=row.message,
        back_to=row.back_to,
        folder=row.folder,
        config=row.config,
        manifest=json.loads(row.manifest),
    )
