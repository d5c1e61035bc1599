"""Lists: full pages, cursors that nobody can bend, filters, search."""

from collections import Counter

import pytest

from bridge.domain.names import ConversationId, EmployeeId
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, LUIS, NORTH, SALES, TELEGRAM, World


def many(world: World, owners: dict[int, EmployeeId]) -> list[ConversationId]:
    """Clients who wrote one after the other; ana owns those whom `owners` does not name."""
    found = []
    for number in range(12):
        phone = f"+3460022{number:04}"
        world.client(f"Client {number}", phone, owners.get(number, ANA))
        found.append(world.writes(phone, f"message {number}"))
        world.later(minutes=1)
    return found


def test_every_chat_comes_once_the_newest_first_whatever_the_page(any_world: World) -> None:
    chats = many(any_world, {})
    ana = api(any_world, ANA)
    for limit in (1, 5, 12, 200):
        listed = [item["id"] for item in ana.all("/conversations", limit=limit)]
        assert listed == list(reversed(chats)), limit


def test_pages_stay_full_where_many_chats_are_somebody_elses(any_world: World) -> None:
    chats = many(any_world, dict.fromkeys(range(2, 10), BRUNO))
    page = api(any_world, ANA).get("/conversations", limit=3)
    assert [i["id"] for i in page.items] == [chats[11], chats[10], chats[1]]
    rest = api(any_world, ANA).get("/conversations", limit=3, cursor=page.json["next"])
    assert ([i["id"] for i in rest.items], rest.json["next"]) == ([chats[0]], None)


def test_messages_and_timeline_are_paged_without_gap_or_double(any_world: World) -> None:
    any_world.client("Marta", "+34600111222", ANA)
    for number in range(7):
        chat = any_world.writes("+34600111222", str(number))
    expected = [str(number) for number in reversed(range(7))]
    ana = api(any_world, ANA)
    messages = ana.all(f"/conversations/{chat}/messages", limit=2)
    assert [m["text"] for m in messages] == expected
    entries = ana.all("/timeline", limit=3)
    assert [e["message"]["text"] for e in entries] == expected


@pytest.mark.parametrize(
    "cursor",
    ["x", "AAAA", "a" * 2000, "é", "0" * 64, "../../etc", "e30"],
)
def test_a_cursor_that_we_did_not_make_is_refused(world: World, cursor: str) -> None:
    refused = api(world, LUIS).get("/conversations", cursor=cursor)
    assert (refused.status, refused.json["field"]) == (400, "cursor")


def test_a_bent_cursor_or_one_of_another_list_filter_or_person_is_refused(world: World) -> None:
    chats = many(world, {})
    luis = api(world, LUIS)
    cursor = luis.get("/conversations", limit=2).json["next"]
    bent = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    assert luis.get("/conversations", cursor=bent).status == 400
    assert luis.get("/conversations", cursor=cursor, unanswered=True).status == 400
    assert luis.get(f"/conversations/{chats[0]}/messages", cursor=cursor).status == 400
    assert luis.get("/timeline", cursor=cursor).status == 400
    assert api(world, ANA).get("/conversations", cursor=cursor).status == 400
    assert luis.get("/conversations", cursor=cursor).status == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"unanswered": "perhaps"}, "unanswered"),
        ({"colour": "red"}, "colour"),
        ({"q": ["a", "b"]}, "q"),
        ({"q": "\x00"}, "q"),
    ],
)
def test_a_wrong_parameter_is_named(world: World, query: dict[str, object], field: str) -> None:
    refused = api(world, LUIS).get("/conversations", **query)
    assert (refused.status, refused.json["field"]) == (422, field)


def test_chats_are_filtered_by_channel(any_world: World) -> None:
    chats = {
        channel: any_world.writes(f"+34600333{n:03}", "hello", channel=channel)
        for n, channel in enumerate((SALES, NORTH, TELEGRAM))
    }
    for channel, chat in chats.items():
        found = api(any_world, LUIS).all("/conversations", channel=channel)
        assert [item["id"] for item in found] == [chat]
    assert api(any_world, LUIS).all("/conversations", channel="nowhere") == []


SEARCHES = (
    ("marta", 1),
    ("MARTA", 1),
    ("пётр", 1),
    ("ПЁТР", 1),
    ("600 11", 2),
    ("+34 600-111-222", 1),
    ("espresso", 1),
    ('crème "brûlée"', 1),
    ("100%", 1),
    ("100_", 1),  # a sign is passed over
    ("101", 0),
    ("direct", 0),  # a word of our documents, of no client
    ("last_message_at", 0),
    ("nobody said this", 0),
)


def test_search_finds_names_numbers_and_words(any_world: World) -> None:
    any_world.client("Marta Vidal", "+34600111222", ANA)
    any_world.client("Пётр Ильич", "+34600113333", ANA)
    any_world.writes("+34600111222", 'one Espresso and a crème "brûlée", 100% sure')
    any_world.writes("+34600113333", "hello")
    luis = api(any_world, LUIS)
    found = [(words, len(luis.all("/conversations", q=words))) for words, _ in SEARCHES]
    assert found == list(SEARCHES)


def test_titles_are_the_contacts_names(world: World) -> None:
    world.client("Marta", "+34600111222", ANA)
    world.writes("+34600111222", "hello")
    world.writes("+491701234567", "hello")
    titles = Counter(item["title"] for item in api(world, LUIS).all("/conversations"))
    assert titles == Counter(["Marta", "+491701234567"])
