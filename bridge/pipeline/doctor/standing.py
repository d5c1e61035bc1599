"""How the bridge itself stands: clocks, processes, held lanes, dead letters, what waits."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.pipeline import channel_side
from bridge.pipeline.doctor.points import Point, fine, wrong
from bridge.store import media
from bridge.store.beats import beats
from bridge.store.examining import HeldLane, dead_count, held_lanes, store_clock
from bridge.store.refreshes import failing
from bridge.store.standing import heaps, oldest_due
from bridge.store.unit_movements import imbalances
from bridge.store.wiping import passes

MAX_SKEW = timedelta(seconds=5)
ALIVE = timedelta(seconds=30)
MAX_WAIT = timedelta(minutes=5)
LONGEST_PASS = timedelta(days=2)
MOST_SHOWN = 20
FAILED_OFTEN = 3
Check = Callable[[Connection, datetime], Iterator[Point]]


def check_standing(db: Connection, now: datetime) -> tuple[Point, ...]:
    """`now` is this process's clock."""
    return tuple(point for check in _CHECKS for point in check(db, now))


def _clocks(db: Connection, now: datetime) -> Iterator[Point]:
    behind = abs(store_clock(db) - now)
    if behind > MAX_SKEW:
        detail = f"this machine and the store differ by {behind.total_seconds():.0f} seconds"
        yield wrong("clock skew", detail, "synchronise the clocks of all machines (NTP)")
        return
    ahead = [b for b in beats(db, now - ALIVE) if b.at - now > MAX_SKEW]
    for beat in ahead:
        detail = f"{beat.kind} {beat.process} is {(beat.at - now).total_seconds():.0f} s ahead"
        yield wrong("clock skew", detail, "synchronise that machine's clock (NTP)")
    if not ahead:
        yield fine("clock skew", "machine, store and processes agree")


def _processes(db: Connection, now: datetime) -> Iterator[Point]:
    clocks = [beat for beat in beats(db, now - ALIVE) if beat.kind == "clock"]
    if clocks:
        yield fine("clock process", f"{len(clocks)} alive")
        return
    detail = f"none has said in the last {ALIVE.total_seconds():.0f} seconds that it is alive"
    yield wrong("clock process", detail, "start `bridge clock` (or `bridge up`)")


def _waiting(db: Connection, now: datetime) -> Iterator[Point]:
    oldest = oldest_due(heaps(db, now))
    if oldest is None or now - oldest <= MAX_WAIT:
        yield fine("waiting", "nothing waits for longer than it should")
        return
    minutes = (now - oldest).total_seconds() / 60
    detail = f"a row that could be worked on has waited for {minutes:.0f} minutes"
    yield wrong("waiting", detail, "is `bridge worker` running, and does its log complain?")


def _lanes(db: Connection, now: datetime) -> Iterator[Point]:
    held = held_lanes(db, now)
    for lane in held:
        yield wrong("lanes", *_hold(lane))
    if not held:
        yield fine("lanes", "none is held or paused")


def _hold(lane: HeldLane) -> tuple[str, str]:
    cause = lane.cause or "no cause was kept"
    if lane.until is None:
        todo = "mend the cause (mostly the account's secrets), then run `bridge doctor --fix`"
        return f"{lane.name} is paused: {cause}", todo
    return f"{lane.name} is held until {lane.until.isoformat()}: {cause}", "it goes on by itself"


def _channel_side(db: Connection, now: datetime) -> Iterator[Point]:
    """What partners and renewals need from a CRM, and has failed more often than by chance."""
    found = failing(db, channel_side.KINDS, FAILED_OFTEN)
    for one in found:
        detail = f"{one.lane}: {one.kind.value} can't be read: {one.reason}"
        todo = "give the CRM's user or app the right that it names, or correct the name in YAML"
        yield wrong("partners and renewals", detail, todo)
    if not found:
        yield fine("partners and renewals", "whatever was asked for could be read")


def _dead(db: Connection, now: datetime) -> Iterator[Point]:
    count = dead_count(db)
    if not (count.inbox or count.outbox):
        yield fine("dead letters", "none")
        return
    detail = f"{count.inbox} came in and {count.outbox} to go out wait for a person"
    yield wrong("dead letters", detail, "look with `bridge dead list`, then replay or drop them")


def _retention(db: Connection, now: datetime) -> Iterator[Point]:
    """Whether what is kept too long is wiped: a pass over a table has to come to its end."""
    known = passes(db).values()
    slow = [one for one in known if one.ended_at is None and now - one.began_at > LONGEST_PASS]
    for one in slow:
        detail = f"{one.subject}: under way since {one.began_at:%Y-%m-%d}, {one.wiped} wiped"
        yield wrong("retention", detail, "does `bridge clock` run, and does its log complain?")
    if not slow:
        ended = [one.ended_at for one in known if one.ended_at is not None]
        said = f"all was looked through last on {min(ended):%Y-%m-%d}" if ended else "begins"
        yield fine("retention", said)


def _files(db: Connection, now: datetime) -> Iterator[Point]:
    found = media.counts(db)
    failed = sum(n for (_, state), n in found.items() if state is media.CopyState.FAILED)
    if not failed:
        yield fine("files", "none could not be copied")
        return
    detail = f"{failed} files of messages could not be copied"
    todo = "see why with GET /api/v1/media/failed, or in the chats; managers can try again there"
    yield wrong("files", detail, todo)


def _units(db: Connection, now: datetime) -> Iterator[Point]:
    """Whether every balance of a reseller's client is what its ledger adds up to."""
    wrong_ones = imbalances(db, MOST_SHOWN)
    for one in wrong_ones:
        detail = f"{one.client} has {one.balance} units, and its ledger adds up to {one.added_up}"
        todo = "somebody has changed the store by hand: look at the client's ledger, set it right"
        yield wrong("units", detail, todo)
    if not wrong_ones:
        yield fine("units", "every balance is what its ledger adds up to")


_CHECKS: tuple[Check, ...] = (
    _clocks,
    _processes,
    _waiting,
    _lanes,
    _dead,
    _retention,
    _files,
    _units,
    _channel_side,
)
