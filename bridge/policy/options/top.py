"""All files together: the top-level keys, and the policy that they make."""

from dataclasses import dataclass, replace

from bridge.domain.names import AccountName, ChannelName
from bridge.domain.policy import Policy
from bridge.policy.options.accounts import ACCOUNTS, CHANNELS, CRM
from bridge.policy.options.people import EMPLOYEES
from bridge.policy.options.routing import NEW_CLIENTS, NOTIFICATIONS, OWNERSHIP, TIMELINE
from bridge.policy.options.rules import DEFAULT, POOLS, RULES
from bridge.policy.options.tests import TESTS
from bridge.policy.routing_tests import RoutingTest
from bridge.policy.table import Table, Values

RESERVED = frozenset({"partners", "renewals", "plans"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands in the YAML."""

    policy: Policy
    tests: tuple[RoutingTest, ...]


def _sheet(values: Values, place: str) -> Sheet:
    return Sheet(policy=_policy(values), tests=values.of(TESTS))


def _policy(values: Values) -> Policy:
    crm = values.maybe(CRM)
    return Policy(
        crm=None if crm is None else AccountName(crm),
        accounts={AccountName(name): entry for name, entry in values.of(ACCOUNTS).items()},
        channels={
            ChannelName(name): replace(channel, label=channel.label or name)
            for name, channel in values.of(CHANNELS).items()
        },
        employees={
            email: replace(employee, id=email) for email, employee in values.of(EMPLOYEES).items()
        },
        new_clients=values.of(NEW_CLIENTS),
        timeline=values.of(TIMELINE),
        managers_hear_all_chats=values.of(NOTIFICATIONS).managers_hear_all_chats,
        email=values.of(NOTIFICATIONS).email,
        ownership=values.of(OWNERSHIP),
        rules=values.of(RULES),
        pools=values.of(POOLS),
        default=values.maybe(DEFAULT),
    )


TOP = Table(
    says="the configuration",
    fields=(
        CRM,
        ACCOUNTS,
        CHANNELS,
        EMPLOYEES,
        NEW_CLIENTS,
        TIMELINE,
        NOTIFICATIONS,
        OWNERSHIP,
        RULES,
        POOLS,
        DEFAULT,
        TESTS,
    ),
    build=_sheet,
    reserved=RESERVED,
)
