"""Notifications: who hears of what, by which way (NOT)."""

from collections.abc import Mapping

from flask import Response, request

from bridge.domain.effects import PostNotification, SendEmail
from bridge.domain.people import Role
from bridge.web.languages import _
from bridge.web.pages.settings import notices_form
from bridge.web.pages.settings.filled import Filled, filled, shown
from bridge.web.pages.settings.reviewing import review
from bridge.web.pages.settings.standing import Standing, render, standing, to_edit
from bridge.web.pages.visiting import Visit

ADDRESS = "/settings/notifications"


def show(visit: Visit) -> Response:
    stands = standing(visit)
    return _page(visit, stands, shown(notices_form.fields_of(stands.raw)))


def change(visit: Visit) -> Response:
    stands = to_edit(visit)
    form = filled(request.form)
    made = notices_form.edits_of(form, stands.raw)
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
    people = stands.policy.employees.values()
    return render(
        visit,
        "notices.html",
        stands,
        form,
        errors,
        said=said,
        mailers=_able(visit, SendEmail),
        posters=_able(visit, PostNotification),
        counts={role.value: sum(one.role is role for one in people) for role in Role},
    )


def _able(visit: Visit, effect: type) -> list[tuple[str, str]]:
    """The accounts whose connector carries out such an effect, to choose from."""
    vendors = visit.site.parts.vendors
    accounts = visit.policy.accounts
    return [(name, name) for name in accounts if effect in vendors.connector(name).delivers]
