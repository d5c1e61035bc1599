"""Deliveries: what was ordered of vendors, and what they answered to each attempt."""

import secrets
from dataclasses import dataclass

from flask import Response, make_response, redirect

from bridge.domain.names import AccountName, digest_id
from bridge.pipeline.testing_webhook import post_test
from bridge.store import deliveries
from bridge.store.deliveries import Wanted
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.visiting import Visit
from bridge.web.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    before: int


def show(visit: Visit) -> Response:
    """`?account=` shows those of one account."""
    visit.principal.require(Scope.ADMIN)
    account = asked("account")
    start = begin(visit, _Place, "deliveries")
    wanted = Wanted(
        account=AccountName(account) if account else None,
        before=start.before if start else None,
        limit=PAGE + 1,
    )
    with reading(visit.site.parts.engine) as db:
        found = deliveries.find(db, wanted)
    more = _Place(before=found[PAGE - 1].id) if len(found) > PAGE else None
    return visit.render(
        "deliveries.html",
        deliveries=found[:PAGE],
        account=account,
        accounts=sorted(visit.policy.accounts),
        webhook=visit.policy.webhook,
        next_page=address_of_next(visit, more, "deliveries"),
    )


def try_webhook(visit: Visit) -> Response:
    """Posts a test to the house's webhook, and shows what becomes of it."""
    visit.principal.require(Scope.ADMIN)
    key = digest_id("rq", "page", secrets.token_hex(16))
    refusal = post_test(visit.site.parts, visit.employee, key)
    if refusal is not None:
        raise Problem(refusal.status, refusal.reason)
    return make_response(redirect(f"/deliveries?account={visit.policy.webhook}", 303))
