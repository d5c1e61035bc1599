"""/partners: the programme, partner accounts and their users, queues, who may be given leads."""

import msgspec

from bridge.domain.names import EmployeeId, PartnerName
from bridge.domain.principals import Person, PersonKind
from bridge.domain.programme import Details
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.acting import Asked
from bridge.pipeline.partnering.looking import Looker
from bridge.pipeline.partnering.reporting import Report, report
from bridge.pipeline.partnering.standing import (
    AccountStanding,
    CandidateKind,
    Choices,
    ProgrammeStanding,
    QueueStanding,
    UserStanding,
    account_standings,
    choices,
    programme_standing,
    queue_standings,
    user_standings,
)
from bridge.sheets.writing import CONTENT_TYPE
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.api.acting import Actor, acting_employee
from bridge.web.api.export import Format
from bridge.web.api.routing import Call, Download, Nothing, Page, get, write
from bridge.web.auth import HOUSE
from bridge.web.partner_report import CSV_NAME, report_table
from bridge.web.partnering import check, eyes_of, lead_named
from bridge.web.problems import not_found

AND_PARTNERS = HOUSE | {PersonKind.PARTNER_USER}


class SwitchOn(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`confirmation` and `organisation` are to be typed as `GET /partners/programme` asks."""

    confirmation: str
    organisation: str = ""


class EndReview(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`changed`: something was corrected in the CRM (finish); else nothing needs changing (cancel).
    `seen` is the `version` of the programme that was looked at."""

    changed: bool
    seen: int


class Enable(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of a user `confirmed` says that the details were looked at and are right."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    profile: str = ""
    confirmed: bool = False


class UsersQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    account: str = ""


class CandidatesQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`lead`: who may be given this one; who has declined it may not."""

    kind: CandidateKind
    lead: str = ""


class ReportQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    account: str = ""
    format: Format = "json"


def programme(call: Call, _: Nothing) -> ProgrammeStanding:
    with reading(call.site.parts.engine) as db:
        return _programme(call, eyes_of(db, call.site.policy, call.principal))


def switch_on(call: Call, body: SwitchOn) -> ProgrammeStanding:
    asked = asked_by(call, body)
    check(acting.switch_on(call.site.parts, asked, body.confirmation, body.organisation))
    return programme(call, Nothing())


def switch_off(call: Call, body: Actor) -> ProgrammeStanding:
    check(acting.switch_off(call.site.parts, asked_by(call, body)))
    return programme(call, Nothing())


def end_review(call: Call, body: EndReview) -> ProgrammeStanding:
    asked = asked_by(call, body)
    check(acting.end_review(call.site.parts, asked, changed=body.changed, seen=body.seen))
    return programme(call, Nothing())


def accounts(call: Call, _: Nothing) -> Page[AccountStanding]:
    with reading(call.site.parts.engine) as db:
        eyes = eyes_of(db, call.site.policy, call.principal)
        return Page(items=account_standings(db, eyes), next=None)


def enable_account(call: Call, body: Actor) -> AccountStanding:
    name = PartnerName(call.path["name"])
    check(acting.ask_to_enable_account(call.site.parts, asked_by(call, body), name))
    found = accounts(call, Nothing()).items
    return next(one for one in found if one.name == name)


def users(call: Call, query: UsersQuery) -> Page[UserStanding]:
    with reading(call.site.parts.engine) as db:
        eyes = eyes_of(db, call.site.policy, call.principal)
        return Page(items=user_standings(eyes, query.account), next=None)


def enable_user(call: Call, body: Enable) -> UserStanding:
    user = EmployeeId(call.path["user"].strip().lower())
    account = call.site.policy.partners.account_of(user)
    if account is None:
        raise not_found("partner's user")
    details = Details(
        first_name=body.first_name.strip(),
        last_name=body.last_name.strip(),
        email=body.email.strip(),
        profile=body.profile.strip(),
    )
    check(
        acting.ask_to_enable_user(
            call.site.parts,
            asked_by(call, body),
            account,
            user,
            details,
            confirmed=body.confirmed,
        )
    )
    found = users(call, UsersQuery(account=account)).items
    return next(one for one in found if one.user == user)


def queues(call: Call, _: Nothing) -> Page[QueueStanding]:
    with reading(call.site.parts.engine) as db:
        eyes = eyes_of(db, call.site.policy, call.principal)
        return Page(items=queue_standings(db, eyes), next=None)


def candidates(call: Call, query: CandidatesQuery) -> Choices:
    with reading(call.site.parts.engine) as db:
        eyes = eyes_of(db, call.site.policy, call.principal)
        lead = lead_named(db, eyes, query.lead) if query.lead else None
        return choices(eyes, query.kind, lead)


def show_report(call: Call, query: ReportQuery) -> Report | Download:
    with reading(call.site.parts.engine) as db:
        eyes = eyes_of(db, call.site.policy, call.principal)
        if query.account and query.account not in eyes.accounts:
            raise not_found("partner account")
        found = report(db, eyes, query.account)
    if query.format == "json":
        return found
    return Download(name=CSV_NAME, content_type=CONTENT_TYPE, body=report_table(found))


def asked_by(call: Call, body: Actor) -> Asked:
    """An employee, himself or whom a service names."""
    employee = acting_employee(call, body.employee)
    return Asked(by=Person(kind=PersonKind.EMPLOYEE, id=employee.id), key=call.key)


def _programme(call: Call, eyes: Looker) -> ProgrammeStanding:
    granted = eyes.programme_access()
    if not granted.can_read:
        raise not_found("partner programme")
    return programme_standing(eyes)


ROUTES = (
    get(
        "/partners/programme",
        programme,
        Nothing,
        ProgrammeStanding,
        "The partner programme: whether it is on, what switching it on asks for, its review list",
    ),
    write(
        "POST",
        "/partners/programme/switch-on",
        switch_on,
        SwitchOn,
        ProgrammeStanding,
        "Switches the partner programme on, for good",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/partners/programme/switch-off",
        switch_off,
        Actor,
        ProgrammeStanding,
        "Is always refused, with the reason: there is no way back",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/partners/programme/review",
        end_review,
        EndReview,
        ProgrammeStanding,
        "Ends the review of what partners can see",
        Scope.ADMIN,
    ),
    get(
        "/partners/accounts",
        accounts,
        Nothing,
        Page[AccountStanding],
        "Partner accounts with their channel managers; those that are one's business, on one page",
    ),
    write(
        "POST",
        "/partners/accounts/{name}/enable",
        enable_account,
        Actor,
        AccountStanding,
        "Asks the CRM's admin to enable an account as a partner",
        Scope.ADMIN,
    ),
    get(
        "/partners/users",
        users,
        UsersQuery,
        Page[UserStanding],
        "Partners' users, what each still needs before he can be given leads; all on one page",
    ),
    write(
        "POST",
        "/partners/users/{user}/enable",
        enable_user,
        Enable,
        UserStanding,
        "Asks the CRM's admin to enable a contact as a partner user; the details are confirmed",
        Scope.ADMIN,
    ),
    get(
        "/partners/queues",
        queues,
        Nothing,
        Page[QueueStanding],
        "Queues, who may take from them, and how many leads wait; all on one page",
        kinds=AND_PARTNERS,
    ),
    get(
        "/partners/candidates",
        candidates,
        CandidatesQuery,
        Choices,
        "Whom one may give a lead to, of one kind, and who of that kind can't be given it and why",
    ),
    get(
        "/partners/report",
        show_report,
        ReportQuery,
        Report,
        "Which partner works on which open leads, since when, and how they got there",
        also=("text/csv",),
    ),
)
