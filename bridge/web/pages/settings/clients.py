"""What becomes of new clients: what is made, where, for whom, what the CRM keeps (NEW, FEED)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request

from bridge.domain.records import Pipeline, RecordKind
from bridge.policy.editing import Edit
from bridge.store.engine import reading
from bridge.store.mirror import pipelines, pipelines_read_at
from bridge.web.languages import _
from bridge.web.pages.asking import asked
from bridge.web.pages.settings import clients_form
from bridge.web.pages.settings.clients_form import CHANNEL, LEAD, PLACE, place, place_in
from bridge.web.pages.settings.filled import Filled, filled, shown
from bridge.web.pages.settings.reviewing import review
from bridge.web.pages.settings.standing import Standing, people_of, render, standing, to_edit
from bridge.web.pages.visiting import Visit

ADDRESS = "/settings/new-clients"
Option = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The CRM's pipelines with their stages, as last read; `read_at` of None: never."""

    groups: tuple[tuple[str, tuple[Option, ...]], ...]
    read_at: datetime | None

    def knows(self, value: str) -> bool:
        return any(value == one for _label, options in self.groups for one, _words in options)


def show(visit: Visit) -> Response:
    stands = standing(visit)
    return _page(visit, stands, shown(clients_form.fields_of(stands.raw)))


def change(visit: Visit) -> Response:
    stands = to_edit(visit)
    form = filled(request.form)
    made = clients_form.edits_of(form, stands.raw)
    if made.errors:
        return _page(visit, stands, form, errors=made.errors)
    if not made.edits:
        return _page(visit, stands, form, said=_("You have changed nothing yet."))
    edits: Sequence[Edit] = made.edits
    return review(visit, edits, ADDRESS)


def _page(
    visit: Visit,
    stands: Standing,
    form: Filled,
    *,
    errors: Mapping[str, object] | None = None,
    said: str = "",
) -> Response:
    places = _places(visit)
    names = [PLACE, *(f"{CHANNEL}:{one}" for one in stands.policy.channels)]
    unknown = {form[name] for name in names if form[name] not in ("", LEAD)}
    return render(
        visit,
        "clients.html",
        stands,
        form,
        errors,
        said=said,
        places=places,
        unknown=[(one, _ids(one)) for one in sorted(unknown) if not places.knows(one)],
        people=people_of(stands),
        was_asked=bool(asked("asked")),
    )


def _places(visit: Visit) -> Places:
    """Of deals: leads have none to choose. The mirror's: a page never waits for the CRM."""
    crm = visit.policy.crm
    if crm is None:
        return Places(groups=(), read_at=None)
    with reading(visit.site.parts.engine) as db:
        found = pipelines(db, crm)
        read_at = pipelines_read_at(db, crm)
    deals = [one for one in found if one.kind is RecordKind.DEAL]
    return Places(groups=tuple(map(_group, deals)), read_at=read_at)


def _group(pipeline: Pipeline) -> tuple[str, tuple[Option, ...]]:
    stages = tuple((place(pipeline.id, stage.id), stage.label) for stage in pipeline.stages)
    return pipeline.label, stages


def _ids(value: str) -> str:
    """What the CRM does not know as last read, by its ids."""
    try:
        found = place_in(value)
    except ValueError:
        found = None
    return " / ".join(found) if found else value
