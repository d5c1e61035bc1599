"""Pools: who is in them with which share, how even the shares are now, and who is away."""

from collections.abc import Mapping

from flask import Response, request

from bridge.domain.distribution import EVERYBODY
from bridge.pipeline.rotation import pool_ledgers
from bridge.store.engine import reading
from bridge.web.languages import _
from bridge.web.pages.settings import pools_form
from bridge.web.pages.settings.filled import Filled, filled, shown
from bridge.web.pages.settings.reviewing import review
from bridge.web.pages.settings.standing import Standing, people_of, render, standing, to_edit
from bridge.web.pages.visiting import Visit

ADDRESS = "/settings/pools"


def show(visit: Visit) -> Response:
    stands = standing(visit)
    return _page(visit, stands, shown(pools_form.fields_of(stands.raw)))


def change(visit: Visit) -> Response:
    stands = to_edit(visit)
    form = filled(request.form)
    made = pools_form.edits_of(form, stands.raw)
    if made.errors:
        return _page(visit, stands, form, errors=made.errors)
    if not made.edits:
        return _page(visit, stands, form, said=_("You have changed nothing yet."))
    return review(visit, made.edits, ADDRESS)


def _page(
    visit: Visit,
    stands: Standing,
    form: Filled,
    *,
    errors: Mapping[str, object] | None = None,
    said: str = "",
) -> Response:
    with reading(visit.site.parts.engine) as db:
        ledgers = pool_ledgers(db, stands.policy, visit.now)
    return render(
        visit,
        "pools.html",
        stands,
        form,
        errors,
        said=said,
        pools=pools_form.pools_in(stands.raw),
        away=pools_form.away_in(stands.raw),
        spare=range(pools_form.SPARE),
        spare_in_new=range(pools_form.SPARE_IN_NEW),
        ledgers=ledgers,
        everybody=EVERYBODY,
        people=people_of(stands),
        used=_used(stands),
    )


def _used(stands: Standing) -> Mapping[str, tuple[str, ...]]:
    """The rules that send clients to each pool."""
    found: dict[str, tuple[str, ...]] = {}
    for rule in stands.policy.rules:
        for target in rule.to:
            if target.pool is not None:
                found[target.pool] = (*found.get(target.pool, ()), rule.label)
    return found
