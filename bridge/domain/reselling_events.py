"""What is done to resellers' clients: events of our own, by people, programs and the clock.

`by` is who did it; the clock where it is nobody. `seen` is the client's version that he looked at,
so that what somebody else did meanwhile is not overwritten; None: whatever he is by now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bridge.domain.names import AccountName, ClientId, EventKey, ResellerName
from bridge.domain.principals import Person
from bridge.domain.reseller_clients import ClientDetails, CrmLink, Told
from bridge.domain.reselling_policy import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAdded:
    """`client` is the id that he gets; `plan` a key of his reseller's plans. Who comes from
    another system brings the `units` that he has left there, and the last day of his plan."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    reseller: ResellerName
    details: ClientDetails
    plan: str
    reference: str = ""
    units: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEdited:
    """What is None stays. `units` is only there to be refused: they are added, never edited."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    seen: int | None = None
    details: ClientDetails | None = None
    services: Mapping[str, Service] | None = None
    reference: str | None = None
    units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLinked:
    """The house says which record of the CRM the client is; None: none."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    link: CrmLink | None
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientUnitsAdded:
    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    units: int
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRenewed:
    """He gets a plan of his reseller's, the same or another, from now on."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    plan: str
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSuspended:
    """`why` is for his reseller's people and the house."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    why: str = ""
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientActivated:
    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientArchived:
    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientUnarchived:
    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientUsedUnits:
    """As the vendors' `UnitsUsed`, told by our own API."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    by: Person
    client: ClientId
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTermTold:
    """The clock: the end of this term of his is near, or has come."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    client: ClientId
    term: int
    told: Told


ClientDone = (
    ClientEdited
    | ClientLinked
    | ClientUnitsAdded
    | ClientRenewed
    | ClientSuspended
    | ClientActivated
    | ClientArchived
    | ClientUnarchived
    | ClientUsedUnits
)
"""By somebody, to a client who is there."""

ResellingEvent = ClientAdded | ClientDone | ClientTermTold
