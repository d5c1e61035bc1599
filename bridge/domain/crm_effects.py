"""What to do to a record of the CRM that the bridge keeps no mirror of; see `effects`.

These name the record by its kind and the CRM's own id: leads of the partner programme, companies
and contracts are none of our records. Each is carried out once under its idempotency key, in the
order in which they were decided for a record.
"""

from dataclasses import dataclass
from datetime import date, datetime

from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignRecord:
    """Makes `owner` the owner of the record; a queue where `to_queue`. The CRM's own assignment
    rules are kept from taking it back. Gives nothing."""

    kind: CrmKind
    record: CrmId
    owner: CrmId
    to_queue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetProperty:
    """Sets a property of the record to a text; `""` empties it. `name` is the CRM's own. Gives
    nothing."""

    kind: CrmKind
    record: CrmId
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTask:
    """Puts a task on the record, for `owner` to do until `due`. Gives `{"id": …}`."""

    kind: CrmKind
    record: CrmId
    subject: str
    text: str
    due: date
    owner: CrmId | None = None  # None: the user that the bridge works as


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteNote:
    """Writes a note on the record's timeline; `subject` is a short line. Gives `{"id": …}`."""

    kind: CrmKind
    record: CrmId
    subject: str
    text: str
    occurred_at: datetime
    author: CrmId | None = None


CrmRecordEffect = AssignRecord | SetProperty | CreateTask | WriteNote
