"""Which messengers' own windows are kept, and what in them may be other than it should be."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bridge import codec
from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.errors import ConfigError
from bridge.domain.names import AccountName, RecordId
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Active, Parts
from bridge.store import mirror, pushes
from bridge.store.engine import reading, writing
from bridge.store.pushes import Shown

OPTION, OFF = "window", "off"


def kept_windows(parts: Parts) -> tuple[AccountName, ...]:
    """Accounts whose vendor has a window, unless option `window` is off."""
    active = parts.active()
    if active.policy.crm is None:
        return ()
    return tuple(sorted(name for name in active.accounts if _is_kept(parts, active, name)))


def mark_changed(
    db: Connection, clients: Iterable[RecordId], deals: Iterable[RecordId], now: datetime
) -> frozenset[str]:
    """Within the transaction that changes these; gives the lanes that have work now."""
    records = [(Shown.CLIENT, str(one)) for one in clients]
    records += [(Shown.DEAL, str(one)) for one in deals]
    accounts = pushes.open_windows(db) if records else ()
    return _mark(db, accounts, records, now)


def survey(parts: Parts) -> None:
    """Holds each window against configuration and people: where these are others than the last
    time, all in it is looked at again. What is as the window has it costs no call."""
    kept = kept_windows(parts)
    with reading(parts.engine) as db:
        if not kept and not pushes.open_windows(db):
            return
        now_is = _state(db, parts)
        stale = [name for name in kept if pushes.seen(db, name) != now_is]
        if not stale and set(kept) == set(pushes.open_windows(db)):
            return
    with writing(parts.engine) as db:
        pushes.keep_windows(db, kept)
        for account in stale:
            mark_all(db, parts, account)
            pushes.note_seen(db, account, now_is)
    for account in stale:
        parts.bell.ring(lane(Way.MIRROR, account))


def tell_anew(parts: Parts, account: AccountName) -> None:
    """Everything, whether the window has it or not."""
    with writing(parts.engine) as db:
        pushes.keep_windows(db, kept_windows(parts))
        mark_all(db, parts, account)
        pushes.forget_told(db, account)
        pushes.note_seen(db, account, _state(db, parts))


def mark_all(db: Connection, parts: Parts, account: AccountName) -> None:
    crm = parts.active().policy.crm
    if crm is None:
        return
    people = mirror.directory(db, crm).people
    pushes.mark_mirrored(db, account, crm, parts.now())
    records = [(Shown.EMPLOYEE, str(person.crm_id)) for person in people]
    _mark(db, [account], [*records, (Shown.PIPELINES, "")], parts.now())


def _mark(
    db: Connection,
    accounts: Sequence[AccountName],
    records: Sequence[tuple[Shown, str]],
    now: datetime,
) -> frozenset[str]:
    pushes.mark(db, accounts, records, now)
    for account in accounts:
        wish = RequestRefresh(kind=RefreshKind.WINDOW, key=account)
        mirror.request_refreshes(db, lane(Way.MIRROR, account), [wish], now)
    return frozenset(lane(Way.MIRROR, account) for account in accounts)


def _is_kept(parts: Parts, active: Active, name: AccountName) -> bool:
    """An account whose connector is not installed is told of elsewhere."""
    try:
        has_window = parts.vendors.connector(name).window is not None
    except ConfigError:
        return False
    return has_window and active.accounts[name].options.get(OPTION) != OFF


def _state(db: Connection, parts: Parts) -> str:
    active = parts.active()
    crm = active.policy.crm
    people = mirror.directory(db, crm).people
    pipelines = () if crm is None else mirror.pipelines(db, crm)
    told = (active.hash, parts.public_url, people, pipelines)
    return hashlib.sha256(codec.encode(told)).hexdigest()
