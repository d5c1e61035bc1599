"""Where a renewal stands in the clock's queue by the rules as they are."""

import hashlib
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from bridge import codec
from bridge.domain.renewing import Renewal
from bridge.domain.renewing_ownership import owner_now
from bridge.domain.renewing_policy import Renewals
from bridge.domain.renewing_schedule import still_due
from bridge.store.renewals import Placed, StepsDone


def rules_digest(renewals: Renewals) -> str:
    """What `placed` found by other rules is found anew by these."""
    return hashlib.sha256(codec.encode(renewals)).hexdigest()[:32]


def zone_of(renewal: Renewal, renewals: Renewals) -> tzinfo:
    return zone(renewal.reading.time_zone or renewals.schedule.time_zone)


def zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def today_of(renewal: Renewal, renewals: Renewals, now: datetime) -> date:
    return now.astimezone(zone_of(renewal, renewals)).date()


def done_of(done: StepsDone, renewal: Renewal) -> frozenset[str]:
    """The steps that are done with for the date that it has."""
    renews_on = renewal.reading.renews_on
    days = done.get(renewal.id, {})
    return frozenset() if renews_on is None else days.get(renews_on.isoformat(), frozenset())


def placed(renewal: Renewal, done: frozenset[str], renewals: Renewals, now: datetime) -> Placed:
    """`done` are the steps that are done with, for the date that it has."""
    dues = still_due(renewal, done, renewals.schedule, zone_of(renewal, renewals), now)
    owner = owner_now(renewal.override, renewal.reading.tenant, renewals)
    return Placed(
        renewal=renewal,
        notify=owner.notify,
        next_at=min((due.at for due in dues), default=None),
        followed=rules_digest(renewals),
    )
