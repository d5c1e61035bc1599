"""What a vendor may have told nobody is asked for, and walks the one walk: through the inbox."""

from datetime import datetime, timedelta

from bridge.codec import encode
from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.lease import Lease
from bridge.pipeline.parts import Parts
from bridge.ports import Polled
from bridge.store import cursors, inbox, mirror
from bridge.store.engine import reading, writing

METHOD = "POLL"  # of rows that nobody sent


def catch_up(parts: Parts, lease: Lease, account: AccountName) -> frozenset[str]:
    """One poll; gives the lanes that it filled. Raises what `Poll.changes` raises."""
    poll = parts.vendors.poll(account)
    if poll is None:
        return frozenset()
    now = parts.now()
    with reading(parts.engine) as db:
        cursor = cursors.cursor(db, account)
    polled = lease.while_waiting(parts.engine, lambda: poll.changes(cursor, now))
    with writing(parts.engine) as db:
        lease.keep(db)
        inbox.append(db, [_row(account, body, now) for body in polled.bodies])
        cursors.put_cursor(db, account, polled.cursor, now)
        if polled.more:
            mirror.request_refreshes(db, lease.lane, [wish(account)], parts.now())
    return _filled(account, polled)


def wish(account: AccountName) -> RequestRefresh:
    return RequestRefresh(kind=RefreshKind.CHANGES, key=account)


def due_polls(parts: Parts) -> list[AccountName]:
    """Accounts whose last poll is as long ago as they want it, and that wait for none."""
    return [
        account
        for account in parts.active().accounts
        if (every := _every(parts, account)) is not None and _is_due(parts, account, every)
    ]


def _every(parts: Parts, account: AccountName) -> timedelta | None:
    """None for an account that is not set up either: others tell of that."""
    try:
        poll = parts.vendors.poll(account)
    except ConfigError:
        return None
    return None if poll is None else poll.every


def _is_due(parts: Parts, account: AccountName, every: timedelta) -> bool:
    with reading(parts.engine) as db:
        read_at = cursors.read_at(db, account)
        asked = cursors.is_asked_for(db, lane(Way.MIRROR, account))
    return not asked and (read_at is None or parts.now() - read_at >= every)


def _row(account: AccountName, body: bytes, now: datetime) -> inbox.NewRow:
    return inbox.NewRow(
        lane=lane(Way.IN, account),
        account=account,
        received_at=now,
        method=METHOD,
        url="",
        headers=encode({}),
        body=body,
    )


def _filled(account: AccountName, polled: Polled) -> frozenset[str]:
    return frozenset({lane(Way.IN, account)} if polled.bodies else ())
