"""Outbox rows looked through page by page, and asked about at their vendor."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from bridge.domain.effects import WriteTimelineEntry
from bridge.domain.names import AccountName
from bridge.pipeline.commit import names
from bridge.pipeline.parts import Parts
from bridge.pipeline.reconcile.asking import Task, find
from bridge.pipeline.reconcile.findings import About
from bridge.pipeline.settling import Answer
from bridge.ports import Delivery
from bridge.store import outbox, reconciling
from bridge.store.engine import reading
from bridge.store.outgoing import Row
from bridge.store.reconciling import Standing


def pages(
    task: Task, account: AccountName, about: About, kinds: Sequence[str]
) -> Iterator[list[Standing]]:
    """Rows of these kinds since the task's moment, that are there now."""
    limit = task.parts.vendors.connector(account).max_run
    with reading(task.parts.engine) as db:
        left = whole = reconciling.span(db, task.since)
    while True:
        with reading(task.parts.engine) as db:
            found = reconciling.page(db, account, kinds, left, limit)
        if not found:
            break
        yield found
        left = replace(left, after=found[-1].id)
        task.progress(about, left.after - whole.after, whole.size)
    task.progress(about, whole.size, whole.size)


def is_settled(task: Task, account: AccountName, standing: Standing) -> bool:
    """Whether its traces can be trusted to be seen at the vendor by now."""
    connector = task.parts.vendors.connector(account)
    lag = timedelta(seconds=connector.call_timeout_seconds + connector.index_lag_seconds)
    last = standing.tried_at or standing.created_at
    return max(last, standing.done_at or last) + lag <= task.parts.now()


def ask(task: Task, account: AccountName, rows: Sequence[Row]) -> Sequence[Answer]:
    """What became of each at the vendor."""
    with reading(task.parts.engine) as db:
        deliveries = _deliveries(task.parts, db, account, rows)
    return find(task, account, deliveries) if deliveries else ()


def _deliveries(
    parts: Parts, db: Connection, account: AccountName, rows: Sequence[Row]
) -> list[Delivery]:
    known = outbox.vendor_ids(db, account, [n for row in rows for n in _names(row)])
    return [
        Delivery(
            effect=row.effect,
            idempotency_key=row.idempotency_key,
            attempt=row.attempts,
            now=parts.now(),
            in_doubt_since=row.in_doubt_since,
            ids={n: known[n] for n in _names(row) if n in known},
        )
        for row in rows
    ]


def _names(row: Row) -> tuple[str, ...]:
    """Those of an entry with its own, by which it may be asked for."""
    own = (row.effect.message,) if isinstance(row.effect, WriteTimelineEntry) else ()
    return (*names(row.effect), *own)
