"""The one page on which every change of the YAML is looked at before it counts.

A settings page ends with `return review(visit, edits, "/settings/people")`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import Response, make_response, redirect, render_template, request

from bridge.domain.errors import ConfigError
from bridge.domain.people import Role
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.changing import drafts
from bridge.pipeline.changing.drafts import Content, Draft, Opened
from bridge.pipeline.changing.effects import Budget, effect_of
from bridge.pipeline.changing.saving import (
    Change,
    Moved,
    Obstacle,
    Refused,
    Saved,
    folder_now,
    is_here,
    save,
)
from bridge.policy.codes import Code
from bridge.policy.diffs import Hunk, hunks
from bridge.policy.editing import Edit, NotEditable
from bridge.policy.findings import Finding
from bridge.policy.proposing import ChangedFile
from bridge.store import configs
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.details import detail as shown
from bridge.web.languages import _
from bridge.web.pages.visiting import Visit
from bridge.web.problems import forbidden, invalid, not_found

EFFECT_DAYS = 7
LONGEST_MESSAGE = 500
_BUDGET = Budget(seconds=1.5)
_FOLDER = re.compile(r"^.*?/(?=[^/:]+\.ya?ml:)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    name: str
    is_new: bool
    is_gone: bool
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of trying to save: an alert above the difference."""

    title: str
    text: str = ""
    status: int = 409


def review(visit: Visit, edits: Sequence[Edit], address: str) -> Response:
    """To the review of these edits; `address` is the page they were made on."""
    return review_content(visit, Content(edits=tuple(edits), address=address))


def review_content(visit: Visit, content: Content) -> Response:
    visit.principal.require(Scope.ADMIN)
    draft = drafts.begin(visit.site.parts, visit.who, content)
    return make_response(redirect(f"/settings/review/{draft.id}", 303))


def require_reader(visit: Visit) -> None:
    """Problem 403 for all but managers and quality control."""
    if visit.principal.employee.role not in (Role.MANAGER, Role.QUALITY_CONTROL):
        detail = "only managers and quality control see the settings"
        raise forbidden(Reason(ReasonCode.REQUEST_FORBIDDEN, detail))


def show(visit: Visit, name: str) -> Response:
    require_reader(visit)
    return _page(visit, _draft(visit, name), None)


def show_effect(visit: Visit, name: str) -> Response:
    """What the last days would have been like: asked for while somebody reads the difference."""
    require_reader(visit)
    opened = _opened(visit, _draft(visit, name))
    loaded = opened.proposal.loaded if isinstance(opened, Opened) else None
    since = visit.now - timedelta(days=EFFECT_DAYS)
    effect = loaded and effect_of(visit.site.parts, loaded.policy, since, _BUDGET)
    values: dict[str, object] = {
        "effect": effect,
        "name": name,
        "days": EFFECT_DAYS,
        "names": names_of(visit),
    }
    if request.headers.get("HX-Request") == "true":
        return make_response(render_template("settings/effect_part.html", **values))
    return visit.render("settings/effect.html", 200, **values)


def take_patch(visit: Visit, name: str) -> Response:
    """For where the folder is on another machine."""
    require_reader(visit)
    opened = _opened(visit, _draft(visit, name))
    if not isinstance(opened, Opened):
        raise invalid(opened, status=409)
    headers = {"Content-Disposition": 'attachment; filename="bridge-config.patch"'}
    return Response(opened.proposal.diff, 200, headers, content_type="text/x-patch; charset=utf-8")


def keep(visit: Visit, name: str) -> Response:
    """Saves what was seen; whatever came between is shown, and nothing is lost."""
    visit.principal.require(Scope.ADMIN)
    draft = _draft(visit, name)
    opened = _opened(visit, draft)
    if not isinstance(opened, Opened):
        return _page(visit, draft, Told(title=_("This can't be saved as it is.")))
    if request.form.get("seen", "") != opened.proposal.base:
        return _page(visit, draft, _told_of_move())
    wanted = Change(
        who=visit.who,
        message=_message(),
        back_to=draft.content.back_to,
        despite_tests=request.form.get("despite_tests") == "1",
    )
    answer = save(visit.site.parts, opened.proposal, wanted)
    if isinstance(answer, Saved):
        drafts.drop(visit.site.parts, draft.id)
        return make_response(redirect(f"/settings/changes/{answer.number}?saved=1", 303))
    return _page(visit, draft, _told(answer))


def discard(visit: Visit, name: str) -> Response:
    """Forgets the change and goes back to where it was begun."""
    visit.principal.require(Scope.ADMIN)
    draft = _draft(visit, name)
    drafts.drop(visit.site.parts, draft.id)
    return make_response(redirect(draft.content.address or "/settings/changes", 303))


def file_diffs(files: Sequence[ChangedFile]) -> tuple[FileDiff, ...]:
    return tuple(
        FileDiff(
            name=file.name,
            is_new=file.before is None,
            is_gone=file.after is None,
            hunks=hunks(file.before, file.after),
        )
        for file in files
    )


def bare(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """With the file's bare name in the place, as a page names it."""
    return tuple(replace(one, place=one.place.rpartition("/")[2]) for one in findings)


def names_of(visit: Visit) -> Mapping[str, str]:
    """By e-mail, as the CRM has them."""
    with reading(visit.site.parts.engine) as db:
        people = visit.viewer(db).directory.people
    return {person.email: person.name for person in people if person.name}


def trouble(visit: Visit) -> tuple[str, ...]:
    """Why the folder as it stands was not taken, a line each, files by their bare names; empty
    where it was."""
    with reading(visit.site.parts.engine) as db:
        row = configs.active(db)
    lines = row.error.splitlines() if row is not None else ()
    return tuple(_FOLDER.sub("", line) for line in lines)


def _page(visit: Visit, draft: Draft, told: Told | None) -> Response:
    opened = _opened(visit, draft)
    values: dict[str, object] = {
        "name": draft.id,
        "draft": draft,
        "told": told,
        "message": _message(),
        "can_save": visit.principal.is_admin,
        "is_here": is_here(visit.site.parts),
        "file": _one_file(draft),
    }
    if not isinstance(opened, Opened):
        values |= {"obstacle": opened, "diffs": (), "moved": (), "findings": ()}
        return visit.render("settings/review.html", told.status if told else 409, **values)
    proposal = opened.proposal
    values |= {
        "obstacle": "",
        "proposal": proposal,
        "diffs": file_diffs(proposal.files),
        "moved": file_diffs(opened.moved),
        "findings": bare([f for f in proposal.findings if f.code is not Code.TEST_FAILED]),
        "failed": bare([f for f in proposal.findings if f.code is Code.TEST_FAILED]),
        "is_wrong": any(f.code is not Code.TEST_FAILED for f in proposal.errors),
    }
    return visit.render("settings/review.html", told.status if told else 200, **values)


def _opened(visit: Visit, draft: Draft) -> Opened | str:
    """The change on the files as they are now, or why it can't be made on them."""
    parts = visit.site.parts
    try:
        return drafts.open_draft(parts, folder_now(parts), draft)
    except (NotEditable, ConfigError, LookupError) as problem:
        return str(problem.args[0])


def _draft(visit: Visit, name: str) -> Draft:
    found = drafts.draft_of(visit.site.parts, visit.who, name)
    if found is None:
        raise not_found("change to review")
    return found


def _one_file(draft: Draft) -> str:
    """The file that was edited as a text, to go on there."""
    texts = draft.content.texts
    return next(iter(texts)) if texts and len(texts) == 1 else ""


def _message() -> str:
    return request.form.get("message", "").replace("\x00", "").strip()[:LONGEST_MESSAGE]


def _told(answer: Moved | Refused) -> Told:
    if isinstance(answer, Moved):
        return _told_of_move()
    titles = {
        Obstacle.NOT_HERE: _("The files can't be written here."),
        Obstacle.NOT_ACTIVE: _("These files are not what is in force."),
        Obstacle.INVALID: _("This can't be saved: the files would have mistakes."),
        Obstacle.TESTS: _("Tests in the files would fail. Save it all the same below, or mend it."),
        Obstacle.NOTHING: _("This changes nothing: there is nothing to save."),
    }
    status = 422 if answer.obstacle in (Obstacle.INVALID, Obstacle.TESTS) else 409
    return Told(title=titles[answer.obstacle], text=shown(answer.detail), status=status)


def _told_of_move() -> Told:
    return Told(
        title=_("Somebody changed the files meanwhile, so nothing was saved yet."),
        text=_("Your change is shown on top of theirs now. Look at it again, then save."),
    )
