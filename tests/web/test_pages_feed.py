"""The activity feed, why, dead letters, notifications."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.names import ConversationId
from bridge.domain.policy import ClientCondition, Rule, Target, When
from tests.web.asking import api
from tests.web.browsing import csrf
from tests.web.world import ANA, BRUNO, LUIS, NORA, NORTH, QA, SALES, WA, World

MARTA, KENJI = "+34600111222", "+34600111333"


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", MARTA, ANA, deal_of=ANA)
    return world.writes(MARTA, "hello there")


def test_feed_05_long_texts_are_folded(world: World) -> None:
    text = "First line that says it.\n" + "And much more. " * 40
    world.writes(MARTA, text)
    page = world.signed_in(LUIS).get("/feed").text
    assert '<summary><bdi dir="auto">First line that says it.</bdi></summary>' in page
    assert page.count("And much more.") == 40


def test_feed_04_the_feed_is_filtered_by_source_channel_person_and_time(
    world: World, chat: ConversationId
) -> None:
    browser = world.signed_in(LUIS)
    tomorrow = f"{world.now + timedelta(days=1):%Y-%m-%dT%H:%M}"
    hits = {"source=wazzup", f"channel={SALES}", f"person={ANA}", f"to={tomorrow}"}
    misses = {"source=crm", f"channel={NORTH}", f"person={QA}", f"from={tomorrow}"}
    for query in hits | misses:
        shown = "hello there" in browser.get(f"/feed?{query}").text
        assert shown is (query in hits), query


def test_why_tells_the_decision_as_a_story(world: World) -> None:
    world.policy = replace(
        world.policy,
        rules=(
            Rule(
                id="mx",
                label="Mexico first",
                when=When(client=ClientCondition.NEW, countries=frozenset({"MX"})),
                to=(Target(employee=LUIS),),
            ),
        ),
    )
    world.writes(MARTA, "hello")
    event = api(world, LUIS).all("/timeline")[0]["event"]
    page = world.signed_in(LUIS).get(f"/events/{event}?why_not={BRUNO}").text
    for words in (
        "Mexico first",
        "does not fit",
        "Country: asks for MX, but it was ES",
        "Ana Ruiz was next in turn and gets the client.",
        "chosen",
        "Does not take new clients",
        "Create the deal",
        "waiting",
        "Last turn of new_clients",
        "Who can see it now",
    ):
        assert words in page, words
    answer = re.search(r'<div class="answer" role="status">(.*?)</div>', page, re.DOTALL)
    assert answer is not None
    assert "Does not take new clients" in answer[1]
    assert "<code>candidate.gets_no_new_clients</code>" in page


def test_dead_letters_are_looked_into_and_tried_again(world: World) -> None:
    world.arrives(WA, b"7")
    for _ in range(12):
        world.later(minutes=1)
        world.drain(f"in:{WA}")
    browser = world.signed_in(LUIS)
    page = browser.get("/dead-letters").text
    assert "IndexError" in page
    form = {"csrf": csrf(page)}
    raw = browser.post("/dead-letters/inbox/1/raw", data=form)
    assert ">7</pre>" in raw.text
    assert browser.post("/dead-letters/inbox/1/replay", data=form).status_code == 303
    assert "No dead letters" in browser.get("/dead-letters").text
    world.drain(f"in:{WA}")


@pytest.mark.parametrize("employee", [ANA, NORA])
def test_dead_letters_are_for_who_looks_after_the_house(world: World, employee: str) -> None:
    browser = world.signed_in(employee)  # type: ignore[arg-type]
    assert browser.get("/dead-letters").status_code == 403
    assert "/dead-letters" not in browser.get("/conversations").text


def test_notifications_are_counted_shown_and_read(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    page = browser.get("/notifications").text
    assert "Your client wrote" in page
    assert 'data-count="unread" title="not read" ><span>1</span>' in page
    browser.post("/notifications/read", data={"csrf": csrf(page)})
    assert 'title="not read" hidden>' in browser.get("/notifications").text
