"""The forms of rules: their order, and one rule's conditions and targets."""

import json
from collections.abc import Iterator, Mapping, Sequence

from bridge.domain.messaging import Messenger
from bridge.domain.policy import ClientCondition, Distribution
from bridge.policy.editing import AddItem, Edit, MoveItem, Path, Put, Remove, Value
from bridge.web.languages import Said, _l
from bridge.web.pages.settings.filled import Filled, Made, one_or_many, put_or_remove
from bridge.web.pages.settings.raw import Raw, entries, inside, items, text, texts

ORDER = "order[]"
TARGET, METHOD = "target", "method"
EMPLOYEE, POOL = "employee", "pool"
SPARE_TARGETS = 2
MOST_TARGETS = 20
_LISTS = ("country", "channel", "messenger")
_CLIENTS = ("", *ClientCondition)
_METHODS = ("", *Distribution)


def rules_in(raw: Raw) -> tuple[Mapping[str, Value], ...]:
    return tuple(entries(rule) for rule in items(raw.get("rules")))


def ids_in(raw: Raw) -> tuple[str, ...]:
    return tuple(text(rule.get("id")) for rule in rules_in(raw))


def moves(raw: Raw, wanted: Sequence[str]) -> tuple[Edit, ...]:
    """Brings the rules into this order; those that it does not name stay behind the rest."""
    order = list(ids_in(raw))
    known = [rule for rule in dict.fromkeys(wanted) if rule in order]
    goal = [*known, *(rule for rule in order if rule not in known)]
    edits: list[Edit] = []
    for place, rule in enumerate(goal):
        stands = order.index(rule)
        if stands != place:
            edits.append(MoveItem(("rules", stands), place))
            order.insert(place, order.pop(stands))
    return tuple(edits)


def moved(order: Sequence[str], rule: str, step: int) -> tuple[str, ...]:
    """The order with this one a place up or down; the same at either end."""
    found = list(order)
    if rule in found:
        stands = found.index(rule)
        found.insert(max(0, stands + step), found.pop(stands))
    return tuple(found)


def fields_of(rule: Mapping[str, Value]) -> dict[str, str]:
    when = rule.get("when")
    targets = items(rule.get("to"))
    fields = {
        "id": text(rule.get("id")),
        "label": text(rule.get("label")),
        "client": text(inside(when, "client")),
        "country": ", ".join(texts(inside(when, "country"))),
        "channel[]": ",".join(texts(inside(when, "channel"))),
        "messenger[]": ",".join(texts(inside(when, "messenger"))),
    }
    for number in range(min(MOST_TARGETS, len(targets) + SPARE_TARGETS)):
        target = targets[number] if number < len(targets) else {}
        fields[f"{TARGET}:{number}"] = _as_choice(target)
        fields[f"{METHOD}:{number}"] = text(inside(target, "method"))
    return fields


def choice(kind: str, name: str) -> str:
    """A target as one value of a list to choose from."""
    return json.dumps([kind, name], ensure_ascii=False)


def edits_of(form: Filled, raw: Raw, rule: str | None) -> Made:
    """`rule` is the id of the one that is changed; None for a new one."""
    known = ids_in(raw)
    errors = dict(_problems(form, [one for one in known if one != rule]))
    if rule is not None and rule not in known:
        errors["id"] = _l("This rule is not there any more; somebody has changed the rules.")
    if errors:
        return Made(errors=errors)
    if rule is None:
        return Made(edits=(AddItem(("rules",), _whole(form)),))
    place = known.index(rule)
    return Made(edits=tuple(_changes(form, rules_in(raw)[place], ("rules", place))))


def removal(raw: Raw, rule: str) -> Made:
    if rule not in ids_in(raw):
        return Made()
    return Made(edits=(Remove(("rules", ids_in(raw).index(rule))),))


def _problems(form: Filled, others: Sequence[str]) -> Iterator[tuple[str, Said]]:
    if not form["id"]:
        yield "id", _l("Give the rule a short name, such as mx: it stands in every explanation.")
    elif form["id"] in others:
        yield "id", _l("There is a rule of this name already: choose another.")
    if form["client"] not in _CLIENTS:
        yield "client", _l("Choose one of the answers.")
    if any(one not in tuple(Messenger) for one in form.many("messenger[]")):
        yield "messenger[]", _l("Choose one of the answers.")
    yield from _wrong_targets(form)


def _wrong_targets(form: Filled) -> Iterator[tuple[str, Said]]:
    for number in _numbers(form):
        if not _is_choice(form[f"{TARGET}:{number}"]):
            yield f"{TARGET}:{number}", _l("Choose a person or a pool of the list.")
        if form[f"{METHOD}:{number}"] not in _METHODS:
            yield f"{METHOD}:{number}", _l("Choose one of the answers.")
    if not any(form[f"{TARGET}:{number}"] for number in _numbers(form)):
        yield f"{TARGET}:0", _l("Say who gets the client: a person or a pool.")


def _whole(form: Filled) -> Value:
    rule: dict[str, Value] = {"id": form["id"]}
    if form["label"]:
        rule["label"] = form["label"]
    when: dict[str, Value] = {"client": form["client"]} if form["client"] else {}
    when |= {key: one_or_many(_listed(form, key)) for key in _LISTS if _listed(form, key)}
    if when:
        rule["when"] = when
    return rule | {"to": _targets(form)}


def _changes(form: Filled, rule: Mapping[str, Value], path: Path) -> Iterator[Edit]:
    if form.changed("id"):
        yield Put((*path, "id"), form["id"])
    if form.changed("label"):
        yield from put_or_remove((*path, "label"), form["label"], stands="label" in rule)
    when = entries(rule.get("when"))
    wanted: dict[str, Value] = {"client": form["client"]} if form.changed("client") else {}
    for key in _LISTS:
        if form.changed(_field(key)):
            wanted[key] = one_or_many(_listed(form, key))
    for key, value in wanted.items():
        yield from put_or_remove((*path, "when", key), value, stands=key in when)
    if any(form.changed(f"{TARGET}:{n}", f"{METHOD}:{n}") for n in _numbers(form)):
        yield Put((*path, "to"), _targets(form))


def _numbers(form: Filled) -> Iterator[int]:
    return (n for n in range(MOST_TARGETS) if f"{TARGET}:{n}" in form.now)


def _targets(form: Filled) -> Value:
    return tuple(
        _target(form[f"{TARGET}:{n}"], form[f"{METHOD}:{n}"])
        for n in _numbers(form)
        if form[f"{TARGET}:{n}"]
    )


def _target(chosen: str, method: str) -> Value:
    kind, name = json.loads(chosen)
    return {kind: name, "method": method} if kind == POOL and method else {kind: name}


def _as_choice(target: Value) -> str:
    for kind in (EMPLOYEE, POOL):
        name = text(inside(target, kind))
        if name:
            return choice(kind, name.lower() if kind == EMPLOYEE else name)
    return ""


def _is_choice(value: str) -> bool:
    if not value:
        return True
    try:
        found = json.loads(value)
    except ValueError:
        return False
    match found:
        case [("employee" | "pool"), str() as name]:
            return bool(name)
    return False


def _field(key: str) -> str:
    return key if key == "country" else f"{key}[]"


def _listed(form: Filled, key: str) -> tuple[str, ...]:
    if key != "country":
        return form.many(f"{key}[]")
    codes = form["country"].replace(",", " ").replace(";", " ").split()
    return tuple(dict.fromkeys(code.upper() for code in codes))
