"""/activity: what happened on the channel side, for those whose business it is."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.names import EmployeeId
from bridge.domain.reasons import Reason
from bridge.domain.subjects import SubjectKind
from bridge.store.engine import reading
from bridge.store.mirror import directory
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Page, Paging, get
from bridge.web.auth import PEOPLE
from bridge.web.business import BusinessPlace, Happening, Onlooker, list_business


class ActivityQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`subject` narrows it to one: `lead:`, `client:` or `renewal:` and its id; `partner` to what
    is the business of one partner account, by its key."""

    subject: str = ""
    partner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectShape:
    kind: SubjectKind
    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HappeningShape:
    """`what` is for people, `event` and `verdict` for programs. `reason.detail` is empty, and
    `target` null, where they would tell of other partners' people."""

    id: str
    what: str
    event: str
    verdict: str
    subject: SubjectShape | None
    target: EmployeeId | None
    reason: Reason
    at: datetime


def list_all(call: Call, query: ActivityQuery) -> Page[HappeningShape]:
    of = f"activity {query.subject} {query.partner}"
    begin = start(call, query, BusinessPlace, of)
    with reading(call.site.parts.engine) as db:
        policy = call.site.policy
        people = directory(db, policy.crm)
        onlooker = Onlooker(person=call.principal.person, policy=policy, directory=people)
        found = list_business(db, onlooker, query.subject, begin, query.limit, query.partner)
    items = tuple(_shape(one) for one in found.happenings)
    return Page(items=items, next=go_on(call, found.next, of))


def _shape(one: Happening) -> HappeningShape:
    subject = one.subject
    return HappeningShape(
        id=str(one.id),
        what=one.what,
        event=one.event,
        verdict=one.verdict,
        subject=None
        if subject is None
        else SubjectShape(kind=subject.kind, id=subject.id, label=subject.label),
        target=one.target,
        reason=one.headline,
        at=one.at,
    )


ROUTES = (
    get(
        "/activity",
        list_all,
        ActivityQuery,
        Page[HappeningShape],
        "What happened to leads, clients and renewals that are one's business",
        kinds=PEOPLE,
    ),
)
