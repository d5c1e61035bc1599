"""The shapes in which the API shows renewals, their recipients and the notices that are coming."""

from dataclasses import dataclass
from datetime import date, datetime

from bridge.domain.crm_renewals import RenewalRole
from bridge.domain.reasons import Reason
from bridge.domain.renewing import (
    OwnerChoice,
    RenewalId,
    RenewalOrigin,
    RenewalOwner,
    RenewalState,
)
from bridge.domain.renewing_changes import StepOutcome
from bridge.domain.renewing_notices import Addressed, Notice
from bridge.domain.renewing_ownership import OwnerNow
from bridge.domain.renewing_policy import RenewalDefault
from bridge.domain.renewing_recipients import Recipient
from bridge.pipeline.renewals.viewing import Opened, Seen
from bridge.store.renewals import StepDone


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerShape:
    """`source` is `default` or `client`; `default` is what the default says now, in either case."""

    owner: RenewalOwner
    notify: str | None
    source: str
    default: RenewalDefault


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalShape:
    """`set` is what is set for this client. `version` is what a write has to name."""

    id: RenewalId
    tenant: str
    name: str
    contract: str
    renews_on: date | None
    deadline: date | None
    state: RenewalState
    handled: bool
    origin: RenewalOrigin
    owner: OwnerShape
    set: OwnerChoice
    can_write: bool
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientShape:
    """`roles` are those that a client's person has there; none for the partner's."""

    email: str
    copy: bool
    roles: tuple[RenewalRole, ...]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressedShape:
    """Whom a notice would go to now; `outcome` what would become of it, `problem` why nobody."""

    outcome: StepOutcome
    recipients: tuple[RecipientShape, ...]
    warnings: tuple[Reason, ...]
    problem: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonShape:
    """`against` says why he can't be notified; empty where he can."""

    email: str
    against: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedShape:
    renewal: RenewalShape
    next: AddressedShape
    steps: tuple[StepDone, ...]
    people: tuple[PersonShape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeShape:
    """What falls due `at`; `day` is that day where the client is."""

    renewal: RenewalId
    name: str
    renews_on: date | None
    step: str
    day: date
    at: datetime
    owner: OwnerShape
    addressed: AddressedShape


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewShape:
    """`more`: there are more renewals than could be looked at."""

    notices: tuple[NoticeShape, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultShape:
    """`own`: it is not the house's that falls to this partner. `config` is what a write names."""

    tenant: str
    owner: RenewalOwner
    notify: str | None
    own: bool
    can_write: bool
    config: str
    people: tuple[PersonShape, ...]


def shape_of(one: Seen) -> RenewalShape:
    reading = one.renewal.reading
    return RenewalShape(
        id=reading.id,
        tenant=reading.tenant,
        name=reading.name,
        contract=reading.contract,
        renews_on=reading.renews_on,
        deadline=one.deadline,
        state=one.renewal.state,
        handled=one.renewal.is_handled,
        origin=reading.origin,
        owner=_owner(one.owner),
        set=one.renewal.override.choice,
        can_write=one.access.can_write,
        version=one.renewal.version,
    )


def shape_of_opened(found: Opened) -> OpenedShape:
    return OpenedShape(
        renewal=shape_of(found.seen),
        next=_addressed(found.addressed),
        steps=found.steps,
        people=tuple(PersonShape(email=x.email, against=x.against) for x in found.people),
    )


def shape_of_notice(notice: Notice) -> NoticeShape:
    reading = notice.renewal.reading
    return NoticeShape(
        renewal=reading.id,
        name=reading.name,
        renews_on=reading.renews_on,
        step=notice.due.step.name,
        day=notice.due.day,
        at=notice.due.at,
        owner=_owner(notice.addressed.owner),
        addressed=_addressed(notice.addressed),
    )


def _addressed(found: Addressed) -> AddressedShape:
    recipients = found.recipients
    return AddressedShape(
        outcome=found.outcome,
        recipients=tuple(_recipient(person) for person in recipients.people),
        warnings=recipients.warnings,
        problem=recipients.problem,
    )


def _recipient(person: Recipient) -> RecipientShape:
    return RecipientShape(
        email=person.email, copy=person.is_copy, roles=person.roles, reason=person.reason
    )


def _owner(owner: OwnerNow) -> OwnerShape:
    return OwnerShape(
        owner=owner.owner, notify=owner.notify, source=owner.source, default=owner.default
    )
