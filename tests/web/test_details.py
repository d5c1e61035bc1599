"""What the bridge says in English where it decides is read back, and told in the reader's words."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.domain.reasons import Reason, ReasonCode
from bridge.web import details, languages
from bridge.web.details import Phrases, detail, said, within
from bridge.web.reasons_said import told
from tests.details import ROOT, of_code
from tests.details import details as all_details
from tests.web.world import LUIS, World

PLACE = re.compile(r"%\((\w+)\)s")
SPANISH = {
    "owns the %(kind)s in the CRM": "lleva la ficha (%(kind)s) en el CRM",
    "chosen by %(employee)s; %(default)s": "lo eligió %(employee)s; %(default)s",
    "the default is the same: %(detail)s": "por defecto sería igual: %(detail)s",
    "a reply stays on the channel of the chat": "la respuesta sale por el canal del chat",
    "%(given)s of %(all)s units (50%%)": "%(given)s de %(all)s unidades (50 %%)",
    "no such page": "esa página no existe",
    "send the form again: %(this)s, %(this)s": "envía %(this)s otra vez",
}


JOINED = "esa página no existe; la respuesta sale por el canal del chat"


@pytest.fixture
def spanish(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Readers of Spanish have these texts and no others."""
    monkeypatch.setattr(details, "phrases", lambda language: Phrases(SPANISH))
    details._found.cache_clear()
    yield
    details._found.cache_clear()


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("owns the deal in the CRM", "lleva la ficha (deal) en el CRM"),
        ("a reply stays on the channel of the chat", "la respuesta sale por el canal del chat"),
        ("3 of 6 units (50%)", "3 de 6 unidades (50 %)"),
        (
            "chosen by ana@x; the default is the same: a reply stays on the channel of the chat",
            "lo eligió ana@x; por defecto sería igual: la respuesta sale por el canal del chat",
        ),
        ("chosen by %(x)s{0}%; %s", "lo eligió %(x)s{0}%; %s"),
        ("chosen by ana@x; something that nobody has translated", None),
        (
            "roles.yaml:3:33: role: 7 of 9 units (50%)",
            "roles.yaml:3:33: role: 7 de 9 unidades (50 %)",
        ),
        ("no such page; a reply stays on the channel of the chat", JOINED),
        ("no such page; and more", None),
        (
            "boss a reply stays on the channel of the chat",
            "boss la respuesta sale por el canal del chat",
        ),
        ("send the form again: a, a", "envía a otra vez"),
        ("send the form again: a, b", None),
        ("owns the deal in the CRM today", None),
        ("owns the deal\nin the CRM", None),
        ("", None),
        ("owns the " + "x" * 5000 + " in the CRM", None),
    ],
)
def test_a_text_is_read_back_by_its_english(english: str, spanish: str | None) -> None:
    assert Phrases(SPANISH).find(english) == spanish


def test_of_two_that_fit_the_one_that_says_more_is_taken() -> None:
    both = {"%(a)s is gone from here": "1 %(a)s", "the %(b)s is gone from here": "2 %(b)s"}
    assert Phrases(both).find("the contact is gone from here") == "2 contact"


def test_a_state_is_told_as_pages_call_it(world: World) -> None:
    with world.app.test_request_context("/feed", headers={"Accept-Language": "es"}):
        detail_said = said("the lead is not offered to you any more: it is accepted").text
        kind_said = said("owns the deal in the CRM").text
    assert detail_said == "el lead ya no se le ofrece: está aceptado"
    assert kind_said == "es propietario en el CRM (negocio)"
    with world.app.test_request_context("/feed", headers={"Accept-Language": "de"}):
        assert said("owns the deal in the CRM").text == "ist Besitzer im CRM (Deal)"
        assert said("owns the pigeon in the CRM").text == "ist Besitzer im CRM (pigeon)"


def test_every_text_of_the_code_is_known_again() -> None:
    """With values in its places, and as itself rather than as part of another."""
    english = all_details()
    known = Phrases({text: f"{number} {text}" for number, text in enumerate(english)})
    unknown = {}
    for number, text in enumerate(english):
        values = {name: f"‹{name}›" for name in PLACE.findall(text)}
        found = known.find(text % values)
        if found != f"{number} {text}" % values:
            unknown[text] = found
    assert unknown == {}


def test_texts_are_found_where_they_are_made() -> None:
    code = """
'''A docstring of several words.'''
def f(a, who):
    _log.info("a line of the log")
    if a:
        raise not_found("paused account")
    yield wrong("clock skew", f"{who.kind} is {a:.0f} seconds ahead of {who.name!r}", TODO)
    detail = "the client " f"has {a} units" if who else "no unit is left"
    return Reason(ReasonCode.X, detail), "short", f"{a}{who} went away", "100% of all units"
"""
    found = list(dict.fromkeys(of_code(code)))
    assert found == [
        "no such paused account",
        "clock skew",
        "%(kind)s is %(a)s seconds ahead of %(who)s",
        "the client has %(a)s units",
        "no unit is left",
        "100%% of all units",
    ]
    assert of_code(code, is_web=True) == [*found[:2], *found[3:5]]


def test_all_that_people_meet_is_found() -> None:
    """Kinds of texts, one each: a reason, a finding, a point of the doctor, refusals."""
    wanted = {
        "%(chosen)s is next in turn of %(key)s": "bridge/domain/distribution.py",
        "no rule names this pool": "bridge/policy/checks/targets.py",
        "clock skew": "bridge/pipeline/doctor/standing.py",
        "choose at least one dead letter": "bridge/web/pages/dead.py",
        "no such page": "bridge/web/pages/__init__.py",
    }
    found = all_details()
    assert {text: found.get(text) for text in wanted}.keys() == wanted.keys()
    for text in wanted:
        assert text in found, text
        assert Path(ROOT, found[text]).exists()


@pytest.mark.usefixtures("spanish")
def test_a_page_says_it_in_the_readers_language_and_marks_what_nobody_translated(
    world: World,
) -> None:
    with world.app.test_request_context("/feed", headers={"Accept-Language": "es"}):
        assert detail("owns the deal in the CRM") == "Lleva la ficha (deal) en el CRM"
        assert within("owns the <b> in the CRM") == "lleva la ficha (&lt;b&gt;) en el CRM"
        assert detail("nobody knows <this>") == ('<span lang="en">Nobody knows &lt;this&gt;</span>')
        assert said("").is_english is False
        more = told(Reason(ReasonCode.OWNER_WINS, "owns the deal in the CRM"), "Ana")
        assert (more.more, more.is_english) == ("Lleva la ficha (deal) en el CRM", False)


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize(
    ("path", "language"), [("/feed", "en"), ("/feed", "fr"), ("/api/v1/timeline", "es")]
)
def test_english_readers_and_programs_get_it_as_it_was_written(
    world: World, path: str, language: str
) -> None:
    with world.app.test_request_context(path, headers={"Accept-Language": language}):
        assert detail("owns the deal in the CRM") == "Owns the deal in the CRM"


@pytest.mark.usefixtures("spanish")
def test_a_refusal_is_told_in_the_readers_language(world: World) -> None:
    browser = world.signed_in(LUIS)
    answer = browser.get("/no-such-page", headers={"Accept-Language": "es"})
    assert answer.status_code == 404
    assert "<p>Esa página no existe.</p>" in answer.text
    assert browser.get("/no-such-page").text.count("No such page.") == 1


def test_what_the_catalogues_hold_of_them_is_read_with_its_context() -> None:
    found = languages.details("es")
    assert found.keys() <= all_details().keys()
    assert languages.details("xx") == {}
