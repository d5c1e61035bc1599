"""Renewals against people and CRMs: a notice that could reach nobody is an error before it is
due."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.renewing import RenewalOwner
from bridge.domain.renewing_people import partner_people, tenants
from bridge.domain.renewing_policy import Renewals
from bridge.domain.renewing_recipients import against
from bridge.pipeline.doctor.points import Point, fine, wrong
from bridge.pipeline.renewals.people import inactive_people
from bridge.pipeline.renewals.reading import cursor_of
from bridge.store import cursors
from bridge.store import renewals as store

STALE = timedelta(days=1)
_TODO = "name another as notify, or let the vendor send the notices"


def check_renewals(
    db: Connection, policy: Policy, directory: Directory, now: datetime
) -> tuple[Point, ...]:
    """Nothing where there is no renewals.yaml."""
    renewals = policy.renewals
    if renewals is None:
        return ()
    points = (*_defaults(db, policy, renewals, directory), *_named(db, policy, directory))
    points = (*dict.fromkeys(points), *_unread(db, renewals, now))
    return points or (fine("renewals", "every notice that is coming can reach somebody"),)


def _defaults(
    db: Connection, policy: Policy, renewals: Renewals, directory: Directory
) -> Iterator[Point]:
    inactive = inactive_people(db, policy)
    for tenant in tenants(policy):
        default = renewals.default_of(tenant)
        if default.owner is RenewalOwner.VENDOR and not default.notify:
            continue
        if default.owner is RenewalOwner.VENDOR and renewals.own_default(tenant) is None and tenant:
            continue  # the house's person is simply not copied there
        people = partner_people(tenant, policy, directory, inactive)
        problem = against(default.notify, people)
        if problem is not None:
            yield wrong("renewals", f"{_whose(tenant)}{problem.detail}", _TODO)


def _named(db: Connection, policy: Policy, directory: Directory) -> Iterator[Point]:
    """Those who are set for single clients."""
    inactive = inactive_people(db, policy)
    for tenant, notify, count in store.points_of_contact(db):
        problem = against(notify, partner_people(tenant, policy, directory, inactive))
        if problem is not None:
            said = f"{_whose(tenant)}{problem.detail}; {count} clients"
            yield wrong("renewals", said, _TODO)


def _unread(db: Connection, renewals: Renewals, now: datetime) -> Iterator[Point]:
    for account in sorted({source.account for source in renewals.sources}):
        read_at = cursors.read_at(db, cursor_of(account))
        if read_at is None or now - read_at > STALE:
            since = "never" if read_at is None else f"last at {read_at.isoformat()}"
            todo = "run `bridge worker` and `bridge clock`; the account's own point says the rest"
            yield wrong("renewals", f"the renewals of {account} were read {since}", todo)


def _whose(tenant: str) -> str:
    return f"{tenant}: " if tenant else ""
