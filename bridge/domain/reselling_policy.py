"""What plans.yaml says: resellers, their people, the plans they sell, and when they are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bridge.domain.names import AccountName, EmployeeId, ResellerName
from bridge.domain.spans import Span

MOST_UNITS = 1_000_000_000
"""Of a plan, and of what is added or used at once."""

Service = bool | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`validity` of None: it never ends. `services` are what a client gets beside his units, by
    names that the admin chooses: whether, or how many."""

    name: str
    units: int
    validity: Span | None = None
    services: Mapping[str, Service] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LowUnits:
    """From how many units on they count as few: a number, or a share of the plan's units."""

    units: int = 0
    percent: int = 0

    def is_low(self, balance: int, plan_units: int) -> bool:
        return balance <= self.units or balance * 100 <= self.percent * plan_units


@dataclass(frozen=True, slots=True, kw_only=True)
class HintRules:
    low_units: LowUnits = LowUnits(percent=20)
    ending: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reseller:
    """His people stand in `Policy.users`. `accounts` tell of his clients' use of units, by his own
    references too. `manager` is the employee who looks after him."""

    label: str = ""
    plans: Mapping[str, Plan] = field(default_factory=dict)
    hints: HintRules = HintRules()
    time_zone: str = "UTC"
    accounts: tuple[AccountName, ...] = ()
    manager: EmployeeId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reselling:
    """`accounts` may tell of the use of units of every reseller's clients."""

    resellers: Mapping[ResellerName, Reseller] = field(default_factory=dict)
    accounts: tuple[AccountName, ...] = ()

    def hints_of(self, reseller: ResellerName) -> HintRules:
        found = self.resellers.get(reseller)
        return HintRules() if found is None else found.hints

    def label_of(self, reseller: ResellerName) -> str:
        found = self.resellers.get(reseller)
        return reseller if found is None else found.label or reseller

    def told_by(self, account: AccountName) -> frozenset[ResellerName]:
        """Those of whose clients' use this account may tell."""
        if account in self.accounts:
            return frozenset(self.resellers)
        return frozenset(key for key, one in self.resellers.items() if account in one.accounts)
