"""The sandbox's org in memory: records, unique values, and transactions that go through or not."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.salesforce.sandbox_ids import made_id
from connectors.salesforce.sandbox_schema import (
    BRIDGE_FIELDS,
    PARTNER_FIELDS,
    PARTNER_OBJECTS,
    Object,
    objects,
)

INTEGRATION_USER = made_id("005", 1)
ORGANIZATION = made_id("00D", 1)


@dataclass
class Settings:
    """What POST /_sandbox/settings may change."""

    assignment_rule_owner: str = ""  # a user or queue: the active assignment rule of leads
    duplicate_rules: Mapping[str, str] = field(default_factory=dict)  # object: block or alert
    missing_fields: Sequence[str] = ()  # `Lead.Bridge_Key__c`: nobody has made them
    partners: bool = True  # False: nobody has switched partner relationship management on
    hidden_objects: Sequence[str] = ()  # objects that our user does not see, such as Lead
    not_unique: Sequence[str] = ()  # `Lead.Bridge_Key__c`: made without "unique"
    required_fields: Sequence[str] = ()  # `Lead.Email`: required by the org's admin
    read_only: Sequence[str] = ()  # objects that our user may only read
    validation: Mapping[str, str] = field(default_factory=dict)  # object: what its rule says
    page_size: int = 2000
    daily_limit: int = 100_000
    read_lag_seconds: float = 0.0  # so long a new record hides from queries
    token_seconds: float = 7200.0
    token_calls: int | None = None  # so many calls pass with a token, then it has expired
    refuse_tokens: bool = False  # each token is refused, however fresh
    logins_per_hour: int = 3600
    maps_bridge_key: bool = False  # conversion takes the lead's key over to the contact
    username: str = "integration@acme.example"  # who may come by JWT


@dataclass
class Record:
    id: str
    object: str
    seq: int
    made_at: float
    values: dict[str, Any]

    @property
    def is_deleted(self) -> bool:
        return bool(self.values["IsDeleted"])


@dataclass(frozen=True)
class Change:
    """For those who listen: `what` is created, updated, deleted or undeleted; `old` holds what
    fields that have changed had before."""

    what: str
    object: str
    id: str
    user: str
    old: Mapping[str, Any] = field(default_factory=dict)


class Org:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.listener: Callable[[Sequence[Change]], None] = lambda changes: None
        self._undo: list[Callable[[], None]] = []
        self._changes: list[Change] = []
        self._depth = 0
        self.clear()

    def clear(self) -> None:
        with self.lock:
            self.objects: dict[str, Object] = objects()
            self.records: dict[str, dict[str, Record]] = {name: {} for name in self.objects}
            self.unique: dict[tuple[str, str, str], str] = {}
            self.locks: dict[str, int] = {}
            self.settings = Settings()
            self.calls: Counter[str] = Counter()
            self.calls_today = 0
            self._numbers = itertools.count(1)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written inside is undone when it raises. The outermost one tells the changes."""
        with self.lock:
            writes, told = len(self._undo), len(self._changes)
            self._depth += 1
            went_through = False
            try:
                yield
                went_through = True
            finally:
                if not went_through:
                    self._roll_back(writes, told)
                self._depth -= 1
                if self._depth == 0:
                    self._end()

    def _roll_back(self, writes: int, told: int) -> None:
        while len(self._undo) > writes:
            self._undo.pop()()
        del self._changes[told:]

    def _end(self) -> None:
        changes, self._changes = self._changes, []
        self._undo.clear()
        if changes:
            self.listener(changes)

    def find(self, object_name: str, record_id: str) -> Record | None:
        return self.records[object_name].get(record_id)

    def named(self, record_id: str) -> Record | None:
        """The record of whatever object."""
        return next((held[record_id] for held in self.records.values() if record_id in held), None)

    def by_value(self, object_name: str, name: str, value: str) -> list[Record]:
        """Those that stand under an external id."""
        if self.is_unique(object_name, name):
            holder = self.unique.get((object_name, name, value))
            return [] if holder is None else [self.records[object_name][holder]]
        return [one for one in self.live(object_name) if one.values.get(name) == value]

    def live(self, object_name: str) -> Iterator[Record]:
        return (one for one in self.records[object_name].values() if not one.is_deleted)

    def is_unique(self, object_name: str, name: str) -> bool:
        return (
            self.objects[object_name].fields[name].is_unique
            and f"{object_name}.{name}" not in self.settings.not_unique
        )

    def has_field(self, object_name: str, name: str) -> bool:
        named = f"{object_name}.{name}"
        has_partners = self.settings.partners or named not in PARTNER_FIELDS
        return has_partners and named not in self.settings.missing_fields

    def is_seen(self, object_name: str) -> bool:
        """Whether there is such an object for our user."""
        has_partners = self.settings.partners or object_name not in PARTNER_OBJECTS
        return has_partners and object_name not in self.settings.hidden_objects

    def is_hidden(self, record: Record) -> bool:
        return time.monotonic() - record.made_at < self.settings.read_lag_seconds

    def insert(
        self, object_name: str, values: Mapping[str, Any], user: str, record_id: str | None = None
    ) -> Record:
        number = next(self._numbers)
        made_id_ = record_id or made_id(self.objects[object_name].prefix, 1000 + number)
        now = stamp(datetime.now(UTC))
        standing = {
            "Id": made_id_,
            "IsDeleted": False,
            "CreatedDate": now,
            "CreatedById": user,
            "LastModifiedDate": now,
            "LastModifiedById": user,
            "SystemModstamp": now,
        }
        made = Record(made_id_, object_name, number, time.monotonic(), {**standing, **values})
        self.records[object_name][made.id] = made
        self._undo.append(lambda: self._forget(made))
        self._index(made)
        self._changes.append(Change("created", object_name, made.id, user))
        return made

    def update(self, record: Record, values: Mapping[str, Any], user: str) -> None:
        """Also where nothing changes, as Salesforce does, whose stamps move then too."""
        before = dict(record.values)
        now = stamp(datetime.now(UTC))
        moved = {"LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
        self._replace(record, {**before, **values, **moved})
        self._undo.append(lambda: self._replace(record, before))
        old = {name: before.get(name) for name in values if before.get(name) != values[name]}
        self._changes.append(Change("updated", record.object, record.id, user, old))

    def delete(self, record: Record, user: str, master: str | None = None) -> None:
        """Into the recycle bin; `master` is the record that it was merged into."""
        self.update(record, {"IsDeleted": True, "MasterRecordId": master}, user)
        self._changes[-1] = Change("deleted", record.object, record.id, user)

    def restore(self, record: Record, user: str) -> None:
        """Refuses nothing: a unique value that somebody else has by now is not given back."""
        taken = {
            name: None
            for name in BRIDGE_FIELDS & record.values.keys()
            if (record.object, name, record.values[name]) in self.unique
        }
        self.update(record, {"IsDeleted": False, "MasterRecordId": None, **taken}, user)
        self._changes[-1] = Change("undeleted", record.object, record.id, user)

    def state(self) -> dict[str, Any]:
        with self.lock:
            shown = {name: [_shown(r) for r in held.values()] for name, held in self._held()}
            return {**shown, "calls": dict(self.calls), "calls_today": self.calls_today}

    def _held(self) -> Iterator[tuple[str, dict[str, Record]]]:
        return ((name, held) for name, held in self.records.items())

    def _replace(self, record: Record, values: dict[str, Any]) -> None:
        self._unindex(record)
        record.values = values
        self._index(record)

    def _forget(self, record: Record) -> None:
        self._unindex(record)
        del self.records[record.object][record.id]

    def _index(self, record: Record) -> None:
        if record.is_deleted:
            return
        for name in BRIDGE_FIELDS & record.values.keys():
            if record.values[name] is not None and self.is_unique(record.object, name):
                self.unique[record.object, name, record.values[name]] = record.id

    def _unindex(self, record: Record) -> None:
        for name in BRIDGE_FIELDS & record.values.keys():
            key = (record.object, name, record.values[name])
            if self.unique.get(key) == record.id:
                del self.unique[key]


def stamp(when: datetime) -> str:
    """Whole seconds: Salesforce keeps no parts of them."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _shown(record: Record) -> dict[str, Any]:
    return {"id": record.id, "seq": record.seq, "fields": dict(record.values)}
