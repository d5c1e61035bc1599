"""The form of pools: who is in them, with which share, and who is away.

Whoever is in it has a line, and a few empty ones are there for others, however many they are.
"""

import re
from collections.abc import Iterator, Mapping

from bridge.domain.people import MissedTurns
from bridge.domain.rotation import MOST_WEIGHT
from bridge.policy.editing import Edit, Put, Remove, Value
from bridge.web.languages import Said, _l
from bridge.web.pages.settings.filled import Filled, Made
from bridge.web.pages.settings.raw import Raw, entries, inside, items, names_by_mail, text

MEMBER, DROP, NEW_POOL = "member", "drop", "new_pool"
JOIN, SHARE = "join", "share"
FROM, UNTIL, TURNS = "from", "until", "turns"
WHO, NEXT_FROM, NEXT_UNTIL, NEXT_TURNS = "away_who", "away_from", "away_until", "away_turns"
SPARE, SPARE_IN_NEW = 2, 4
"""Empty lines of each pool and of absences, and of a new pool."""
_NEW = ""  # the name of a pool that is not there yet, in its fields
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def pools_in(raw: Raw) -> Mapping[str, Mapping[str, str]]:
    """Each pool's members with their weights, in the order of the YAML."""
    return {
        pool: dict(_member(one) for one in items(members))
        for pool, members in entries(raw.get("pools")).items()
    }


def away_in(raw: Raw) -> tuple[str, ...]:
    """Those with an absence in the YAML, past ones too."""
    named = names_by_mail(raw).items()
    return tuple(m for m, name in named if inside(raw, "employees", name, "away") is not None)


def fields_of(raw: Raw) -> dict[str, str]:
    fields = {NEW_POOL: "", **_spare_members(_NEW, SPARE_IN_NEW)}
    for pool, members in pools_in(raw).items():
        fields[f"{DROP}:{pool}"] = ""
        fields |= {f"{MEMBER}:{pool}:{mail}": weight for mail, weight in members.items()}
        fields |= _spare_members(pool, SPARE)
    names = names_by_mail(raw)
    for mail in away_in(raw):
        away = inside(raw, "employees", names[mail], "away")
        fields[f"{UNTIL}:{mail}"] = text(inside(away, "until"))
        fields[f"{FROM}:{mail}"] = text(inside(away, "from"))
        fields[f"{TURNS}:{mail}"] = text(inside(away, "turns"), MissedTurns.SKIP)
    for number in range(SPARE):
        fields |= {f"{name}:{number}": "" for name in (WHO, NEXT_FROM, NEXT_UNTIL)}
        fields[f"{NEXT_TURNS}:{number}"] = MissedTurns.SKIP
    return fields


def edits_of(form: Filled, raw: Raw) -> Made:
    errors = dict((*_wrong_pools(form, raw), *_wrong_absences(form, names_by_mail(raw))))
    if errors:
        return Made(errors=errors)
    return Made(edits=(*_pools(form, raw), *_absences(form, raw)))


def _spare_members(pool: str, count: int) -> dict[str, str]:
    numbers = range(count)
    return {f"{field}:{pool}:{n}": "" for n in numbers for field in (JOIN, SHARE)}


def _wrong_pools(form: Filled, raw: Raw) -> Iterator[tuple[str, Said]]:
    known = names_by_mail(raw)
    for about in form.about(MEMBER):
        if not _is_weight(form[f"{MEMBER}:{about}"]):
            yield f"{MEMBER}:{about}", _l("A whole number from 1, or 0 for who is not in the pool.")
    for about in form.about(JOIN):
        mail, weight = _joining(form, about)
        if mail and mail not in known:
            yield f"{JOIN}:{about}", _l("Choose somebody of the list.")
        if not _is_weight(weight):
            yield f"{SHARE}:{about}", _l("A whole number from 1.")
    yield from _against_new(form, raw)


def _against_new(form: Filled, raw: Raw) -> Iterator[tuple[str, Said]]:
    name = form[NEW_POOL]
    if name and not _NAME.fullmatch(name):
        yield NEW_POOL, _l("Letters, digits, dots, dashes; it begins with a letter or a digit.")
    elif name in entries(raw.get("pools")):
        yield NEW_POOL, _l("There is a pool of this name already: choose another.")
    elif not name and _joined(form, _NEW):
        yield NEW_POOL, _l("Give the new pool a name.")


def _wrong_absences(form: Filled, known: Mapping[str, str]) -> Iterator[tuple[str, Said]]:
    for mail in form.about(UNTIL):
        if form[f"{TURNS}:{mail}"] not in tuple(MissedTurns):
            yield f"{TURNS}:{mail}", _l("Choose one of the answers.")
        if form[f"{FROM}:{mail}"] and not form[f"{UNTIL}:{mail}"]:
            yield f"{UNTIL}:{mail}", _l("Say until when: the last day counts whole.")
    yield from _wrong_new_absences(form, known)


def _wrong_new_absences(form: Filled, known: Mapping[str, str]) -> Iterator[tuple[str, Said]]:
    for number in form.about(WHO):
        mail = form[f"{WHO}:{number}"].lower()
        until = form[f"{NEXT_UNTIL}:{number}"]
        if mail and mail not in known:
            yield f"{WHO}:{number}", _l("Choose somebody of the list.")
        if (mail or form[f"{NEXT_FROM}:{number}"]) and not until:
            yield f"{NEXT_UNTIL}:{number}", _l("Say until when: the last day counts whole.")
        if until and not mail:
            yield f"{WHO}:{number}", _l("Say who is away.")
        if form[f"{NEXT_TURNS}:{number}"] not in tuple(MissedTurns):
            yield f"{NEXT_TURNS}:{number}", _l("Choose one of the answers.")


def _is_weight(value: str) -> bool:
    if not value:
        return True
    fits = value.isascii() and value.isdecimal() and len(value) <= len(str(MOST_WEIGHT))
    return fits and int(value) <= MOST_WEIGHT


def _pools(form: Filled, raw: Raw) -> Iterator[Edit]:
    for pool, before in pools_in(raw).items():
        if form.is_on(f"{DROP}:{pool}"):
            yield Remove(("pools", pool))
            continue
        after = dict(before)
        for mail in before:
            if form.changed(f"{MEMBER}:{pool}:{mail}"):
                after[mail] = form[f"{MEMBER}:{pool}:{mail}"]
        after |= _joined(form, pool)
        members = {mail: weight for mail, weight in after.items() if _counts(weight)}
        if members != before:
            yield Put(("pools", pool), _written(members))
    if form[NEW_POOL]:
        yield Put(("pools", form[NEW_POOL]), _written(_joined(form, _NEW)))


def _joined(form: Filled, pool: str) -> dict[str, str]:
    """Those of the empty lines; whoever has no share has that of one."""
    start = f"{pool}:"
    lines = (_joining(form, one) for one in form.about(JOIN) if one.startswith(start))
    return {mail: weight or "1" for mail, weight in lines if mail}


def _joining(form: Filled, about: str) -> tuple[str, str]:
    return form[f"{JOIN}:{about}"].lower(), form[f"{SHARE}:{about}"]


def _counts(weight: str) -> bool:
    return weight.strip("0") != ""


def _written(members: Mapping[str, str]) -> Value:
    return tuple(
        mail if weight.lstrip("0") == "1" else {"employee": mail, "weight": weight.lstrip("0")}
        for mail, weight in members.items()
        if _counts(weight)
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
        until, since, turns = (form[field] for field in fields)
        if until:
            yield Put(path, _away(since, until, turns))
        elif inside(raw, *path) is not None:
            yield Remove(path)
    for number in form.about(WHO):
        mail = form[f"{WHO}:{number}"].lower()
        if mail in names:
            given = (form[f"{field}:{number}"] for field in (NEXT_FROM, NEXT_UNTIL, NEXT_TURNS))
            yield Put(("employees", names[mail], "away"), _away(*given))


def _away(since: str, until: str, turns: str) -> Value:
    away: dict[str, Value] = {"from": since} if since else {}
    away["until"] = until
    if turns != MissedTurns.SKIP:
        away["turns"] = turns
    return away
