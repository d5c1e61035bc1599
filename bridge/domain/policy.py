"""What the admin decided, as one frozen value; read from YAML by `bridge/policy/`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from bridge.domain.messaging import Messenger
from bridge.domain.names import AccountName, ChannelName, EmployeeId
from bridge.domain.partner_policy import PartnersPolicy
from bridge.domain.people import Employee, Role
from bridge.domain.principals import Person, PersonKind
from bridge.domain.records import RecordKind
from bridge.domain.renewing_policy import Renewals
from bridge.domain.reselling_policy import Reselling
from bridge.domain.signin_policy import EmbeddingPolicy, SignInPolicy


class Creation(StrEnum):
    """What is made beside the contact of a new client."""

    DEAL = "deal"
    LEAD = "lead"


class Distribution(StrEnum):
    IN_TURN = "in_turn"
    FIRST_TO_ANSWER = "first_to_answer"


class OnClosedDeal(StrEnum):
    """What a known client's message does when all his deals are closed."""

    NONE = "none"
    NEW_DEAL = "new_deal"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPolicy:
    """`secrets` maps the connector's names to environment variables, the current one first."""

    connector: str
    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    base_url: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    max_body_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPolicy:
    account: AccountName
    messenger: Messenger
    id: str  # the vendor's
    label: str
    create: Creation | None = None  # of None: as `new_clients` says, like the next two
    pipeline: str | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClients:
    create: Creation = Creation.DEAL
    pipeline: str = "default"
    stage: str = ""
    distribution: Distribution = Distribution.IN_TURN
    on_closed_deal: OnClosedDeal = OnClosedDeal.NONE
    owe_limit: int = 20  # clients that an absence can be made up for, in each pool


class OnDelete(StrEnum):
    """What becomes of the text of a deleted message in the CRM, and for salespeople here."""

    KEEP = "keep"
    REDACT = "redact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    save_messages: bool = True
    on_delete: OnDelete = OnDelete.KEEP
    write_to: frozenset[RecordKind] = frozenset(RecordKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    precedence: tuple[RecordKind, ...] = (RecordKind.DEAL, RecordKind.CONTACT, RecordKind.LEAD)
    fallback: EmployeeId | None = None
    max_age: timedelta = timedelta(hours=24)


class ClientCondition(StrEnum):
    NEW = "new"
    KNOWN = "known"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The conditions of a rule, all of which must hold; an empty one always does.

    `countries` are ISO 3166 alpha-2 codes, taken from the client's phone number.
    """

    client: ClientCondition | None = None
    countries: frozenset[str] = frozenset()
    channels: frozenset[ChannelName] = frozenset()
    messengers: frozenset[Messenger] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a rule sends a client: one employee, or a pool by a method."""

    employee: EmployeeId | None = None
    pool: str | None = None
    method: Distribution = Distribution.IN_TURN


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    id: str
    label: str
    when: When
    to: tuple[Target, ...]  # tried left to right


class DigestEvery(StrEnum):
    HOUR = "1h"
    DAY = "1d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """When digests are made: each day at `at` (HH:MM) of the time zone, or each hour at its
    minute."""

    every: DigestEvery = DigestEvery.DAY
    at: str = "08:00"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """`email` is the account that sends them as mails too; None: they stay in the bridge. `webhook`
    is the account that each is posted to."""

    managers_hear_all_chats: bool = False
    email: AccountName | None = None
    webhook: AccountName | None = None
    digest: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept; None: for good. `decisions` is of what a decision was made on: the
    raw request, the event, the facts, and what was then sent to vendors."""

    messages: timedelta | None = None
    files: timedelta | None = None
    decisions: timedelta | None = timedelta(days=90)
    audit: timedelta | None = timedelta(days=730)

    @property
    def inputs(self) -> timedelta | None:
        """They hold what was said as well, so they are kept no longer than the messages."""
        told = [span for span in (self.messages, self.decisions) if span is not None]
        return min(told) if told else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRules:
    """How large files may be: those of clients, and those that employees send."""

    max_megabytes: int = 100
    max_upload_megabytes: int = 25

    @property
    def max_bytes(self) -> int:
        return self.max_megabytes * 1024 * 1024

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_megabytes * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    crm: AccountName | None = None
    accounts: Mapping[AccountName, AccountPolicy] = field(default_factory=dict)
    channels: Mapping[ChannelName, ChannelPolicy] = field(default_factory=dict)
    employees: Mapping[EmployeeId, Employee] = field(default_factory=dict)
    new_clients: NewClients = NewClients()
    timeline: Timeline = Timeline()
    managers_hear_all_chats: bool = False
    email: AccountName | None = None  # sends notifications as mails too
    media: MediaRules = MediaRules()
    retention: Retention = Retention()
    webhook: AccountName | None = None  # takes a post of each notification
    digest: Digest | None = None
    ownership: Ownership = Ownership()
    rules: tuple[Rule, ...] = ()
    pools: Mapping[str, tuple[EmployeeId, ...]] = field(default_factory=dict)
    weights: Mapping[str, Mapping[EmployeeId, int]] = field(default_factory=dict)  # other than 1
    default: EmployeeId | None = None
    partners: PartnersPolicy = field(default_factory=PartnersPolicy)
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # e-mails by their tenant
    renewals: Renewals | None = None
    reselling: Reselling = field(default_factory=Reselling)
    signin: SignInPolicy = field(default_factory=SignInPolicy)
    embedding: EmbeddingPolicy = field(default_factory=EmbeddingPolicy)

    def employee(self, employee: EmployeeId) -> Employee:
        """His entry, or one without a role (ROL-14)."""
        return self.employees.get(employee) or Employee(id=employee, role=Role.NONE)

    def person(self, kind: PersonKind, id: str) -> Person | None:
        """Who this is as the configuration stands; None where it knows nobody such (any more).

        Employees without an entry are known, and may nothing. A client is no word of the
        configuration: `pipeline.persons` looks him up.
        """
        match kind:
            case PersonKind.EMPLOYEE | PersonKind.SERVICE:
                return Person(kind=kind, id=id)
            case PersonKind.PARTNER_USER | PersonKind.RESELLER_USER:
                found = [t for t in self.tenants(kind) if id in self.users[t]]
                return Person(kind=kind, id=id, tenant=found[0]) if len(found) == 1 else None
            case PersonKind.CLIENT:
                return None
        assert_never(kind)

    def tenants(self, kind: PersonKind) -> tuple[str, ...]:
        """All partner accounts, or all resellers, as subjects name them."""
        return tuple(tenant for tenant in self.users if tenant.startswith(f"{kind}:"))

    def is_user(self, email: str, tenant: str) -> bool:
        """Whether he is one of the people of this partner account or reseller."""
        return email in self.users.get(tenant, ())

    @property
    def managers(self) -> tuple[EmployeeId, ...]:
        return tuple(e.id for e in self.employees.values() if e.role is Role.MANAGER)

    def channel_name(self, account: AccountName, channel_id: str) -> ChannelName:
        """The channel's key in accounts.yaml, or `account:vendor-id` where it is not named."""
        for name, channel in self.channels.items():
            if channel.account == account and channel.id == channel_id:
                return name
        return ChannelName(f"{account}:{channel_id}")

    def new_clients_on(self, name: ChannelName) -> NewClients:
        """How those are taken in who write on this channel."""
        channel, made = self.channels.get(name), self.new_clients
        if channel is None:
            return made
        return replace(
            made,
            create=channel.create or made.create,
            pipeline=channel.pipeline or made.pipeline,
            stage=channel.stage or made.stage,
        )

    def channel_label(self, name: ChannelName) -> str:
        channel = self.channels.get(name)
        return channel.label if channel else name

    def phone_region(self) -> str | None:
        """The region of phones that the CRM stores in national form (WS-13), by CRM option."""
        crm = self.accounts.get(self.crm) if self.crm else None
        return crm.options.get("national_phones_region") if crm else None
