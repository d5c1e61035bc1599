"""The configuration's history: who changed what when and why, and the way back."""

from dataclasses import dataclass

from flask import Response, request

from bridge.pipeline.changing.drafts import Content
from bridge.pipeline.following import BY_HAND
from bridge.policy.proposing import changed_files
from bridge.store import config_changes as store
from bridge.store.audit import Way
from bridge.store.config_changes import Change
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.languages import _
from bridge.web.pages.asking import PAGE, address_of_next, begin
from bridge.web.pages.settings.reviewing import (
    file_diffs,
    names_of,
    require_reader,
    review_content,
    trouble,
)
from bridge.web.pages.visiting import Visit
from bridge.web.problems import not_found

_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`files` are those that differ from the change before."""

    change: Change
    by: str
    files: tuple[str, ...]


def show_all(visit: Visit) -> Response:
    require_reader(visit)
    start = begin(visit, _Place, "changes")
    with reading(visit.site.parts.engine) as db:
        found = store.changes(db, start.before if start else None, PAGE + 1)
    more = _Place(before=found[PAGE - 1].id) if len(found) > PAGE else None
    lines = tuple(_line(one, found[n + 1 : n + 2]) for n, one in enumerate(found[:PAGE]))
    return visit.render(
        "settings/changes.html",
        lines=lines,
        trouble=trouble(visit),
        names=names_of(visit),
        next_page=address_of_next(visit, more, "changes"),
    )


def show(visit: Visit, name: str) -> Response:
    require_reader(visit)
    with reading(visit.site.parts.engine) as db:
        change = _change(visit, name)
        former = next(iter(store.changes(db, before=change.id, limit=1)), None)
        last = store.last_change(db)
        files = changed_files(store.contents_of(db, former), store.contents_of(db, change))
    return visit.render(
        "settings/change.html",
        line=_line(change, (former,) if former else ()),
        former=former,
        is_last=last is not None and last.id == change.id,
        diffs=file_diffs(files),
        names=names_of(visit),
        was_saved="saved" in request.args,
        can_save=visit.principal.is_admin,
    )


def go_back(visit: Visit, name: str) -> Response:
    """To the review of having all files as they were after this change."""
    visit.principal.require(Scope.ADMIN)
    change = _change(visit, name)
    address = f"/settings/changes/{change.id}"
    return review_content(visit, Content(back_to=change.id, address=address))


def _change(visit: Visit, name: str) -> Change:
    is_number = name.isascii() and name.isdigit() and len(name) <= _LONGEST_NUMBER
    with reading(visit.site.parts.engine) as db:
        found = store.change(db, int(name)) if is_number else None
    if found is None:
        raise not_found("change")
    return found


def _line(change: Change, former: tuple[Change, ...]) -> Line:
    before = former[0].manifest if former else {}
    names = sorted({*before, *change.manifest})
    files = tuple(n for n in names if before.get(n) != change.manifest.get(n))
    return Line(change=change, by=_by(change), files=files)


def _by(change: Change) -> str:
    if change.actor:
        return change.actor.partition(":")[2] or change.actor
    if change.way == BY_HAND:
        return _("By hand, in the folder")
    return _("A command on the server") if change.way == Way.COMMAND else ""
