"""Lists of resellers' clients: by reseller, status, hint, plan and words, in several orders."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)

from bridge.codec import decode
from bridge.domain.names import ClientId, ResellerName
from bridge.domain.reseller_clients import ClientHint, ClientStatus, ResellerClient
from bridge.domain.reselling_policy import HintRules
from bridge.store.schema import RESELLER_CLIENTS

_OF = RESELLER_CLIENTS.c
_NEVER = literal(datetime(9999, 1, 1, tzinfo=UTC), _OF.ends_at.type)


class ClientSort(StrEnum):
    """What a list begins with."""

    NEWEST = "newest"
    NAME = "name"
    UNITS = "units"  # the fewest first
    ENDS = "ends"  # the soonest first, who has no end last


_ORDERS: Mapping[ClientSort, ColumnElement[Any]] = {
    ClientSort.NAME: func.lower(_OF.legal_name),
    ClientSort.UNITS: _OF.balance,
    ClientSort.ENDS: func.coalesce(_OF.ends_at, _NEVER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsWanted:
    """None narrows nothing, but for the archive: the main list shows nobody who is in it.
    `resellers` of None are all of them, `rules` what counts as near the end for each;
    `near_end` are those with any hint. `words` stand in the legal name or the reference."""

    now: datetime
    resellers: frozenset[ResellerName] | None = None
    rules: Mapping[ResellerName, HintRules] = field(default_factory=dict)
    archived: bool | None = False
    status: ClientStatus | None = None
    hint: ClientHint | None = None
    near_end: bool = False
    plan: str | None = None
    words: str = ""
    sort: ClientSort = ClientSort.NEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientNumbers:
    """How many of a list there are, and how many of them in each status."""

    all: int = 0
    near_end: int = 0
    by_status: Mapping[ClientStatus, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPlace:
    """Where a list goes on: after this client."""

    created_at: datetime
    id: ClientId


def clients(
    db: Connection, wanted: ClientsWanted, after: ClientPlace | None, limit: int
) -> tuple[ResellerClient, ...]:
    query = select(_OF.value).where(*_conditions(wanted))
    if after is not None:
        query = query.where(_comes_after(wanted.sort, after))
    rows = db.scalars(query.order_by(*_order(wanted.sort)).limit(limit))
    return tuple(decode(ResellerClient, bytes(value)) for value in rows)


def _order(sort: ClientSort) -> tuple[ColumnElement[Any], ...]:
    if sort is ClientSort.NEWEST:
        return _OF.created_at.desc(), _OF.id.desc()
    return _ORDERS[sort], _OF.id


def _comes_after(sort: ClientSort, last: ClientPlace) -> ColumnElement[bool]:
    if sort is ClientSort.NEWEST:
        same = and_(_OF.created_at == last.created_at, _OF.id < last.id)
        return or_(_OF.created_at < last.created_at, same)
    its = select(_ORDERS[sort]).where(_OF.id == last.id).correlate(None).scalar_subquery()
    return or_(_ORDERS[sort] > its, and_(_ORDERS[sort] == its, _OF.id > last.id))


def count_clients(db: Connection, wanted: ClientsWanted) -> int:
    query = select(func.count()).select_from(RESELLER_CLIENTS).where(*_conditions(wanted))
    return db.scalar(query) or 0


def numbers(db: Connection, wanted: ClientsWanted) -> ClientNumbers:
    """In one statement, however many there are."""
    each = [func.sum(case((_has_status(x, wanted.now), 1), else_=0)) for x in ClientStatus]
    near = or_(*(_has_hint(hint, wanted) for hint in ClientHint))
    query = select(func.count(), func.sum(case((near, 1), else_=0)), *each)
    row = db.execute(query.select_from(RESELLER_CLIENTS).where(*_conditions(wanted))).one()
    return ClientNumbers(
        all=row[0],
        near_end=row[1] or 0,
        by_status={status: row[2 + at] or 0 for at, status in enumerate(ClientStatus)},
    )


def _conditions(wanted: ClientsWanted) -> Iterator[ColumnElement[bool]]:
    if wanted.resellers is not None:
        yield _OF.reseller.in_(sorted(wanted.resellers))
    if wanted.archived is not None:
        yield _OF.is_archived.is_(wanted.archived)
    if wanted.status is not None:
        yield _has_status(wanted.status, wanted.now)
    if wanted.hint is not None:
        yield _has_hint(wanted.hint, wanted)
    if wanted.near_end:
        yield or_(*(_has_hint(hint, wanted) for hint in ClientHint))
    if wanted.plan is not None:
        yield _OF.plan == wanted.plan
    if wanted.words.strip():
        yield _holds(wanted.words.strip())


def _has_status(status: ClientStatus, now: datetime) -> ColumnElement[bool]:
    """As `ResellerClient.status` has it."""
    if status is ClientStatus.SUSPENDED:
        return _OF.is_suspended.is_(True)
    access = _OF.is_suspended.is_(False)
    ended = and_(_OF.ends_at.is_not(None), _OF.ends_at <= now)
    if status is ClientStatus.EXPIRED:
        return and_(access, ended)
    goes_on = or_(_OF.ends_at.is_(None), _OF.ends_at > now)
    left = _OF.balance == 0 if status is ClientStatus.EXHAUSTED else _OF.balance > 0
    return and_(access, goes_on, left)


def _has_hint(hint: ClientHint, wanted: ClientsWanted) -> ColumnElement[bool]:
    """As `reseller_clients.hint` has it."""
    shown = and_(_OF.is_suspended.is_(False), _OF.is_archived.is_(False))
    each = [
        and_(_OF.reseller == reseller, _by_rules(hint, rules, wanted.now))
        for reseller, rules in wanted.rules.items()
    ]
    others = and_(
        _OF.reseller.not_in(sorted(wanted.rules)), _by_rules(hint, HintRules(), wanted.now)
    )
    return and_(shown, or_(*each, others))


def _by_rules(hint: ClientHint, rules: HintRules, now: datetime) -> ColumnElement[bool]:
    until = now + rules.ending
    if hint is ClientHint.OFFER_RENEWAL:
        return and_(_OF.ends_at.is_not(None), _OF.ends_at <= until)
    low = rules.low_units
    few = or_(_OF.balance <= low.units, _OF.balance * 100 <= _OF.plan_units * low.percent)
    return and_(or_(_OF.ends_at.is_(None), _OF.ends_at > until), few)


def _holds(words: str) -> ColumnElement[bool]:
    """Anywhere and in whichever case; `%` and `_` mean themselves."""
    return or_(
        _OF.legal_name.icontains(words, autoescape=True),
        _OF.reference.icontains(words, autoescape=True),
    )
