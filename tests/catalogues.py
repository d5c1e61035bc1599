"""The texts of pages: `python -m tests.catalogues` brings the catalogues up to date with the code.

New texts come in without a translation, those that are gone go; the tests ask for the rest. What
bears the context `detail` is no whole text: it begins small, ends without a full stop, and often
leaves out who it is about ("owns the deal in the CRM").
"""

import sys
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bridge.web.languages import DETAIL
from tests.details import details

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "bridge" / "web" / "translations"
TRANSLATED = ("es", "de")
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_KEYWORDS = {"_": None, "_l": None, "_n": (1, 2), "gettext": None, "ngettext": (1, 2)}
_WIDTH = 100
_HEAD: Any = {
    "project": "bridge",
    "version": "1",
    "header_comment": "# What bridge's pages say. English stands in the code.",
    "msgid_bugs_address": "the project's issues",
    "last_translator": "the project",
    "language_team": "the project",
}


def texts() -> Catalog:
    """Every text of the pages, in the order of files."""
    catalog = Catalog(project="bridge", charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        str(ROOT / "bridge" / "web"),
        method_map=_METHODS,
        options_map={"**/templates/**.html": {"silent": "false"}},
        keywords=_KEYWORDS,
    )
    for name, _line, text, _comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        catalog.add(text, None, [(f"bridge/web/{name}", 0)], context=context)
    for text, name in details().items():
        catalog.add(text, None, [(name, 0)], context=DETAIL)
    return catalog


def catalogue(language: str) -> Catalog:
    """The one that is kept; an empty one before there is any."""
    path = FOLDER / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False, **_HEAD)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write(kept: Catalog) -> None:
    with (FOLDER / f"{kept.locale}.po").open("wb") as file:
        write_po(
            file, kept, width=_WIDTH, no_location=True, omit_header=False, ignore_obsolete=True
        )


def main() -> None:
    wanted = texts()
    for language in TRANSLATED:
        kept = catalogue(language)
        kept.update(wanted, no_fuzzy_matching=True)
        write(kept)
        missing = sum(not all(_forms(message.string)) for message in kept if message.id)
        sys.stdout.write(f"{language}: {len(kept)} texts, {missing} without a translation\n")


def _forms(text: object) -> tuple[object, ...]:
    return tuple(text) if isinstance(text, (tuple, list)) else (text,)


if __name__ == "__main__":
    main()
