"""Dead letters: what a person has to decide about, one by one or many at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Response, make_response, redirect, request
from sqlalchemy import Connection

from bridge.pipeline.dead import Box, DeadLetter, dead_letter, drop, replay, take_back_drop
from bridge.pipeline.replaying import steps_of
from bridge.store import audit
from bridge.store.audit import Deed, NewLine
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.web.details import detail as shown
from bridge.web.languages import _, _n
from bridge.web.letters import (
    LetterPlace,
    body_of,
    find_letters,
    headline_of,
    name_of_letter,
    place_after,
)
from bridge.web.masking import without_secrets
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.visiting import Visit
from bridge.web.problems import invalid, not_found

MOST_AT_ONCE = 100
_LONGEST_NAMES = 4096  # of those whose drop may be taken back, in the address


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """What would become of one of the chosen."""

    name: str
    letter: DeadLetter
    headline: str
    detail: str


def show_all(visit: Visit) -> Response:
    """`?dropped=` names those whose drop may be taken back."""
    visit.principal.require_overseer()
    start = begin(visit, LetterPlace, "dead") or LetterPlace(box=Box.INBOX, after=0)
    with reading(visit.site.parts.engine) as db:
        found = find_letters(db, start, both=True, limit=PAGE + 1)
    return visit.render(
        "dead_letters.html",
        letters=found[:PAGE],
        headlines=[headline_of(letter) for letter in found[:PAGE]],
        next_page=address_of_next(visit, place_after(found, PAGE), "dead"),
        dropped=asked("dropped"),
        done=_done(asked("done"), asked("many")),
    )


def show(visit: Visit, box: str, letter: str) -> Response:
    visit.principal.require_overseer()
    with reading(visit.site.parts.engine) as db:
        found = dead_letter(db, *name_of_letter(box, letter))
    if found is None:
        raise not_found("dead letter")
    return visit.render("dead_letter.html", letter=found, headline=headline_of(found), raw=None)


def show_raw(visit: Visit, box: str, letter: str) -> Response:
    """The request as it came, without secrets; who reads it stands in the audit log."""
    visit.principal.require(Scope.ADMIN)
    name = name_of_letter(box, letter)
    with writing(visit.site.parts.engine) as db:
        found = dead_letter(db, *name)
        body = None if found is None else body_of(found)
        if found is None or body is None:
            raise not_found("request")
        line = NewLine(who=visit.who, deed=Deed.RAW_READ, object=f"{box}:{letter}")
        audit.note(db, [line], visit.now)
    shown = without_secrets(body, visit.site.parts.active())
    return visit.render("dead_letter.html", letter=found, headline=headline_of(found), raw=shown)


def try_again(visit: Visit, box: str, letter: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    if not replay(visit.site.parts, *name_of_letter(box, letter), visit.who):
        raise not_found("dead letter")
    return _back(done="replay", many=1)


def give_up(visit: Visit, box: str, letter: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    name = name_of_letter(box, letter)
    if not drop(visit.site.parts, *name, visit.who):
        raise not_found("dead letter")
    return _back(done="drop", many=1, dropped=_undoable([name]))


def choose_many(visit: Visit) -> Response:
    """First what would be done to each of the chosen; nothing is, until `step` is `do`."""
    visit.principal.require(Scope.ADMIN)
    action = request.form.get("action", "")
    if action not in ("replay", "drop"):
        raise invalid("is replay or drop", field="action")
    names = _chosen()
    if request.form.get("step") == "do":
        return _do_many(visit, action, names)
    with reading(visit.site.parts.engine) as db:
        fates = list(_fates(db, action, names))
    return visit.render(
        "dead_letters_bulk.html", action=action, fates=fates, gone=len(names) - len(fates)
    )


def take_back(visit: Visit) -> Response:
    """Of what somebody dropped."""
    visit.principal.require(Scope.ADMIN)
    names = [name_of_letter(*_split(one)) for one in request.form.get("dropped", "").split()]
    wanted = names[:MOST_AT_ONCE]
    undone = [one for one in wanted if take_back_drop(visit.site.parts, *one, visit.who)]
    if not undone:
        raise not_found("dropped dead letter")
    return _back(done="undo", many=len(undone))


def _do_many(visit: Visit, action: str, names: Sequence[tuple[Box, int]]) -> Response:
    """Those that somebody else has decided about meanwhile are left alone."""
    act = replay if action == "replay" else drop
    done = [name for name in names if act(visit.site.parts, *name, visit.who)]
    dropped = _undoable(done) if action == "drop" else ""
    return _back(done=action, many=len(done), dropped=dropped)


def _chosen() -> list[tuple[Box, int]]:
    given = request.form.getlist("letter")
    if not given:
        raise invalid("choose at least one dead letter", field="letter")
    if len(given) > MOST_AT_ONCE:
        raise invalid(f"choose at most {MOST_AT_ONCE} at once", field="letter")
    return list(dict.fromkeys(name_of_letter(*_split(one)) for one in given))


def _split(name: str) -> tuple[str, str]:
    box, _, letter = name.partition(":")
    return box, letter


def _fates(db: Connection, action: str, names: Sequence[tuple[Box, int]]) -> Iterator[_Fate]:
    for box, number in names:
        letter = dead_letter(db, box, number)
        if letter is None:
            continue
        name = f"{box}:{number}"
        detail = shown(steps_of(db, name)[0].detail) if action == "replay" else _dropping(letter)
        yield _Fate(name=name, letter=letter, headline=headline_of(letter), detail=detail)


def _dropping(letter: DeadLetter) -> str:
    if letter.box is Box.INBOX:
        return _("will not be decided; this can be taken back")
    return _("will not be done, nor what is pointless without it; this can be taken back")


def _undoable(names: Sequence[tuple[Box, int]]) -> str:
    dropped = " ".join(f"{box}:{number}" for box, number in names)
    return dropped if len(dropped) <= _LONGEST_NAMES else ""


def _back(*, done: str, many: int, dropped: str = "") -> Response:
    said = {"done": done, "many": many} | ({"dropped": dropped} if dropped else {})
    return make_response(redirect(f"/dead-letters?{urlencode(said)}", 303))


def _done(done: str, many: str) -> str:
    """What was just done, in words; empty where nothing was."""
    count = int(many) if many.isascii() and many.isdigit() and len(many) < 5 else 0
    match done:
        case "replay":
            return _n("%(num)d is tried again", "%(num)d are tried again", count)
        case "drop":
            return _n("%(num)d was dropped", "%(num)d were dropped", count)
        case "undo":
            return _n("%(num)d is a dead letter again", "%(num)d are dead letters again", count)
        case _:
            return ""
