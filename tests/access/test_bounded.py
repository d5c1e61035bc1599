"""What is looked at for one page is bounded, and whoever goes on misses nothing."""

from collections.abc import Iterator

import pytest

from bridge.domain.changes import Notify
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientState, ContactState
from bridge.pipeline.indexing import index
from bridge.store import notices
from bridge.store.engine import writing
from bridge.web import chatsearch, noticelist
from tests.access.planting import FRESH, Chat, plant
from tests.access.test_search import pages, writes
from tests.web.asking import Api, api
from tests.web.world import ANA, BRUNO, LUIS, NORTH, OWNER, QA, SALES, World

_OLDEST = 3


@pytest.fixture(autouse=True)
def _looks_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chatsearch, "MOST_LOOKED_AT", 4)
    monkeypatch.setattr(chatsearch, "_BATCH", 2)
    monkeypatch.setattr(noticelist, "MOST_LOOKED_AT", 4)
    monkeypatch.setattr(noticelist, "_BATCH", 2)


def a_word_often_said(world: World) -> None:
    """The oldest three of eleven chats are in the other channel."""
    for number in range(11):
        writes(world, number, BRUNO, "rare" if number < _OLDEST else "often")
        if number < _OLDEST:
            world.writes(f"+3460078{number:04}", "often", channel=NORTH)


@pytest.mark.parametrize("who", [LUIS, QA])
def test_a_search_within_a_filter_goes_on_page_by_page(any_world: World, who: EmployeeId) -> None:
    """Of the newest eight none is in the channel. A word that few say is found at once."""
    a_word_often_said(any_world)
    index(any_world.parts, 60)
    found = pages(api(any_world, who), "often", 5, channel=NORTH)
    assert [len(page) for page in found] == [0, 0, 3]
    assert [len(page) for page in pages(api(any_world, who), "rare", 5)] == [3]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 20])
def test_nothing_is_missed_and_nothing_comes_twice(any_world: World, limit: int) -> None:
    """Those without any message are looked at as well."""
    plant(any_world, [_chat(has_messages=number % 3 > 0) for number in range(14)])
    found = [name for page in pages(api(any_world, LUIS), "needle", limit) for name in page]
    all_there_are = [item["id"] for item in api(any_world, LUIS).all("/conversations")]
    assert (found, len(found)) == (all_there_are, 14)


def test_a_list_without_words_is_never_cut(any_world: World) -> None:
    a_word_often_said(any_world)
    assert [len(page) for page in pages(api(any_world, LUIS), "", 20)] == [14]
    assert [len(page) for page in pages(api(any_world, LUIS), "  ", 20)] == [14]


def test_a_salespersons_search_is_never_cut(any_world: World) -> None:
    """The end of a page would tell of chats that he may not read."""
    a_word_often_said(any_world)
    index(any_world.parts, 60)
    assert [len(page) for page in pages(api(any_world, BRUNO), "rare", 5)] == [3]
    assert [len(page) for page in pages(api(any_world, BRUNO), "often", 20, channel=SALES)] == [8]
    assert pages(api(any_world, ANA), "rare", 5) == [[]]


def test_the_page_says_that_older_ones_were_not_looked_at(world: World) -> None:
    a_word_often_said(world)
    index(world.parts, 60)
    browser = world.signed_in(LUIS)
    nothing = browser.get(f"/conversations?q=often&channel={NORTH}").text
    some = browser.get("/conversations?q=often").text
    assert "Older ones were not looked at yet" in nothing
    assert "Nothing fits these filters" not in nothing
    assert "Older conversations were not looked at yet" in some
    assert [page.count("Look at older ones") for page in (nothing, some)] == [1, 1]
    assert "Look at older ones" not in browser.get("/conversations").text


def _chat(has_messages: bool) -> Chat:
    return Chat(
        client=ClientState.KNOWN,
        channel=SALES,
        owner=OWNER[BRUNO],
        contact=ContactState.ACTIVE,
        age=FRESH,
        deals=(),
        leads=(),
        claimed_by=None,
        participant=None,
        is_unanswered=False,
        has_messages=has_messages,
    )


def told(world: World, *conversations: ConversationId | None) -> None:
    with writing(world.engine) as db:
        code = ReasonCode.NOTIFY_RESPONSIBLE
        made = [
            Notify(employee=ANA, conversation=c, message=None, code=code) for c in conversations
        ]
        notices.add(db, made, world.now)


def notice_pages(asking: Api, limit: int) -> Iterator[int]:
    cursor = ""
    while cursor is not None:
        page = asking.get("/notifications", unread="true", limit=limit, cursor=cursor)
        yield len(page.items)
        cursor = page.json["next"]


def test_notices_of_lost_chats_are_gone_through_page_by_page(any_world: World) -> None:
    lost = plant(any_world, [_chat(has_messages=True)])[0].conversation
    told(any_world, None, None, lost, lost, lost, lost, lost, None)
    asking = api(any_world, ANA)
    assert [*notice_pages(asking, 5)] == [1, 2, 0]
    assert [*notice_pages(asking, 1)] == [1, 1, 1]
    assert asking.get("/notifications/counters").json["unread"] == 1
