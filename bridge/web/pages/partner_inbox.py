"""A partner's user and his leads: what is offered to him, what is his, what he may take."""

import secrets
from collections.abc import Callable, Mapping

from flask import Response, make_response, redirect, request

from bridge.domain.names import PartnerLeadId, digest_id
from bridge.domain.partner_leads import LeadState
from bridge.payload import storable
from bridge.pipeline.house import Outcome
from bridge.pipeline.partnering import acting
from bridge.pipeline.partnering.acting import Asked
from bridge.pipeline.partnering.looking import LeadPlace, lead_seen, leads_seen, wanted_of
from bridge.pipeline.parts import Parts
from bridge.store.engine import reading, writing
from bridge.store.partner_leads import note_opened
from bridge.web.business import list_business
from bridge.web.languages import Said, _l
from bridge.web.pages import business
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.notices import read_about
from bridge.web.pages.visiting import Visit
from bridge.web.partnering import check, eyes_of, is_new, lead_named, lead_shape

SHOWN = 10
"""So much of what happened to a lead stands on its page."""
SECTIONS: Mapping[str, frozenset[LeadState]] = {
    "offered": frozenset({LeadState.OFFERED}),
    "queued": frozenset({LeadState.QUEUED}),
    "accepted": frozenset({LeadState.ACCEPTED}),
    "over": frozenset({LeadState.CLOSED, LeadState.CONVERTED}),
}
DONE: Mapping[str, Said] = {
    "take": _l("The lead is yours: get in touch with the client."),
    "accept": _l("The lead is yours: get in touch with the client."),
    "decline": _l("You have declined the lead; it goes on to somebody else."),
}


def show(visit: Visit) -> Response:
    """Everything open, or with `?show=` one section whole."""
    one = asked("show") if asked("show") in SECTIONS else ""
    names = [one] if one else [name for name in SECTIONS if name != "over"]
    start = begin(visit, LeadPlace, "inbox") if one else None
    with reading(visit.site.parts.engine) as db:
        eyes = eyes_of(db, visit.policy, visit.principal)
        pages = {
            name: leads_seen(db, eyes, wanted_of(states=SECTIONS[name]), start, PAGE)
            for name in names
        }
    return visit.render(
        "partner_inbox.html",
        one=one,
        done=DONE.get(asked("done")),
        sections={
            name: tuple(lead_shape(eyes, lead) for lead in found.leads)
            for name, found in pages.items()
        },
        more={name for name, found in pages.items() if found.next is not None and not one},
        next_page=address_of_next(visit, pages[one].next, "inbox") if one else None,
        queues={name: visit.policy.partners.queues[name].label for name in eyes.queues},
        key=secrets.token_hex(16),
    )


def show_lead(visit: Visit, name: str) -> Response:
    """Who opens a lead of his own has seen it: it is not new in his inbox any more."""
    parts = visit.site.parts
    with reading(parts.engine) as db:
        eyes = eyes_of(db, visit.policy, visit.principal)
        lead = lead_named(db, eyes, name)
        looks_on = business.onlooker(visit, db)
        happened = list_business(db, looks_on, f"lead:{lead.id}", None, SHOWN)
    if is_new(lead) and lead.holder.is_user(visit.principal.person.id):
        with writing(parts.engine) as db:
            note_opened(db, lead, visit.now)
    read_about(visit, f"lead:{lead.id}")
    return visit.render(
        "partner_lead.html",
        lead=lead_shape(eyes, lead),
        happenings=happened.happenings,
        names={},
        done=DONE.get(asked("done")),
        key=secrets.token_hex(16),
    )


def take(visit: Visit, name: str) -> Response:
    return _does(visit, name, acting.take, "take")


def accept(visit: Visit, name: str) -> Response:
    return _does(visit, name, acting.accept, "accept")


def decline(visit: Visit, name: str) -> Response:
    why = storable(request.form.get("why", ""))

    def declined(parts: Parts, by: Asked, lead: PartnerLeadId) -> Outcome:
        return acting.decline(parts, by, lead, why)

    return _does(visit, name, declined, "decline")


def asked_by(visit: Visit) -> Asked:
    """The form's key: sent twice, it is done once."""
    given = storable(request.form.get("key", "")) or secrets.token_hex(16)
    return Asked(by=visit.principal.person, key=digest_id("pg", given))


def _does(
    visit: Visit, name: str, act: Callable[[Parts, Asked, PartnerLeadId], Outcome], deed: str
) -> Response:
    """Back to the lead while it is still his business, else to the inbox."""
    parts = visit.site.parts
    check(act(parts, asked_by(visit), PartnerLeadId(name)))
    with reading(parts.engine) as db:
        eyes = eyes_of(db, visit.policy, visit.principal)
        is_his = lead_seen(db, eyes, name) is not None
    where = f"/inbox/{name}" if is_his else "/inbox"
    return make_response(redirect(f"{where}?done={deed}", 303))
