"""The forms of channels: their labels, whom each may be, which one somebody writes from first."""

import re
from collections.abc import Iterator

from bridge.domain.messaging import Messenger
from bridge.policy.editing import Edit, Put, Remove, Value
from bridge.web.languages import Said, _l
from bridge.web.pages.settings.filled import Filled, Made, put_or_remove
from bridge.web.pages.settings.raw import Raw, entries, inside, names_by_mail, text

LABEL, PRIORITY = "label", "priority"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def fields_of(raw: Raw, choices: tuple[tuple[str, Messenger], ...]) -> dict[str, str]:
    """`choices`: who has several channels of which messenger (CHN-01)."""
    channels, names = entries(raw.get("channels")), names_by_mail(raw)
    labels = {f"{LABEL}:{name}": text(inside(entry, "label")) for name, entry in channels.items()}
    return labels | {
        f"{PRIORITY}:{mail}:{messenger}": text(
            inside(raw, "employees", names.get(mail, mail), "priority_channel", messenger)
        )
        for mail, messenger in choices
    }


def edits_of(form: Filled, raw: Raw) -> Made:
    return Made(edits=(*_labels(form, raw), *_priorities(form, raw)))


def _labels(form: Filled, raw: Raw) -> Iterator[Edit]:
    for name in form.about(LABEL):
        entry = inside(raw.get("channels"), name)
        if form.changed(f"{LABEL}:{name}") and entry is not None:
            stands = inside(entry, "label") is not None
            path = ("channels", name, "label")
            yield from put_or_remove(path, form[f"{LABEL}:{name}"], stands=stands)


def _priorities(form: Filled, raw: Raw) -> Iterator[Edit]:
    names = names_by_mail(raw)
    for about in form.about(PRIORITY):
        mail, _, messenger = about.rpartition(":")
        field = f"{PRIORITY}:{about}"
        if not form.changed(field) or mail not in names:
            continue
        path = ("employees", names[mail], "priority_channel")
        held = entries(inside(raw, *path))
        if form[field]:
            yield Put((*path, messenger), form[field])
        elif messenger in held:
            # An empty mapping says nothing: without its last channel the key goes too.
            yield Remove((*path, messenger) if len(held) > 1 else path)


def added(form: Filled, raw: Raw) -> Made:
    """A channel that the messenger told of and the YAML does not name yet."""
    errors = dict(_against(form, raw))
    if errors:
        return Made(errors=errors)
    entry: dict[str, Value] = {
        "account": form["account"],
        "messenger": form["messenger"],
        "id": form["id"],
    }
    if form["label"]:
        entry["label"] = form["label"]
    return Made(edits=(Put(("channels", form["name"]), entry),))


def _against(form: Filled, raw: Raw) -> Iterator[tuple[str, Said]]:
    if not _NAME.fullmatch(form["name"]):
        yield "name", _l("Letters, digits, dots, dashes; it begins with a letter or a digit.")
    elif form["name"] in entries(raw.get("channels")):
        yield "name", _l("There is a channel of this name already: choose another.")
    if form["messenger"] not in tuple(Messenger):
        yield "messenger", _l("Choose one of the answers.")
    if not form["account"] or not form["id"]:
        yield "name", _l("Load the page again: the channel's account or id is missing.")
