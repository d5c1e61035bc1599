"""The form of pools: who is in them, with which share, and who is away."""

import re
from collections.abc import Iterator, Mapping, Sequence

from bridge.domain.people import MissedTurns
from bridge.domain.rotation import MOST_WEIGHT
from bridge.policy.editing import Edit, Put, Remove, Value
from bridge.web.languages import Said, _l
from bridge.web.pages.settings.filled import Filled, Made
from bridge.web.pages.settings.raw import Raw, entries, inside, items, names_by_mail, text

MEMBER, DROP, NEW_POOL, NEW_MEMBER = "member", "drop", "new_pool", "new_member"
FROM, UNTIL, TURNS = "from", "until", "turns"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def pools_in(raw: Raw) -> Mapping[str, Mapping[str, str]]:
    """Each pool's members with their weights, in the order of the YAML."""
    return {
        pool: dict(_member(one) for one in items(members))
        for pool, members in entries(raw.get("pools")).items()
    }


def fields_of(raw: Raw, mails: Sequence[str]) -> dict[str, str]:
    """`mails` are those who may be members, and may be away."""
    fields = {NEW_POOL: ""}
    for pool, members in pools_in(raw).items():
        fields[f"{DROP}:{pool}"] = ""
        for mail in dict.fromkeys((*members, *mails)):
            fields[f"{MEMBER}:{pool}:{mail}"] = members.get(mail, "")
    names = names_by_mail(raw)
    for mail in mails:
        away = inside(raw, "employees", names.get(mail, mail), "away")
        fields[f"{NEW_MEMBER}:{mail}"] = ""
        fields[f"{UNTIL}:{mail}"] = text(inside(away, "until"))
        fields[f"{FROM}:{mail}"] = text(inside(away, "from"))
        fields[f"{TURNS}:{mail}"] = text(inside(away, "turns"), MissedTurns.SKIP)
    return fields


def edits_of(form: Filled, raw: Raw) -> Made:
    errors = dict(_problems(form, raw))
    if errors:
        return Made(errors=errors)
    return Made(edits=(*_pools(form, raw), *_absences(form, raw)))


def _problems(form: Filled, raw: Raw) -> Iterator[tuple[str, Said]]:
    weights = [f"{MEMBER}:{one}" for one in form.about(MEMBER)]
    weights += [f"{NEW_MEMBER}:{one}" for one in form.about(NEW_MEMBER)]
    for name in weights:
        if form[name] and not _is_weight(form[name]):
            yield name, _l("A whole number from 1, or nothing for who is not in the pool.")
    yield from _against_new(form, raw)
    for mail in form.about(UNTIL):
        if form[f"{TURNS}:{mail}"] not in tuple(MissedTurns):
            yield f"{TURNS}:{mail}", _l("Choose one of the answers.")
        if form[f"{FROM}:{mail}"] and not form[f"{UNTIL}:{mail}"]:
            yield f"{UNTIL}:{mail}", _l("Say until when: the last day counts whole.")


def _against_new(form: Filled, raw: Raw) -> Iterator[tuple[str, Said]]:
    name, chosen = form[NEW_POOL], list(_new_members(form))
    if name and not _NAME.fullmatch(name):
        yield NEW_POOL, _l("Letters, digits, dots, dashes; it begins with a letter or a digit.")
    elif name in entries(raw.get("pools")):
        yield NEW_POOL, _l("There is a pool of this name already: choose another.")
    elif chosen and not name:
        yield NEW_POOL, _l("Give the new pool a name.")


def _is_weight(value: str) -> bool:
    fits = value.isascii() and value.isdecimal() and len(value) <= len(str(MOST_WEIGHT))
    return fits and 0 <= int(value) <= MOST_WEIGHT


def _pools(form: Filled, raw: Raw) -> Iterator[Edit]:
    for pool, before in pools_in(raw).items():
        if form.is_on(f"{DROP}:{pool}"):
            yield Remove(("pools", pool))
            continue
        start = f"{MEMBER}:{pool}:"
        named = [name.removeprefix(start) for name in form.was if name.startswith(start)]
        after = dict(before)
        for mail in named:
            if form.changed(f"{start}{mail}"):
                after[mail] = form[f"{start}{mail}"]
        members = {mail: weight for mail, weight in after.items() if _counts(weight)}
        if members != before:
            yield Put(("pools", pool), _written(members))
    if form[NEW_POOL]:
        yield Put(("pools", form[NEW_POOL]), _written(dict(_new_members(form))))


def _new_members(form: Filled) -> Iterator[tuple[str, str]]:
    for mail in form.about(NEW_MEMBER):
        if _counts(form[f"{NEW_MEMBER}:{mail}"]):
            yield mail, form[f"{NEW_MEMBER}:{mail}"]


def _counts(weight: str) -> bool:
    return weight.strip("0") != ""


def _written(members: Mapping[str, str]) -> Value:
    return tuple(
        mail if weight.lstrip("0") == "1" else {"employee": mail, "weight": weight.lstrip("0")}
        for mail, weight in members.items()
    )


def _member(value: Value) -> tuple[str, str]:
    if isinstance(value, str):
        return value.strip().lower(), "1"
    return text(inside(value, "employee")).strip().lower(), text(inside(value, "weight"), "1")


def _absences(form: Filled, raw: Raw) -> Iterator[Edit]:
    names = names_by_mail(raw)
    for mail in form.about(UNTIL):
        fields = (f"{UNTIL}:{mail}", f"{FROM}:{mail}", f"{TURNS}:{mail}")
        if not form.changed(*fields) or mail not in names:
            continue
        path = ("employees", names[mail], "away")
        if form[f"{UNTIL}:{mail}"]:
            yield Put(path, _away(form, mail))
        elif inside(raw, *path) is not None:
            yield Remove(path)


def _away(form: Filled, mail: str) -> Value:
    away: dict[str, Value] = {}
    if form[f"{FROM}:{mail}"]:
        away["from"] = form[f"{FROM}:{mail}"]
    away["until"] = form[f"{UNTIL}:{mail}"]
    if form[f"{TURNS}:{mail}"] != MissedTurns.SKIP:
        away["turns"] = form[f"{TURNS}:{mail}"]
    return away
