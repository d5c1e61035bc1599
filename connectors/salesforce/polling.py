"""What an org may have told nobody: records changed of late, by their SystemModstamp.

A safety net, not a feed: Outbound Messages are dropped after a day, know no deletions, and a Flow's
callout is tried once. What webhooks have told already comes again and moves nothing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.domain.errors import (
    ConfigError,
    CredentialsInvalid,
    DeliveryRejected,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.domain.names import digest_id
from bridge.payload import Payload
from bridge.ports import Account, Polled
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import is_id
from connectors.salesforce.json_events import MAX_ITEMS
from connectors.salesforce.soql import soql

# So long a change may hide behind one that came later: its transaction ends when it ends.
OVERLAP = timedelta(minutes=15)
ROWS = 2000  # of a query
_LEAST, _MOST = 1, 1440
_QUERIES: Mapping[str, str] = {
    "Contact": (
        "SELECT Id, OwnerId, IsDeleted, MasterRecordId, CreatedDate, LastModifiedDate,"
        " LastModifiedById, SystemModstamp FROM Contact"
    ),
    "Lead": (
        "SELECT Id, OwnerId, IsDeleted, MasterRecordId, IsConverted, ConvertedContactId,"
        " CreatedDate, LastModifiedDate, LastModifiedById, SystemModstamp FROM Lead"
    ),
    "Opportunity": (
        "SELECT Id, OwnerId, StageName, IsClosed, IsDeleted, CreatedDate, LastModifiedDate,"
        " LastModifiedById, SystemModstamp FROM Opportunity"
    ),
}
_WINDOW = (
    " WHERE SystemModstamp > <after> OR (SystemModstamp = <after> AND Id > {after_id})"
    " ORDER BY SystemModstamp, Id LIMIT <rows>"
)
_NO_ID = "000000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far one object was read, by the org's own clock: everything up to `stamp`, which is UTC;
    where there was more than a query gives, up to `record` among those of that time. `told` stands
    for what the last read brought."""

    stamp: datetime
    record: str = _NO_ID
    told: str = ""

    @property
    def is_within(self) -> bool:
        return self.record != _NO_ID

    @property
    def after(self) -> datetime:
        return self.stamp if self.is_within else self.stamp - OVERLAP


class SalesforcePoll:
    """Option `poll_minutes`: how often, 10 by default; 0: never. Costs three calls each time."""

    def __init__(self, account: Account) -> None:
        self._client = SalesforceClient(account)
        self._organization = account.options.get("organization_id", "")
        self._every = _every(account)

    @property
    def every(self) -> timedelta | None:
        return self._every

    def changes(self, cursor: str, now: datetime) -> Polled:
        """The first poll looks back as far as one change may hide, and no further. While nothing
        changes, what was read last is not told again."""
        bodies: list[bytes] = []
        places = _places(cursor, now)
        more = False
        for name, place in places.items():
            records = self._read(name, place)
            places[name] = after = _after(place, records)
            more = more or after.is_within
            if after.told != place.told:
                bodies += self._bodies(name, records, now)
        return Polled(bodies=tuple(bodies), cursor=_written(places), more=more)

    def _read(self, name: str, place: Place) -> list[dict[str, Any]]:
        after = f"{place.after.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
        text = _QUERIES[name] + _WINDOW.replace("<after>", after).replace("<rows>", str(ROWS))
        try:
            return self._client.query(soql(text, after_id=place.record), deleted=True)
        except DeliveryRejected as error:
            said = f"{error}: give the integration user the permission set of the bridge"
            if error.status == 403:
                raise CredentialsInvalid(said) from error
            raise OutcomeUnknown(said) from error

    def _bodies(
        self, name: str, records: Sequence[Mapping[str, Any]], now: datetime
    ) -> Iterator[bytes]:
        for start in range(0, len(records), MAX_ITEMS):
            some = records[start : start + MAX_ITEMS]
            yield json.dumps([self._item(name, record, now) for record in some]).encode()

    def _item(self, name: str, record: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """Times have whole seconds: what else is told tells two changes within one apart."""
        fields = {field: value for field, value in record.items() if field != "attributes"}
        told = json.dumps(fields, sort_keys=True)
        return {
            "org_id": self._organization,
            "event_id": digest_id(f"poll:{record.get('SystemModstamp')}", told),
            "object": name,
            "change": "deleted" if record.get("IsDeleted") else "updated",
            "record": fields,
            "sent_at": now.isoformat(),
        }


def _after(place: Place, records: Sequence[Mapping[str, Any]]) -> Place:
    """Our own clock has no part in it: it may be another than the org's."""
    told = digest_id("", json.dumps(records, sort_keys=True))
    if not records:
        return Place(stamp=place.stamp, told=told)
    last = Payload(dict(records[-1]))
    stamp = max(_stamp(last), place.stamp)
    if len(records) < ROWS:
        return Place(stamp=stamp, told=told)
    return Place(stamp=_stamp(last), record=last.at("Id").text(), told=told)


def _stamp(record: Payload) -> datetime:
    try:
        return record.at("SystemModstamp").iso_time()
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"salesforce: a record without its time: {error}") from error


def _places(cursor: str, now: datetime) -> dict[str, Place]:
    """A cursor that can't be read is none: what it stood for is within reach of `bridge sync`."""
    first = Place(stamp=now)
    try:
        told = Payload.from_bytes(cursor.encode(errors="replace")) if cursor else Payload({})
        return {name: _place(told.get(name)) or first for name in _QUERIES}
    except PayloadInvalid:
        return dict.fromkeys(_QUERIES, first)


def _place(told: Payload | None) -> Place | None:
    if told is None:
        return None
    record = told.text_or("record")
    return Place(
        stamp=told.at("stamp").iso_time(),
        record=record if is_id(record) else _NO_ID,
        told=told.text_or("told"),
    )


def _written(places: Mapping[str, Place]) -> str:
    return json.dumps(
        {
            name: {"stamp": place.stamp.isoformat(), "record": place.record, "told": place.told}
            for name, place in places.items()
        }
    )


def _every(account: Account) -> timedelta | None:
    given = account.options.get("poll_minutes", "10")
    minutes = int(given) if given.isascii() and given.isdigit() and len(given) < 5 else -1
    if minutes == 0:
        return None
    if not _LEAST <= minutes <= _MOST:
        raise ConfigError(
            f"account {account.name}: poll_minutes is not a number from {_LEAST} to {_MOST}, or 0"
        )
    return timedelta(minutes=minutes)
