"""A client who is to be forgotten: what there is of him, then the deed."""

from flask import Response, make_response, redirect, request

from bridge.domain.names import ConversationId
from bridge.pipeline.erasing import Erased, erase
from bridge.pipeline.refusals import Refusal
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.chatview import open_chat, title_of
from bridge.web.pages.visiting import Visit
from bridge.web.problems import Problem, invalid


def show(visit: Visit, name: str) -> Response:
    """What would be erased."""
    visit.principal.require(Scope.ADMIN)
    with reading(visit.site.parts.engine) as db:
        chat, _ = open_chat(db, visit.viewer(db), name)
    tried = _erase(visit, name, only_try=True)
    return visit.render("erase.html", chat=chat, title=title_of(chat), erased=tried)


def forget(visit: Visit, name: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    with reading(visit.site.parts.engine) as db:
        open_chat(db, visit.viewer(db), name)
    if request.form.get("sure") != "yes":
        raise invalid("tick the box to say that you are sure", field="sure")
    _erase(visit, name, only_try=False)
    return make_response(redirect(f"/conversations/{name}", 303))


def _erase(visit: Visit, name: str, *, only_try: bool) -> Erased:
    answer = erase(visit.site.parts, visit.employee, ConversationId(name), only_try=only_try)
    if isinstance(answer, Refusal):
        raise Problem(answer.status, answer.reason)
    return answer
