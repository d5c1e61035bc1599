"""The form of notifications: who hears of what, by which way, and when digests are made."""

from collections.abc import Iterator

from bridge.domain.policy import DigestEvery
from bridge.policy.editing import Edit, Put, Remove
from bridge.web.languages import Said, _l
from bridge.web.pages.settings.filled import Filled, Made, flag, put_or_remove
from bridge.web.pages.settings.raw import Raw, inside, text

_TOP = "notifications"


def fields_of(raw: Raw) -> dict[str, str]:
    told = raw.get(_TOP)
    digest = inside(told, "digest")
    every = text(inside(digest, "every"), DigestEvery.DAY) if digest is not None else ""
    return {
        "hear_all": flag(text(inside(told, "managers_hear_all_chats")) == "true"),
        "email": text(inside(told, "email")),
        "webhook": text(inside(told, "webhook")),
        "digest_every": every,
        "digest_at": text(inside(digest, "at"), "08:00"),
    }


def edits_of(form: Filled, raw: Raw) -> Made:
    errors = dict(_problems(form))
    return Made(errors=errors) if errors else Made(edits=tuple(_edits(form, raw)))


def _problems(form: Filled) -> Iterator[tuple[str, Said]]:
    every = form["digest_every"]
    if every and every not in tuple(DigestEvery):
        yield "digest_every", _l("Choose one of the answers.")
    if every and not form["digest_at"]:
        yield "digest_at", _l("Say at which time, such as 08:00.")
    if every and not form["email"]:
        yield "email", _l("Digests are mails: choose the account that sends them.")


def _edits(form: Filled, raw: Raw) -> Iterator[Edit]:
    told = raw.get(_TOP)
    if form.changed("hear_all"):
        is_on = form.is_on("hear_all")
        yield Put((_TOP, "managers_hear_all_chats"), "true" if is_on else "false")
    for name in ("email", "webhook"):
        if form.changed(name):
            stands = inside(told, name) is not None
            yield from put_or_remove((_TOP, name), form[name], stands=stands)
    if not form.changed("digest_every", "digest_at"):
        return
    if form["digest_every"]:
        wanted = {"every": form["digest_every"], "at": form["digest_at"]}
        yield Put((_TOP, "digest"), wanted)
    elif inside(told, "digest") is not None:
        yield Remove((_TOP, "digest"))
