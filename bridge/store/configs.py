"""The active configuration as a row, and every one that a decision may name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from bridge.store.schema import ACTIVE_CONFIG, CONFIGS
from bridge.store.upsert import add_missing

_THE_ONE = ACTIVE_CONFIG.c.one == 1
_ACTIVE = select(ACTIVE_CONFIG).where(_THE_ONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRow:
    """`error` says why a newer folder was refused; empty when the folder was taken."""

    hash: str
    activated_at: datetime
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConfig:
    hash: str
    canonical: str
    created_at: datetime


def put_config(db: Connection, hash: str, canonical: str, now: datetime) -> None:
    """Keeps this configuration; does nothing when it is known."""
    add_missing(db, CONFIGS, [{"hash": hash, "canonical": canonical, "created_at": now}])


def config(db: Connection, hash: str) -> StoredConfig | None:
    row = db.execute(select(CONFIGS).where(CONFIGS.c.hash == hash)).one_or_none()
    if row is None:
        return None
    return StoredConfig(hash=row.hash, canonical=row.canonical, created_at=row.created_at)


def history(db: Connection, limit: int = 50) -> tuple[StoredConfig, ...]:
    """The newest first."""
    rows = db.execute(select(CONFIGS).order_by(CONFIGS.c.created_at.desc()).limit(limit))
    return tuple(
        StoredConfig(hash=row.hash, canonical=row.canonical, created_at=row.created_at)
        for row in rows
    )


def active(db: Connection) -> ActiveRow | None:
    """None before the first configuration was activated."""
    row = db.execute(_ACTIVE).one_or_none()
    if row is None:
        return None
    return ActiveRow(hash=row.hash, activated_at=row.activated_at, error=row.error)


def activate(db: Connection, hash: str, now: datetime) -> None:
    """Makes a kept configuration the one that every process follows; call within `writing`."""
    # Several processes may start at once, and all of them find none.
    add_missing(db, ACTIVE_CONFIG, [{"one": 1, "hash": hash, "activated_at": now, "error": ""}])
    found = active(db)
    if found is not None and (found.hash, found.error) != (hash, ""):
        moved = now if found.hash != hash else found.activated_at
        db.execute(
            update(ACTIVE_CONFIG).where(_THE_ONE).values(hash=hash, activated_at=moved, error="")
        )


def note_error(db: Connection, error: str) -> None:
    """Says beside the active configuration why a newer folder was refused."""
    db.execute(update(ACTIVE_CONFIG).where(_THE_ONE).values(error=error))
