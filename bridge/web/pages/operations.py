"""How the house stands, on one page that renews itself; and trying again what is held."""

from flask import Response, make_response, redirect

from bridge.domain.names import AccountName
from bridge.pipeline.resuming import resume
from bridge.store.keys import Scope
from bridge.web.operations import operations
from bridge.web.pages.operations_words import FLOWS, LINKS, WAYS, size, span, told
from bridge.web.pages.visiting import Visit
from bridge.web.problems import not_found


def show(visit: Visit) -> Response:
    visit.principal.require_overseer()
    found = operations(visit.site.parts, tells_all=visit.principal.is_admin)
    return visit.render(
        "operations.html",
        found=found,
        problems=[told(problem) for problem in found.problems],
        flows=FLOWS,
        links=LINKS,
        ways=WAYS,
        span=span,
        size=size,
        kinds=_kinds(found.readiness.processes),
    )


def try_again(visit: Visit, account: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    if not resume(visit.site.parts, AccountName(account), visit.who):
        raise not_found("paused account")
    return make_response(redirect("/operations", 303))


def _kinds(processes: tuple[str, ...]) -> dict[str, int]:
    """How many there are of each kind."""
    found = {"web": 0, "worker": 0, "clock": 0}
    for process in processes:
        kind = process.partition(" ")[0]
        found[kind] = found.get(kind, 0) + 1
    return found
