"""Rules that send clients to people: their order, each one's form, and trying them out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, make_response, redirect, request

from bridge.domain.decisions import Decision
from bridge.domain.messaging import Messenger
from bridge.policy.editing import Edit, NotEditable, Value
from bridge.web.details import detail
from bridge.web.languages import _
from bridge.web.pages.settings import rules_form
from bridge.web.pages.settings.filled import Filled, filled, many, shown
from bridge.web.pages.settings.reviewing import review
from bridge.web.pages.settings.rules_form import EMPLOYEE, ORDER, POOL, choice
from bridge.web.pages.settings.standing import Standing, people_of, render, standing, to_edit
from bridge.web.pages.settings.trying import Question, tried
from bridge.web.pages.visiting import Visit
from bridge.web.problems import not_found

ADDRESS = "/settings/rules"
_STEPS = {"up": -1, "down": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What trying came to: a decision, or why there is none."""

    question: Question
    decision: Decision | None
    against: str = ""


def show(visit: Visit) -> Response:
    stands = standing(visit)
    return _list(visit, stands, rules_form.ids_in(stands.raw))


def change(visit: Visit) -> Response:
    """Another order: shown until it is reviewed; a question is answered by it as it stands."""
    stands = to_edit(visit)
    form = filled(request.form)
    order = many(form[ORDER]) or rules_form.ids_in(stands.raw)
    step, _colon, rule = form["do"].partition(":")
    if step in _STEPS:
        return _list(visit, stands, rules_form.moved(order, rule, _STEPS[step]))
    edits = rules_form.moves(stands.raw, order)
    if step == "try":
        return _list(visit, stands, order, answer=_answer(visit, form, edits))
    if not edits:
        return _list(visit, stands, order, said=_("You have changed nothing yet."))
    return review(visit, edits, ADDRESS)


def show_one(visit: Visit, rule: str) -> Response:
    stands = standing(visit)
    found = [one for one in rules_form.rules_in(stands.raw) if one.get("id") == rule]
    if not found:
        raise not_found("rule")
    return _form(visit, stands, shown(rules_form.fields_of(found[0])), rule)


def show_new(visit: Visit) -> Response:
    return _form(visit, standing(visit), shown(rules_form.fields_of({})), None)


def change_one(visit: Visit, rule: str) -> Response:
    return _changed(visit, rule)


def add(visit: Visit) -> Response:
    return _changed(visit, None)


def remove(visit: Visit, rule: str) -> Response:
    stands = to_edit(visit)
    made = rules_form.removal(stands.raw, rule)
    if not made.edits:
        return make_response(redirect(ADDRESS, 303))
    return review(visit, made.edits, ADDRESS)


def _changed(visit: Visit, rule: str | None) -> Response:
    stands = to_edit(visit)
    form = filled(request.form)
    made = rules_form.edits_of(form, stands.raw, rule)
    if made.errors:
        return _form(visit, stands, form, rule, errors=made.errors)
    if form["do"] == "try":
        return _form(visit, stands, form, rule, answer=_answer(visit, form, made.edits))
    if not made.edits:
        return _form(visit, stands, form, rule, said=_("You have changed nothing yet."))
    return review(visit, made.edits, ADDRESS)


def _answer(visit: Visit, form: Filled, edits: Sequence[Edit]) -> Answer:
    question = Question(
        client=form["try_client"],
        country=form["try_country"].upper(),
        channel=form["try_channel"],
        owner=form["try_owner"],
    )
    try:
        return Answer(question=question, decision=tried(visit.site.parts, edits, question))
    except (NotEditable, ValueError) as problem:
        return Answer(question=question, decision=None, against=detail(str(problem)))


def _list(
    visit: Visit,
    stands: Standing,
    order: Sequence[str],
    *,
    said: str = "",
    answer: Answer | None = None,
) -> Response:
    by_id: Mapping[str, Mapping[str, Value]] = {
        str(rule.get("id")): rules_form.fields_of(rule) for rule in rules_form.rules_in(stands.raw)
    }
    ids = rules_form.ids_in(stands.raw)
    known = [one for one in order if one in by_id]
    return render(
        visit,
        "rules.html",
        stands,
        Filled(was={ORDER: ",".join(ids)}, now={ORDER: ",".join(known)}),
        said=said,
        rules=[by_id[one] for one in known],
        is_moved=tuple(known) != ids,
        answer=answer,
        people=people_of(stands),
        targets=dict(_targets(stands)),
    )


def _form(
    visit: Visit,
    stands: Standing,
    form: Filled,
    rule: str | None,
    *,
    errors: Mapping[str, object] | None = None,
    said: str = "",
    answer: Answer | None = None,
) -> Response:
    return render(
        visit,
        "rule.html",
        stands,
        form,
        errors,
        said=said,
        rule=rule,
        answer=answer,
        people=people_of(stands),
        targets=_targets(stands),
        numbers=[n for n in range(rules_form.MOST_TARGETS) if f"target:{n}" in form.now],
        messengers=list(Messenger),
    )


def _targets(stands: Standing) -> list[tuple[str, str]]:
    pools = [(choice(POOL, name), _("Pool %(name)s", name=name)) for name in stands.policy.pools]
    people = [(choice(EMPLOYEE, mail), name) for mail, name in people_of(stands)]
    return [*pools, *people]
