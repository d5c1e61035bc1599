"""What renewals.yaml says: who owns renewal notices, when they are due, how they are sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bridge.domain.crm_renewals import RenewalSource
from bridge.domain.names import AccountName, ChannelName, EmployeeId, PartnerName, ResellerName
from bridge.domain.renewing import RenewalOwner, RenewalState

SUBJECT = "Renewal of {client} on {renewal_date}"
TEXT = (
    "The renewal of {client} is due on {renewal_date}, in {days_left} days. You own the renewal "
    "process of this client: please act by {deadline}.\n\n{link}"
)
FIELDS = ("client", "contract", "renewal_date", "deadline", "days_left", "partner", "link")
"""What a notice may say, between braces."""


class SendBy(StrEnum):
    EMAIL = "email"
    CRM_TASK = "crm_task"
    CHAT = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalDefault:
    """For all clients without a setting of their own. `notify` is the partner's point of contact:
    the receiver, or, where the vendor owns the process, in copy (REN-06)."""

    owner: RenewalOwner = RenewalOwner.VENDOR
    notify: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalSchedule:
    """In days. Reminders and the safety notice count back from the deadline, which is `deadline`
    days before the renewal (PX-09). `safety` of 0: managers are not warned."""

    look_ahead: int = 120
    reminders: tuple[int, ...] = (45, 14, 3)  # the earliest first
    deadline: int = 0
    safety: int = 7
    at: str = "09:00"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSending:
    """A template of a messenger. `phones` are the numbers of those who are to be notified, `values`
    the fields that fill the template's places, `employee` in whose name it leaves."""

    channel: ChannelName
    template: str
    employee: EmployeeId
    language: str = ""
    values: tuple[str, ...] = ()
    phones: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalSending:
    """How the bridge sends where the partner owns the process."""

    by: SendBy = SendBy.EMAIL
    subject: str = SUBJECT
    text: str = TEXT
    chat: ChatSending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmRenewals:
    """Renewals that stand in a CRM. `states` translates its own words; one that is not there means
    that the renewal is open."""

    account: AccountName
    source: RenewalSource
    states: Mapping[str, RenewalState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTo:
    """The CRM's own properties that the owner and his point of contact are written to (PX-08)."""

    owner: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewals:
    """`partner_of` is the vendor whose partner the house itself is; empty where it is none."""

    partner_of: str = ""
    default: RenewalDefault = RenewalDefault()
    partners: Mapping[PartnerName, RenewalDefault] = field(default_factory=dict)
    resellers: Mapping[ResellerName, RenewalDefault] = field(default_factory=dict)
    schedule: RenewalSchedule = RenewalSchedule()
    copy_partner_on_default: bool = True
    copy_partner_on_override: bool = False
    send: RenewalSending = RenewalSending()
    written_to: WrittenTo = WrittenTo()
    sources: tuple[CrmRenewals, ...] = ()

    def default_of(self, tenant: str) -> RenewalDefault:
        """The partner account's own, else the house's (REN-03)."""
        return self.own_default(tenant) or self.default

    def own_default(self, tenant: str) -> RenewalDefault | None:
        kind, _, name = tenant.partition(":")
        if kind == "partner":
            return self.partners.get(PartnerName(name))
        return self.resellers.get(ResellerName(name)) if kind == "reseller" else None
