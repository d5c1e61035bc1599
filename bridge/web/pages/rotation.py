"""Whose turn it is: each pool with its members' shares, what they are owed, and its last turns."""

from flask import Response

from bridge.pipeline.rotation import pool_ledger, pool_names
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.pages.asking import asked
from bridge.web.pages.visiting import Visit
from bridge.web.problems import not_found


def show(visit: Visit) -> Response:
    """`?pool=` names it; the first one when not given."""
    visit.principal.require(Scope.ADMIN)
    names = pool_names(visit.policy)
    with reading(visit.site.parts.engine) as db:
        found = pool_ledger(db, visit.policy, asked("pool") or names[0], visit.now)
    if found is None:
        raise not_found("pool")
    return visit.render("rotation.html", ledger=found, pools=names)
