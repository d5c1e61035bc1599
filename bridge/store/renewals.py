"""Renewals of clients: read and written whole, found by when they are due and whose they are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select

from bridge import codec
from bridge.domain.names import AccountName
from bridge.domain.records import CrmKind
from bridge.domain.renewing import Renewal, RenewalId, RenewalOrigin
from bridge.domain.renewing_changes import NoteDefault, NoteStep, QueueChat
from bridge.domain.renewing_policy import RenewalDefault
from bridge.store.among import among
from bridge.store.schema import (
    RENEWAL_CHATS,
    RENEWAL_DEFAULTS,
    RENEWAL_EDITS,
    RENEWAL_STEPS,
    RENEWALS,
)
from bridge.store.upsert import add_missing, put

StepsDone = Mapping[RenewalId, Mapping[str, frozenset[str]]]
"""The names of the steps that are done, by renewal and date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A renewal with what follows from the rules whose digest is `followed`."""

    renewal: Renewal
    notify: str | None
    next_at: datetime | None
    followed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    step: str
    renews_on: date
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalsWanted:
    """None narrows nothing; `tenants` or `notify`: those of either. `first` and `last` are days."""

    tenants: frozenset[str] | None = None
    notify: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPlace:
    """After which one a list goes on."""

    renews_on: str
    id: str


def by_id(db: Connection, ids: Iterable[RenewalId]) -> Mapping[RenewalId, Renewal]:
    rows = db.scalars(select(RENEWALS.c.value).where(among(RENEWALS.c.id, set(ids))))
    found = (_renewal(value) for value in rows)
    return {renewal.id: renewal for renewal in found}


def coming_from(db: Connection, account: AccountName, kind: CrmKind) -> tuple[Renewal, ...]:
    """Those that this CRM was found to have, and whose client is still there."""
    rows = db.scalars(
        select(RENEWALS.c.value)
        .where(RENEWALS.c.account == account, RENEWALS.c.kind == kind, ~RENEWALS.c.gone)
        .order_by(RENEWALS.c.id)
    )
    return tuple(x for x in map(_renewal, rows) if x.reading.origin is RenewalOrigin.CRM)


def put_renewals(db: Connection, placed: Iterable[Placed]) -> None:
    rows = [_row(one) for one in placed]
    put(db, RENEWALS, ["id"], rows)


def due(db: Connection, now: datetime, limit: int) -> tuple[Renewal, ...]:
    """Those with a step that is due, the longest due first."""
    found = db.scalars(
        select(RENEWALS.c.value)
        .where(RENEWALS.c.next_at.is_not(None), RENEWALS.c.next_at <= now)
        .order_by(RENEWALS.c.next_at)
        .limit(limit)
    )
    return tuple(map(_renewal, found))


def of_other_rules(db: Connection, followed: str, limit: int) -> tuple[Renewal, ...]:
    """Those whose next step was found by other rules than these."""
    column = RENEWALS.c.followed
    found: list[Renewal] = []
    for other in (column < followed, column > followed):  # two ranges of the index
        rows = db.scalars(select(RENEWALS.c.value).where(other).limit(limit - len(found)))
        found.extend(map(_renewal, rows))
    return tuple(found)


def listed(
    db: Connection, wanted: RenewalsWanted, after: RenewalPlace | None, limit: int
) -> tuple[Renewal, ...]:
    """The soonest first; those without a date, and of clients who have left, are in no calendar."""
    day, name = RENEWALS.c.renews_on, RENEWALS.c.id
    query = select(RENEWALS.c.value).where(day.is_not(None), ~RENEWALS.c.gone)
    for condition in _narrowed(wanted):
        query = query.where(condition)
    if after is not None:
        later = or_(day > after.renews_on, and_(day == after.renews_on, name > after.id))
        query = query.where(day >= after.renews_on, later)
    return tuple(map(_renewal, db.scalars(query.order_by(day, name).limit(limit))))


def points_of_contact(db: Connection) -> tuple[tuple[str, str, int], ...]:
    """Whose person is named for single clients who are still there, and for how many."""
    named = RENEWALS.c.own_contact
    rows = db.execute(
        select(RENEWALS.c.tenant, named, func.count())
        .where(named.is_not(None), ~RENEWALS.c.gone)
        .group_by(RENEWALS.c.tenant, named)
        .order_by(RENEWALS.c.tenant, named)
    )
    return tuple((tenant, notify, count) for tenant, notify, count in rows)


def put_steps(db: Connection, steps: Iterable[NoteStep]) -> None:
    rows = [
        {
            "renewal": step.renewal,
            "renews_on": step.renews_on.isoformat(),
            "step": step.step,
            "outcome": step.outcome,
            "at": step.at,
        }
        for step in steps
    ]
    add_missing(db, RENEWAL_STEPS, rows)


def steps_done(db: Connection, renewals: Iterable[RenewalId]) -> StepsDone:
    rows = db.execute(
        select(RENEWAL_STEPS.c.renewal, RENEWAL_STEPS.c.renews_on, RENEWAL_STEPS.c.step).where(
            among(RENEWAL_STEPS.c.renewal, set(renewals))
        )
    )
    found: defaultdict[RenewalId, defaultdict[str, set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for renewal, renews_on, step in rows:
        found[RenewalId(renewal)][renews_on].add(step)
    return {
        renewal: {day: frozenset(names) for day, names in days.items()}
        for renewal, days in found.items()
    }


def steps_of(db: Connection, renewal: RenewalId) -> tuple[StepDone, ...]:
    """All that was done about it, the latest first."""
    rows = db.execute(
        select(RENEWAL_STEPS)
        .where(RENEWAL_STEPS.c.renewal == renewal)
        .order_by(RENEWAL_STEPS.c.at.desc(), RENEWAL_STEPS.c.step)
        .limit(100)
    )
    return tuple(
        StepDone(
            step=row.step,
            renews_on=date.fromisoformat(row.renews_on),
            outcome=row.outcome,
            at=row.at,
        )
        for row in rows
    )


def noted_defaults(db: Connection) -> Mapping[str, RenewalDefault]:
    """By partner; one that was taken away is not among them."""
    rows = db.execute(select(RENEWAL_DEFAULTS).where(RENEWAL_DEFAULTS.c.value.is_not(None)))
    return {row.tenant: codec.decode(RenewalDefault, row.value) for row in rows}


def defaults_noted_at(db: Connection) -> Mapping[str, str]:
    """When each was noted last, whatever it was, as a text that is another each time."""
    rows = db.execute(select(RENEWAL_DEFAULTS.c.tenant, RENEWAL_DEFAULTS.c.at))
    return {row.tenant: row.at.isoformat() for row in rows}


def note_defaults(db: Connection, defaults: Sequence[NoteDefault]) -> None:
    rows = {
        one.tenant: {
            "tenant": one.tenant,
            "value": None if one.default is None else codec.encode(one.default),
            "by": one.by,
            "at": one.at,
        }
        for one in defaults
    }
    put(db, RENEWAL_DEFAULTS, ["tenant"], list(rows.values()))


def note_edit(db: Connection, config: str, by: str, now: datetime) -> None:
    put(db, RENEWAL_EDITS, ["config"], [{"config": config, "by": by, "at": now}])


def edited_by(db: Connection, config: str) -> str:
    """Who made this configuration by editing the default here; empty where nobody did."""
    found = db.scalar(select(RENEWAL_EDITS.c.by).where(RENEWAL_EDITS.c.config == config))
    return found or ""


def queue_chats(db: Connection, chats: Iterable[QueueChat]) -> None:
    rows = [
        {"key": one.key, "renewal": one.renewal, "at": one.at, "value": codec.encode(one)}
        for one in chats
    ]
    add_missing(db, RENEWAL_CHATS, rows)


def queued_chats(db: Connection, limit: int) -> tuple[QueueChat, ...]:
    rows = db.scalars(
        select(RENEWAL_CHATS.c.value).order_by(RENEWAL_CHATS.c.at, RENEWAL_CHATS.c.key).limit(limit)
    )
    return tuple(codec.decode(QueueChat, value) for value in rows)


def drop_chat(db: Connection, key: str) -> None:
    db.execute(delete(RENEWAL_CHATS).where(RENEWAL_CHATS.c.key == key))


def _narrowed(wanted: RenewalsWanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.tenants is not None:
        conditions.append(RENEWALS.c.tenant.in_(sorted(wanted.tenants)))
    if wanted.notify is not None:
        conditions.append(RENEWALS.c.notify == wanted.notify)
    if wanted.first is not None:
        conditions.append(RENEWALS.c.renews_on >= wanted.first.isoformat())
    if wanted.last is not None:
        conditions.append(RENEWALS.c.renews_on <= wanted.last.isoformat())
    return conditions


def _row(placed: Placed) -> dict[str, object]:
    reading = placed.renewal.reading
    return {
        "id": reading.id,
        "tenant": reading.tenant,
        "account": reading.account or "",
        "kind": reading.kind or "",
        "ref": reading.ref,
        "renews_on": None if reading.renews_on is None else reading.renews_on.isoformat(),
        "gone": reading.gone,
        "notify": placed.notify,
        "own_contact": placed.renewal.override.notify,
        "next_at": placed.next_at,
        "followed": placed.followed,
        "value": codec.encode(placed.renewal),
    }


def _renewal(value: bytes) -> Renewal:
    return codec.decode(Renewal, value)
