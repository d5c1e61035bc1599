"""A reseller's client: his plan and units, the status that follows from them, what may be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bridge.domain.names import ClientId, CrmId, ResellerName
from bridge.domain.principals import tenant_of_reseller
from bridge.domain.records import CrmKind
from bridge.domain.reselling_policy import HintRules, Service
from bridge.domain.spans import Term
from bridge.domain.subjects import Subject, SubjectKind

CUSTOM = "custom"
MOST_BALANCE = 1_000_000_000_000
MOST_CHANGES = 5


class ClientStatus(StrEnum):
    """Derived, never stored; where several hold, the first of them counts (RSL-13)."""

    SUSPENDED = "suspended"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    ACTIVE = "active"


class ClientAction(StrEnum):
    EDIT = "edit"
    ADD_UNITS = "add_units"
    RENEW = "renew"
    SUSPEND = "suspend"
    ACTIVATE = "activate"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    SIGN_IN_AS = "sign_in_as"


class ClientHint(StrEnum):
    """What to offer a client (RSL-26)."""

    OFFER_UNITS = "offer_units"
    OFFER_RENEWAL = "offer_renewal"


class Told(StrEnum):
    """How far the end of his term has been told of."""

    NOTHING = ""
    ENDING = "ending"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDetails:
    """What identifies him and how he is reached; `legal_name` as it was given."""

    legal_name: str
    contact_name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmLink:
    """The record that he is in the CRM."""

    kind: CrmKind
    crm_id: CrmId


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of the client as it was and as it became, in words for people."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One of the last things that somebody did to him, for who meant to do another meanwhile."""

    version: int
    what: str
    by: str
    at: datetime
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResellerClient:
    """`plan` is the key of the plan that he was last given, `plan_name` what it was called then,
    `plan_units` and `services` what it held: later changes of plans.yaml do not reach him.

    `version` rises with whatever people do, not with units used. `terms` counts the plans that he
    has been given. `reference` is the reseller's own id of him.
    """

    id: ClientId
    reseller: ResellerName
    details: ClientDetails
    created_at: datetime
    plan: str
    plan_name: str
    plan_units: int
    balance: int
    reference: str = ""
    is_custom: bool = False
    services: Mapping[str, Service] = field(default_factory=dict)
    term: Term | None = None
    terms: int = 1
    is_suspended: bool = False
    is_archived: bool = False
    link: CrmLink | None = None
    version: int = 1
    low_told: bool = False
    term_told: Told = Told.NOTHING
    changes: tuple[Changed, ...] = ()  # the latest first

    @property
    def shown_plan(self) -> str:
        """Of one whose plan was edited: his own (RSL-17)."""
        return CUSTOM if self.is_custom else self.plan_name

    @property
    def valid_until(self) -> date | None:
        return None if self.term is None else self.term.last_day

    @property
    def tenant(self) -> str:
        return tenant_of_reseller(self.reseller)

    @property
    def subject(self) -> Subject:
        return Subject(kind=SubjectKind.CLIENT, id=self.id, tenant=self.tenant)

    def has_ended(self, now: datetime) -> bool:
        return self.term is not None and self.term.ends_at <= now

    def status(self, now: datetime) -> ClientStatus:
        if self.is_suspended:
            return ClientStatus.SUSPENDED
        if self.has_ended(now):
            return ClientStatus.EXPIRED
        return ClientStatus.EXHAUSTED if self.balance == 0 else ClientStatus.ACTIVE


def actions(client: ResellerClient, now: datetime) -> tuple[ClientAction, ...]:
    """What may be done to him as he stands, in the order in which it is shown (RSL-08)."""
    if client.is_archived:
        return (ClientAction.UNARCHIVE,)
    status = client.status(now)
    suspended = status is ClientStatus.SUSPENDED
    return (
        ClientAction.EDIT,
        *((ClientAction.ADD_UNITS,) if not suspended else ()),
        ClientAction.RENEW,
        ClientAction.ACTIVATE if suspended else ClientAction.SUSPEND,
        *((ClientAction.ARCHIVE,) if status is not ClientStatus.ACTIVE else ()),
        ClientAction.SIGN_IN_AS,
    )


def hint(client: ResellerClient, rules: HintRules, now: datetime) -> ClientHint | None:
    """Nearly or quite at his end: a renewal; few units else: more of them."""
    if client.is_archived or client.is_suspended:
        return None
    if client.term is not None and client.term.ends_at - rules.ending <= now:
        return ClientHint.OFFER_RENEWAL
    if rules.low_units.is_low(client.balance, client.plan_units):
        return ClientHint.OFFER_UNITS
    return None


def due_telling(client: ResellerClient, rules: HintRules, now: datetime) -> Told:
    """What is to be told now of the end of his term, and has not been."""
    if client.term is None or client.is_archived or client.is_suspended:
        return Told.NOTHING
    if client.term.ends_at <= now:
        return Told.NOTHING if client.term_told is Told.EXPIRED else Told.EXPIRED
    near = client.term.ends_at - rules.ending <= now
    return Told.ENDING if near and client.term_told is Told.NOTHING else Told.NOTHING
