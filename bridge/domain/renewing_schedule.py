"""When notices of a renewal are due: days before its deadline, at an hour of a place."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from bridge.domain.renewing import Renewal, RenewalState
from bridge.domain.renewing_policy import RenewalSchedule


class StepKind(StrEnum):
    NOTICE = "notice"
    SAFETY = "safety"  # managers are told that a partner has not reacted


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`days` before the deadline."""

    kind: StepKind
    days: int

    @property
    def name(self) -> str:
        return f"{self.days}d" if self.kind is StepKind.NOTICE else f"safety-{self.days}d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    step: Step
    day: date
    at: datetime


def steps(schedule: RenewalSchedule) -> tuple[Step, ...]:
    """In the order in which they fall due."""
    notices = [Step(kind=StepKind.NOTICE, days=days) for days in schedule.reminders]
    safety = [Step(kind=StepKind.SAFETY, days=schedule.safety)] if schedule.safety else []
    return tuple(sorted((*notices, *safety), key=lambda step: (-step.days, step.kind)))


def step_named(name: str, schedule: RenewalSchedule) -> Step | None:
    return next((step for step in steps(schedule) if step.name == name), None)


def deadline(renews_on: date, schedule: RenewalSchedule) -> date:
    """The last day on which something can be done about it."""
    return renews_on - timedelta(days=schedule.deadline)


def day_of(step: Step, renews_on: date, schedule: RenewalSchedule) -> date:
    return deadline(renews_on, schedule) - timedelta(days=step.days)


def moment(day: date, schedule: RenewalSchedule, zone: tzinfo) -> datetime:
    """An hour that summer time leaves out comes as much later, one that it repeats is the first."""
    at = time.fromisoformat(schedule.at)
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def all_due(renewal: Renewal, schedule: RenewalSchedule, zone: tzinfo) -> tuple[Due, ...]:
    """Of the date as it is now; none where there is nothing to remind of."""
    renews_on = renewal.reading.renews_on
    if renews_on is None or renewal.reading.gone or renewal.state is not RenewalState.PENDING:
        return ()
    days = ((step, day_of(step, renews_on, schedule)) for step in steps(schedule))
    return tuple(Due(step=step, day=day, at=moment(day, schedule, zone)) for step, day in days)


def still_due(
    renewal: Renewal,
    done: Collection[str],
    schedule: RenewalSchedule,
    zone: tzinfo,
    now: datetime,
) -> tuple[Due, ...]:
    """What is to come, or is due and not done: of several that were missed the latest alone, and
    none any more when the renewal's own day has passed."""
    renews_on = renewal.reading.renews_on
    if renews_on is None or now.astimezone(zone).date() > renews_on:
        return ()
    found = all_due(renewal, schedule, zone)
    return tuple(
        sorted(
            (due for kind in StepKind for due in _of_kind(kind, found, done, now)),
            key=lambda due: (due.at, due.step.kind),
        )
    )


def _of_kind(
    kind: StepKind, found: tuple[Due, ...], done: Collection[str], now: datetime
) -> Iterator[Due]:
    mine = [due for due in found if due.step.kind is kind]
    passed = [due for due in mine if due.at <= now]
    if passed and passed[-1].step.name not in done:
        yield passed[-1]
    yield from (due for due in mine if due.at > now and due.step.name not in done)
