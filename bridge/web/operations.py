"""How the house stands: lanes, accounts, processes, queue, configuration; and what to do next."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from bridge.domain.names import AccountName
from bridge.domain.policy import Policy
from bridge.pipeline.alive import MAX_SKEW
from bridge.pipeline.lanes import Way, split
from bridge.pipeline.parts import Parts
from bridge.store import attempts, configs, counted, media
from bridge.store.attempts import Attempt
from bridge.store.beats import beats
from bridge.store.engine import bytes_free, reading
from bridge.store.examining import DeadCount, dead_count
from bridge.store.media import CopyState
from bridge.store.standing import Heap, LaneState, Pace, heaps, lane_states, oldest_due, paces
from bridge.web.health import ALIVE, MAX_WAIT, Readiness, places, readiness

MOST_LANES = 200
LITTLE_DISK = 1024**3
_STATES = ("pending", "leased", "held", "unknown")


class Flow(StrEnum):
    """Whether a lane moves."""

    IDLE = "idle"
    WORKING = "working"
    WAITING = "waiting"  # it has work, and nobody is at it just now
    HELD = "held"
    PAUSED = "paused"
    LOST = "lost"  # its holder died, and nobody has taken over yet


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneNow:
    """`oldest_due` is when that came which could go now and has waited longest. `until` of None
    with PAUSED: until a person has mended the cause."""

    name: str
    account: AccountName
    way: str
    flow: Flow
    waiting: int
    dead: int
    oldest_due: datetime | None
    until: datetime | None
    cause: str
    last_success_at: datetime | None
    came_per_minute: float
    done_per_minute: float


class Link(StrEnum):
    """How an account stands with its vendor."""

    CONNECTED = "connected"
    QUIET = "quiet"  # nothing has come or gone yet
    WAITING = "waiting"  # held until a time: a quota, or a vendor that does not answer
    PAUSED = "paused"
    GONE = "gone"  # no longer in the configuration, with work left


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNow:
    """`last_in` is when its last webhook was decided, `last_out` when it last took a call."""

    name: AccountName
    connector: str
    link: Link
    cause: str
    until: datetime | None
    last_in: datetime | None
    last_out: datetime | None
    last_error: Attempt | None


class Trouble(StrEnum):
    """What is wrong, or will be soon."""

    STORE = "store"
    CONFIG = "config"
    CONFIG_MISSING = "config_missing"
    QUEUE = "queue"
    NO_CLOCK = "no_clock"
    NO_WORKER = "no_worker"
    WAITING = "waiting"
    PAUSED = "paused"
    HELD = "held"
    LOST = "lost"
    DEAD = "dead"
    FILES = "files"
    SKEW = "skew"
    DISK = "disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`about` is the lane, account or process; `number` how many, or how long in seconds."""

    trouble: Trouble
    about: str = ""
    detail: str = ""
    number: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigNow:
    """`error` is empty while the folder is in force; else where it is wrong, or the whole for
    managers."""

    hash: str
    activated_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """`lanes` are at most MOST_LANES, those with something wrong first, of `lane_count`."""

    readiness: Readiness
    problems: tuple[Problem, ...]
    lanes: tuple[LaneNow, ...]
    lane_count: int
    accounts: tuple[AccountNow, ...]
    dead: DeadCount
    config: ConfigNow
    files_waiting: int
    files_failed: int
    uncounted: int
    disk_free_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    heaps: tuple[Heap, ...]
    lanes: Mapping[str, LaneState]
    paces: Mapping[str, Pace]
    errors: Mapping[AccountName, Attempt]
    files: Counter[CopyState]
    now: datetime


def operations(parts: Parts, *, tells_all: bool) -> Operations:
    """What `/readyz`, `/metrics` and `bridge doctor` read as well; `tells_all`: the words of an
    error in the configuration too."""
    ready = readiness(parts, parts.queue_state(), parts.trouble())
    now, policy = parts.now(), parts.active().policy
    with reading(parts.engine) as db:
        found = _found(db, now)
        dead, active = dead_count(db), configs.active(db)
        kinds = Counter(beat.kind for beat in beats(db, now - ALIVE))
        uncounted = counted.waiting(db)
    lanes = _lanes(found)
    accounts = tuple(_accounts(policy, lanes, found.errors))
    free = bytes_free(parts.engine)
    problems = (
        *_of_house(ready, kinds, free),
        *_of_work(lanes, dead, found),
    )
    return Operations(
        readiness=ready,
        problems=problems,
        lanes=lanes[:MOST_LANES],
        lane_count=len(lanes),
        accounts=accounts,
        dead=dead,
        config=_config(active, tells_all=tells_all),
        files_waiting=found.files[CopyState.PENDING] + found.files[CopyState.LEASED],
        files_failed=found.files[CopyState.FAILED],
        uncounted=uncounted,
        disk_free_bytes=free,
    )


def _found(db: Connection, now: datetime) -> _Found:
    files: Counter[CopyState] = Counter()
    for (_, state), count in media.counts(db).items():
        files[state] += count
    return _Found(
        heaps=heaps(db, now),
        lanes={lane.name: lane for lane in lane_states(db)},
        paces=paces(db, now),
        errors=attempts.newest_by_account(db),
        files=files,
        now=now,
    )


def _lanes(found: _Found) -> tuple[LaneNow, ...]:
    """Those with something wrong first, then those with most to do."""
    of_lane: defaultdict[str, list[Heap]] = defaultdict(list)
    for heap in found.heaps:
        of_lane[heap.lane].append(heap)
    names = {*of_lane, *found.lanes, *found.paces}
    lanes = [_lane(name, of_lane[name], found) for name in sorted(names)]
    return tuple(sorted(lanes, key=_urgency))


def _urgency(lane: LaneNow) -> tuple[bool, bool, int]:
    return lane.flow not in (Flow.PAUSED, Flow.LOST, Flow.HELD), not lane.dead, -lane.waiting


def _lane(name: str, mine: Sequence[Heap], found: _Found) -> LaneNow:
    way, account = split(name)
    state = found.lanes.get(name)
    waiting = sum(heap.rows for heap in mine if heap.state in _STATES)
    pace = found.paces.get(name, Pace(came=0, done=0))
    held = None if state is None else state.held_until
    is_held = held is not None and held > found.now
    return LaneNow(
        name=name,
        account=account,
        way=way.value,
        flow=_flow(state, waiting, found.now),
        waiting=waiting,
        dead=sum(heap.rows for heap in mine if heap.state == "dead"),
        oldest_due=oldest_due(tuple(mine)),
        until=held if is_held else None,
        cause="" if state is None else state.held_cause,
        last_success_at=None if state is None else state.last_success_at,
        came_per_minute=round(pace.came, 1),
        done_per_minute=round(pace.done, 1),
    )


def _flow(state: LaneState | None, waiting: int, now: datetime) -> Flow:
    if state is not None and state.paused:
        return Flow.PAUSED
    if state is not None and state.held_until is not None and state.held_until > now:
        return Flow.HELD
    if state is not None and state.lease_until is not None:
        return Flow.WORKING if state.lease_until > now else Flow.LOST
    return Flow.WAITING if waiting else Flow.IDLE


def _accounts(
    policy: Policy, lanes: Iterable[LaneNow], errors: Mapping[AccountName, Attempt]
) -> Iterator[AccountNow]:
    of_account: defaultdict[AccountName, list[LaneNow]] = defaultdict(list)
    for lane in lanes:
        of_account[lane.account].append(lane)
    busy = {name for name, mine in of_account.items() if any(x.waiting or x.dead for x in mine)}
    for name in sorted({*policy.accounts, *busy}):
        yield _account(policy, name, of_account[name], errors.get(name))


def _account(
    policy: Policy, name: AccountName, mine: Sequence[LaneNow], error: Attempt | None
) -> AccountNow:
    known = policy.accounts.get(name)
    stopped = min(
        (lane for lane in mine if lane.flow in (Flow.PAUSED, Flow.HELD)),
        key=lambda lane: lane.flow is not Flow.PAUSED,
        default=None,
    )
    last_in = _latest(mine, (Way.IN,))
    last_out = _latest(mine, (Way.OUT, Way.MIRROR))
    return AccountNow(
        name=name,
        connector="" if known is None else known.connector,
        link=_link(known is not None, stopped, is_used=bool(last_in or last_out)),
        cause="" if stopped is None else stopped.cause,
        until=None if stopped is None else stopped.until,
        last_in=last_in,
        last_out=last_out,
        last_error=error,
    )


def _link(is_known: bool, stopped: LaneNow | None, *, is_used: bool) -> Link:
    if not is_known:
        return Link.GONE
    if stopped is not None:
        return Link.PAUSED if stopped.flow is Flow.PAUSED else Link.WAITING
    return Link.CONNECTED if is_used else Link.QUIET


def _latest(mine: Iterable[LaneNow], ways: Sequence[Way]) -> datetime | None:
    times = (lane.last_success_at for lane in mine if lane.way in ways)
    return max((at for at in times if at is not None), default=None)


def _config(active: configs.ActiveRow | None, *, tells_all: bool) -> ConfigNow:
    if active is None:
        return ConfigNow(hash="", activated_at=None, error="")
    error = active.error if tells_all or not active.error else places(active.error)
    return ConfigNow(hash=active.hash, activated_at=active.activated_at, error=error)


def _of_house(ready: Readiness, kinds: Counter[str], free: int | None) -> Iterator[Problem]:
    if ready.store != "ok":
        yield Problem(trouble=Trouble.STORE, detail=ready.store)
    if ready.config.startswith("missing"):
        yield Problem(trouble=Trouble.CONFIG_MISSING)
    elif ready.config != "ok":
        yield Problem(trouble=Trouble.CONFIG, detail=ready.config)
    if ready.queue.endswith(" down"):
        yield Problem(trouble=Trouble.QUEUE)
    yield from _of_processes(ready, kinds)
    if free is not None and free < LITTLE_DISK:
        yield Problem(trouble=Trouble.DISK, number=free)


def _of_processes(ready: Readiness, kinds: Counter[str]) -> Iterator[Problem]:
    if not kinds["clock"]:
        yield Problem(trouble=Trouble.NO_CLOCK)
    if not kinds["worker"] and not ready.workers:
        yield Problem(trouble=Trouble.NO_WORKER)
    if (waited := ready.oldest_waiting_seconds or 0) > MAX_WAIT.total_seconds():
        yield Problem(trouble=Trouble.WAITING, number=int(waited))
    if abs(ready.clock_skew_seconds or 0) > MAX_SKEW.total_seconds():
        yield Problem(trouble=Trouble.SKEW, number=abs(int(ready.clock_skew_seconds or 0)))


_TROUBLED = {Flow.PAUSED: Trouble.PAUSED, Flow.HELD: Trouble.HELD, Flow.LOST: Trouble.LOST}


def _of_work(lanes: Sequence[LaneNow], dead: DeadCount, found: _Found) -> Iterator[Problem]:
    for lane in lanes[:MOST_LANES]:
        trouble = _TROUBLED.get(lane.flow)
        if trouble is not None:
            yield Problem(
                trouble=trouble,
                about=lane.name,
                detail=lane.cause,
                number=lane.waiting,
                until=lane.until,
            )
    if dead.inbox or dead.outbox:
        yield Problem(trouble=Trouble.DEAD, number=dead.inbox + dead.outbox)
    if failed := found.files[CopyState.FAILED]:
        yield Problem(trouble=Trouble.FILES, number=failed)
