"""Deliveries: what was ordered of vendors, and what they answered to each attempt."""

import secrets
from dataclasses import dataclass

from flask import Response, make_response, redirect

from bridge.domain.names import AccountName, ConversationId, digest_id
from bridge.pipeline.testing_webhook import post_test
from bridge.store import deliveries
from bridge.store.deliveries import Wanted
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.outbox import State, is_dropped_by_hand
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.visiting import Visit
from bridge.web.problems import Problem, not_found
from bridge.web.wording import EFFECTS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    before: int


def show(visit: Visit) -> Response:
    """`account`, `state`, `kind` and `conversation` narrow it."""
    visit.principal.require_overseer()
    start = begin(visit, _Place, "deliveries")
    wanted = _wanted(start.before if start else None)
    with reading(visit.site.parts.engine) as db:
        found = deliveries.find(db, wanted)
    more = _Place(before=found[PAGE - 1].id) if len(found) > PAGE else None
    return visit.render(
        "deliveries.html",
        deliveries=found[:PAGE],
        asked={name: asked(name) for name in ("account", "state", "kind", "conversation")},
        accounts=sorted(visit.policy.accounts),
        states=[state.value for state in State],
        kinds=EFFECTS,
        webhook=visit.policy.webhook,
        next_page=address_of_next(visit, more, "deliveries"),
    )


def show_one(visit: Visit, number: str) -> Response:
    visit.principal.require_overseer()
    known = number.isascii() and number.isdigit() and len(number) < 19
    with reading(visit.site.parts.engine) as db:
        found = deliveries.one(db, int(number)) if known else None
    if found is None:
        raise not_found("delivery")
    may_take_back = visit.principal.is_admin and is_dropped_by_hand(found.state, found.reason)
    return visit.render("delivery.html", one=found, may_take_back=may_take_back)


def try_webhook(visit: Visit) -> Response:
    """Posts a test to the house's webhook, and shows what becomes of it."""
    visit.principal.require(Scope.ADMIN)
    key = digest_id("rq", "page", secrets.token_hex(16))
    refusal = post_test(visit.site.parts, visit.employee, key, visit.who)
    if refusal is not None:
        raise Problem(refusal.status, refusal.reason)
    return make_response(redirect(f"/deliveries?account={visit.policy.webhook}", 303))


def _wanted(before: int | None) -> Wanted:
    """A state that there is none of narrows it to nothing else than all."""
    account, state, conversation = asked("account"), asked("state"), asked("conversation")
    return Wanted(
        account=AccountName(account) if account else None,
        state=State(state) if state in tuple(State) else None,
        kind=asked("kind"),
        conversation=ConversationId(conversation) if conversation else None,
        before=before,
        limit=PAGE + 1,
    )
