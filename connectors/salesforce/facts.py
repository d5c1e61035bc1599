"""One record that changed, whoever told of it: its state, when, and whether we did it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.errors import PayloadInvalid
from bridge.domain.events import RecordChange
from bridge.domain.names import AccountName, CrmId, EventKey
from bridge.payload import Payload
from connectors.salesforce.ids import is_id, is_of, long_id

_TIMES = ("SystemModstamp", "LastModifiedDate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`record` holds the record's fields as it is now; `old`, where the sender gives it, what they
    were before. `said_at` is when it was told, for records that bear no time."""

    account: AccountName
    object_name: str
    change: RecordChange
    record: Payload
    key: str
    said_at: datetime
    raw: str
    integration_user: str = ""
    old: Payload | None = None

    def event_key(self, part: str) -> EventKey:
        """`part` tells apart the events that one record stands for."""
        return EventKey(f"{self.key}:{part}")

    @property
    def occurred_at(self) -> datetime:
        for name in _TIMES:
            if self.text(name):
                return self.record.at(name).iso_time()
        return self.said_at

    @property
    def by_us(self) -> bool:
        changer = self.text("LastModifiedById")
        return bool(changer and self.integration_user) and _long(
            self.record, "LastModifiedById"
        ) == (self.integration_user)

    def id(self, name: str, *prefixes: str) -> CrmId:
        """A field that must hold the id of a record of one of these kinds."""
        found = _long(self.record, name)
        if not any(is_of(prefix, found) for prefix in prefixes):
            raise PayloadInvalid(f"{self.record.path}.{name} is of another object", _at(self, name))
        return CrmId(found)

    def optional_id(self, name: str, *prefixes: str) -> CrmId | None:
        return self.id(name, *prefixes) if self.text(name) else None

    def text(self, name: str) -> str:
        return self.record.text_or(name)

    def flag(self, name: str) -> bool:
        """SOAP says `true` in a text, JSON says it itself."""
        found = self.record.get(name)
        if found is None:
            return False
        return found.text() == "true" if isinstance(found.value, str) else found.boolean()

    def has(self, name: str) -> bool:
        return self.record.has(name)

    def kept(self, name: str) -> bool:
        """The sender says what the field was before, and it was the same."""
        if self.old is None or not self.old.mapping():
            return False
        before, now = self.old.text_or(name), self.text(name)
        return not self.old.has(name) or before[:15] == now[:15]

    def tells_change_of(self, name: str) -> bool:
        return self.old is not None and self.old.has(name) and not self.kept(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A record in a body, not yet read; `read` raises PayloadInvalid."""

    path: str
    read: Callable[[], Fact]


def _long(record: Payload, name: str) -> str:
    found = record.at(name).text()
    if not is_id(found):
        raise PayloadInvalid(f"{record.path}.{name} is not a record id", f"{record.path}.{name}")
    return long_id(found)


def _at(fact: Fact, name: str) -> str:
    return f"{fact.record.path}.{name}"
