"""/renewals: the calendar, one client's owner and state, who gets what and why, the defaults."""

from datetime import date
from typing import Annotated

import msgspec
from sqlalchemy import Connection

from bridge.domain.names import EmployeeId
from bridge.domain.principals import Person, PersonKind
from bridge.domain.renewing import (
    OwnerChoice,
    RenewalId,
    RenewalOwner,
    RenewalWord,
)
from bridge.domain.renewing_policy import RenewalDefault
from bridge.pipeline.refusals import Refusal
from bridge.pipeline.renewals import desk
from bridge.pipeline.renewals.defaults import Edit, edit_default, may_edit, may_read
from bridge.pipeline.renewals.viewing import DefaultSeen, Eyes, place_of
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.renewals import RenewalPlace
from bridge.web.api.acting import Actor, acting_employee, refused
from bridge.web.api.paging import go_on, start
from bridge.web.api.renewal_shapes import (
    DefaultShape,
    OpenedShape,
    PersonShape,
    PreviewShape,
    RenewalShape,
    shape_of,
    shape_of_notice,
    shape_of_opened,
)
from bridge.web.api.routing import Call, Nothing, Page, Paging, get, write
from bridge.web.auth import PEOPLE
from bridge.web.problems import Problem, not_found

Days = Annotated[int, msgspec.Meta(ge=1, le=400)]


class CalendarQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`first` and `last` are days, both included; from today as far as the look-ahead when they
    are not given."""

    first: date | None = None
    last: date | None = None


class PreviewQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    days: Days = 30


class TenantQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`tenant`: `partner:` or `reseller:` and his key; the house's own without it, or, for a user
    of a partner, his own."""

    tenant: str = ""


class OwnerSet(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`version` is the one that was read; `notify` the point of contact of this client."""

    owner: OwnerChoice
    version: int
    notify: str | None = None


class WordGiven(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`renews_on` is the date that it is said of; `handled`: the partner is at it."""

    says: RenewalWord
    renews_on: date
    version: int


class DefaultSet(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`config` is the configuration that was read."""

    owner: RenewalOwner
    config: str
    notify: str | None = None
    tenant: str = ""


def calendar(call: Call, query: CalendarQuery) -> Page[RenewalShape]:
    of = f"renewals {query.first} {query.last}"
    after = start(call, query, RenewalPlace, of)
    with reading(call.site.parts.engine) as db:
        eyes = _eyes(call, db)
        found = eyes.calendar(query.first, query.last, after, query.limit + 1)
    shown = found[: query.limit]
    more = len(found) > query.limit
    return Page(
        items=tuple(shape_of(one) for one in shown),
        next=go_on(call, place_of(shown[-1].renewal) if more else None, of),
    )


def show(call: Call, query: Nothing) -> OpenedShape:
    with reading(call.site.parts.engine) as db:
        found = _eyes(call, db).open(RenewalId(call.path["id"]))
    if found is None:
        raise not_found("renewal")
    return shape_of_opened(found)


def preview(call: Call, query: PreviewQuery) -> PreviewShape:
    with reading(call.site.parts.engine) as db:
        found = _eyes(call, db).preview(query.days)
    return PreviewShape(notices=tuple(shape_of_notice(x) for x in found.notices), more=found.more)


def set_owner(call: Call, body: OwnerSet) -> OpenedShape:
    word = _word(call, body, body.version)
    name = RenewalId(call.path["id"])
    _done(desk.set_owner(call.site.parts, word, name, body.owner, body.notify))
    return show(call, Nothing())


def say(call: Call, body: WordGiven) -> OpenedShape:
    word = _word(call, body, body.version)
    name = RenewalId(call.path["id"])
    _done(desk.say(call.site.parts, word, name, body.says, body.renews_on))
    return show(call, Nothing())


def default(call: Call, query: TenantQuery) -> DefaultShape:
    return _default(call, query.tenant or call.principal.person.tenant)


def set_default(call: Call, body: DefaultSet) -> DefaultShape:
    person = _person(call, body)
    tenant = body.tenant or person.tenant
    edit = Edit(
        tenant=tenant,
        default=RenewalDefault(owner=body.owner, notify=(body.notify or "").lower() or None),
        seen=body.config,
        by=person,
    )
    _done(edit_default(call.site.parts, edit))
    return _default(call, tenant)


def _default(call: Call, tenant: str) -> DefaultShape:
    person, policy = call.principal.person, call.site.policy
    if not may_read(person, tenant, policy):
        raise not_found("setting")
    active = call.site.parts.active()
    with reading(call.site.parts.engine) as db:
        found = Eyes(db, person, active.policy, call.now).default(tenant)
    if not isinstance(found, DefaultSeen):
        raise Problem(desk.status_of(found.code), found)
    return DefaultShape(
        tenant=tenant,
        owner=found.default.owner,
        notify=found.default.notify,
        own=found.is_own,
        can_write=may_edit(person, tenant, policy),
        config=active.hash,
        people=tuple(PersonShape(email=x.email, against=x.against) for x in found.people),
    )


def _eyes(call: Call, db: Connection) -> Eyes:
    return Eyes(db, call.principal.person, call.site.policy, call.now)


def _person(call: Call, body: Actor) -> Person:
    """Whose word it is: a partner's user speaks for himself, a service for an employee."""
    person = call.principal.person
    if person.kind in (PersonKind.PARTNER_USER, PersonKind.RESELLER_USER):
        return person
    employee = acting_employee(call, body.employee)
    return Person(kind=PersonKind.EMPLOYEE, id=EmployeeId(employee.id))


def _word(call: Call, body: Actor, seen: int) -> desk.Word:
    return desk.Word(person=_person(call, body), seen=seen, key=call.key)


def _done(answer: Refusal | None) -> None:
    if answer is not None:
        raise refused(answer)


ROUTES = (
    get(
        "/renewals",
        calendar,
        CalendarQuery,
        Page[RenewalShape],
        "The calendar of coming renewals, the soonest first",
        kinds=PEOPLE,
    ),
    get(
        "/renewals/preview",
        preview,
        PreviewQuery,
        PreviewShape,
        "Who gets which notice within the next days, and why; sends nothing",
        kinds=PEOPLE,
    ),
    get(
        "/renewals/default",
        default,
        TenantQuery,
        DefaultShape,
        "Who owns the renewal process of all clients without a setting of their own",
        kinds=PEOPLE,
    ),
    write(
        "PUT",
        "/renewals/default",
        set_default,
        DefaultSet,
        DefaultShape,
        "Sets it, in renewals.yaml; 409 where the configuration has moved",
        Scope.SEND,
        kinds=PEOPLE,
    ),
    get(
        "/renewals/{id}",
        show,
        Nothing,
        OpenedShape,
        "One client's renewal: owner, date, state, whom a notice would go to now, what was sent",
        kinds=PEOPLE,
    ),
    write(
        "PUT",
        "/renewals/{id}",
        set_owner,
        OwnerSet,
        OpenedShape,
        "Sets who owns the renewal process of this client; 409 where somebody was faster",
        Scope.SEND,
        kinds=PEOPLE,
    ),
    write(
        "POST",
        "/renewals/{id}/state",
        say,
        WordGiven,
        OpenedShape,
        "Says how far this renewal is; `renewed`, `confirmed` and who leaves stop the reminders",
        Scope.SEND,
        kinds=PEOPLE,
    ),
)
