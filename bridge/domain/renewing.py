"""Renewals of clients as we know them: mirrored from where their dates stand, with our own word on
who owns the process."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from bridge.domain.crm_renewals import RenewalRole
from bridge.domain.names import AccountName, ClientId, CrmId, digest_id
from bridge.domain.records import CrmKind
from bridge.domain.subjects import Subject, SubjectKind

RenewalId = NewType("RenewalId", str)
"""Our id of a client whose plan or contract is renewed: `rn_…`."""


class RenewalOwner(StrEnum):
    """Who sends the notices: the vendor to the client, or nobody but the partner to his own."""

    VENDOR = "vendor"
    PARTNER = "partner"


class OwnerChoice(StrEnum):
    """What is set for one client; `DEFAULT` follows the setting for all (REN-10)."""

    DEFAULT = "default"
    VENDOR = "vendor"
    PARTNER = "partner"


class RenewalState(StrEnum):
    """How far a renewal is, for the date that it has."""

    PENDING = "pending"
    RENEWED = "renewed"
    CONFIRMED = "confirmed"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLED = "cancelled"


class RenewalWord(StrEnum):
    """What a person says of a coming renewal; `HANDLED`: the partner is at it, so that nobody has
    to be warned, and reminders go on."""

    HANDLED = "handled"
    RENEWED = "renewed"
    CONFIRMED = "confirmed"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLED = "cancelled"
    PENDING = "pending"  # takes back what was said


class RenewalOrigin(StrEnum):
    RESELLER_CLIENT = "reseller_client"
    CRM = "crm"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientContact:
    """`email` in lower case; empty where only the name is known. `contact` is who it is in the
    CRM."""

    role: RenewalRole
    email: str
    name: str = ""
    contact: CrmId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalReading:
    """A renewal as just read from its origin. `ref` is the origin's own id of it; `account`, `kind`
    and `record` name the record of a CRM that it is or belongs to. `gone`: the client is there no
    more."""

    id: RenewalId
    tenant: str
    name: str
    renews_on: date | None
    origin: RenewalOrigin
    ref: str
    account: AccountName | None = None
    kind: CrmKind | None = None
    record: CrmId | None = None
    state: RenewalState = RenewalState.PENDING
    contacts: tuple[ClientContact, ...] = ()
    time_zone: str = ""  # the client's; empty: the house's
    contract: str = ""  # what is renewed, in the origin's words
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What is set for one client. `notify` is his own point of contact (REN-13)."""

    choice: OwnerChoice = OwnerChoice.DEFAULT
    notify: str | None = None
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person said of the renewal of this date."""

    word: RenewalWord
    renews_on: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """`state_of` is the date that the origin's state was first said for; `version` counts what
    people have set here, `revision` what was read."""

    reading: RenewalReading
    state_of: date | None = None
    override: Override = Override()
    said: Said | None = None
    version: int = 0
    revision: int = 0
    shown: str = ""  # the owner as last written to the CRM

    @property
    def id(self) -> RenewalId:
        return self.reading.id

    @property
    def subject(self) -> Subject:
        return Subject(kind=SubjectKind.RENEWAL, id=self.id, tenant=self.reading.tenant)

    @property
    def is_handled(self) -> bool:
        """Whether somebody has reacted to the renewal that is coming."""
        return self._said_now() is RenewalWord.HANDLED or self.state is not RenewalState.PENDING

    @property
    def state(self) -> RenewalState:
        """A person's word for this date counts before the origin's.

        That a client renewed was said of the date before it moved: the next one is open again. One
        who wants to leave wants that whatever the date is.
        """
        said = self._said_now()
        if said is not None and said is not RenewalWord.HANDLED:
            return RenewalState(said)
        ended = self.reading.state in (RenewalState.RENEWED, RenewalState.CONFIRMED)
        if ended and self._is_next_one():
            return RenewalState.PENDING
        return self.reading.state

    def _is_next_one(self) -> bool:
        due = self.reading.renews_on
        return due is not None and self.state_of is not None and due > self.state_of

    def _said_now(self) -> RenewalWord | None:
        if self.said is None or self.said.renews_on != self.reading.renews_on:
            return None
        return self.said.word


def renewal_id(origin: RenewalOrigin, account: str, kind: str, ref: str) -> RenewalId:
    return RenewalId(digest_id("rn", origin, account, kind, ref))


def renewal_of_client(client: ClientId) -> RenewalId:
    """Of a reseller's client, whose plan it is that is renewed."""
    return renewal_id(RenewalOrigin.RESELLER_CLIENT, "", "", client)


def follow(known: Renewal | None, reading: RenewalReading) -> Renewal:
    """The renewal once this was read; what people set here stays."""
    if known is None:
        return Renewal(reading=reading, state_of=reading.renews_on, revision=1)
    same_word = known.reading.state is reading.state
    return Renewal(
        reading=reading,
        state_of=known.state_of if same_word else known.reading.renews_on,
        override=known.override,
        said=known.said,
        version=known.version,
        revision=known.revision + 1,
        shown=known.shown,
    )
