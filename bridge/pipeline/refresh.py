"""Reads anew from the CRM what webhooks said has moved, and who strangers are."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from bridge.domain.changes import RefreshKind
from bridge.domain.errors import (
    BridgeError,
    ConfigError,
    CredentialsInvalid,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.domain.names import AccountName, ConversationId, CrmId
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline import channel_side, identifying, mirroring
from bridge.pipeline.announcing import Trouble, tell_managers
from bridge.pipeline.catching_up import catch_up
from bridge.pipeline.lanes import split
from bridge.pipeline.lease import Lease
from bridge.pipeline.leaving import tell_of_leavers
from bridge.pipeline.parts import Parts
from bridge.pipeline.pushing import NoBudget, push
from bridge.pipeline.settling import back_off
from bridge.pipeline.windows import survey
from bridge.store import lanes, refreshes
from bridge.store.deciding import deciding
from bridge.store.engine import writing
from bridge.store.refreshes import Wish

RUN = 100
LONGEST_WAIT = timedelta(minutes=1)  # new clients wait here, and to ask once a minute is cheap
_CALLS = 5
_FAILURES = (DeliveryTransient, OutcomeUnknown, CredentialsInvalid, ConfigError)
_log = structlog.get_logger()


def refresh(parts: Parts, lease: Lease, over: Callable[[], bool]) -> frozenset[str]:
    """Works the lane off; gives the lanes that it filled."""
    filled: set[str] = set()
    while not over():
        with writing(parts.engine) as db:
            lease.keep(db)
            wishes = refreshes.take(db, lease.lane, parts.now(), RUN)
        if not wishes or not _affordable(parts, lease):
            return frozenset(filled)
        filled |= _serve(parts, lease, wishes, over)
    return frozenset(filled | {lease.lane})


def _affordable(parts: Parts, lease: Lease) -> bool:
    _, account = split(lease.lane)
    pause = parts.budgets.take(account, _CALLS)
    if pause > 0:
        with writing(parts.engine) as db:
            lease.keep(db)
            until = parts.now() + timedelta(seconds=pause)
            lanes.hold(db, lease.lane, until, "the account's rate budget is used up")
    return pause <= 0


def _serve(
    parts: Parts, lease: Lease, wishes: Sequence[Wish], over: Callable[[], bool]
) -> frozenset[str]:
    """Serves the wishes; those that fail are tried again later, they are never dropped."""
    polls = [wish for wish in wishes if wish.kind is RefreshKind.CHANGES]
    pushes = [wish for wish in wishes if wish.kind is RefreshKind.WINDOW]
    channel = [wish for wish in wishes if wish.kind in channel_side.KINDS]
    apart = {wish.id for wish in (*polls, *pushes, *channel)}
    others = [wish for wish in wishes if wish.id not in apart]
    filled = _serve_others(parts, lease, others) if others else frozenset()
    if polls:
        filled |= _serve_polls(parts, lease, polls)
    for part in channel_side.apart(channel):
        _serve_channel_side(parts, lease, part)
    if pushes:
        _serve_window(parts, lease, pushes, over)
    return filled


def _serve_window(
    parts: Parts, lease: Lease, wishes: Sequence[Wish], over: Callable[[], bool]
) -> None:
    """The wish stays until the window shows everything."""
    _, account = split(lease.lane)
    try:
        if push(parts, lease, account, over):
            _finish(parts, lease, wishes)
    except NoBudget as error:
        until = parts.now() + timedelta(seconds=error.pause)
        with writing(parts.engine) as db:
            lease.keep(db)
            refreshes.postpone(db, wishes, until, str(error))
    except _FAILURES as error:
        _postpone(parts, lease, wishes, error)


def _serve_others(parts: Parts, lease: Lease, wishes: Sequence[Wish]) -> frozenset[str]:
    _, account = split(lease.lane)
    try:
        filled = _read(parts, lease, account, wishes)
    except _FAILURES as error:
        _postpone(parts, lease, wishes, error)
        return frozenset()
    _finish(parts, lease, wishes)
    return filled


def _serve_polls(parts: Parts, lease: Lease, wishes: Sequence[Wish]) -> frozenset[str]:
    """A net that does not hold must not stand in the way of what webhooks ask for."""
    _, account = split(lease.lane)
    try:
        filled = catch_up(parts, lease, account)
    except _FAILURES as error:
        _put_off(parts, lease, wishes, error, "poll failed")
        return frozenset()
    _finish(parts, lease, wishes)
    return filled


def _serve_channel_side(parts: Parts, lease: Lease, wishes: Sequence[Wish]) -> None:
    """Nor may a right or a property that only partners or renewals need: the owners of clients are
    read in this lane too."""
    _, account = split(lease.lane)
    try:
        channel_side.read_part(parts, lease, account, wishes)
    except _FAILURES as error:
        _put_off(parts, lease, wishes, error, "channel side not read")
    else:
        _finish(parts, lease, wishes)


def _put_off(
    parts: Parts, lease: Lease, wishes: Sequence[Wish], error: BridgeError, said: str
) -> None:
    """These wishes alone."""
    until = back_off(max(wish.attempts for wish in wishes) + 1, parts.now())
    if isinstance(error, DeliveryTransient) and error.retry_at is not None:
        until = max(until, error.retry_at)
    with writing(parts.engine) as db:
        lease.keep(db)
        refreshes.postpone(db, wishes, until, str(error))
    _log.warning(said, lane=lease.lane, cause=str(error))


def _finish(parts: Parts, lease: Lease, wishes: Sequence[Wish]) -> None:
    with writing(parts.engine) as db:
        lease.keep(db)
        refreshes.finish(db, wishes)
        lanes.note_success(db, lease.lane, parts.now())


def _postpone(parts: Parts, lease: Lease, wishes: Sequence[Wish], error: BridgeError) -> None:
    """As long as the vendor asks for, or longer each time, but never long."""
    now = parts.now()
    attempt = max(wish.attempts for wish in wishes) + 1
    until = min(back_off(attempt, now), now + LONGEST_WAIT)
    if isinstance(error, DeliveryTransient) and error.retry_at is not None:
        until = max(until, error.retry_at)
    refused = isinstance(error, CredentialsInvalid)
    # One cause for all calls that are refused, so that managers are told once.
    cause = "the vendor refuses our credentials" if refused else str(error)
    with deciding(parts.engine) as db:
        lease.keep(db)
        refreshes.postpone(db, wishes, until, str(error))
        if not lanes.hold(db, lease.lane, until, cause):
            return
        if refused:
            tell_managers(db, parts.active(), parts.public_url, _refusal(lease, cause), now)
            lanes.note_outage_told(db, lease.lane)
    _log.warning("lane held", lane=lease.lane, cause=str(error))


def _refusal(lease: Lease, cause: str) -> Trouble:
    _, account = split(lease.lane)
    reason = Reason(ReasonCode.ACCOUNT_PAUSED, cause)
    return Trouble(account=account, kind="AccountPaused", reason=reason)


def _read(
    parts: Parts, lease: Lease, account: AccountName, wishes: Sequence[Wish]
) -> frozenset[str]:
    """Within the kinds everything is read at once."""
    keys = {kind: [wish.key for wish in wishes if wish.kind is kind] for kind in RefreshKind}
    if keys[RefreshKind.EMPLOYEES]:
        lease.while_waiting(parts.engine, lambda: mirroring.read_directory(parts, account))
        lease.while_waiting(parts.engine, lambda: mirroring.read_pipelines(parts, account))
        survey(parts)
        tell_of_leavers(parts)
    if keys[RefreshKind.CHANNELS]:
        lease.while_waiting(parts.engine, lambda: mirroring.read_channels(parts, account))
    if keys[RefreshKind.TEMPLATES]:
        lease.while_waiting(parts.engine, lambda: mirroring.read_templates(parts, account))
    contacts = [CrmId(key) for key in keys[RefreshKind.CONTACT]]
    deals = [CrmId(key) for key in keys[RefreshKind.DEAL]]
    leads = [CrmId(key) for key in keys[RefreshKind.LEAD]]
    if contacts or deals or leads:
        wanted = mirroring.Wanted(contacts=contacts, deals=deals, leads=leads)
        before = mirroring.before_reading(parts, account, wanted)
        found = lease.while_waiting(
            parts.engine, lambda: mirroring.read(parts.vendors.reader(account), wanted)
        )
        mirroring.write(parts, account, wanted, found, before, lease)
    chats = [ConversationId(key) for key in keys[RefreshKind.IDENTITY]]
    return identifying.identify(parts, lease, account, chats) if chats else frozenset()
