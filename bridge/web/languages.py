"""In which language and zone somebody reads, and what a page says in it.

English stands in the code; the catalogues beside it (`translations/<language>.po`) hold the others.
They are read as they are, so that there is nothing to compile and nothing to forget.
"""

import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones

import flask_babel
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from werkzeug.datastructures import LanguageAccept

LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español", "de": "Deutsch"}
"""Each by the name that its readers give it."""
LANGUAGE_COOKIE = "bridge_language"
ZONE_COOKIE = "bridge_zone"
OWN_ZONE_COOKIE = "bridge_own_zone"
"""The one he chose, where it is not that of his device."""
DETAIL = "detail"
"""The context in the catalogues of what is told apart by its English (`bridge/web/details.py`)."""
_FOLDER = Path(__file__).parent / "translations"


class Said(Protocol):
    """A text that is translated when it is shown: what tables of words hold."""

    def __str__(self) -> str: ...


def _(text: str, **values: object) -> str:
    """The text in the reader's language; `values` for its `%(name)s`."""
    return str(flask_babel.gettext(text, **values))


def _l(text: str) -> Said:
    """For tables that are made before anybody reads: `str()` of it translates."""
    said: Said = flask_babel.lazy_gettext(text)
    return said


def _n(one: str, many: str, num: int, **values: object) -> str:
    """The text for this number, which is its `%(num)s`."""
    return str(flask_babel.ngettext(one, many, num, **values))


def said_to(language: str, text: Said) -> str:
    """For who reads without asking for a page: what a live stream tells."""
    return catalogue(language).gettext(str(text))


def language_of(chosen: str, accepted: LanguageAccept) -> str:
    """His choice, else his browser's, else English."""
    known = chosen if chosen in LANGUAGES else None
    return known or accepted.best_match(list(LANGUAGES)) or "en"


def language() -> str:
    """That of who reads this page: his choice, else his browser's, else English. Programs are
    spoken to in English."""
    if not has_request_context() or request.path.startswith("/api/"):
        return "en"
    if "language" not in g:  # each text of a page asks
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        g.language = language_of(chosen, request.accept_languages)
    return str(g.language)


def zone() -> ZoneInfo:
    """Where he reads: as he chose, else as his browser told, UTC until it has."""
    if not has_request_context():
        return ZoneInfo("UTC")
    if "zone" not in g:
        named = own_zone() or request.cookies.get(ZONE_COOKIE, "")
        g.zone = ZoneInfo(named if named in zones() else "UTC")
    found: ZoneInfo = g.zone
    return found


def own_zone() -> str:
    """The zone that he chose; empty where he reads in that of his device."""
    chosen = request.cookies.get(OWN_ZONE_COOKIE, "") if has_request_context() else ""
    return chosen if chosen in zones() else ""


@lru_cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache
def catalogue(language: str) -> NullTranslations:
    """What is said in this language; English for what has no translation."""
    if language not in _translated():
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, _kept(language))
    compiled.seek(0)
    return Translations(compiled)


def details(language: str) -> Mapping[str, str]:
    """Of the texts that the bridge says of itself the English and what it is in this language."""
    if language not in _translated():
        return {}
    kept = (one for one in _kept(language) if one.context == DETAIL and not one.fuzzy)
    return {str(one.id): str(one.string) for one in kept if one.string}


@lru_cache
def _kept(language: str) -> Catalog:
    with (_FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def _translated() -> frozenset[str]:
    return frozenset(path.stem for path in _FOLDER.glob("*.po"))


class _Catalogues(flask_babel.Domain):  # type: ignore[misc]  # flask-babel has no types
    def get_translations(self) -> NullTranslations:
        return catalogue(language())


def register(app: Flask) -> None:
    """Pages and their times are in the reader's language from here on."""
    babel = flask_babel.Babel(app, locale_selector=language)
    babel.domain_instance = _Catalogues()
