"""The form of people: who has which role, gets new clients, works on which channels, gets mails."""

from collections.abc import Iterator, Mapping

from bridge.domain.people import MailWish, Role
from bridge.policy.editing import Edit, Path, Put, Remove, Value
from bridge.web.languages import Said, _l
from bridge.web.pages.settings.filled import Filled, Made, flag
from bridge.web.pages.settings.raw import Raw, entries, inside, names_by_mail, text, texts

ROLE, NEW, ALL, CHANNELS, MAIL, PICK = "role", "new", "all", "channels", "mail", "pick"
_ROLES = {"", *Role}
_WISHES = set(MailWish)


def fields_of(raw: Raw, mails: tuple[str, ...]) -> dict[str, str]:
    """What the YAML says of these people; an empty role for whom it does not name."""
    names, employees = names_by_mail(raw), raw.get("employees")
    fields: dict[str, str] = {}
    for mail in mails:
        entry = inside(employees, names.get(mail, mail))
        fields[f"{ROLE}:{mail}"] = text(inside(entry, "role"))
        fields[f"{NEW}:{mail}"] = flag(text(inside(entry, "gets_new_clients")) == "true")
        fields[f"{ALL}:{mail}"] = flag(inside(entry, "channels") is None)
        fields[f"{CHANNELS}:{mail}[]"] = ",".join(texts(inside(entry, "channels")))
        wish = text(inside(entry, "notify", "mail"), MailWish.EACH)
        fields[f"{MAIL}:{mail}"] = wish
    return fields


def edits_of(form: Filled, raw: Raw) -> Made:
    names = names_by_mail(raw)
    edits: list[Edit] = []
    errors: dict[str, Said] = {}
    for mail in form.about(ROLE):
        problem = _problem(form, mail, mail in names)
        errors.update(problem)
        if not problem:
            edits.extend(_edits(form, mail, names.get(mail), raw))
    return Made(edits=tuple(edits), errors=errors)


def _problem(form: Filled, mail: str, is_known: bool) -> Mapping[str, Said]:
    role = form[f"{ROLE}:{mail}"]
    if role not in _ROLES:
        return {f"{ROLE}:{mail}": _l("Choose one of the roles.")}
    if form[f"{MAIL}:{mail}"] not in _WISHES:
        return {f"{MAIL}:{mail}": _l("Choose one of the answers.")}
    if not role and not is_known and form.changed(*_others(mail)):
        return {f"{ROLE}:{mail}": _l("Choose a role first: without one nothing else counts.")}
    return {}


def _others(mail: str) -> tuple[str, ...]:
    return f"{NEW}:{mail}", f"{ALL}:{mail}", f"{CHANNELS}:{mail}[]", f"{MAIL}:{mail}"


def _edits(form: Filled, mail: str, name: str | None, raw: Raw) -> Iterator[Edit]:
    """`name` is his key as written; None where the YAML does not name him yet."""
    role = form[f"{ROLE}:{mail}"]
    if name is None:
        if role:
            yield Put(("employees", mail), _entry(form, mail))
        return
    path: Path = ("employees", name)
    if not role:
        if form.changed(f"{ROLE}:{mail}"):
            yield Remove(path)
        return
    if form.changed(f"{ROLE}:{mail}"):
        yield Put((*path, "role"), role)
    yield from _changes(form, mail, path, entries(inside(raw.get("employees"), name)))


def _changes(form: Filled, mail: str, path: Path, entry: Mapping[str, Value]) -> Iterator[Edit]:
    if form.changed(f"{NEW}:{mail}"):
        yield Put((*path, "gets_new_clients"), "true" if form.is_on(f"{NEW}:{mail}") else "false")
    if form.changed(f"{ALL}:{mail}", f"{CHANNELS}:{mail}[]"):
        if not form.is_on(f"{ALL}:{mail}"):
            yield Put((*path, "channels"), form.many(f"{CHANNELS}:{mail}[]"))
        elif "channels" in entry:
            yield Remove((*path, "channels"))
    if form.changed(f"{MAIL}:{mail}"):
        yield Put((*path, "notify", "mail"), form[f"{MAIL}:{mail}"])


def _entry(form: Filled, mail: str) -> Value:
    """Of somebody new: only what is not so by itself."""
    entry: dict[str, Value] = {"role": form[f"{ROLE}:{mail}"]}
    if form.is_on(f"{NEW}:{mail}"):
        entry["gets_new_clients"] = "true"
    if not form.is_on(f"{ALL}:{mail}"):
        entry["channels"] = form.many(f"{CHANNELS}:{mail}[]")
    if form[f"{MAIL}:{mail}"] != MailWish.EACH:
        entry["notify"] = {"mail": form[f"{MAIL}:{mail}"]}
    return entry
