"""One client's story, the same with every CRM and every messenger.

He writes first and is taken in; whoever owns him answers; then he is given to somebody else.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bridge.domain.effects import SendMessage
from bridge.domain.policy import Creation
from bridge.domain.records import RecordKind
from bridge.store.engine import open_engine
from connectors import CONNECTORS
from tests.stories.crms import CRMS
from tests.stories.messengers import MESSENGERS, NAME, PHONE
from tests.stories.town import ANA, BRUNO, LUIS, Town, town

QUESTION, ANSWER, MORE = "¿Cuánto cuesta la mesa?", "Buenas, 90 €", "¿Y la silla?"


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """One store is enough: no vendor sees which one it is."""
    opened = open_engine(sqlite_url)
    yield opened
    opened.dispose()


def test_every_connector_has_its_part() -> None:
    senders = {one.name for one in CONNECTORS if SendMessage in one.delivers}
    assert {at.connector for at in MESSENGERS.values()} == senders
    assert {at.connector for at in CRMS.values()} == {c.name for c in CONNECTORS if c.is_crm}


@pytest.mark.parametrize("messenger", MESSENGERS)
@pytest.mark.parametrize("crm", CRMS)
def test_a_client_is_taken_in_answered_and_given_away(
    engine: Engine, crm: str, messenger: str
) -> None:
    with town(engine, CRMS[crm], MESSENGERS[messenger]) as story:
        he_is_taken_in(story, RecordKind.DEAL)
        ana_answers(story)
        he_is_given_to_bruno(story, RecordKind.DEAL)
        assert in_timeline(story, QUESTION) == 1


@pytest.mark.parametrize("crm", CRMS)
def test_the_same_with_a_lead_in_place_of_a_deal(engine: Engine, crm: str) -> None:
    with town(engine, CRMS[crm], MESSENGERS["telegram"], Creation.LEAD) as story:
        he_is_taken_in(story, RecordKind.LEAD)
        ana_answers(story)
        he_is_given_to_bruno(story, RecordKind.LEAD)
        assert in_timeline(story, QUESTION) == 1


def he_is_taken_in(story: Town, beside: RecordKind) -> None:
    """A contact, and a deal or a lead; Ana owns them, sees the chat and is told."""
    story.client.writes(QUESTION)
    story.until(lambda: in_timeline(story, QUESTION) == 1, "his question in the timeline")
    made = [*story.crm.records(RecordKind.CONTACT), *story.crm.records(beside)]
    assert {record.owner for record in made} == {story.crm.at.owners["ana"]}
    assert len(story.crm.records(beside)) == 1
    assert any(NAME in record.name or PHONE in record.name for record in made)
    assert len(story.sees(ANA)) == len(story.sees(LUIS)) == 1
    assert story.sees(BRUNO) == []
    assert (story.told(ANA), story.told(BRUNO)) == (1, 0)


def ana_answers(story: Town) -> None:
    """Her answer reaches him once, and stands in the timeline once."""
    (chat,) = story.sees(ANA)
    story.says(ANA, chat, ANSWER)
    story.until(lambda: in_timeline(story, ANSWER) == 1, "her answer in the timeline")
    story.until(lambda: story.client.got() == [ANSWER], "her answer with the client")


def he_is_given_to_bruno(story: Town, beside: RecordKind) -> None:
    """From then on he is Bruno's, and nobody else's."""
    for record in story.crm.records(beside):
        story.crm.gives(beside, record, "bruno")
    for record in story.crm.records(RecordKind.CONTACT):
        story.crm.gives(RecordKind.CONTACT, record, "bruno")
    story.until(lambda: len(story.sees(BRUNO)) == 1, "Bruno sees the chat")
    story.until(lambda: story.sees(ANA) == [], "Ana sees it no more")
    before = story.told(ANA), story.told(BRUNO)
    story.client.writes(MORE)
    story.until(lambda: in_timeline(story, MORE) == 1, "his next question in the timeline")
    assert (story.told(ANA), story.told(BRUNO)) == (before[0], before[1] + 1)
    assert story.client.got() == [ANSWER]
    assert [in_timeline(story, text) for text in (QUESTION, ANSWER)] == [1, 1]


def in_timeline(story: Town, text: str) -> int:
    return sum(text in entry for entry in story.crm.entries())
