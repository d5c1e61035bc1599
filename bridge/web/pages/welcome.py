"""The first-run guide: from nothing to a first real message, each step told by what is."""

import secrets

from flask import Response, make_response, redirect, request

from bridge.domain.names import digest_id
from bridge.domain.people import Role
from bridge.payload import storable
from bridge.pipeline.doctor.people import check_people, check_pipelines
from bridge.pipeline.doctor.points import Health, Point
from bridge.pipeline.doctor.self_test import TEXT, first_channel
from bridge.pipeline.doctor.standing import check_standing
from bridge.pipeline.send import Refusal, SendRequest, send
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.auth import Principal
from bridge.web.cookies import is_https
from bridge.web.details import detail as shown
from bridge.web.first_steps import STARTER, Known, Progress, is_new, known, steps, tried_with
from bridge.web.languages import _
from bridge.web.pages.asking import asked
from bridge.web.pages.visiting import Visit, home_of
from bridge.web.site import Site

ADDRESS = "/welcome"
_SKIPPED = "bridge_welcome"
_SKIPPED_SECONDS = 90 * 24 * 3600


def show(visit: Visit) -> Response:
    visit.principal.require_overseer()
    return _page(visit)


def test(visit: Visit) -> Response:
    """Sends one message for real, to a number of one's own, through the usual send (NEW-09)."""
    visit.principal.require(Scope.ADMIN)
    phone = storable(request.form.get("phone", "")).strip()
    channel = first_channel(visit.policy)
    if channel is None:
        return _page(visit, refusal=_("There is no WhatsApp or Telegram channel to send it from."))
    sent = send(
        visit.site.parts,
        SendRequest(
            employee=visit.employee,
            to_phone=phone,
            messenger=visit.policy.channels[channel].messenger,
            channel=channel,
            text=TEXT,
            key=digest_id("wt", storable(request.form.get("key", "")) or secrets.token_hex(16)),
        ),
    )
    if isinstance(sent, Refusal):
        return _page(visit, phone=phone, refusal=shown(sent.reason.detail))
    return make_response(redirect(f"{ADDRESS}#test", 303))


def skip(visit: Visit) -> Response:
    """Does not begin here again in this browser."""
    answer = make_response(redirect("/conversations", 303))
    answer.set_cookie(
        _SKIPPED,
        "skipped",
        max_age=_SKIPPED_SECONDS,
        httponly=True,
        secure=is_https(visit.site),
        samesite="Lax",
    )
    return answer


def begin_of(site: Site, principal: Principal) -> str:
    """Where somebody begins: a manager here while nothing was ever said and he has not skipped it,
    everybody else at home."""
    if principal.employee.role is not Role.MANAGER or request.cookies.get(_SKIPPED):
        return home_of(principal)
    with reading(site.parts.engine) as db:
        return ADDRESS if is_new(db) else home_of(principal)


def _page(visit: Visit, *, phone: str = "", refusal: str = "") -> Response:
    with reading(visit.site.parts.engine) as db:
        facts = known(db, visit.site.parts)
        points = [point for point in _points(visit, facts, check_standing(db, visit.now))]
    found = steps(facts)
    sent = tried_with(facts)
    return visit.render(
        "welcome.html",
        422 if refusal else 200,
        facts=facts,
        starter=STARTER,
        steps=found,
        done=sum(step.progress is Progress.DONE for step in found),
        next_step=next((one.task for one in found if one.progress in _OPEN), None),
        sent=sent,
        points=points,
        phone=phone,
        refusal=refusal,
        key=secrets.token_hex(16),
        channel=first_channel(visit.policy),
        was_asked=bool(asked("asked")),
    )


_OPEN = (Progress.OPEN, Progress.WRONG)


def _points(visit: Visit, facts: Known, standing: tuple[Point, ...]) -> list[Point]:
    """What `bridge doctor --offline` would say is wrong."""
    people = check_people(visit.policy, facts.directory)
    pipelines = check_pipelines(visit.policy, facts.pipelines)
    return [p for p in (*people, *pipelines, *standing) if p.health is Health.WRONG]
