"""Employees: what the configuration says of them and what the CRM says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, CrmId, EmployeeId


class Role(StrEnum):
    SALESPERSON = "salesperson"
    MANAGER = "manager"
    QUALITY_CONTROL = "quality_control"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """One entry of roles.yaml. `channels` of None means every channel."""

    id: EmployeeId
    role: Role
    gets_new_clients: bool = False
    channels: frozenset[ChannelName] | None = None
    priority_channel: Mapping[Messenger, ChannelName] = field(default_factory=dict)

    def has_channel(self, channel: ChannelName) -> bool:
        return self.channels is None or channel in self.channels

    @property
    def may_write_at_all(self) -> bool:
        return self.role in (Role.SALESPERSON, Role.MANAGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmEmployee:
    """A person as the CRM knows him: `crm_id` is what records name as owner."""

    crm_id: CrmId
    email: EmployeeId
    name: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Everybody the CRM knows, as last read. `as_of` of None: never read."""

    people: tuple[CrmEmployee, ...] = ()
    as_of: datetime | None = None

    def by_crm_id(self, crm_id: CrmId) -> CrmEmployee | None:
        return next((p for p in self.people if p.crm_id == crm_id), None)

    def by_email(self, employee: EmployeeId) -> CrmEmployee | None:
        """The active entry where the CRM holds several of one address."""
        found = [p for p in self.people if p.email == employee]
        return next((p for p in found if p.active), found[0] if found else None)
