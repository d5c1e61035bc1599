"""The feed through the API (FEED-04 to FEED-07), and why each thing happened."""

from datetime import timedelta

import pytest

from bridge.domain.events import (
    ChannelChanged,
    MessageEdited,
    MessageReceived,
    MessageStatusChanged,
)
from bridge.domain.messaging import ChannelState, Direction, Media, MediaKind, MessageStatus
from bridge.domain.names import ConversationId, EventKey
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, LUIS, NORTH, QA, SALES, WA, World

MARTA, KENJI = "+34600111222", "+34600111333"


@pytest.fixture
def chats(any_world: World) -> dict[str, ConversationId]:
    any_world.client("Marta", MARTA, ANA, deal_of=ANA)
    any_world.lead(any_world.client("Kenji", KENJI, BRUNO), BRUNO)
    marta = any_world.writes(MARTA, "from Marta")
    any_world.later(minutes=10)
    kenji = any_world.writes(KENJI, "from Kenji", channel=NORTH)
    any_world.later(minutes=10)
    api(any_world, ANA).post(f"/conversations/{marta}/messages", {"text": "to Marta"})
    return {"marta": marta, "kenji": kenji}


def texts(world: World, **query: object) -> list[str]:
    return [e["message"]["text"] for e in api(world, LUIS).all("/timeline", **query)]


def test_feed_07_both_directions_with_author(
    any_world: World, chats: dict[str, ConversationId]
) -> None:
    entries = api(any_world, LUIS).all("/timeline", conversation=chats["marta"])
    assert [(e["direction"], e["author"]) for e in entries] == [("out", ANA), ("in", None)]
    assert entries[0]["head"] == "WhatsApp to the client by Ana Ruiz · Sales"
    assert entries[1]["head"] == "WhatsApp from the client · Sales"


FILTERS: tuple[tuple[dict[str, str], list[str]], ...] = (
    ({"contact": f"rc_{MARTA}"}, ["to Marta", "from Marta"]),
    ({"contact": f"c-{KENJI}"}, ["from Kenji"]),
    ({"deal": f"d-{MARTA}"}, ["to Marta", "from Marta"]),
    ({"deal": f"rd_{MARTA}"}, ["to Marta", "from Marta"]),
    ({"lead": f"l-rc_{KENJI}"}, ["from Kenji"]),
    ({"lead": f"d-{MARTA}"}, []),
    ({"contact": f"c-{KENJI}", "deal": f"d-{MARTA}"}, []),
    ({"contact": "nobody"}, []),
    ({"source": "wazzup"}, ["to Marta", "from Kenji", "from Marta"]),
    ({"source": "wa-main"}, ["to Marta", "from Kenji", "from Marta"]),
    ({"source": "telegram"}, []),
    ({"channel": NORTH}, ["from Kenji"]),
    ({"channel": SALES}, ["to Marta", "from Marta"]),
    ({"employee": ANA}, ["to Marta", "from Marta"]),
    ({"employee": QA}, []),
)


def test_feed_04_the_feed_is_filtered(any_world: World, chats: dict[str, ConversationId]) -> None:
    found = [(query, texts(any_world, **query)) for query, _ in FILTERS]
    assert found == list(FILTERS)


def test_feed_04_the_feed_is_filtered_by_time(
    any_world: World, chats: dict[str, ConversationId]
) -> None:
    ten_ago = any_world.now - timedelta(minutes=10)
    assert texts(any_world, from_=ten_ago.isoformat()) == ["to Marta", "from Kenji"]
    assert texts(any_world, to_=ten_ago.isoformat()) == ["from Marta"]


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-04T05:06:07", "2026-13-01T00:00:00Z"])
def test_a_time_without_zone_or_sense_is_refused(world: World, moment: str) -> None:
    refused = api(world, LUIS).get("/timeline", from_=moment)
    assert (refused.status, refused.json["field"]) == (422, "from")


def test_feed_03_one_entry_per_message_however_many_events_told_of_it(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    chat = world.writes(MARTA, "first text")
    edited = MessageEdited(
        event_key=EventKey("e1"),
        occurred_at=world.now,
        account=WA,
        message_id="m-1",
        direction=Direction.IN,
        text="second text",
        chat=world.chat(MARTA),
    )
    world.happens(edited)
    entries = api(world, LUIS).all("/timeline", conversation=chat)
    assert [e["message"]["text"] for e in entries] == ["second text"]
    assert entries[0]["message"]["edits"] == ["first text"]
    everything = api(world, LUIS).all("/timeline", conversation=chat, all=True)
    assert [e["kind"] for e in everything] == ["MessageEdited", "MessageReceived"]


def test_a_status_that_came_before_its_message_does_not_hide_the_message(world: World) -> None:
    early = MessageStatusChanged(
        event_key=EventKey("s1"),
        occurred_at=world.now,
        account=WA,
        message_id="m-1",
        status=MessageStatus.READ,
    )
    world.happens(early)
    world.writes(MARTA, "hello")
    assert texts(world) == ["hello"]


def test_feed_06_a_file_is_a_link_with_name_and_kind(world: World) -> None:
    picture = Media(
        kind=MediaKind.IMAGE,
        url="https://files.example/1.jpg",
        name="1.jpg",
        content_type="image/jpeg",
    )
    bad = Media(kind=MediaKind.DOCUMENT, url="javascript:alert(1)", name="x")
    event = MessageReceived(
        event_key=EventKey("in-9"),
        occurred_at=world.now,
        account=WA,
        chat=world.chat(MARTA),
        message_id="m-9",
        media=(picture, bad),
    )
    world.happens(event)
    shown = api(world, LUIS).all("/timeline")[0]["message"]
    assert shown["text"] == ""
    assert shown["media"][0] == {
        "kind": "image",
        "url": "https://files.example/1.jpg",
        "name": "1.jpg",
        "content_type": "image/jpeg",
        "state": "pending",
        "path": f"/media/of/{shown['id']}/0",
        "size": None,
        "reason": "",
        "detail": "",
    }
    assert (shown["media"][1]["url"], shown["media"][1]["state"]) == ("", "none")


def test_an_event_is_found_by_its_decision_its_key_and_its_message(world: World) -> None:
    world.writes(MARTA, "hello")
    luis = api(world, LUIS)
    entry = luis.all("/timeline")[0]
    for name in (entry["event"], "in-1", entry["message"]["id"]):
        assert luis.get(f"/events/{name}").json == entry
        assert luis.get(f"/events/{name}/explain").json["why_not"] is None


def test_explain_says_why_and_why_not(world: World) -> None:
    world.writes(MARTA, "hello")
    luis = api(world, LUIS)
    asked = luis.get("/events/in-1/explain", why_not=BRUNO.upper()).json
    record = asked["explanation"]["record"]
    assert record["target"] == ANA
    assert [effect["kind"] for effect in asked["explanation"]["effects"]][:2] == [
        "CreateContact",
        "CreateDeal",
    ]
    assert asked["why_not"]["employee"] == BRUNO
    assert asked["why_not"]["reason"]["code"] == "candidate.gets_no_new_clients"
    nobody = luis.get("/events/in-1/explain", why_not="who@else.example").json
    assert nobody["why_not"]["reason"]["code"] == "role.none"


def test_an_explanation_holds_no_text_and_no_number_of_the_client(world: World) -> None:
    world.writes(MARTA, "a secret plan")
    told = str(api(world, LUIS).get("/events/in-1/explain").json)
    assert "secret plan" not in told
    assert MARTA.removeprefix("+") not in told


def test_events_of_no_chat_are_for_those_who_read_all(world: World) -> None:
    stopped = ChannelChanged(
        event_key=EventKey("c1"),
        occurred_at=world.now,
        account=WA,
        channel_id="ch-sales",
        state=ChannelState.BLOCKED,
    )
    world.happens(stopped)
    kinds = {
        e: [x["kind"] for x in api(world, e).all("/timeline", all=True)] for e in (ANA, LUIS, QA)
    }
    assert kinds == {ANA: [], LUIS: ["ChannelChanged"], QA: ["ChannelChanged"]}
    assert api(world, ANA).get("/events/c1").status == 404


@pytest.mark.parametrize("event", ["0", "999999", "9" * 30, "nothing", "²"])
def test_an_event_that_is_not_there(world: World, event: str) -> None:
    assert api(world, LUIS).get(f"/events/{event}").status == 404
