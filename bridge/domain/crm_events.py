"""What happened in a CRM; see `events` for what is common to all events."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.names import AccountName, CrmId, EventKey
from bridge.domain.records import RecordKind


class RecordChange(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    RESTORED = "restored"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged:
    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    contact: CrmId
    change: RecordChange = RecordChange.CHANGED
    by_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDeleted:
    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    contact: CrmId
    by_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactErased:
    """Deleted for privacy: what we hold of this person has to go."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    contact: CrmId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsMerged:
    """`absorbed` live on as `survivor`."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    survivor: CrmId
    absorbed: tuple[CrmId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerChanged:
    """`owner` of None: nobody owns the record any more."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    kind: RecordKind
    record: CrmId
    owner: CrmId | None
    by_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DealChanged:
    """`stage` is the one that it came to, `is_open` whether it goes on there, where the vendor
    says; `""` and None where it does not."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    deal: CrmId
    change: RecordChange = RecordChange.CHANGED
    by_us: bool = False
    stage: str = ""
    is_open: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadChanged:
    """`stage` and `is_open` as of a deal."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    lead: CrmId
    change: RecordChange = RecordChange.CHANGED
    by_us: bool = False
    stage: str = ""
    is_open: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationChanged:
    """Two CRM records were linked, or parted when `removed`."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    from_kind: RecordKind
    from_record: CrmId
    to_kind: RecordKind
    to_record: CrmId
    removed: bool
    by_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged:
    """A partner's client (of a reseller or a vendor's partner programme) changed. `reseller` as of
    UnitsUsed."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    client: CrmId
    reseller: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsUsed:
    """A reseller's client used `units` (a positive whole number) of his plan.

    `client` is our id of him; with a `reseller`, his key in plans.yaml, it may be the reseller's
    own reference.
    """

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    client: CrmId
    units: int
    reseller: str = ""


RecordEvent = (
    ContactChanged
    | ContactDeleted
    | ContactErased
    | ContactsMerged
    | OwnerChanged
    | DealChanged
    | LeadChanged
    | AssociationChanged
    | ClientChanged
)
"""About what the CRM keeps."""

CrmEvent = RecordEvent | UnitsUsed
