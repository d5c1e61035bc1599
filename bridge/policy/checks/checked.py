"""What a check looks at, and how it says what it found."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.policy import Policy
from bridge.policy import findings
from bridge.policy.codes import Code
from bridge.policy.findings import Finding, did_you_mean
from bridge.policy.paths import place_of, under
from bridge.policy.routing_tests import RoutingTest
from bridge.ports import Connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    policy: Policy
    tests: tuple[RoutingTest, ...] = ()
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def error(self, code: Code, path: str, message: str, suggestion: str = "") -> Finding:
        return findings.error(code, self._place(path), path, message, suggestion)

    def warning(self, code: Code, path: str, message: str, suggestion: str = "") -> Finding:
        return findings.warning(code, self._place(path), path, message, suggestion)

    def unknown_employee(self, path: str, employee: EmployeeId) -> Finding:
        hint = did_you_mean(employee, self.policy.employees) or "add him under employees"
        return self.error(Code.UNKNOWN_EMPLOYEE, path, f"{employee} is not an employee", hint)

    def unknown_channel(self, path: str, channel: ChannelName) -> Finding:
        hint = did_you_mean(channel, self.policy.channels) or "add it under channels"
        return self.error(Code.UNKNOWN_CHANNEL, path, f"{channel} is not a channel", hint)

    def _place(self, path: str) -> str:
        """What is missing has no place of its own: then where the file with the people begins."""
        found = place_of(path, self.places) or place_of("employees", self.places)
        return found or next(iter(self.places.values()), "")


Check = Callable[[Checked], Iterator[Finding]]


def employee_path(employee: EmployeeId, *keys: str) -> str:
    path = under("employees", employee)
    for key in keys:
        path = under(path, key)
    return path
