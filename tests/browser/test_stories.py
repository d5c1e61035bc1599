"""Four readers at their work in the demo on PostgreSQL: each in three languages, on a phone and at
a desk. Each story has rows of its own, so that none depends on another; its pictures are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import admin_story, partner_story, reseller_story, support_story
from tests.browser.demo import RunningDemo, running_demo
from tests.browser.eyes import eyes_on
from tests.browser.reader import Reader
from tests.services import Postgres

WIDTHS = pytest.mark.parametrize("width", [390, 1440])
LANGUAGES = pytest.mark.parametrize("language", ["en", "es", "de"])


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres
) -> Iterator[RunningDemo]:
    database = postgres_server.create("demo_of_stories")
    with running_demo(tmp_path_factory.mktemp("stories"), database) as running:
        yield running
    postgres_server.drop("demo_of_stories")


@pytest.fixture
def reader(
    request: pytest.FixtureRequest, browser: Browser, house: RunningDemo, language: str, width: int
) -> Iterator[Reader]:
    """Named by the test; what his console said, or was refused, fails it."""
    with eyes_on(browser, house.url) as eyes:
        eyes.look("dark" if width == 390 and language == "es" else "light", width)
        found = Reader(eyes, request.function.__name__.split("_")[2], language, width)
        yield found
        found.leaves()


@WIDTHS
@LANGUAGES
def test_of_support(reader: Reader, house: RunningDemo) -> None:
    """ROL-05, CHN-03, FEED-04: list, filter, search, conversation, answer, note, feed, why."""
    support_story.tell(reader, house)


@WIDTHS
@LANGUAGES
def test_of_admin(reader: Reader, house: RunningDemo) -> None:
    """ROL-01, ROL-02: a role given, reviewed, saved, taken back; files broken and moved."""
    admin_story.tell(reader, house)


@WIDTHS
@LANGUAGES
def test_of_partner(reader: Reader, house: RunningDemo, browser: Browser) -> None:
    """PRM-13, PRM-24, REN-18: leads taken and declined, the report, renewals."""
    partner_story.tell(reader, house, browser)


@WIDTHS
@LANGUAGES
def test_of_reseller(reader: Reader, house: RunningDemo, browser: Browser, tmp_path: Path) -> None:
    """RSL-01, RSL-09, RSL-12, RSL-24: the table, what is done there, import, signing in as one."""
    reseller_story.tell(reader, house, browser, tmp_path)
