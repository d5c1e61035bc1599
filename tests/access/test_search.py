"""A search tells of nothing but what one may read: by its hits, its pages and its cursors."""

import base64
from dataclasses import replace

import pytest

from bridge.domain.events import MessageEdited, MessageReceived
from bridge.domain.messaging import Direction
from bridge.domain.names import ConversationId, EmployeeId, EventKey
from bridge.pipeline.indexing import index
from bridge.pipeline.noting import NoteRequest, note
from tests.web.asking import Api, api
from tests.web.world import ANA, BRUNO, LUIS, WA, World


def writes(world: World, number: int, owner: EmployeeId, text: str = "secret word") -> str:
    """A client who is found by his name, number, username and text."""
    phone = f"+3460077{number:04}"
    world.client(f"Nameless {number}", phone, owner)
    event = MessageReceived(
        event_key=EventKey(f"search-{number}"),
        occurred_at=world.now,
        account=WA,
        chat=replace(world.chat(phone), username=f"handle{number}"),
        message_id=f"s-{number}",
        text=text,
    )
    world.happens(event)
    world.later(minutes=1)
    return phone


def pages(asking: Api, words: str, limit: int, **filters: str) -> list[list[str]]:
    """Page by page what is found; a page that is empty would tell of what is not shown."""
    found: list[list[str]] = []
    cursor = ""
    while cursor is not None:
        page = asking.get("/conversations", q=words, limit=limit, cursor=cursor, **filters)
        found.append([item["id"] for item in page.items])
        cursor = page.json["next"]
    return found


@pytest.mark.parametrize(
    "words", ["secret word", "SECRET", "Nameless", "handle", "0077", "+34 600 77"]
)
def test_what_stands_in_chats_of_others_is_not_found(any_world: World, words: str) -> None:
    for number in range(3):
        writes(any_world, number, BRUNO)
    assert pages(api(any_world, ANA), words, 1) == [[]]
    assert [len(page) for page in pages(api(any_world, LUIS), words, 2)] == [2, 1]


def test_pages_are_as_if_the_chats_of_others_were_not_there(any_world: World) -> None:
    """Of nine that fit three are hers: the first, one in the middle, and the last."""
    for number in range(9):
        writes(any_world, number, ANA if number in (0, 4, 8) else BRUNO)
    asking = api(any_world, ANA)
    assert [len(page) for page in pages(asking, "secret", 1)] == [1, 1, 1]
    assert [len(page) for page in pages(asking, "secret", 2)] == [2, 1]
    assert [len(page) for page in pages(asking, "secret", 3)] == [3]


def test_a_cursor_names_no_chat_of_others(world: World) -> None:
    for number in range(6):
        writes(world, number, ANA if number in (0, 5) else BRUNO)
    hidden = {item["id"] for item in api(world, BRUNO).all("/conversations")}
    cursor = api(world, ANA).get("/conversations", q="secret", limit=1).json["next"]
    told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert len(hidden) == 4
    assert not [name for name in hidden if name.encode() in told]


def test_what_an_edit_took_away_is_found_by_nobody(any_world: World) -> None:
    """Earlier texts are for managers and quality control to read, and for no search."""
    writes(any_world, 1, ANA, "my secret word")
    any_world.happens(
        MessageEdited(
            event_key=EventKey("edited"),
            occurred_at=any_world.now,
            account=WA,
            message_id="s-1",
            direction=Direction.IN,
            text="never mind",
        )
    )
    for who in (ANA, LUIS):
        assert pages(api(any_world, who), "secret", 5) == [[]]
        assert [len(page) for page in pages(api(any_world, who), "never mind", 5)] == [1]


def test_words_without_end_are_refused_by_the_api_and_cut_by_the_page(world: World) -> None:
    """A page shows in its own field what it has looked for."""
    refused = api(world, LUIS).get("/conversations", q="x" * 201)
    assert (refused.status, refused.json["field"]) == (422, "q")
    assert api(world, LUIS).get("/conversations", q="x" * 200).items == []
    page = world.signed_in(LUIS).get("/conversations?q=" + "x" * 10_000)
    assert page.status_code == 200
    assert f'value="{"x" * 200}"' in page.text


ODD = {
    "an operator": "secret AND word",
    "a column": "text:secret",
    "a star": "secret*",
    "a quote": '"secret',
    "a bracket": "secret (",
    "a minus": "-secret",
    "near": "NEAR(secret word, 2)",
    "a pattern": "%_\\",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a mark": "\u202e\u200fsecret",
    "a surrogate": "\ud800",
    "markup": "<script>alert(1)</script>",
    "commas": ",1,2,",
    "a hash": "#34600",
    "blanks": " \u00a0\u3000 ",
    "signs": "?!.,;",
    "many words": "a " * 100,
}


@pytest.mark.parametrize("words", [pytest.param(words, id=name) for name, words in ODD.items()])
def test_whatever_is_typed_is_looked_for_as_words(any_world: World, words: str) -> None:
    """Before and after it is indexed, by API and page: never an error, and nothing else's hits."""
    writes(any_world, 0, ANA, "no such thing")
    browser = any_world.signed_in(LUIS)
    for _ in range(2):
        asked = words.encode("utf-8", "replace").decode()
        assert api(any_world, LUIS).get("/conversations", q=asked).items in ([], all_of(any_world))
        page = browser.get("/conversations", query_string={"q": asked})
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        index(any_world.parts, 60)


def all_of(world: World) -> list[object]:
    return api(world, LUIS).get("/conversations").items


@pytest.mark.parametrize(
    ("words", "count"),
    [("secret AND word", 0), ("more OR", 0), ('"secret word"', 1), ("secret* -word", 1), ("?!", 0)],
)
def test_there_is_no_query_language(any_world: World, words: str, count: int) -> None:
    writes(any_world, 0, ANA, "the secret is a word")
    writes(any_world, 1, ANA, "and more")
    for _ in range(2):
        assert len(api(any_world, LUIS).get("/conversations", q=words).items) == count
        index(any_world.parts, 60)


def test_a_role_that_is_gone_finds_nothing(world: World) -> None:
    phone = writes(world, 1, ANA)
    assert [len(page) for page in pages(api(world, ANA), phone, 5)] == [1]
    world.policy = replace(world.policy, employees={})
    assert pages(api(world, ANA), phone, 5) == [[]]


def notes(world: World, number: int, text: str) -> None:
    """Of the client of this number."""
    [where] = [
        ConversationId(item["id"])
        for item in api(world, LUIS).all("/conversations")
        if item["title"] == f"Nameless {number}"
    ]
    assert note(world.parts, NoteRequest(employee=LUIS, conversation=where, text=text)) is None


def test_notes_are_found_by_those_who_may_read_the_chat(any_world: World) -> None:
    for number in range(4):
        writes(any_world, number, ANA if number in (0, 3) else BRUNO, "good morning")
        notes(any_world, number, "pays with quetzal")
    for _ in range(2):
        assert [len(page) for page in pages(api(any_world, ANA), "quetzal", 1)] == [1, 1]
        assert [len(page) for page in pages(api(any_world, LUIS), "quetzal", 3)] == [3, 1]
        index(any_world.parts, 60)


def test_notes_in_chats_of_others_leave_no_trace_in_pages(any_world: World) -> None:
    for number in range(5):
        writes(any_world, number, BRUNO, "good morning")
        notes(any_world, number, "pays with quetzal")
    for _ in range(2):
        assert pages(api(any_world, ANA), "quetzal", 1) == [[]]
        index(any_world.parts, 60)


def test_a_chat_that_was_noted_and_said_is_listed_once(any_world: World) -> None:
    """Names first, then notes, then messages; whatever page it is on."""
    writes(any_world, 0, ANA, "quetzal")
    writes(any_world, 1, ANA, "quetzal")
    writes(any_world, 2, ANA, "quetzal")
    notes(any_world, 0, "quetzal, the first note")
    notes(any_world, 0, "quetzal, the second note")
    notes(any_world, 1, "quetzal too")
    titles = {one["id"]: one["title"] for one in api(any_world, ANA).all("/conversations")}
    for _ in range(2):
        for limit in (1, 2, 10):
            found = [one for page in pages(api(any_world, ANA), "quetzal", limit) for one in page]
            assert [titles[one] for one in found] == ["Nameless 1", "Nameless 0", "Nameless 2"]
        index(any_world.parts, 60)


def test_a_search_shows_where_it_was_noted(any_world: World) -> None:
    writes(any_world, 0, ANA, "good morning")
    notes(any_world, 0, "he pays with a quetzal always")
    [item] = api(any_world, ANA).get("/conversations", q="quetz").items
    assert (item["found"], item["noted"]["author"]) == (None, LUIS)
    found = [piece["text"] for piece in item["noted"]["snippet"] if piece["is_found"]]
    assert found == ["quetzal"]
    listed = any_world.signed_in(ANA).get("/conversations?q=quetz").text
    assert '<mark class="found">quetzal</mark>' in listed
    assert f"/conversations/{item['id']}?at=n-1&amp;q=quetz#n-1" in listed


@pytest.mark.parametrize("later", [0, 70])
def test_the_page_of_a_found_note_shows_it(any_world: World, later: int) -> None:
    """Also where much was said since; a note of elsewhere or of nowhere shows the latest."""
    phone = writes(any_world, 0, ANA, "good morning")
    notes(any_world, 0, "he pays with a quetzal")
    for number in range(later):
        any_world.later(minutes=1)
        any_world.writes(phone, f"message {number}")
    [item] = api(any_world, ANA).get("/conversations", q="quetz").items
    browser = any_world.signed_in(ANA)
    page = browser.get(f"/conversations/{item['id']}?at=n-1").text
    assert 'id="n-1"' in page
    for nowhere in ("n-2", "n-999999999999999999", "n-", "n-1x", "n-１"):
        shown = browser.get(f"/conversations/{item['id']}", query_string={"at": nowhere})
        assert shown.status_code == 200
        assert 'id="latest"' in shown.text
