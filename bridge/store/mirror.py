"""The dated mirror of what the bridge needs from CRM and channels."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, bindparam, select

from bridge import codec
from bridge.domain.changes import RequestRefresh
from bridge.domain.facts import ChannelFacts
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import AccountName, ChannelName
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.records import Pipeline, RecordKind
from bridge.ports import ChannelReading
from bridge.store.schema import CHANNELS, DIRECTORIES, PIPELINES, REFRESHES
from bridge.store.upsert import put

NO_DIRECTORY = ""
_NEWEST = (
    select(DIRECTORIES.c.hash, DIRECTORIES.c.value)
    .where(DIRECTORIES.c.account == bindparam("crm"))
    .order_by(DIRECTORIES.c.read_at.desc())
    .limit(1)
)


def directory(db: Connection, crm: AccountName | None) -> Directory:
    """The CRM's people as last read; an empty one when they never were."""
    return directory_and_hash(db, crm)[0]


def directory_and_hash(db: Connection, crm: AccountName | None) -> tuple[Directory, str]:
    """The newest directory and the hash that decisions name it by."""
    if crm is None:
        return Directory(), NO_DIRECTORY
    found = db.execute(_NEWEST, {"crm": crm}).first()
    if found is None:
        return Directory(), NO_DIRECTORY
    return _decoded(bytes(found.value)), found.hash


def directory_by_hash(db: Connection, wanted: str) -> Directory:
    """Raises LookupError when no such directory is stored."""
    if wanted == NO_DIRECTORY:
        return Directory()
    value = db.scalar(select(DIRECTORIES.c.value).where(DIRECTORIES.c.hash == wanted))
    if value is None:
        raise LookupError(f"no directory {wanted} is stored")
    return _decoded(bytes(value))


def put_directory(db: Connection, crm: AccountName, people: Directory, now: datetime) -> str:
    value = codec.encode(people)
    name = hashlib.sha256(value).hexdigest()
    row = {"hash": name, "account": crm, "value": value, "read_at": now}
    put(db, DIRECTORIES, ["hash"], [row])
    return name


def put_pipelines(
    db: Connection, crm: AccountName, pipelines: Sequence[Pipeline], now: datetime
) -> None:
    """Replaces all pipelines of this CRM."""
    db.execute(PIPELINES.delete().where(PIPELINES.c.account == crm))
    rows = [
        {"account": crm, "kind": p.kind, "id": p.id, "value": codec.encode(p), "as_of": now}
        for p in pipelines
    ]
    put(db, PIPELINES, ["account", "kind", "id"], rows)


def pipelines(db: Connection, crm: AccountName) -> tuple[Pipeline, ...]:
    found = db.scalars(
        select(PIPELINES.c.value).where(PIPELINES.c.account == crm).order_by(PIPELINES.c.id)
    )
    return tuple(codec.decode(Pipeline, bytes(value)) for value in found)


def pipelines_read_at(db: Connection, crm: AccountName) -> datetime | None:
    """When they were read last; None where they never were."""
    newest = select(PIPELINES.c.as_of).where(PIPELINES.c.account == crm)
    return db.scalar(newest.order_by(PIPELINES.c.as_of.desc()).limit(1))


def open_stages(db: Connection, crm: AccountName) -> dict[tuple[RecordKind, str], bool]:
    """Whether a record goes on in a stage; one that several pipelines have is closed only where
    all of them say so."""
    found: dict[tuple[RecordKind, str], bool] = {}
    for pipeline in pipelines(db, crm):
        for stage in pipeline.stages:
            key = (pipeline.kind, stage.id)
            found[key] = found.get(key, False) or stage.is_open
    return found


def put_channels(
    db: Connection, account: AccountName, readings: Iterable[ChannelReading], now: datetime
) -> None:
    rows = [
        {
            "account": account,
            "channel_id": reading.channel_id,
            "state": reading.state,
            "detail": reading.detail,
            "as_of": now,
            "messenger": reading.messenger,
            "plain_id": reading.plain_id,
            "name": reading.name,
            "window_hours": reading.window_hours,
            "can_write_first": reading.can_write_first,
            "max_text": reading.max_text,
        }
        for reading in readings
    ]
    put(db, CHANNELS, ["account", "channel_id"], rows)


def channel_facts(db: Connection, policy: Policy) -> Mapping[ChannelName, ChannelFacts]:
    """Every channel that was ever heard of, by its name in the configuration."""
    found = {}
    for row in db.execute(select(CHANNELS)).mappings():
        name = policy.channel_name(row["account"], row["channel_id"])
        found[name] = ChannelFacts(
            name=name,
            state=ChannelState(row["state"]),
            as_of=row["as_of"],
            window_hours=row["window_hours"],
            can_write_first=row["can_write_first"],
            account=row["account"],
            channel_id=row["channel_id"],
            plain_id=row["plain_id"],
            max_text=row["max_text"],
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenChannel:
    """A channel as its messenger reports it. `name` and `plain_id` are what it calls it by."""

    account: AccountName
    channel_id: str
    messenger: Messenger
    state: ChannelState
    detail: str
    name: str
    plain_id: str
    as_of: datetime


def channels_seen(db: Connection) -> tuple[SeenChannel, ...]:
    """Every channel that was ever heard of, whether the configuration names it or not."""
    rows = db.execute(select(CHANNELS).order_by(CHANNELS.c.account, CHANNELS.c.channel_id))
    return tuple(
        SeenChannel(
            account=AccountName(row.account),
            channel_id=row.channel_id,
            messenger=Messenger(row.messenger),
            state=ChannelState(row.state),
            detail=row.detail,
            name=row.name,
            plain_id=row.plain_id,
            as_of=row.as_of,
        )
        for row in rows
    )


def request_refreshes(
    db: Connection, lane: str, wanted: Iterable[RequestRefresh], now: datetime
) -> None:
    """Queues what is to be read anew; what is queued already is asked for once more at once."""
    rows = {
        (wish.kind, wish.key): {
            "lane": lane,
            "kind": wish.kind,
            "key": wish.key,
            "state": "pending",
            "attempts": 0,
            "next_attempt_at": None,
            "requested_at": now,
            "reason": "",
        }
        for wish in wanted
    }
    put(db, REFRESHES, ["lane", "kind", "key"], list(rows.values()))


def waiting_refreshes(db: Connection, lane: str) -> bool:
    """Whether anything is queued to be read anew."""
    one = select(REFRESHES.c.id).where(REFRESHES.c.lane == lane).limit(1)
    return db.scalar(one) is not None


@lru_cache(maxsize=16)
def _decoded(value: bytes) -> Directory:
    return codec.decode(Directory, value)
