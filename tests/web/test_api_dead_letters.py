"""Dead letters: listed, looked into, tried again, dropped."""

import pytest

from bridge.domain.events import MessageReceived
from bridge.domain.names import EventKey
from tests.web.asking import Api, api
from tests.web.world import ANA, LUIS, WA, World


@pytest.fixture
def dead(any_world: World) -> World:
    """Three requests that nothing can be made of, tried until they were given up."""
    for body in (b"7", b"8", b"9"):
        any_world.arrives(WA, body)
    for _ in range(12):
        any_world.later(minutes=1)
        any_world.drain(f"in:{WA}")
    return any_world


def boxes(luis: Api) -> list[tuple[str, str]]:
    return [(item["box"], item["id"]) for item in luis.all("/dead-letters", limit=1)]


def test_they_are_listed_the_oldest_first_with_the_error(dead: World) -> None:
    luis = api(dead, LUIS)
    assert boxes(luis) == [("inbox", "1"), ("inbox", "2"), ("inbox", "3")]
    assert luis.get("/dead-letters", box="outbox").items == []
    assert "IndexError" in luis.get("/dead-letters").items[0]["reason"]


def test_one_shows_the_whole_story(dead: World) -> None:
    one = api(dead, LUIS).get("/dead-letters/inbox/2").json
    assert (one["body"], one["account"]) == ("8", WA)
    assert len(one["detail"].splitlines()) > 1


def test_replayed_ones_are_decided(dead: World) -> None:
    luis = api(dead, LUIS)
    for number in range(8):
        dead.script.append(
            MessageReceived(
                event_key=EventKey(f"late-{number}"),
                occurred_at=dead.now,
                account=WA,
                chat=dead.chat("+34600111222"),
                message_id=f"late-{number}",
                text=f"late {number}",
            )
        )
    assert luis.post("/dead-letters/inbox/1/replay", key="again").status == 200
    dead.drain(f"in:{WA}")
    assert [e["message"]["text"] for e in luis.all("/timeline")] == ["late 7"]
    assert boxes(luis) == [("inbox", "2"), ("inbox", "3")]


def test_dropped_ones_are_gone_and_the_second_time_not_there(dead: World) -> None:
    luis = api(dead, LUIS)
    assert luis.post("/dead-letters/inbox/2/drop").status == 200
    assert luis.post("/dead-letters/inbox/2/drop").status == 404
    assert boxes(luis) == [("inbox", "1"), ("inbox", "3")]


def test_a_drop_is_taken_back_once(dead: World) -> None:
    luis = api(dead, LUIS)
    assert luis.post("/dead-letters/inbox/2/undo").status == 404
    assert luis.post("/dead-letters/inbox/2/drop").status == 200
    assert luis.post("/dead-letters/inbox/2/undo").status == 200
    assert luis.post("/dead-letters/inbox/2/undo").status == 404
    assert boxes(luis) == [("inbox", "1"), ("inbox", "2"), ("inbox", "3")]
    deeds = [line["deed"] for line in luis.get("/audit").items if line["object"] == "inbox:2"]
    assert deeds == ["drop_undone", "dropped"]


@pytest.mark.parametrize("name", ["inbox/0", "attic/1", "inbox/one", "outbox/" + "9" * 40])
def test_what_is_no_dead_letter_is_not_there(world: World, name: str) -> None:
    luis = api(world, LUIS)
    assert luis.get(f"/dead-letters/{name}").status == 404
    assert luis.post(f"/dead-letters/{name}/replay").status == 404
    assert luis.post(f"/dead-letters/{name}/undo").status == 404


def test_they_are_for_managers(world: World) -> None:
    ana = api(world, ANA)
    assert ana.get("/dead-letters").status == 403
    assert ana.post("/dead-letters/inbox/1/drop").status == 403
