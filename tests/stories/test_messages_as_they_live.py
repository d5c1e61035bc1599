"""What becomes of messages after they were written, with every CRM: one entry each, kept true."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bridge.domain.policy import OnDelete, Timeline
from bridge.store.engine import open_engine
from tests.stories.crms import CRMS
from tests.stories.living import FILE, LIVING, Deed, Living
from tests.stories.town import ANA, CHAT, Town, town

FIRST, SECOND, THIRD = "A table, please", "Two tables, please", "Three tables, please"
ANSWER, TYPED = "With pleasure", "I call you in a moment"


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """One store is enough: no vendor sees which one it is."""
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.mark.parametrize("messenger", LIVING)
@pytest.mark.parametrize("crm", CRMS)
def test_messages_as_they_live(engine: Engine, crm: str, messenger: str) -> None:
    """WZ-10, FEED-01, FEED-06, FEED-07"""
    with town(engine, CRMS[crm], LIVING[messenger].at) as story:
        told = LIVING[messenger]
        message = he_writes_and_edits_twice(story, told)
        he_reacts(story, told, message)
        he_takes_it_back(story, told, message)
        assert THIRD in the_entry(story, "deleted by contact")
        ana_answers_and_it_comes_back(story, told)
        somebody_types_on_the_phone(story, told)
        he_sends_a_file(story, told)
        assert len(story.crm.whole_entries()) == 4


@pytest.mark.parametrize("messenger", LIVING)
@pytest.mark.parametrize("crm", CRMS)
def test_what_was_taken_back_is_redacted_where_the_house_wants_it(
    engine: Engine, crm: str, messenger: str
) -> None:
    told, timeline = LIVING[messenger], Timeline(on_delete=OnDelete.REDACT)
    with town(engine, CRMS[crm], told.at, timeline=timeline) as story:
        message = he_writes_and_edits_twice(story, told)
        he_takes_it_back(story, told, message)
        entry = the_entry(story, "deleted by contact")
        assert [text for text in (FIRST, SECOND, THIRD) if text in entry] == []
        assert "(deleted)" in entry
        assert len(story.crm.whole_entries()) == 1


@pytest.mark.parametrize("crm", CRMS)
def test_a_message_of_nothing_has_an_entry(engine: Engine, crm: str) -> None:
    """FEED-06"""
    with town(engine, CRMS[crm], LIVING["webhook"].at) as story:
        story.client.writes("")
        story.until(lambda: in_entries(story, "(empty message)") == 1, "its entry")
        assert len(story.sees(ANA)) == 1


def he_writes_and_edits_twice(story: Town, told: Living) -> str:
    message = told.writes(story.client, FIRST)
    story.until(lambda: in_entries(story, FIRST) == 1, "his message in the timeline")
    story.client.does(*told.edits(message, SECOND))
    story.until(lambda: in_entries(story, SECOND) == 1, "his edit in the timeline")
    once = the_entry(story, SECOND)
    assert "edited" in once
    assert "edited (" not in once
    story.client.does(*told.edits(message, THIRD))
    story.until(lambda: in_entries(story, THIRD) == 1, "his second edit in the timeline")
    assert "edited (2)" in the_entry(story, THIRD)
    assert len(story.crm.whole_entries()) == 1
    return message


def he_reacts(story: Town, told: Living, message: str) -> None:
    """No entry of its own, and none is rewritten."""
    before = story.crm.whole_entries()
    for deed in (told.reacts(message),) if told.reacts else ():
        story.client.does(*deed)
        story.until(lambda: story.decided(CHAT, "message.reacted") == 1, "his reaction")
    story.rests()
    assert story.crm.whole_entries() == before


def he_takes_it_back(story: Town, told: Living, message: str) -> None:
    story.client.does(*told.deletes(message))
    story.until(lambda: in_entries(story, "deleted by contact") == 1, "that he took it back")
    assert len(story.crm.whole_entries()) == 1


def ana_answers_and_it_comes_back(story: Town, told: Living) -> None:
    (chat,) = story.sees(ANA)
    story.says(ANA, chat, ANSWER)
    story.until(lambda: in_entries(story, ANSWER) == 1, "her answer in the timeline")
    for deed in comes_back(story, told):
        story.client.does(*deed)
    story.until(lambda: story.decided(CHAT, "message.own_echo") >= 1, "her answer's echo")
    story.rests()
    assert in_entries(story, ANSWER) == 1


def comes_back(story: Town, told: Living) -> Iterator[Deed]:
    if told.comes_back is not None:
        (sent,) = story.client.state()["sent"]
        yield told.comes_back(sent["id"], ANSWER)


def somebody_types_on_the_phone(story: Town, told: Living) -> None:
    story.client.does(*told.types_on_phone(TYPED))
    story.until(lambda: in_entries(story, TYPED) == 1, "the phone's message in the timeline")
    assert told.typed_head in the_entry(story, TYPED)


def he_sends_a_file(story: Town, told: Living) -> None:
    """The entry leads to our copy, which asks who is there."""
    story.client.does(*told.sends_file)
    story.until(lambda: in_entries(story, "/media/of/") == 1, "his file in the timeline")
    assert f"{story.url}/media/of/" in the_entry(story, "/media/of/")
    assert in_entries(story, FILE) == 0


def in_entries(story: Town, text: str) -> int:
    return sum(text in entry for entry in story.crm.whole_entries())


def the_entry(story: Town, text: str) -> str:
    [entry] = [entry for entry in story.crm.whole_entries() if text in entry]
    return entry
