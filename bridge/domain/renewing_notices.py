"""A notice of one renewal: who gets it and what becomes of it, the same for preview and sending."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from bridge.domain.renewing import Renewal, RenewalOwner
from bridge.domain.renewing_changes import StepOutcome
from bridge.domain.renewing_ownership import OwnerNow, owner_now
from bridge.domain.renewing_people import PartnerPerson
from bridge.domain.renewing_policy import Renewals
from bridge.domain.renewing_recipients import Recipients, recipients
from bridge.domain.renewing_schedule import Due, StepKind, still_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """Whom a notice of this renewal goes to now, and on whose word."""

    owner: OwnerNow
    recipients: Recipients

    @property
    def outcome(self) -> StepOutcome:
        if self.recipients.problem is not None:
            return StepOutcome.FLAGGED
        is_vendors = self.owner.owner is RenewalOwner.VENDOR
        return StepOutcome.LOGGED if is_vendors else StepOutcome.SENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    renewal: Renewal
    due: Due
    addressed: Addressed


def addressed(
    renewal: Renewal, people: Mapping[str, PartnerPerson], renewals: Renewals
) -> Addressed:
    owner = owner_now(renewal.override, renewal.reading.tenant, renewals)
    return Addressed(owner=owner, recipients=recipients(renewal, owner, people, renewals))


def coming(
    renewal: Renewal,
    done: frozenset[str],
    people: Mapping[str, PartnerPerson],
    renewals: Renewals,
    zone: tzinfo,
    now: datetime,
    until: datetime,
) -> Iterator[Notice]:
    """The notices of this renewal that fall due up to then, as things stand now."""
    for due in still_due(renewal, done, renewals.schedule, zone, now):
        if due.step.kind is StepKind.NOTICE and due.at <= until.astimezone(UTC):
            yield Notice(renewal=renewal, due=due, addressed=addressed(renewal, people, renewals))
