"""All files together: the top-level keys, and the policy that they make."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from bridge.domain.names import AccountName, ChannelName
from bridge.domain.people import Employee
from bridge.domain.policy import Digest, Policy
from bridge.domain.renewing_policy import Renewals
from bridge.policy.options.accounts import ACCOUNTS, CHANNELS, CRM
from bridge.policy.options.media import MEDIA
from bridge.policy.options.notifications import NOTIFICATIONS
from bridge.policy.options.partners import PARTNERS, users_by_tenant
from bridge.policy.options.people import EMPLOYEES, TIME_ZONE
from bridge.policy.options.plans import PLANS, in_zone
from bridge.policy.options.renewals import RENEWALS
from bridge.policy.options.retention import RETENTION
from bridge.policy.options.routing import NEW_CLIENTS, OWNERSHIP, TIMELINE
from bridge.policy.options.rules import DEFAULT, POOLS, RULES, pools_of, weights_of
from bridge.policy.options.signin import EMBEDDING, SIGNIN
from bridge.policy.options.tests import TESTS
from bridge.policy.routing_tests import RoutingTest
from bridge.policy.table import Table, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands in the YAML."""

    policy: Policy
    tests: tuple[RoutingTest, ...]


def _sheet(values: Values, place: str) -> Sheet:
    return Sheet(policy=_policy(values), tests=values.of(TESTS))


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def _at_home(employee: Employee, zone: tzinfo) -> Employee:
    """With the times of his absence, which are of the house's zone where they name none."""
    if employee.away is None:
        return employee
    until, since = employee.away.until, employee.away.since
    away = replace(
        employee.away,
        until=_utc(until, zone),
        since=None if since is None else _utc(since, zone),
    )
    return replace(employee, away=away)


def _utc(when: datetime, zone: tzinfo) -> datetime:
    return when.replace(tzinfo=when.tzinfo or zone).astimezone(UTC)


def _digest(values: Values) -> Digest | None:
    digest = values.of(NOTIFICATIONS).digest
    return None if digest is None else replace(digest, time_zone=values.of(TIME_ZONE))


def _renewals(values: Values) -> Renewals | None:
    renewals = values.maybe(RENEWALS)
    if renewals is None:
        return None
    schedule = replace(renewals.schedule, time_zone=values.of(TIME_ZONE))
    return replace(renewals, schedule=schedule)


def _policy(values: Values) -> Policy:
    crm = values.maybe(CRM)
    zone = _zone(values.of(TIME_ZONE))
    return Policy(
        crm=None if crm is None else AccountName(crm),
        accounts={AccountName(name): entry for name, entry in values.of(ACCOUNTS).items()},
        channels={
            ChannelName(name): replace(channel, label=channel.label or name)
            for name, channel in values.of(CHANNELS).items()
        },
        employees={
            email: replace(_at_home(employee, zone), id=email)
            for email, employee in values.of(EMPLOYEES).items()
        },
        new_clients=values.of(NEW_CLIENTS),
        timeline=values.of(TIMELINE),
        managers_hear_all_chats=values.of(NOTIFICATIONS).managers_hear_all_chats,
        email=values.of(NOTIFICATIONS).email,
        media=values.of(MEDIA),
        retention=values.of(RETENTION),
        webhook=values.of(NOTIFICATIONS).webhook,
        digest=_digest(values),
        ownership=values.of(OWNERSHIP),
        rules=values.of(RULES),
        pools=pools_of(values.of(POOLS)),
        weights=weights_of(values.of(POOLS)),
        default=values.maybe(DEFAULT),
        renewals=_renewals(values),
        reselling=in_zone(values.of(PLANS), values.of(TIME_ZONE)),
        signin=values.of(SIGNIN),
        embedding=values.of(EMBEDDING),
        partners=values.of(PARTNERS),
        users={**users_by_tenant(values.of(PARTNERS)), **values.of(PLANS).users},
    )


TOP = Table(
    says="the configuration",
    fields=(
        CRM,
        ACCOUNTS,
        CHANNELS,
        TIME_ZONE,
        EMPLOYEES,
        NEW_CLIENTS,
        TIMELINE,
        NOTIFICATIONS,
        MEDIA,
        RETENTION,
        OWNERSHIP,
        RULES,
        POOLS,
        DEFAULT,
        PARTNERS,
        RENEWALS,
        PLANS,
        SIGNIN,
        EMBEDDING,
        TESTS,
    ),
    build=_sheet,
)
