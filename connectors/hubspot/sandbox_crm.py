"""The sandbox's CRM in memory: records, links and pipelines, kept in order by one lock."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.hubspot.sandbox_records import (
    FIRST_LABEL,
    REVERSE,
    Change,
    Record,
    Settings,
    Source,
    links_changed,
    properties_changed,
)
from connectors.hubspot.sandbox_schema import (
    KINDS,
    SINGULAR,
    Refused,
    default_pipelines,
    standard_properties,
)


class Crm:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.listener: Callable[[list[Change]], None] = lambda changes: None
        self.clear()

    def clear(self) -> None:
        with self.lock:
            self.records: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
            self.redirects: dict[tuple[str, str], str] = {}
            self.links: dict[tuple[str, str, str], dict[str, set[int]]] = {}
            self.schema = {kind: standard_properties(kind) for kind in KINDS}
            self.pipelines: dict[str, list[dict[str, Any]]] = default_pipelines()
            self.owners: dict[str, dict[str, Any]] = {}
            self.labels: dict[str, int] = {}
            self.unique: dict[tuple[str, str, str], str] = {}
            self.settings = Settings()
            self.calls: Counter[str] = Counter()
            self._numbers = itertools.count(1)

    def get(self, kind: str, record_id: str) -> Record | None:
        """Also under an id that was merged away."""
        return self.records[kind].get(self.redirects.get((kind, record_id), record_id))

    def by_unique(self, kind: str, name: str, value: str) -> Record | None:
        holder = self.unique.get((kind, name, value))
        return None if holder is None else self.records[kind].get(holder)

    def insert(
        self, kind: str, properties: Mapping[str, str], source: Source, record_id: str | None = None
    ) -> Record:
        number = next(self._numbers)
        now = datetime.now(UTC)
        properties = {**properties, **self._closed(kind, properties)}
        made = Record(
            id=record_id or str((KINDS.index(kind) + 1) * 10_000_000 + number),
            kind=kind,
            seq=number,
            created=now,
            updated=now,
            made_at=time.monotonic(),
            properties=dict(properties),
        )
        self.records[kind][made.id] = made
        self._index(made)
        owned = {n: v for n, v in properties.items() if n == "hubspot_owner_id"}
        self.tell(
            Change("creation", kind, made.id, source), *properties_changed(made, owned, source)
        )
        return made

    def change(self, record: Record, properties: Mapping[str, str], source: Source) -> None:
        whole = {**record.properties, **properties}
        derived = {**properties, **self._closed(record.kind, whole)}
        changed = {n: v for n, v in derived.items() if record.properties.get(n, "") != v}
        for name, old in record.properties.items():
            if name in changed:
                self.unique.pop((record.kind, name, old), None)
        record.properties.update(changed)
        record.updated = datetime.now(UTC)
        self._index(record)
        told = {n: v for n, v in changed.items() if n in properties}
        self.tell(*properties_changed(record, told, source))

    def remove(self, record: Record, source: Source, *, privacy: bool = False) -> None:
        del self.records[record.kind][record.id]
        for name, value in record.properties.items():
            self.unique.pop((record.kind, name, value), None)
        for (from_kind, from_id, to_kind), ends in list(self.links.items()):
            if (from_kind, from_id) == (record.kind, record.id):
                del self.links[from_kind, from_id, to_kind]
            elif to_kind == record.kind:
                ends.pop(record.id, None)
        gone = [Change("deletion", record.kind, record.id, source)]
        if privacy:
            gone.append(Change("privacyDeletion", record.kind, record.id, source))
        self.tell(*gone)

    def link(self, start: Record, end: Record, type_id: int, source: Source) -> None:
        known = self.links.setdefault((start.kind, start.id, end.kind), {})
        is_new = end.id not in known
        known.setdefault(end.id, set()).add(type_id)
        back = self.links.setdefault((end.kind, end.id, start.kind), {})
        # HubSpot publishes no id for the way back of leads: the same one is shown.
        back.setdefault(start.id, set()).add(REVERSE.get(type_id, type_id))
        if is_new:
            self.tell(*links_changed(start, end, source, removed=False))

    def unlink(self, start: Record, end: Record, source: Source) -> None:
        known = self.links.get((start.kind, start.id, end.kind), {})
        if known.pop(end.id, None) is not None:
            self.links.get((end.kind, end.id, start.kind), {}).pop(start.id, None)
            self.tell(*links_changed(start, end, source, removed=True))

    def linked(self, record: Record, kind: str) -> Mapping[str, set[int]]:
        return self.links.get((record.kind, record.id, kind), {})

    def is_hidden(self, record: Record) -> bool:
        """Whether it is still too new for reads by a unique property and of associations."""
        return time.monotonic() - record.made_at < self.settings.read_lag_seconds

    def label(self, start: Record, end: Record, word: str) -> None:
        """As people label associations: an id of the account's own, beside HubSpot's plain one."""
        type_id = self.labels.setdefault(word, FIRST_LABEL + len(self.labels))
        self.links[start.kind, start.id, end.kind][end.id].add(type_id)

    def merge(self, primary: Record, others: list[Record], source: Source) -> Record:
        """As HubSpot does: the survivor has a new id, under the old ones it still answers."""
        old = [primary, *others]
        survivor = self.insert(primary.kind, {}, source)
        for record in reversed(old):
            survivor.properties.update(record.properties)
            survivor.merged += [record.id, *record.merged]
            self._move_links(record, survivor)
            del self.records[record.kind][record.id]
        for old_id in survivor.merged:
            self.redirects[survivor.kind, old_id] = survivor.id
        self._index(survivor)
        more = {
            "primaryObjectId": int(primary.id),
            "mergedObjectIds": [int(record.id) for record in others],
            "newObjectId": int(survivor.id),
            "numberOfPropertiesMoved": len(survivor.properties),
        }
        self.tell(Change("merge", survivor.kind, survivor.id, source, more))
        return survivor

    def tell(self, *changes: Change) -> None:
        self.listener(list(changes))

    def state(self) -> dict[str, Any]:
        with self.lock:
            shown = {kind: [self._shown(r) for r in self.records[kind].values()] for kind in KINDS}
            return {**shown, "calls": dict(self.calls), "owners": list(self.owners.values())}

    def _shown(self, record: Record) -> dict[str, Any]:
        links = {kind: sorted(self.linked(record, kind)) for kind in KINDS}
        return {
            "id": record.id,
            "seq": record.seq,
            "properties": dict(record.properties),
            "associations": {kind: ids for kind, ids in links.items() if ids},
        }

    def _closed(self, kind: str, properties: Mapping[str, str]) -> dict[str, str]:
        """What HubSpot works out of a deal's stage."""
        if kind != "deals":
            return {}
        stages = (stage for one in self.pipelines["deals"] for stage in one["stages"])
        found = next((s for s in stages if s["id"] == properties.get("dealstage")), None)
        odds = "" if found is None else str(found["metadata"].get("probability", ""))
        return {
            "hs_is_closed": str(odds in ("0.0", "1.0")).lower(),
            "hs_is_closed_won": str(odds == "1.0").lower(),
        }

    def _index(self, record: Record) -> None:
        for name in self._unique_names(record.kind):
            if record.properties.get(name):
                self.unique[record.kind, name, record.properties[name]] = record.id

    def _unique_names(self, kind: str) -> Iterator[str]:
        return (name for name, one in self.schema[kind].items() if one["hasUniqueValue"])

    def _move_links(self, record: Record, survivor: Record) -> None:
        for kind in KINDS:
            for other_id, types in self.links.pop((record.kind, record.id, kind), {}).items():
                self.links.setdefault((survivor.kind, survivor.id, kind), {})[other_id] = types
                back = self.links[kind, other_id, record.kind]
                back[survivor.id] = back.pop(record.id)


def must_find(crm: Crm, kind: str, record_id: str) -> Record:
    found = crm.get(kind, record_id)
    if found is None:
        raise Refused(404, "OBJECT_NOT_FOUND", f"{SINGULAR[kind]} is not found")
    return found
