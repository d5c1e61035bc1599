"""Whose client somebody is: what managers decide, and the contacts that were joined."""

import secrets

from flask import Response, make_response, redirect, request

from bridge.domain.names import ConversationId, RecordId, digest_id
from bridge.payload import storable
from bridge.pipeline import whose
from bridge.pipeline.pinning import pin
from bridge.pipeline.send import Refusal
from bridge.store import chats
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web import worklist
from bridge.web.chatview import title_of
from bridge.web.pages.asking import PAGE, address_of_next, begin
from bridge.web.pages.visiting import Visit
from bridge.web.problems import Problem, invalid

_MERGES = 20


def show(visit: Visit) -> Response:
    visit.principal.require(Scope.ADMIN)
    start = begin(visit, worklist.WorkPlace, "work")
    with reading(visit.site.parts.engine) as db:
        found = worklist.open_questions(db, start, PAGE + 1)
        joined = worklist.merges(db, None, _MERGES)
        directory = visit.viewer(db).directory
        people = chats.contacts_by_id(db, {y for x in joined for y in (x.survivor, x.absorbed)})
    return visit.render(
        "work.html",
        questions=found[:PAGE],
        titles=[title_of(one.chat) for one in found[:PAGE]],
        merges=joined,
        people=people,
        owner_names={one.crm_id: one.name for one in directory.people},
        key=secrets.token_hex(16),
        next_page=address_of_next(visit, worklist.place_after(found, PAGE), "work"),
    )


def choose(visit: Visit, name: str) -> Response:
    """`new` of the form: none of those who fit."""
    visit.principal.require(Scope.ADMIN)
    given = storable(request.form.get("contact", "")).strip()
    if not given and request.form.get("new") != "1":
        raise invalid("name a contact, or say that it is a new client", field="contact")
    contact = _named(visit, given) if given else None
    word = _word(visit, f"choose {name} {given}")
    return _back(visit, whose.choose(visit.site.parts, word, ConversationId(name), contact))


def pin_deal(visit: Visit, name: str) -> Response:
    """`deal` of the form is empty: none is pinned any more."""
    visit.principal.require(Scope.ADMIN)
    given = storable(request.form.get("deal", "")).strip()
    deal = RecordId(given) if given else None
    answer = pin(visit.site.parts, visit.employee, ConversationId(name), deal)
    if isinstance(answer, Refusal):
        raise Problem(answer.status, answer.reason)
    return make_response(redirect(f"/conversations/{name}", 303))


def join(visit: Visit, name: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    into = storable(request.form.get("into", "")).strip()
    word = _word(visit, f"join {name} {into}")
    answer = whose.join(visit.site.parts, word, _named(visit, into), _named(visit, name))
    return _back(visit, answer)


def part(visit: Visit, name: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    return _back(visit, whose.part(visit.site.parts, _word(visit, f"part {name}"), name))


def _named(visit: Visit, name: str) -> RecordId:
    with reading(visit.site.parts.engine) as db:
        return worklist.contact_named(db, name)


def _word(visit: Visit, deed: str) -> whose.Word:
    given = storable(request.form.get("key", "")) or secrets.token_hex(16)
    why = storable(request.form.get("why", "")).strip()
    return whose.Word(employee=visit.employee, why=why, key=digest_id("pg", given, deed))


def _back(visit: Visit, answer: Refusal | None) -> Response:
    if answer is not None:
        raise Problem(answer.status, answer.reason)
    return make_response(redirect("/work", 303))
