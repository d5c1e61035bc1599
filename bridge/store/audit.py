"""The audit log: who did what when, from where. Lines are written, and read, and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from bridge.store.leaping import different
from bridge.store.schema import AUDIT
from bridge.store.upsert import append

_LONGEST = 500


class Way(StrEnum):
    """By what somebody did it."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"
    CLOCK = "clock"
    HOUSE = "house"  # by a decision, which tells more
    PROVIDER = "provider"  # of the company's accounts


class Deed(StrEnum):
    """What is on record. New ones may be added; none is renamed."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SESSION_REVOKED = "session_revoked"
    SIGNED_IN_AS = "signed_in_as"
    SIGN_IN_AS_ENDED = "sign_in_as_ended"
    LINK_MADE = "sign_in_link_made"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"
    CONFIG_CHANGED = "config_changed"
    CONFIG_ROLLED_BACK = "config_rolled_back"
    CONFIG_ACTIVATED = "config_activated"
    ROLE_CHANGED = "role_changed"
    REPLAYED = "replayed"
    DROPPED = "dropped"
    DROP_UNDONE = "drop_undone"
    ERASED = "erased"
    EXPORTED = "exported"
    RAW_READ = "raw_read"
    DISMISSED = "dismissed"
    CHANNEL_OVERRIDDEN = "channel_overridden"
    DECIDED = "decided"  # an event of the house; `detail` begins with its kind
    RESUMED = "resumed"
    WEBHOOK_TESTED = "webhook_tested"
    EMBED_LINK_MADE = "embed_link_made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """`actor` is a principal, empty for who sits at the machine and for what is none; `behind` who
    is signed in as him. `address` is the visitor's IP address."""

    actor: str
    way: Way
    behind: str = ""
    address: str = ""


CLOCK = Who(actor="", way=Way.CLOCK)
COMMAND = Who(actor="", way=Way.COMMAND)
PROVIDER = Who(actor="", way=Way.PROVIDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """`object` is what it was done to, by our own name of it; neither it nor `detail` is of a
    client, nor a secret."""

    who: Who
    deed: Deed
    object: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    id: int
    at: datetime
    actor: str
    behind: str
    deed: str
    object: str
    detail: str
    way: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`since` is included, `until` is not; `before`: only lines older than this one."""

    actor: str = ""
    deed: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


def note(db: Connection, lines: Sequence[NewLine], now: datetime) -> None:
    """Within the transaction that does it, so that there is no deed without its line."""
    append(db, AUDIT, [_values(line, now) for line in lines])


def find(db: Connection, wanted: Wanted) -> tuple[Line, ...]:
    """The newest first."""
    query = select(AUDIT).where(*_narrowed(wanted)).order_by(AUDIT.c.id.desc())
    return tuple(_line(row) for row in db.execute(query.limit(wanted.limit)))


def actors(db: Connection) -> tuple[str, ...]:
    """Everybody of whom there is a line, by leaps through the index."""
    return tuple(sorted(db.scalars(different(AUDIT.c.actor))))


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool]] = []
    if wanted.actor:
        narrowed.append(AUDIT.c.actor == wanted.actor)
    if wanted.deed:
        narrowed.append(AUDIT.c.deed == wanted.deed)
    if wanted.since is not None:
        narrowed.append(AUDIT.c.at >= wanted.since)
    if wanted.until is not None:
        narrowed.append(AUDIT.c.at < wanted.until)
    if wanted.before is not None:
        narrowed.append(AUDIT.c.id < wanted.before)
    return narrowed


def _values(line: NewLine, now: datetime) -> dict[str, Any]:
    return {
        "at": now,
        "actor": line.who.actor,
        "behind": line.who.behind,
        "deed": line.deed.value,
        "object": line.object[:_LONGEST],
        "detail": line.detail[:_LONGEST],
        "way": line.who.way.value,
        "address": line.who.address,
    }


def _line(row: Row[Any]) -> Line:
    return Line(
        id=row.id,
        at=row.at,
        actor=row.actor,
        behind=row.behind,
        deed=row.deed,
        object=row.object,
        detail=row.detail,
        way=row.way,
        address=row.address,
    )
