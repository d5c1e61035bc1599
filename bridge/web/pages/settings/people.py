"""Everybody of the CRM in one table: role, new clients, channels, mails (ROL-01 to ROL-18)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import Response, make_response, redirect, request

from bridge.domain.people import Role
from bridge.pipeline.mirror import request_sync
from bridge.store.keys import Scope
from bridge.web.api.employees import required_crm
from bridge.web.languages import _, _n
from bridge.web.pages.asking import asked
from bridge.web.pages.settings import people_form, presets
from bridge.web.pages.settings.filled import Filled, filled, shown
from bridge.web.pages.settings.people_form import NEW, PICK, ROLE
from bridge.web.pages.settings.reviewing import review
from bridge.web.pages.settings.standing import Standing, render, standing, to_edit
from bridge.web.pages.visiting import Visit
from bridge.web.people import everybody

PAGE = 50
ADDRESS = "/settings/people"
_BACK = {"clients": "/settings/new-clients", "welcome": "/welcome"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`in_crm` of None: the CRM's people were never read. `in_yaml`: he has an entry."""

    mail: str
    name: str
    in_crm: bool | None
    active: bool
    in_yaml: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    rows: tuple[Row, ...]
    count: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


def show(visit: Visit) -> Response:
    stands = standing(visit)
    listed = _listed(stands)
    fields = people_form.fields_of(stands.raw, tuple(row.mail for row in listed.rows))
    return _page(visit, stands, listed, shown(fields))


def change(visit: Visit) -> Response:
    """Whom it leaves as he is stays so; a preset, or a choice for many, is shown first."""
    stands = to_edit(visit)
    form, listed = filled(request.form), _listed(stands)
    wanted, preset = form["do"], presets.PRESETS.get(form["preset"])
    if wanted.startswith("preset:"):
        return _tried(visit, stands, listed, form, wanted.removeprefix("preset:"))
    if wanted == "many":
        return _page(visit, stands, listed, _for_many(form), said=_many_words(form))
    made = people_form.edits_of(form, stands.raw)
    if made.errors:
        return _page(visit, stands, listed, form, errors=made.errors)
    house = presets.house_edits(preset, stands.raw, visit.employee) if preset else ()
    edits = (*made.edits, *house)
    if not edits:
        return _page(visit, stands, listed, form, said=_("You have changed nothing yet."))
    return review(visit, edits, ADDRESS)


def refresh(visit: Visit) -> Response:
    """Update CRM data: people, pipelines and stages are read anew (ROL-04)."""
    visit.principal.require(Scope.ADMIN)
    required_crm(visit.policy)
    request_sync(visit.site.parts)
    back = _BACK.get(request.form.get("back", ""), ADDRESS)
    return make_response(redirect(f"{back}?asked=1", 303))


def _tried(visit: Visit, stands: Standing, listed: Listed, form: Filled, name: str) -> Response:
    preset = presets.PRESETS.get(name)
    if preset is None:
        return _page(visit, stands, listed, form)
    tried = presets.tried_on(form, preset, _picked(form), visit.employee)
    return _page(visit, stands, listed, tried, preset=preset)


def _for_many(form: Filled) -> Filled:
    """Role and new clients of all who are ticked."""
    now = dict(form.now)
    for mail in _picked(form):
        if form["many_role"] in set(Role):
            now[f"{ROLE}:{mail}"] = form["many_role"]
        if form["many_new"] in ("true", "false"):
            now[f"{NEW}:{mail}"] = "true" if form["many_new"] == "true" else ""
    return replace(form, now=now)


def _many_words(form: Filled) -> str:
    count = len(_picked(form))
    if not count:
        return _("Tick the people first for whom this shall count.")
    return _n(
        "Filled in for %(num)d person. Nothing counts before you have reviewed and saved it.",
        "Filled in for %(num)d people. Nothing counts before you have reviewed and saved it.",
        count,
    )


def _picked(form: Filled) -> tuple[str, ...]:
    known = set(form.about(ROLE))
    return tuple(mail for mail in form.many(f"{PICK}[]") if mail in known)


def _listed(stands: Standing) -> Listed:
    words, kind = asked("q").lower(), asked("show")
    rows = [row for row in _rows(stands) if _fits(row, words, kind)]
    number = asked("page")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    last = max(1, -(-len(rows) // PAGE))
    page = min(max(1, page), last)
    return Listed(rows=tuple(rows[(page - 1) * PAGE : page * PAGE]), count=len(rows), page=page)


def _rows(stands: Standing) -> Sequence[Row]:
    """Each address once, though the CRM may hold several entries of it; who works comes first."""
    known = stands.directory
    found = {}
    for person in everybody(known, stands.policy):
        mail = person.employee.id
        entry = known.by_email(mail)
        found[mail] = Row(
            mail=mail,
            name=entry.name if entry else "",
            in_crm=None if known.as_of is None else entry is not None,
            active=entry is None or entry.active,
            in_yaml=mail in stands.policy.employees,
        )
    return sorted(found.values(), key=_place)


def _place(row: Row) -> tuple[bool, bool, str]:
    return not row.in_yaml, not row.active, (row.name or row.mail).lower()


def _fits(row: Row, words: str, kind: str) -> bool:
    wanted = {"with": row.in_yaml, "without": not row.in_yaml}.get(kind, True)
    return wanted and (words in row.mail or words in row.name.lower())


def _page(
    visit: Visit,
    stands: Standing,
    listed: Listed,
    form: Filled,
    *,
    errors: Mapping[str, object] | None = None,
    said: str = "",
    preset: presets.Preset | None = None,
) -> Response:
    again = preset or presets.PRESETS.get(form["preset"])
    return render(
        visit,
        "people.html",
        stands,
        form,
        errors,
        listed=listed,
        picked=_picked(form),
        preset=again,
        presets=tuple(presets.PRESETS.values()),
        said=said,
        words=asked("q"),
        which=asked("show"),
        was_asked=bool(asked("asked")),
    )
