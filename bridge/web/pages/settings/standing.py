"""How the configuration stands for who wants to change it: what counts, and what stands against."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from flask import Response

from bridge.domain.names import EmployeeId
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.pipeline.changing.saving import folder_now, is_here
from bridge.policy.editing import NotEditable
from bridge.policy.proposing import by_name, values_of
from bridge.store import configs
from bridge.store.config_changes import contents_of, last_change
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.mirror import directory
from bridge.web.pages.settings.filled import Filled, told
from bridge.web.pages.settings.raw import Raw
from bridge.web.pages.visiting import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`raw` is the YAML that counts; `broken` says with file and line why a newer one does not.
    `is_here`: its files are on this machine, so that a change can be saved from here."""

    raw: Raw
    policy: Policy
    directory: Directory
    broken: str
    is_here: bool

    @property
    def names(self) -> Mapping[EmployeeId, str]:
        return {person.email: person.name for person in self.directory.people}


def standing(visit: Visit) -> Standing:
    """For managers, and for quality control, which looks and changes nothing."""
    visit.principal.require_overseer()
    with reading(visit.site.parts.engine) as db:
        row = configs.active(db)
        contents = contents_of(db, last_change(db))
        people = directory(db, visit.policy.crm)
    return Standing(
        raw=_values(tuple((contents or by_name(folder_now(visit.site.parts))).items())),
        policy=visit.policy,
        directory=people,
        broken="" if row is None else row.error,
        is_here=is_here(visit.site.parts),
    )


@lru_cache(maxsize=4)
def _values(contents: tuple[tuple[str, bytes], ...]) -> Raw:
    """Read once for all pages that show the same files."""
    try:
        return values_of(dict(contents))
    except NotEditable:
        return {}


def render(
    visit: Visit,
    template: str,
    stands: Standing,
    form: Filled,
    errors: Mapping[str, object] | None = None,
    **values: object,
) -> Response:
    """A form of the settings; what is wrong stands beside its field, and what was typed stays."""
    return visit.render(
        f"settings/{template}",
        422 if errors else 200,
        stands=stands,
        can_edit=visit.principal.is_admin and stands.is_here and not stands.broken,
        form=form,
        was=told(form.was),
        errors={name: str(said) for name, said in (errors or {}).items()},
        names=stands.names,
        **values,
    )


def people_of(stands: Standing) -> tuple[tuple[EmployeeId, str], ...]:
    """Everybody of the YAML to choose from, by name."""
    named = [(one, stands.names.get(one) or one) for one in stands.policy.employees]
    return tuple(sorted(named, key=lambda pair: pair[1].lower()))


def to_edit(visit: Visit) -> Standing:
    """As `standing`, for who may change something."""
    visit.principal.require(Scope.ADMIN)
    return standing(visit)
