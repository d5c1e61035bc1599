"""How the partner side stands: the programme, accounts, users with what keeps them from leads,
queues, and who may be given one. What pages, API and commands show alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from sqlalchemy import Connection

from bridge.domain.crm_partners import CrmPartnerUser, SharingSetting
from bridge.domain.names import CrmId, EmployeeId, PartnerName, QueueName
from bridge.domain.partner_candidates import (
    against_account,
    against_programme,
    against_queue,
    against_user,
    manager_of_account,
)
from bridge.domain.partner_enabling import enabling_id
from bridge.domain.partner_leads import PartnerLead
from bridge.domain.people import Role
from bridge.domain.principals import PersonKind, tenant_of_partner
from bridge.domain.programme import EnablingKind, ReviewState
from bridge.domain.programme_switching import CONFIRMATION
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.partnering.looking import Looker
from bridge.store import partner_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationStanding:
    name: str
    is_sandbox: bool
    edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewStanding:
    """`settings` and `unread` are to be looked through: what people outside can see."""

    state: ReviewState
    settings: tuple[SharingSetting, ...]
    unread: tuple[str, ...]
    ended_at: datetime | None
    ended_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeStanding:
    """`confirmation` is what has to be typed to switch it on; the organisation's name besides where
    `names_organisation`. `read_at` is when the partner side was last read from the CRM."""

    is_on: bool
    since: datetime | None
    by: str
    version: int
    organisation: OrganisationStanding | None
    confirmation: str
    names_organisation: bool
    review: ReviewStanding
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablingStanding:
    """Asked for here, done in the CRM, observed."""

    asked_by: str
    asked_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStanding:
    """`is_partner` of null: this CRM has no such mark. `against` says what keeps its people from
    leads."""

    name: PartnerName
    label: str
    crm_id: CrmId
    crm_name: str
    is_partner: bool | None
    channel_manager: EmployeeId | None
    users: int
    open_leads: int
    against: Reason | None
    can_be_enabled: bool
    enabling: EnablingStanding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """`holds` of null: the CRM does not say, so it stands in nobody's way."""

    name: str
    holds: bool | None
    to_do: str  # where it does not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStanding:
    """`against` is the first thing that keeps him from being given leads."""

    user: EmployeeId
    name: str
    account: PartnerName
    profile: str
    signed_in_at: datetime | None
    preconditions: tuple[Precondition, ...]
    against: Reason | None
    can_be_enabled: bool
    enabling: EnablingStanding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStanding:
    """`members` are those of them whom one may know."""

    name: QueueName
    label: str
    members: tuple[EmployeeId, ...]
    waiting: int
    against: Reason | None


class CandidateKind(StrEnum):
    PARTNER_USER = "partner_user"
    QUEUE = "queue"
    EMPLOYEE = "employee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`id` is an e-mail address or a queue's key."""

    kind: CandidateKind
    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOffered:
    """Somebody of that kind who can't be given leads, or not this one, and why."""

    id: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    candidates: tuple[Choice, ...]
    not_offered: tuple[NotOffered, ...]


def programme_standing(eyes: Looker) -> ProgrammeStanding:
    programme, side = eyes.state.programme, eyes.state.side
    found = side.organisation
    review = programme.review
    sharing = review.sharing if programme.is_on else side.sharing
    return ProgrammeStanding(
        is_on=programme.is_on,
        since=programme.since,
        by=programme.by,
        version=programme.version,
        organisation=None
        if found is None
        else OrganisationStanding(
            name=found.name, is_sandbox=found.is_sandbox, edition=found.edition
        ),
        confirmation=CONFIRMATION,
        names_organisation=found is not None and not found.is_sandbox,
        review=ReviewStanding(
            state=review.state,
            settings=sharing.settings,
            unread=sharing.unread,
            ended_at=review.ended_at,
            ended_by=review.ended_by,
        ),
        read_at=side.read_at,
    )


def account_standings(db: Connection, eyes: Looker) -> tuple[AccountStanding, ...]:
    counts = partner_counts.open_by_tenant(db)
    seen = eyes.accounts
    return tuple(
        _account(eyes, name, counts.get(tenant_of_partner(name), 0))
        for name in eyes.partners.accounts
        if name in seen
    )


def user_standings(eyes: Looker, account: str = "") -> tuple[UserStanding, ...]:
    users = eyes.partners.users
    return tuple(_user(eyes, x) for x in eyes.users if account in ("", users[x].account))


def queue_standings(db: Connection, eyes: Looker) -> tuple[QueueStanding, ...]:
    counts, known = partner_counts.waiting(db), set(eyes.users)
    return tuple(
        QueueStanding(
            name=name,
            label=eyes.partners.queues[name].label,
            members=tuple(x for x in eyes.partners.queues[name].members if x in known),
            waiting=counts.get(name, 0),
            against=against_queue(name, None, eyes.facts, eyes.partners),
        )
        for name in eyes.queues
    )


def choices(eyes: Looker, kind: CandidateKind, lead: PartnerLead | None = None) -> Choices:
    """The owner picker: of the kind that was chosen only those who may be given it (PRM-17)."""
    asked = _asked(eyes, kind)
    found = [(one, _against(eyes, one, lead)) for one in asked]
    return Choices(
        candidates=tuple(one for one, against in found if against is None),
        not_offered=tuple(
            NotOffered(id=one.id, reason=against) for one, against in found if against is not None
        ),
    )


def _asked(eyes: Looker, kind: CandidateKind) -> Iterator[Choice]:
    match kind:
        case CandidateKind.PARTNER_USER:
            return (Choice(kind=kind, id=x, label=_name(eyes, x)) for x in eyes.users)
        case CandidateKind.QUEUE:
            labels = {name: eyes.partners.queues[name].label for name in _giving_queues(eyes)}
            return (Choice(kind=kind, id=name, label=label) for name, label in labels.items())
        case CandidateKind.EMPLOYEE:
            return _employees(eyes)
    assert_never(kind)


def _against(eyes: Looker, one: Choice, lead: PartnerLead | None) -> Reason | None:
    match one.kind:
        case CandidateKind.PARTNER_USER:
            return against_user(EmployeeId(one.id), lead, eyes.facts, eyes.partners)
        case CandidateKind.QUEUE:
            return against_queue(QueueName(one.id), lead, eyes.facts, eyes.partners)
        case CandidateKind.EMPLOYEE:
            return None
    assert_never(one.kind)


def _giving_queues(eyes: Looker) -> Iterator[QueueName]:
    """A channel manager gives to those queues alone whose members are all his business."""
    users = set(eyes.users)
    for name in eyes.queues:
        if eyes.reads_all or set(eyes.partners.queues[name].members) <= users:
            yield name


def _employees(eyes: Looker) -> Iterator[Choice]:
    """Active ones who work with clients; a channel manager takes leads back to himself alone."""
    for person in sorted(eyes.directory.people, key=lambda x: x.email):
        may = eyes.policy.employee(person.email).may_write_at_all and person.active
        if may and (eyes.reads_all or person.email == eyes.person.id):
            label = person.name or person.email
            yield Choice(kind=CandidateKind.EMPLOYEE, id=person.email, label=label)


def is_channel_manager(eyes: Looker) -> bool:
    """A salesperson who owns partner accounts in the CRM."""
    is_employee = eyes.person.kind is PersonKind.EMPLOYEE
    role = eyes.policy.employee(EmployeeId(eyes.person.id)).role
    return is_employee and role is Role.SALESPERSON and bool(eyes.accounts)


def _account(eyes: Looker, name: PartnerName, open_leads: int) -> AccountStanding:
    entry = eyes.partners.accounts[name]
    known = eyes.state.side.account(entry.crm_id)
    against = _against_account(eyes, name)
    return AccountStanding(
        name=name,
        label=entry.label,
        crm_id=entry.crm_id,
        crm_name="" if known is None else known.name,
        is_partner=None if known is None else known.is_partner,
        channel_manager=manager_of_account(entry.crm_id, eyes.state.side, eyes.directory),
        users=sum(user.account == name for user in eyes.partners.users.values()),
        open_leads=open_leads,
        against=against,
        can_be_enabled=against is not None and against.code is ReasonCode.PARTNER_NOT_ENABLED,
        enabling=_enabling(eyes, EnablingKind.ACCOUNT, name, None),
    )


def _against_account(eyes: Looker, name: PartnerName) -> Reason | None:
    off = against_programme(eyes.state.programme)
    return off or against_account(name, eyes.state.side, eyes.partners)


def _user(eyes: Looker, user: EmployeeId) -> UserStanding:
    account = eyes.partners.users[user].account
    known = eyes.state.side.user(user)
    against = against_user(user, None, eyes.facts, eyes.partners)
    is_contact = known is not None and not (known.crm_id is not None and known.active)
    return UserStanding(
        user=user,
        name=_name(eyes, user),
        account=account,
        profile="" if known is None else known.profile,
        signed_in_at=None if known is None else known.signed_in_at,
        preconditions=tuple(_preconditions(known)),
        against=against,
        can_be_enabled=is_contact and _against_account(eyes, account) is None,
        enabling=_enabling(eyes, EnablingKind.USER, account, user),
    )


def _preconditions(known: CrmPartnerUser | None) -> Iterator[Precondition]:
    """PRM-18 to PRM-20, in the order in which they are asked for."""
    if known is None:
        to_do = "Add him to the partner's account in the CRM as a contact"
        yield Precondition(name="known", holds=False, to_do=to_do)
        return
    checks = (
        ("user", known.crm_id is not None, "Enable the contact as a partner user in the CRM"),
        ("member", known.is_member, "Add his profile or a permission set to the community"),
        ("published", known.is_published, "Publish the community, so that others can see it"),
        ("active", known.active, "Activate his user in the CRM"),
        ("signed_in", known.has_signed_in, "Ask him to sign in to the community once"),
    )
    for name, holds, to_do in checks:
        yield Precondition(name=name, holds=holds, to_do="" if holds is not False else to_do)


def _enabling(
    eyes: Looker, kind: EnablingKind, account: PartnerName, user: EmployeeId | None
) -> EnablingStanding | None:
    wanted = enabling_id(kind, account, user)
    found = next((one for one in eyes.state.enablings if one.id == wanted), None)
    if found is None:
        return None
    return EnablingStanding(asked_by=found.asked_by, asked_at=found.asked_at, done_at=found.done_at)


def _name(eyes: Looker, user: EmployeeId) -> str:
    known = eyes.state.side.user(user)
    return user if known is None or not known.name else known.name
