"""Every word that a reader meets is said in his language, on every page and to every wrong form.

A language that marks what it says stands in for German: a word without a mark is English that
somebody forgot, or came from outside.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from babel.dates import get_day_names, get_month_names

from bridge.domain.spans import Span, SpanUnit
from bridge.store.engine import writing
from bridge.store.sessions import open_session
from bridge.web import details, languages
from bridge.web.days_said import held_for
from bridge.web.details import Phrases
from bridge.web.languages import zones
from bridge.web.pages.looks import number
from bridge.web.pages.operations_words import size
from bridge.web.reasons_said.facts import check_value
from tests.details import details as all_details
from tests.domain.partner_building import MARTA, PETRA, Q1, lead, offered, queued
from tests.web import programme
from tests.web.browsing import csrf
from tests.web.hearing import Marking, marked, unsaid
from tests.web.listening import LONG, Listening
from tests.web.probing import PROBE
from tests.web.reselling import add, as_user, browser_of, with_resellers
from tests.web.settings_house import Configured
from tests.web.test_pages_probes import (
    clients_say,
    configuration_says,
    people_say,
    starts,
    vendors_say,
)
from tests.web.world import ANA, LUIS, World

PROGRAM = (
    "bridge",
    "CSV",
    "XLSX",
    "JSON",
    "MX",
    "ES",
    "UTC",
    "doctor --fix",
    "--take-over",
    "country",
)
CALENDAR = tuple(
    str(name)
    for width in ("wide", "abbreviated", "short")
    for name in (
        *get_day_names(width, context="stand-alone", locale="de").values(),
        *(get_month_names("wide", context="stand-alone", locale="de").values()),
    )
)
"""What Babel says, which has catalogues of its own."""
MACHINES = ("crm-main", "sf-main", "wa-main", "wa-sales", "wa-north", "tg-main", "crm", "wazzup")
"""Accounts and channels by their names in the YAML, and connectors."""
HOUSE = (
    *("Ana Ruiz", "Bruno Paz", "Luis Gil", "Quim Abad", "Nora Sanz", "Deal of", "A lead"),
    *("Sales", "North", "Telegram", "new_clients", "north", "mx", "tg", "Support", "First contact"),
)
"""Of the world: people, records, channels, pools, rules."""
PARTNERS = ("Petra", "Pablo", "Sonia", "Marta", "Cora", "Carl", "South", "Acme Production")
QUEUES = ("One", "Two", "Three", "q1", "q2", "q3")
RESELLERS = (
    *("Factura del Norte", "Papeles del Norte SA", "norte", "sur", "Basic", "Forever", "Pro"),
    *("Other", "companies", "smtp_mail", "custom", "Monate", "Tage"),
)
OUTSIDE = (PROBE, LONG, LONG[:-1], "zqprobe", *PROGRAM, *CALENDAR, *MACHINES, *HOUSE, *zones())


@pytest.fixture
def marking(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    language = Marking()
    known = Phrases({text: marked(text) for text in all_details()}, marked)
    monkeypatch.setattr(languages, "catalogue", lambda name: language)
    monkeypatch.setattr(details, "phrases", lambda name: known)
    details._found.cache_clear()
    yield
    details._found.cache_clear()


def heard(walk: Listening) -> tuple[list[str], dict[str, str]]:
    """What went wrong, and what was not said in the reader's language."""
    walk.goes()
    assert walk.routes
    return walk.trouble, walk.left


SAID: tuple[list[str], dict[str, str]] = ([], {})


@pytest.mark.parametrize(
    ("page", "left"),
    [
        ("<p>⟦Saved⟧ <bdi>Ana</bdi></p>", set()),
        ("<p>Saved <bdi>Ana</bdi></p>", {"Saved"}),
        ("<p>⟦by ⟧Ana⟦ at ⟧12:30</p>", set()),
        ("<p>⟦by ⟧the house</p>", {"the house"}),
        ('<a title="Open it">⟦x⟧</a>', {"Open it"}),
        ('<input type="submit" value="Send"><input type="text" value="typed">', {"Send"}),
        ('<p lang="en">The vendor said no</p><p>⟦a⟧</p>', set()),
        ('<p><svg><use href="#a"/></svg>Up</p><script>var a</script><code>GET</code>', {"Up"}),
        ("<p>⟦outer ⟦inner⟧ more⟧ 12 %</p>", set()),
        ('<p data-says="Not sent now">⟦a⟧</p><br><p>Late</p>', {"Not sent now", "Late"}),
    ],
)
def test_what_went_through_no_catalogue_is_heard(page: str, left: set[str]) -> None:
    assert unsaid(page, ["Ana"]) == left


@pytest.mark.usefixtures("marking")
@pytest.mark.parametrize("who", [LUIS, ANA])
def test_the_house_is_spoken_to_in_its_readers_language(house: Configured, who: str) -> None:
    world = house.world
    configuration_says(house)
    people_say(world)
    clients_say(world)
    vendors_say(world)
    world.later(minutes=1)
    with writing(world.engine) as db:
        browser = world.app.test_client()
        browser.set_cookie("bridge_session", open_session(db, f"employee:{who}", world.now))
    walk = Listening(browser, starts(world), outside=OUTSIDE)
    assert heard(walk) == SAID


@pytest.mark.usefixtures("marking")
@pytest.mark.parametrize("who", [PETRA, MARTA])
def test_the_partner_programme_is_told_in_its_readers_language(world: World, who: str) -> None:
    summary = replace(lead().summary, name=PROBE, company=PROBE, source=PROBE)
    leads = (offered(PETRA, 1), queued(Q1, 2), lead(3))
    programme.programme(world, *(replace(one, summary=summary) for one in leads))
    browser = programme.signed_in(world, MARTA if who == MARTA else PETRA)
    walk = Listening(browser, starts(world), outside=(*OUTSIDE, *PARTNERS, *QUEUES))
    assert heard(walk) == SAID


@pytest.mark.usefixtures("marking")
def test_resellers_and_their_clients_are_spoken_to_in_their_language(world: World) -> None:
    rita = as_user(with_resellers(world))
    client = add(rita, **dict.fromkeys(("legal_name", "contact_name", "reference"), PROBE))["id"]
    outside = (*OUTSIDE, *RESELLERS)
    reseller = browser_of(world)
    entering = {"csrf": csrf(reseller.get("/clients").text)}
    assert reseller.post(f"/clients/{client}/sign-in-as", data=entering).status_code == 303
    assert heard(Listening(reseller, ["/plan", "/plan/messages"], outside=outside)) == SAID
    assert heard(Listening(browser_of(world), starts(world), outside=outside)) == SAID
    assert heard(Listening(world.signed_in(LUIS), starts(world), outside=outside)) == SAID


@pytest.mark.parametrize(
    ("language", "thousands", "disk", "term"),
    [
        ("en", "12,345", "1,228.8 GB", "12 months"),
        ("es", "12.345", "1.228,8 GB", "12 meses"),
        ("de", "12.345", "1.228,8 GB", "12 Monate"),
    ],
)
def test_numbers_and_terms_are_written_as_the_reader_writes_them(
    world: World, language: str, thousands: str, disk: str, term: str
) -> None:
    with world.app.test_request_context("/", headers={"Accept-Language": language}):
        assert number(12345) == thousands
        assert size(1_319_413_953_331) == disk
        assert held_for(Span(count=12, unit=SpanUnit.MONTHS)) == term


@pytest.mark.parametrize(
    ("check", "codes", "words"),
    [
        ("messenger", "telegram, whatsapp", "Telegram, WhatsApp"),
        ("messenger", "pigeon", "pigeon"),
        ("client", "new", "not in the CRM"),
        ("country", "unknown", "not known"),
        ("country", "MX", "MX"),
        ("channel", "new", "new"),
        ("state", "", ""),
    ],
)
def test_what_a_rule_asks_for_is_told_in_words(check: str, codes: str, words: str) -> None:
    assert check_value(check, codes) == words
