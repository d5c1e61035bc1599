"""Employees: what the configuration says of them and what the CRM says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, CrmId, EmployeeId


class MissedTurns(StrEnum):
    """What becomes of the turns that somebody misses while he is away."""

    SKIP = "skip"
    OWE = "owe"  # given back to him later


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """From `since` (None: from ever) until just before `until`."""

    until: datetime
    since: datetime | None = None
    turns: MissedTurns = MissedTurns.SKIP

    def covers(self, now: datetime) -> bool:
        return now < self.until and (self.since is None or self.since <= now)


class Role(StrEnum):
    SALESPERSON = "salesperson"
    MANAGER = "manager"
    QUALITY_CONTROL = "quality_control"
    NONE = "none"


class MailWish(StrEnum):
    """Which mails somebody gets about his chats; what concerns the house comes at once."""

    EACH = "each"
    DIGEST = "digest"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """One entry of roles.yaml. `channels` of None means every channel."""

    id: EmployeeId
    role: Role
    gets_new_clients: bool = False
    channels: frozenset[ChannelName] | None = None
    priority_channel: Mapping[Messenger, ChannelName] = field(default_factory=dict)
    away: Away | None = None
    mail: MailWish = MailWish.EACH

    def has_channel(self, channel: ChannelName) -> bool:
        return self.channels is None or channel in self.channels

    @property
    def may_write_at_all(self) -> bool:
        return self.role in (Role.SALESPERSON, Role.MANAGER)

    def absence(self, now: datetime) -> Away | None:
        """Why he can't be given clients now, if he is away."""
        return self.away if self.away is not None and self.away.covers(now) else None


class CrmEmployeeKind(StrEnum):
    PERSON = "person"
    PARTNER = "partner"  # of another company
    MACHINE = "machine"  # signs in for a program


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmEmployee:
    """A person as the CRM knows him: `crm_id` is what records name as owner."""

    crm_id: CrmId
    email: EmployeeId
    name: str
    active: bool
    kind: CrmEmployeeKind = CrmEmployeeKind.PERSON


@dataclass(frozen=True, kw_only=True)  # without slots: who is looked up is indexed once
class Directory:
    """Everybody the CRM knows, as last read. `as_of` of None: never read."""

    people: tuple[CrmEmployee, ...] = ()
    as_of: datetime | None = None

    def by_crm_id(self, crm_id: CrmId) -> CrmEmployee | None:
        return self._by_crm_id.get(crm_id)

    def by_email(self, employee: EmployeeId) -> CrmEmployee | None:
        """The active entry where the CRM holds several of one address."""
        return self._by_email.get(employee)

    @cached_property
    def _by_crm_id(self) -> Mapping[CrmId, CrmEmployee]:
        return {person.crm_id: person for person in reversed(self.people)}

    @cached_property
    def _by_email(self) -> Mapping[EmployeeId, CrmEmployee]:
        active_last = sorted(reversed(self.people), key=lambda person: person.active)
        return {person.email: person for person in active_last}
