"""Renewals as somebody may see them: the calendar, one client's, and who will get what and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import assert_never

from sqlalchemy import Connection

from bridge.domain.access import Access
from bridge.domain.names import EmployeeId
from bridge.domain.people import Directory, Role
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.renewing import Renewal, RenewalId
from bridge.domain.renewing_notices import Addressed, Notice, addressed, coming
from bridge.domain.renewing_ownership import OwnerNow, owner_now
from bridge.domain.renewing_people import PartnerPerson, partner_people, partner_status
from bridge.domain.renewing_policy import RenewalDefault, Renewals
from bridge.domain.renewing_rules import facts_of
from bridge.domain.renewing_schedule import deadline
from bridge.domain.subject_access import access_to
from bridge.pipeline.renewals.people import inactive_people
from bridge.pipeline.renewals.placing import done_of, zone, zone_of
from bridge.store import renewals as store
from bridge.store.mirror import directory
from bridge.store.renewals import RenewalPlace, RenewalsWanted, StepDone

MOST_PREVIEWED = 1000
_NONE = Reason(ReasonCode.RENEWAL_NOT_SET_UP, "there is no renewals.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A renewal through somebody's eyes."""

    renewal: Renewal
    owner: OwnerNow
    access: Access
    deadline: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """All that is to be known of one; a point of contact is chosen among `people`."""

    seen: Seen
    addressed: Addressed
    steps: tuple[StepDone, ...]
    people: tuple[PartnerPerson, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """`more`: not all renewals could be looked at."""

    notices: tuple[Notice, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultSeen:
    """The default of one partner; `is_own`: it is not the house's that falls to him."""

    tenant: str
    default: RenewalDefault
    is_own: bool
    people: tuple[PartnerPerson, ...]


def place_of(renewal: Renewal) -> RenewalPlace:
    """Where a calendar goes on after this one."""
    renews_on = renewal.reading.renews_on
    return RenewalPlace(renews_on="" if renews_on is None else renews_on.isoformat(), id=renewal.id)


class Eyes:
    """One person's, within one transaction."""

    def __init__(self, db: Connection, person: Person, policy: Policy, now: datetime) -> None:
        self._db = db
        self._person = person
        self._policy = policy
        self._now = now

    def calendar(
        self, first: date | None, last: date | None, after: RenewalPlace | None, limit: int
    ) -> tuple[Seen, ...]:
        """The soonest first, of those that these eyes may see: from today on, as far as one looks
        ahead, where no days are given."""
        renewals = self._policy.renewals
        if renewals is None:
            return ()
        first = first or self._now.astimezone(zone(renewals.schedule.time_zone)).date()
        last = last or first + timedelta(days=renewals.schedule.look_ahead)
        wanted = self._wanted(first, last)
        if wanted is None:
            return ()
        seen: list[Seen] = []
        while len(seen) < limit:
            found = store.listed(self._db, wanted, after, limit)
            shown = (self._seen(renewal, renewals) for renewal in found)
            seen.extend(one for one in shown if one.access.can_read)
            if len(found) < limit:
                break
            after = place_of(found[-1])
        return tuple(seen[:limit])

    def open(self, name: RenewalId) -> Opened | None:
        """None where there is none, or none that these eyes may see."""
        renewals = self._policy.renewals
        found = store.by_id(self._db, [name]).get(name)
        if renewals is None or found is None:
            return None
        seen = self._seen(found, renewals)
        if not seen.access.can_read:
            return None
        people = self._people(found.reading.tenant)
        return Opened(
            seen=seen,
            addressed=addressed(found, people, renewals),
            steps=store.steps_of(self._db, name),
            people=tuple(people.values()),
        )

    def preview(self, days: int) -> Previewed:
        """What falls due within these days as things stand, by the function that sends it."""
        renewals = self._policy.renewals
        if renewals is None:
            return Previewed(notices=(), more=False)
        schedule, today = renewals.schedule, self._now.date()
        furthest = days + schedule.deadline + max(schedule.reminders) + 1
        last = today + timedelta(days=furthest)
        seen = self.calendar(today - timedelta(days=1), last, None, MOST_PREVIEWED)
        done = store.steps_done(self._db, [one.renewal.id for one in seen])
        people = {t: self._people(t) for t in {one.renewal.reading.tenant for one in seen}}
        until = self._now + timedelta(days=days)
        found = [
            notice
            for one in seen
            for notice in coming(
                one.renewal,
                done_of(done, one.renewal),
                people[one.renewal.reading.tenant],
                renewals,
                zone_of(one.renewal, renewals),
                self._now,
                until,
            )
        ]
        found.sort(key=lambda notice: (notice.due.at, notice.renewal.id))
        return Previewed(notices=tuple(found), more=len(seen) == MOST_PREVIEWED)

    def default(self, tenant: str) -> DefaultSeen | Reason:
        """The setting for all clients of this partner, or why there is none (REN-01)."""
        refused = partner_status(tenant, self._policy)
        renewals = self._policy.renewals
        if refused is not None or renewals is None:
            return refused or _NONE
        return DefaultSeen(
            tenant=tenant,
            default=renewals.default_of(tenant),
            is_own=tenant == "" or renewals.own_default(tenant) is not None,
            people=tuple(self._people(tenant).values()),
        )

    def _seen(self, renewal: Renewal, renewals: Renewals) -> Seen:
        renews_on = renewal.reading.renews_on
        return Seen(
            renewal=renewal,
            owner=owner_now(renewal.override, renewal.reading.tenant, renewals),
            access=access_to(self._person, facts_of(renewal, renewals), self._policy),
            deadline=None if renews_on is None else deadline(renews_on, renewals.schedule),
        )

    def _people(self, tenant: str) -> Mapping[str, PartnerPerson]:
        people: Directory = directory(self._db, self._policy.crm)
        return partner_people(tenant, self._policy, people, inactive_people(self._db, self._policy))

    def _wanted(self, first: date, last: date) -> RenewalsWanted | None:
        """What narrows a list before the access function decides; None: nothing is for them."""
        person = self._person
        match person.kind:
            case PersonKind.EMPLOYEE:
                role = self._policy.employees.get(EmployeeId(person.id))
                return _of_employee(person.id, None if role is None else role.role, first, last)
            case PersonKind.SERVICE:
                return RenewalsWanted(first=first, last=last)
            case PersonKind.PARTNER_USER | PersonKind.RESELLER_USER:
                tenants = frozenset({person.tenant})
                return RenewalsWanted(tenants=tenants, first=first, last=last)
            case PersonKind.CLIENT:
                return None
        assert_never(person.kind)


def _of_employee(id: str, role: Role | None, first: date, last: date) -> RenewalsWanted | None:
    if role in (Role.MANAGER, Role.QUALITY_CONTROL):
        return RenewalsWanted(first=first, last=last)
    if role is Role.SALESPERSON:
        return RenewalsWanted(notify=id, first=first, last=last)
    return None
