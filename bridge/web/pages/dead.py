"""Dead letters: what a person has to decide about."""

from flask import Response, make_response, redirect

from bridge.pipeline.dead import Box, dead_letter, drop, replay
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.letters import (
    LetterPlace,
    body_of,
    find_letters,
    headline_of,
    name_of_letter,
    place_after,
)
from bridge.web.pages.asking import PAGE, address_of_next, begin
from bridge.web.pages.visiting import Visit
from bridge.web.problems import not_found


def show_all(visit: Visit) -> Response:
    visit.principal.require(Scope.ADMIN)
    start = begin(visit, LetterPlace, "dead") or LetterPlace(box=Box.INBOX, after=0)
    with reading(visit.site.parts.engine) as db:
        found = find_letters(db, start, both=True, limit=PAGE + 1)
    return visit.render(
        "dead_letters.html",
        letters=found[:PAGE],
        headlines=[headline_of(letter) for letter in found[:PAGE]],
        next_page=address_of_next(visit, place_after(found, PAGE), "dead"),
    )


def show(visit: Visit, box: str, letter: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    with reading(visit.site.parts.engine) as db:
        found = dead_letter(db, *name_of_letter(box, letter))
    if found is None:
        raise not_found("dead letter")
    return visit.render(
        "dead_letter.html", letter=found, headline=headline_of(found), body=body_of(found)
    )


def try_again(visit: Visit, box: str, letter: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    if not replay(visit.site.parts, *name_of_letter(box, letter), visit.who):
        raise not_found("dead letter")
    return make_response(redirect("/dead-letters", 303))


def give_up(visit: Visit, box: str, letter: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    if not drop(visit.site.parts, *name_of_letter(box, letter), visit.who):
        raise not_found("dead letter")
    return make_response(redirect("/dead-letters", 303))
