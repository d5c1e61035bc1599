"""A test in the YAML: what is given, and what is expected to come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.policy import ClientCondition
from bridge.domain.reasons import ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A message of one client, and what the CRM would say of him.

    `country` is ISO 3166 alpha-2; `inactive` have left, `away` are
    on leave; `turn` says by pool who was last.
    """

    client: ClientCondition = ClientCondition.NEW
    owner: EmployeeId | None = None
    deal_owner: EmployeeId | None = None
    lead_owner: EmployeeId | None = None
    country: str | None = None
    channel: ChannelName | None = None
    messenger: Messenger | None = None
    inactive: frozenset[EmployeeId] = frozenset()
    away: frozenset[EmployeeId] = frozenset()
    turn: Mapping[str, EmployeeId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What must come of it; what is None may be anything. `nobody` expects no target."""

    target: EmployeeId | None = None
    nobody: bool = False
    reason: ReasonCode | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTest:
    name: str
    given: Given
    expect: Expect
    place: str  # file:line:column
