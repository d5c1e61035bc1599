"""What can be read from a vendor besides its webhooks; part of the sockets in `ports`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, runtime_checkable

from bridge.domain.crm_partners import (
    Organisation,
    PartnersRead,
    ProgrammeLead,
    SharingReview,
)
from bridge.domain.crm_renewals import CrmRenewal, RenewalSource
from bridge.domain.messaging import ChannelState, Media, Messenger
from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityQuery:
    """Who is this? `phones` are all the spellings (E.164 with `+`) that mean the same number."""

    phones: tuple[str, ...] = ()
    messenger: Messenger = Messenger.OTHER
    username: str | None = None
    key: str = ""  # our own unique key of the client, see CreateContact


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReading:
    """A messenger's channel as just read; `plain_id` is its number or name for people.

    `window_hours`: free text passes only so long after the client's last message, None always.
    """

    channel_id: str
    messenger: Messenger
    state: ChannelState
    plain_id: str = ""
    name: str = ""
    detail: str = ""
    window_hours: int | None = None
    can_write_first: bool = True
    max_text: int | None = None  # where it takes less than `Connector.max_text`


class Reader(Protocol):
    """What can be read from a vendor, many at a time. A messenger has no CRM records, a CRM no
    channels: those return nothing. Raises DeliveryTransient, OutcomeUnknown or CredentialsInvalid.
    """

    def employees(self) -> Sequence[CrmEmployee]:
        """Everybody who is or was an owner, former ones with `active=False`."""

    def pipelines(self) -> Sequence[Pipeline]:
        """Of deals, and of leads where the account has them."""

    def contacts_by_identity(
        self, queries: Sequence[IdentityQuery]
    ) -> Sequence[tuple[CrmContact, ...]]:
        """All contacts that fit each query exactly, in the order of the queries."""

    def contacts(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmContact]:
        """Those that exist; a merged one answers under the id that was asked for."""

    def deals(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmDeal]: ...

    def leads(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmLead]: ...

    def deals_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmDeal]:
        """All deals of these contacts, closed ones too, each once."""

    def leads_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmLead]:
        """All leads of these contacts; empty where the account has no leads."""

    def channels(self) -> Sequence[ChannelReading]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReading:
    """A messenger's template as just read. `places`: how many values it wants; `category` is the
    vendor's word in lower case, `marketing` where it is advertising."""

    template_id: str
    name: str
    language: str
    text: str
    usable: bool
    places: int = 0
    channel_id: str = ""
    detail: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    content: bytes = field(repr=False)
    content_type: str
    name: str = ""


class MediaSource(Protocol):
    """Fetches the files of messages from the vendor. Raises DeliveryRejected when a file is gone or
    larger than `most_bytes` (its text says which), and what `Reader` raises."""

    def fetch(self, media: Media, most_bytes: int) -> MediaFile: ...


class Sink(Protocol):
    """Takes a file piece by piece."""

    def write(self, piece: bytes, /) -> object: ...


@runtime_checkable
class MediaCopier(Protocol):
    """A MediaSource that need not hold a whole file in memory."""

    def copy(self, media: Media, most_bytes: int, into: Sink) -> MediaFile:
        """Like `fetch`; what comes goes into `into`, and `content` stays empty. After an error some
        of it may have gone there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What has changed: `bodies` as the account's own `Inbound.parse` reads them, and `cursor`,
    where the next poll begins. `more`: it has something to read at once."""

    bodies: tuple[bytes, ...]
    cursor: str
    more: bool = False


class Poll(Protocol):
    """A slow look at what the vendor may have told nobody: a safety net under its webhooks."""

    @property
    def every(self) -> timedelta | None:
        """How long after one poll the next one begins; None: none at all."""

    def changes(self, cursor: str, now: datetime) -> Polled:
        """What has changed since; an empty cursor is that of the first poll. What is told twice
        has the same event keys. Raises what `Reader` raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """Something that a vendor has told us, or would have: `body` and `headers` as the account's
    own `Inbound.parse` reads them, and when it happened by the vendor's clock."""

    body: bytes = field(repr=False)
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


class History(Protocol):
    """What happened on an account's channels, of vendors that keep a list of it."""

    def recall(self, since: datetime, until: datetime) -> Sequence[Recalled]:
        """All of it between these moments, the oldest first. What was told by webhook has the same
        event keys here. Raises what `Reader` raises, and OutcomeUnknown where it is more than can
        be read."""


class PartnerReader(Protocol):
    """A CRM's partner side, as far as it has one. Raises what `Reader` raises."""

    def organisation(self) -> Organisation: ...

    def partners(self, accounts: Sequence[CrmId], emails: Sequence[str]) -> PartnersRead:
        """Those of these accounts that exist, and their people: every user of theirs, and the
        contacts and users that have one of these addresses, also those of other accounts."""

    def sharing(self) -> SharingReview:
        """What is open to people from outside, for a person to look at."""

    def leads(
        self, ids: Sequence[CrmId], properties: Sequence[str]
    ) -> Mapping[CrmId, ProgrammeLead]:
        """Those that exist, with these properties of theirs besides."""


class RenewalReader(Protocol):
    """A CRM's renewals. Raises what `Reader` raises; a property that is not there comes as
    CredentialsInvalid, which names it."""

    def due(self, source: RenewalSource, first: date, last: date) -> Sequence[CrmRenewal]:
        """Those with a date from the first to the last day, both included."""

    def changed(self, source: RenewalSource, since: datetime) -> Sequence[CrmRenewal]:
        """Those that have a date and were changed since, the earliest first; where they are more
        than can be read at once, the earliest of them."""

    def read(self, source: RenewalSource, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmRenewal]:
        """Those that exist, with a date or without."""
