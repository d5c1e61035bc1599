"""/operations: how the house stands. For managers and quality control."""

from bridge.domain.names import AccountName
from bridge.pipeline.resuming import resume
from bridge.store.keys import Scope
from bridge.web.api.routing import Call, Nothing, get, write
from bridge.web.api.shapes import Done
from bridge.web.operations import Operations, operations
from bridge.web.problems import not_found


def look(call: Call, _: Nothing) -> Operations:
    call.principal.require_overseer()
    return operations(call.site.parts, tells_all=call.principal.is_admin)


def resume_one(call: Call, _: Nothing) -> Done:
    if not resume(call.site.parts, AccountName(call.path["account"]), call.who):
        raise not_found("paused account")
    return Done()


ROUTES = (
    get(
        "/operations",
        look,
        Nothing,
        Operations,
        "How lanes, accounts, processes, queue and configuration stand, and what is wrong",
    ),
    write(
        "POST",
        "/operations/accounts/{account}/resume",
        resume_one,
        Nothing,
        Done,
        "Tries again at once what is held or paused for this account",
        Scope.ADMIN,
    ),
)
