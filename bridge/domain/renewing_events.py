"""What the house's people and its clock do about renewals; see `events` for what is common."""

from dataclasses import dataclass
from datetime import date, datetime

from bridge.domain.names import AccountName, EventKey
from bridge.domain.principals import Person
from bridge.domain.renewing import OwnerChoice, RenewalId, RenewalReading, RenewalWord
from bridge.domain.renewing_policy import RenewalDefault


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRead:
    """A renewal as its origin has it now."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    reading: RenewalReading


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalOwnerSet:
    """Somebody says who owns the process of one client; `seen` is the version that he looked at."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    renewal: RenewalId
    choice: OwnerChoice
    notify: str | None
    seen: int
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalWordGiven:
    """Somebody says how far the renewal of this date is."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    renewal: RenewalId
    word: RenewalWord
    renews_on: date
    seen: int
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalDefaultSet:
    """A configuration became active whose default is another. `before` of None: there was none.

    `by` is who edited it here; empty where somebody changed the file.
    """

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    tenant: str
    before: RenewalDefault | None
    after: RenewalDefault | None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalDue:
    """The clock says that a step of the schedule is due; `day` is today where the client is."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    renewal: RenewalId
    renews_on: date
    step: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalChatRefused:
    """The notice of this step could not leave as a chat message; `why` says the messenger's side of
    the house."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    renewal: RenewalId
    step: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalShown:
    """The owner of a client is to be written to the CRM as it holds now (PX-08)."""

    event_key: EventKey
    occurred_at: datetime
    account: AccountName
    raw: str = ""
    renewal: RenewalId


RenewalEvent = (
    RenewalRead
    | RenewalOwnerSet
    | RenewalWordGiven
    | RenewalDefaultSet
    | RenewalDue
    | RenewalChatRefused
    | RenewalShown
)
