"""/erasures: clients who are to be forgotten, and who has been. Only for managers."""

from dataclasses import dataclass

from bridge.domain.names import ConversationId
from bridge.pipeline.erasing import Erased, erase
from bridge.pipeline.refusals import Refusal
from bridge.store import erasures
from bridge.store.engine import reading
from bridge.store.erasures import Erasure, Report
from bridge.store.keys import Scope
from bridge.web.api.acting import Actor, acting_employee, refused
from bridge.web.api.conversations import check_readable
from bridge.web.api.routing import Call, Nothing, get, write

SHOWN = 200


class Wish(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`only_try`: says what would be erased, and changes nothing."""

    only_try: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedShape:
    """`left` is what is not the bridge's to erase, and what to do about it."""

    report: Report
    left: tuple[str, ...]
    only_tried: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasures:
    items: tuple[Erasure, ...]


def forget(call: Call, body: Wish) -> ErasedShape:
    employee = acting_employee(call, body.employee)
    check_readable(call, employee, call.path["id"])
    where = ConversationId(call.path["id"])
    answer = erase(call.site.parts, employee.id, where, only_try=body.only_try)
    if isinstance(answer, Refusal):
        raise refused(answer)
    return _shape(answer)


def list_newest(call: Call, _: Nothing) -> Erasures:
    with reading(call.site.parts.engine) as db:
        return Erasures(items=erasures.newest(db, SHOWN))


def _shape(answer: Erased) -> ErasedShape:
    return ErasedShape(report=answer.report, left=answer.left, only_tried=answer.tried)


ROUTES = (
    write(
        "POST",
        "/conversations/{id}/erase",
        forget,
        Wish,
        ErasedShape,
        "Erases this client with all his conversations, and empties our entries in the CRM",
        Scope.ADMIN,
    ),
    get(
        "/erasures",
        list_newest,
        Nothing,
        Erasures,
        "Who was erased, by our own ids, when and at whose request; the newest 200",
        Scope.ADMIN,
    ),
)
