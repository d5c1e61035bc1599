"""Channels as messengers report them and as the YAML names them; who writes first from which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, request

from bridge.domain.channels import USABLE, Wish, offers_priority, pick_channel
from bridge.domain.facts import ChannelFacts
from bridge.domain.messaging import Messenger
from bridge.domain.names import ChannelName, EmployeeId
from bridge.domain.people import Employee
from bridge.domain.policy import ChannelPolicy, Policy
from bridge.store.engine import reading
from bridge.store.mirror import SeenChannel, channel_facts, channels_seen
from bridge.web.languages import _
from bridge.web.pages.asking import asked
from bridge.web.pages.settings import channels_form
from bridge.web.pages.settings.filled import Filled, filled, shown
from bridge.web.pages.settings.reviewing import review
from bridge.web.pages.settings.standing import Standing, render, standing, to_edit
from bridge.web.pages.visiting import Visit

ADDRESS = "/settings/channels"
PAGE = 50
MOST_NAMED = 20
"""Of those who may write on a channel."""
Facts = Mapping[ChannelName, ChannelFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One channel of the YAML. `writers` may write on it; `works` also where nobody heard of it
    yet, as the bridge tries it then."""

    name: ChannelName
    channel: ChannelPolicy
    facts: ChannelFacts
    seen: SeenChannel | None
    writers: tuple[EmployeeId, ...]

    @property
    def works(self) -> bool:
        return self.facts.state in USABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which of several channels of a messenger somebody's first messages leave from. `leaves`: from
    where they do now, as things stand; None where none works."""

    employee: EmployeeId
    messenger: Messenger
    options: tuple[tuple[str, str], ...]
    leaves: ChannelName | None


def show(visit: Visit) -> Response:
    stands = standing(visit)
    return _page(visit, stands, None)


def change(visit: Visit) -> Response:
    stands = to_edit(visit)
    form = filled(request.form)
    made = channels_form.edits_of(form, stands.raw)
    if not made.edits:
        return _page(visit, stands, form, said=_("You have changed nothing yet."))
    return review(visit, made.edits, ADDRESS)


def add(visit: Visit) -> Response:
    """Names a channel that the messenger told of."""
    stands = to_edit(visit)
    form = filled(request.form)
    made = channels_form.added(form, stands.raw)
    if made.errors:
        return _page(visit, stands, None, errors=made.errors, adding=form)
    return review(visit, made.edits, ADDRESS)


def _page(
    visit: Visit,
    stands: Standing,
    form: Filled | None,
    *,
    errors: Mapping[str, object] | None = None,
    said: str = "",
    adding: Filled | None = None,
) -> Response:
    with reading(visit.site.parts.engine) as db:
        facts = channel_facts(db, stands.policy)
        seen = channels_seen(db)
    asked_of = _several_channels(stands.policy)
    page, pages = _page_of(len(asked_of))
    shown_of = asked_of[(page - 1) * PAGE : page * PAGE]
    choices = [_choice(visit, stands.policy, facts, *one) for one in shown_of]
    fields = channels_form.fields_of(stands.raw, tuple((c.employee, c.messenger) for c in choices))
    return render(
        visit,
        "channels.html",
        stands,
        form or shown(fields),
        errors,
        said=said,
        lines=_lines(stands.policy, facts, seen),
        choices=choices,
        page=page,
        pages=pages,
        most_named=MOST_NAMED,
        unnamed=[one for one in seen if _name(stands.policy, one) is None],
        adding=adding,
        accounts=stands.policy.accounts,
    )


def _lines(policy: Policy, facts: Facts, seen: Sequence[SeenChannel]) -> tuple[Line, ...]:
    by_name = {_name(policy, one): one for one in seen}
    return tuple(
        Line(
            name=name,
            channel=channel,
            facts=facts.get(name, ChannelFacts(name=name)),
            seen=by_name.get(name),
            writers=_writers(policy, name),
        )
        for name, channel in policy.channels.items()
    )


def _name(policy: Policy, seen: SeenChannel) -> ChannelName | None:
    name = policy.channel_name(seen.account, seen.channel_id)
    return name if name in policy.channels else None


def _writers(policy: Policy, name: ChannelName) -> tuple[EmployeeId, ...]:
    people = policy.employees.values()
    return tuple(one.id for one in people if one.may_write_at_all and one.has_channel(name))


def _several_channels(policy: Policy) -> tuple[tuple[Employee, Messenger], ...]:
    """Who has to choose, and among the channels of which messenger."""
    return tuple(
        (employee, messenger)
        for employee in policy.employees.values()
        if employee.may_write_at_all
        for messenger in sorted(offers_priority(employee, policy))
    )


def _page_of(count: int) -> tuple[int, int]:
    """The one that is asked for, and how many there are."""
    pages, number = max(1, -(-count // PAGE)), asked("page")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    return min(max(1, page), pages), pages


def _choice(
    visit: Visit, policy: Policy, facts: Facts, employee: Employee, messenger: Messenger
) -> Choice:
    his = [
        (str(name), channel.label)
        for name, channel in policy.channels.items()
        if channel.messenger is messenger and employee.has_channel(name)
    ]
    wish = Wish(employee=employee, messenger=messenger)
    return Choice(
        employee=employee.id,
        messenger=messenger,
        options=tuple(his),
        leaves=pick_channel(wish, policy, facts, visit.now).channel,
    )
