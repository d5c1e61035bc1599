"""Leads of the programme for managers and channel managers: who has which, and giving them out."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, make_response, redirect, request
from sqlalchemy import Connection

from bridge.domain.names import PartnerLeadId
from bridge.domain.partner_leads import OPEN, LeadState, PartnerLead
from bridge.payload import storable
from bridge.pipeline.partnering import acting, bulk
from bridge.pipeline.partnering.acting import Order
from bridge.pipeline.partnering.looking import (
    LeadPlace,
    Looker,
    lead_seen,
    leads_seen,
    wanted_of,
)
from bridge.pipeline.partnering.ordering import order_for
from bridge.pipeline.partnering.standing import CandidateKind, Choices, choices
from bridge.store import partner_leads
from bridge.store.engine import reading
from bridge.web.business import list_business
from bridge.web.pages import business
from bridge.web.pages.asking import address_of_next, asked, begin
from bridge.web.pages.lead_words import BY_RULES, IN_TURN, OWNER_KINDS
from bridge.web.pages.partner_inbox import SHOWN, asked_by
from bridge.web.pages.visiting import Visit
from bridge.web.partnering import check, checked, eyes_of, lead_named, lead_shape
from bridge.web.problems import invalid, not_found

_PAGE = 50
_MAIL = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """Whom a form offers, of the kind that was chosen."""

    kind: str
    offered: Choices
    notify: bool


def show(visit: Visit) -> Response:
    filters = {name: asked(name) for name in ("account", "user", "queue", "state")}
    state = filters["state"]
    wanted = wanted_of(
        account=filters["account"],
        user=filters["user"],
        queue=filters["queue"],
        states=frozenset({LeadState(state)}) if state in tuple(LeadState) else OPEN,
    )
    start = begin(visit, LeadPlace, "partner leads")
    with reading(visit.site.parts.engine) as db:
        eyes = eyes_on_partners(db, visit)
        found = leads_seen(db, eyes, wanted, start, _PAGE)
    return visit.render(
        "partner_leads.html",
        leads=tuple(lead_shape(eyes, lead) for lead in found.leads),
        asked=filters,
        names=names_of(eyes),
        reads_all=eyes.reads_all,
        accounts={x: visit.policy.partners.accounts[x].label for x in sorted(eyes.accounts)},
        users=eyes.users,
        queues={x: visit.policy.partners.queues[x].label for x in eyes.queues},
        states=tuple(LeadState),
        kinds=OWNER_KINDS,
        may_act=_may_act(visit),
        next_page=address_of_next(visit, found.next, "partner leads"),
    )


def show_lead(visit: Visit, name: str) -> Response:
    """`?kind=` is the kind of owner that is picked."""
    with reading(visit.site.parts.engine) as db:
        eyes = eyes_on_partners(db, visit)
        lead = lead_named(db, eyes, name)
        looks_on = business.onlooker(visit, db)
        happened = list_business(db, looks_on, f"lead:{lead.id}", None, SHOWN)
    return visit.render(
        "partner_lead.html",
        lead=lead_shape(eyes, lead),
        happenings=happened.happenings,
        names=names_of(eyes),
        picker=_picker(eyes, lead),
        kinds=OWNER_KINDS,
        key=secrets.token_hex(16),
    )


def assign(visit: Visit, name: str) -> Response:
    order = _order(visit, seen=_whole(request.form.get("seen", "")))
    check(acting.assign(visit.site.parts, asked_by(visit), PartnerLeadId(name), order))
    with reading(visit.site.parts.engine) as db:
        is_his = lead_seen(db, eyes_of(db, visit.policy, visit.principal), name) is not None
    return make_response(redirect(f"/partners/leads/{name}" if is_his else "/partners/leads", 303))


def choose_many(visit: Visit) -> Response:
    """The leads that were ticked, and whom to give them to."""
    with reading(visit.site.parts.engine) as db:
        eyes = eyes_on_partners(db, visit)
        leads = _ticked(db, eyes, request.args.getlist("lead"))
    if not leads:
        raise invalid("tick the leads first", field="lead", status=400)
    return visit.render(
        "partner_bulk.html",
        names=names_of(eyes),
        leads=tuple(lead_shape(eyes, lead) for lead in leads),
        picker=_picker(eyes, None),
        kinds=OWNER_KINDS,
        key=secrets.token_hex(16),
    )


def assign_many(visit: Visit) -> Response:
    """`step` of the form is `try`, which only says what would happen, or `do` (PRM-25)."""
    names = [PartnerLeadId(storable(one)) for one in request.form.getlist("lead")]
    if not 0 < len(names) <= bulk.MOST:
        raise invalid(f"tick 1 to {bulk.MOST} leads", field="lead", status=422)
    is_try = request.form.get("step") != "do"
    done = bulk.assign_many(
        visit.site.parts, asked_by(visit), names, _order(visit), seen=_seen(names), dry_run=is_try
    )
    return _results(visit, done, is_try=is_try)


def undo(visit: Visit, batch: str) -> Response:
    done = bulk.undo(visit.site.parts, asked_by(visit), storable(batch))
    return _results(visit, done, is_try=False, is_undo=True)


def eyes_on_partners(db: Connection, visit: Visit) -> Looker:
    """Problem 404 for an employee whose business partners are not."""
    eyes = eyes_of(db, visit.policy, visit.principal)
    if not (eyes.reads_all or eyes.accounts):
        raise not_found("page")
    return eyes


def names_of(eyes: Looker) -> dict[str, str]:
    """Of employees, and of those partners' users who are his business, by e-mail address."""
    own = set(eyes.users)
    known = {one.email: one.name for one in eyes.state.side.users if one.email in own}
    return known | {one.email: one.name for one in eyes.directory.people}


def _may_act(visit: Visit) -> bool:
    return visit.principal.employee.may_write_at_all


def _results(visit: Visit, done: bulk.Bulk, *, is_try: bool, is_undo: bool = False) -> Response:
    names = [one.lead for one in done.results]
    with reading(visit.site.parts.engine) as db:
        eyes = eyes_on_partners(db, visit)
        known = {lead.id: lead for lead in _ticked(db, eyes, names)}
    return visit.render(
        "partner_results.html",
        results=done.results,
        titles={name: lead.summary.name or name for name, lead in known.items()},
        batch=done.batch,
        is_try=is_try,
        is_undo=is_undo,
        form=tuple(
            (name, value)
            for name, value in request.form.items(multi=True)
            if name not in ("csrf", "step")
        ),
        key=secrets.token_hex(16),
    )


def _ticked(db: Connection, eyes: Looker, names: Sequence[str]) -> tuple[PartnerLead, ...]:
    """Those of them that he may read, each once."""
    wanted = [PartnerLeadId(storable(name)) for name in names[: bulk.MOST]]
    found = partner_leads.leads_by_id(db, wanted)
    unique = dict.fromkeys(wanted)
    return tuple(found[x] for x in unique if x in found and eyes.access(found[x]).can_read)


def _picker(eyes: Looker, lead: PartnerLead | None) -> Picker:
    kind = asked("kind") if asked("kind") in OWNER_KINDS else CandidateKind.PARTNER_USER.value
    notify = eyes.partners.email.notify
    if kind == BY_RULES:
        return Picker(kind=kind, offered=Choices(candidates=(), not_offered=()), notify=notify)
    if kind == IN_TURN:
        queues, users = (
            choices(eyes, one, lead) for one in (CandidateKind.QUEUE, CandidateKind.PARTNER_USER)
        )
        both = Choices(
            candidates=(*queues.candidates, *users.candidates),
            not_offered=(*queues.not_offered, *users.not_offered),
        )
        return Picker(kind=kind, offered=both, notify=notify)
    return Picker(kind=kind, offered=choices(eyes, CandidateKind(kind), lead), notify=notify)


def _order(visit: Visit, seen: int | None = None) -> Order:
    kind = request.form.get("kind", "")
    to = [storable(one).strip() for one in request.form.getlist("to") if one.strip()]
    one = to[0] if len(to) == 1 else ""
    order = order_for(
        visit.policy.partners,
        user=one if kind == CandidateKind.PARTNER_USER else "",
        queue=one if kind == CandidateKind.QUEUE else "",
        round_robin=to if kind == IN_TURN else (),
        employee=one if kind == CandidateKind.EMPLOYEE else "",
        by_rules=kind == BY_RULES,
        notify=_MAIL.get(request.form.get("notify", "no"), False),
        seen=seen,
    )
    return checked(order, "to")


def _seen(names: Sequence[PartnerLeadId]) -> dict[PartnerLeadId, int]:
    """The versions that he looked at: `seen` stands once for each `lead`, in their order."""
    versions = [_whole(one) for one in request.form.getlist("seen")]
    if len(versions) != len(names):
        return {}
    return {x: version for x, version in zip(names, versions, strict=True) if version is not None}


def _whole(given: str) -> int | None:
    is_number = given.isascii() and given.isdigit() and len(given) < 10
    return int(given) if is_number else None
