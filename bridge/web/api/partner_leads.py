"""/partners/leads: who has which; given out one by one or in bulk, taken, accepted, declined."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec

from bridge.domain.names import PartnerLeadId
from bridge.domain.partner_leads import OPEN, LeadState
from bridge.domain.principals import Person, PersonKind
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.house import Outcome
from bridge.pipeline.partnering import acting, bulk
from bridge.pipeline.partnering.acting import Asked, Order
from bridge.pipeline.partnering.bulk import Bulk
from bridge.pipeline.partnering.looking import LeadPlace, lead_seen, leads_seen, wanted_of
from bridge.pipeline.partnering.ordering import order_for
from bridge.pipeline.parts import Parts
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.api.acting import Actor
from bridge.web.api.paging import go_on, start
from bridge.web.api.partners import AND_PARTNERS, asked_by
from bridge.web.api.routing import Call, Nothing, Page, Paging, get, write
from bridge.web.partnering import LeadShape, check, checked, eyes_of, lead_named, lead_shape
from bridge.web.problems import forbidden, invalid, not_found

PARTNERS_ALONE = frozenset({PersonKind.PARTNER_USER, PersonKind.SERVICE})
LeadIds = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=bulk.MOST)]


class LeadsQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`account`, `user`, `queue` narrow it to those that are with them; without `state` and `all`
    only open ones are listed. `new`: those that their partner's user has not looked at."""

    account: str = ""
    user: str = ""
    queue: str = ""
    state: LeadState | None = None
    all: bool = False
    new: bool = False
    batch: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one. `round_robin` names queues and users, who get leads in turn."""

    user: str = ""
    queue: str = ""
    round_robin: tuple[str, ...] = ()
    employee: str = ""
    rules: bool = False


class Assignment(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`notify`: whether the new owner gets a mail; null: as partners.yaml says. `seen` is the
    `version` that was looked at: refused with 409 where the lead has changed since."""

    to: Target
    notify: bool | None = None
    seen: int | None = None


class BulkAssignment(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`seen` names the versions that were looked at, by the leads' ids."""

    leads: LeadIds
    to: Target
    notify: bool | None = None
    seen: Mapping[str, int] = {}
    dry_run: bool = False


class OfPartner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`user` is the e-mail of the partner's user that a service acts for."""

    user: str | None = None


class Declining(OfPartner, frozen=True, kw_only=True, forbid_unknown_fields=True):
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadAnswer:
    """The lead as it is now; null where it is none of one's business any more."""

    lead: LeadShape | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAnswer:
    """`batch` is what the assignment is undone by, empty of a dry run."""

    dry_run: bool
    batch: str
    results: tuple[bulk.LeadResult, ...]


def list_leads(call: Call, query: LeadsQuery) -> Page[LeadShape]:
    of = f"partner leads {msgspec.json.encode(msgspec.structs.replace(query, cursor='')).decode()}"
    begin = start(call, query, LeadPlace, of)
    wanted = wanted_of(
        account=query.account,
        user=query.user,
        queue=query.queue,
        states=_states(query),
        batch=query.batch,
        unopened=query.new,
    )
    with reading(call.site.parts.engine) as db:
        eyes = eyes_of(db, call.site.policy, call.principal)
        found = leads_seen(db, eyes, wanted, begin, query.limit)
    items = tuple(lead_shape(eyes, lead) for lead in found.leads)
    return Page(items=items, next=go_on(call, found.next, of))


def show_lead(call: Call, _: Nothing) -> LeadShape:
    with reading(call.site.parts.engine) as db:
        eyes = eyes_of(db, call.site.policy, call.principal)
        return lead_shape(eyes, lead_named(db, eyes, call.path["id"]))


def assign(call: Call, body: Assignment) -> LeadAnswer:
    asked, lead = asked_by(call, body), PartnerLeadId(call.path["id"])
    order = _order(call, body.to, body.notify, body.seen)
    check(acting.assign(call.site.parts, asked, lead, order))
    return _answer(call)


def assign_many(call: Call, body: BulkAssignment) -> BulkAnswer:
    asked = asked_by(call, body)
    order = _order(call, body.to, body.notify, None)
    leads = [PartnerLeadId(one) for one in body.leads]
    seen = {PartnerLeadId(one): version for one, version in body.seen.items()}
    done = bulk.assign_many(call.site.parts, asked, leads, order, seen=seen, dry_run=body.dry_run)
    return _bulk(done, dry_run=body.dry_run)


def undo(call: Call, body: Actor) -> BulkAnswer:
    done = bulk.undo(call.site.parts, asked_by(call, body), call.path["batch"])
    if not done.results:
        raise not_found("bulk assignment, or all its leads were moved since")
    return _bulk(done, dry_run=False)


def take(call: Call, body: OfPartner) -> LeadAnswer:
    return _partner_does(call, body, acting.take)


def accept(call: Call, body: OfPartner) -> LeadAnswer:
    return _partner_does(call, body, acting.accept)


def decline(call: Call, body: Declining) -> LeadAnswer:
    def declined(parts: Parts, asked: Asked, lead: PartnerLeadId) -> Outcome:
        return acting.decline(parts, asked, lead, body.why)

    return _partner_does(call, body, declined)


def _partner_does(
    call: Call, body: OfPartner, act: Callable[[Parts, Asked, PartnerLeadId], Outcome]
) -> LeadAnswer:
    asked = Asked(by=_partner_user(call, body.user), key=call.key)
    check(act(call.site.parts, asked, PartnerLeadId(call.path["id"])))
    return _answer(call)


def _partner_user(call: Call, named: str | None) -> Person:
    """Himself, or whom a service names."""
    person = call.principal.person
    if not call.principal.is_service:
        if named is not None and named.lower() != person.id:
            detail = "this key is a partner user's own; only a service acts for others"
            raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))
        return person
    if not named:
        raise invalid("a service says for which partner's user it acts", field="$.user")
    found = call.site.policy.person(PersonKind.PARTNER_USER, named.strip().lower())
    if found is None:
        raise invalid("is no partner's user in partners.yaml", field="$.user")
    return found


def _states(query: LeadsQuery) -> frozenset[LeadState]:
    if query.state is not None:
        return frozenset({query.state})
    return frozenset() if query.all else OPEN


def _order(call: Call, to: Target, notify: bool | None, seen: int | None) -> Order:
    order = order_for(
        call.site.policy.partners,
        user=to.user,
        queue=to.queue,
        round_robin=to.round_robin,
        employee=to.employee,
        by_rules=to.rules,
        notify=notify,
        seen=seen,
    )
    return checked(order, "$.to")


def _answer(call: Call) -> LeadAnswer:
    with reading(call.site.parts.engine) as db:
        eyes = eyes_of(db, call.site.policy, call.principal)
        found = lead_seen(db, eyes, call.path["id"])
    return LeadAnswer(lead=None if found is None else lead_shape(eyes, found))


def _bulk(done: Bulk, *, dry_run: bool) -> BulkAnswer:
    return BulkAnswer(dry_run=dry_run, batch=done.batch, results=done.results)


ROUTES = (
    get(
        "/partners/leads",
        list_leads,
        LeadsQuery,
        Page[LeadShape],
        "Leads of the partner programme that one may read, the latest given out first",
        kinds=AND_PARTNERS,
    ),
    get(
        "/partners/leads/{id}",
        show_lead,
        Nothing,
        LeadShape,
        "One lead: whose it is, since when, how it got there",
        kinds=AND_PARTNERS,
    ),
    write(
        "POST",
        "/partners/leads/{id}/assign",
        assign,
        Assignment,
        LeadAnswer,
        "Gives a lead to a partner's user, a queue, some in turn, an employee, or by the rules",
        Scope.SEND,
    ),
    write(
        "POST",
        "/partners/leads/assign",
        assign_many,
        BulkAssignment,
        BulkAnswer,
        f"Gives out up to {bulk.MOST} leads, each with a result of its own; `dry_run` only says",
        Scope.SEND,
    ),
    write(
        "POST",
        "/partners/batches/{batch}/undo",
        undo,
        Actor,
        BulkAnswer,
        "Gives the leads of a bulk assignment back, where nobody has moved them since",
        Scope.SEND,
    ),
    write(
        "POST",
        "/partners/leads/{id}/take",
        take,
        OfPartner,
        LeadAnswer,
        "A partner's user takes a lead out of a queue; of several exactly one gets it",
        Scope.SEND,
        kinds=PARTNERS_ALONE,
    ),
    write(
        "POST",
        "/partners/leads/{id}/accept",
        accept,
        OfPartner,
        LeadAnswer,
        "A partner's user accepts a lead that is offered to him",
        Scope.SEND,
        kinds=PARTNERS_ALONE,
    ),
    write(
        "POST",
        "/partners/leads/{id}/decline",
        decline,
        Declining,
        LeadAnswer,
        "A partner's user declines a lead, saying why; he is never offered it again",
        Scope.SEND,
        kinds=PARTNERS_ALONE,
    ),
)
