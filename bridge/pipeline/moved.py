"""Which records a reading of the CRM has found to be other than they were."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from bridge.domain.names import RecordId
from bridge.domain.records import Contact, Deal, Lead

R = TypeVar("R", Contact, Deal, Lead)


@dataclass(slots=True)
class Moved:
    """When a record was read is no difference. `clients` are contacts, also those of a deal or lead
    that moved: whose they are may have changed with it."""

    clients: set[RecordId] = field(default_factory=set)
    deals: set[RecordId] = field(default_factory=set)

    def contacts(self, before: Iterable[Contact], after: Iterable[Contact]) -> None:
        known = {contact.id: contact for contact in before}
        for contact in after:
            if not _same(known.get(contact.id), contact):
                self.clients.add(contact.id)

    def records(self, before: Iterable[Deal | Lead], after: Iterable[Deal | Lead]) -> None:
        known = {record.id: record for record in before}
        for record in after:
            was = known.get(record.id)
            if not _same_record(was, record):
                self.clients.update(was.contacts if was else (), record.contacts)
                if isinstance(record, Deal):
                    self.deals.add(record.id)


def _same_record(before: Deal | Lead | None, after: Deal | Lead) -> bool:
    if isinstance(after, Deal):
        return _same(before if isinstance(before, Deal) else None, after)
    return _same(before if isinstance(before, Lead) else None, after)


def _same(before: R | None, after: R) -> bool:
    return before is not None and _undated(before, after.owner.as_of) == after


def _undated(record: R, as_of: datetime) -> R:
    return replace(record, owner=replace(record.owner, as_of=as_of))
