"""Every text of the pages in every language: nothing missing, nothing left over, places kept."""

import re

import pytest
from babel.messages.catalog import Message

from bridge.web.languages import LANGUAGES, catalogue
from tests.catalogues import TRANSLATED, texts
from tests.catalogues import catalogue as kept
from tests.web.world import LUIS, World

_PLACE = re.compile(r"%\(\w+\)[sd]|%%")
_MARKUP = re.compile(r"<[a-zA-Z/]|&\w+;")


def forms(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, (tuple, list)) else (str(text or ""),)


@pytest.fixture(scope="module")
def wanted() -> list[Message]:
    found = [message for message in texts() if message.id]
    assert len(found) > 900
    return found


def test_english_is_the_languages_of_the_code() -> None:
    assert {"en", *TRANSLATED} == set(LANGUAGES)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(wanted: list[Message], language: str) -> None:
    """`python -m tests.catalogues` brings in what is new."""
    known = kept(language)
    missing = []
    for message in wanted:
        found = known.get(forms(message.id)[0], message.context)
        if found is None or found.fuzzy or not all(forms(found.string)):
            missing.append(message.id)
    assert missing == []
    left_over = {forms(one.id)[0] for one in known if one.id} - {forms(m.id)[0] for m in wanted}
    assert left_over == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_the_places_and_brings_no_markup(
    wanted: list[Message], language: str
) -> None:
    known = kept(language)
    for message in wanted:
        found = known.get(forms(message.id)[0], message.context)
        assert found is not None
        assert len(forms(found.string)) == len(forms(message.id)), message.id
        # Each form has the places of its own English one: "once" needs no number.
        for text, english in zip(forms(found.string), forms(message.id), strict=True):
            places = set(_PLACE.findall(english))
            assert set(_PLACE.findall(text)) == places, (message.id, text)
            assert not _MARKUP.search(text), (message.id, text)


@pytest.mark.parametrize("language", TRANSLATED)
def test_plurals_are_chosen_by_the_number(language: str) -> None:
    said = catalogue(language)
    one, many = (said.ungettext("%(num)d day left", "%(num)d days left", n) for n in (1, 2))
    assert one != many
    assert "%(num)d" in one


def test_a_page_is_in_the_readers_language(world: World) -> None:
    browser = world.signed_in(LUIS)
    for language, said in (("en", "Conversations"), ("es", "Conversaciones"), ("de", "Gespräche")):
        browser.set_cookie("bridge_language", language)
        page = browser.get("/conversations").text
        assert f">{said}</h1>" in page or f"<bdi>{said}</bdi></h1>" in page, language
