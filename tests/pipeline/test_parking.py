"""What is told of a message before it has come waits for it, and each item has its decision."""

import os
import signal
from typing import Any

import pytest
from sqlalchemy import update

from bridge import codec
from bridge.domain.events import Event, MessageReceived
from bridge.domain.parking import PATIENCE
from bridge.domain.records import Message
from bridge.domain.routing import route
from bridge.pipeline import process
from bridge.pipeline.dead import Box, drop
from bridge.pipeline.explain import explain, is_reproducible
from bridge.pipeline.lease import leased
from bridge.pipeline.parts import Parts
from bridge.pipeline.upkeep import tick
from bridge.ports import Delivery, Done, Outcome
from bridge.store import parking
from bridge.store.engine import writing
from bridge.store.schema import DECISIONS, INBOX, MESSAGES, PARKED
from tests.pipeline.test_send import writes
from tests.pipeline.world import (
    ANA,
    CHAT,
    World,
    in_another_process,
    known_clients,
)


def deletion(house: World, of: str = "m-1") -> dict[str, Any]:
    return dict(house.message(messageId=of, isDeleted=True))


def original(house: World, number: str = "m-1") -> dict[str, Any]:
    return dict(house.message(messageId=number))


def verdicts(house: World) -> list[str]:
    return [row["verdict"] for row in house.rows(DECISIONS)]


def messages(house: World) -> list[Message]:
    return [codec.decode(Message, bytes(row["value"])) for row in house.rows(MESSAGES)]


def is_deleted(house: World) -> bool:
    [message] = messages(house)
    return message.deleted_at is not None


def every_decision_again(house: World) -> bool:
    with house.engine.connect() as db:
        return all(is_reproducible(db, str(row["id"])) for row in house.rows(DECISIONS))


@pytest.mark.parametrize("bodies", [1, 2])
def test_in_one_run_the_order_does_not_matter(house: World, bodies: int) -> None:
    """Two items of one request, or two requests."""
    items = [deletion(house), original(house)]
    for part in [items] if bodies == 1 else [[item] for item in items]:
        house.receives(CHAT, {"messages": part})
    house.settle()
    assert (verdicts(house), is_deleted(house)) == (["applied", "applied"], True)
    assert (house.count(PARKED), house.count(INBOX, state="done")) == (0, bodies)
    assert every_decision_again(house)


@pytest.mark.parametrize("seconds", [0, 3600, 23 * 3600])
def test_it_waits_however_late_the_message_comes(house: World, seconds: int) -> None:
    """WZ-10: each item has its decision all the time, and nothing is asked again meanwhile."""
    house.receives(CHAT, {"messages": [deletion(house)]})
    house.settle()
    house.later(seconds)
    tick(house.parts)
    house.settle()
    assert (verdicts(house), house.count(PARKED)) == (["parked"], 1)
    assert [(row["state"], row["attempts"]) for row in house.rows(INBOX)] == [("done", 1)]
    assert every_decision_again(house)
    house.receives(CHAT, {"messages": [original(house)]})
    house.settle()
    assert (verdicts(house), is_deleted(house)) == (["applied", "applied"], True)


def test_a_message_wakes_only_what_waits_for_it(small: World) -> None:
    for number in ("m-1", "m-2", "m-3"):
        small.receives(CHAT, {"messages": [deletion(small, number)]})
    small.settle()
    small.receives(CHAT, {"messages": [original(small, "m-2")]})
    small.settle()
    assert verdicts(small) == ["parked", "applied", "parked", "applied"]
    assert {row["target"] for row in small.rows(PARKED)} == {"m-1", "m-3"}


def test_told_twice_it_waits_once(house: World) -> None:
    """WZ-05: and for no longer."""
    body = {"messages": [deletion(house)]}
    house.receives(CHAT, body)
    house.settle()
    [first] = house.rows(PARKED)
    house.later(3600)
    house.receives(CHAT, body)
    house.settle()
    assert (house.rows(PARKED), verdicts(house)) == ([first], ["parked"])


def test_a_request_with_a_broken_item_stays_a_dead_letter(small: World) -> None:
    small.receives(CHAT, {"messages": [deletion(small), {"messageId": 7}]})
    small.settle()
    assert sorted(verdicts(small)) == ["parked", "rejected"]
    small.receives(CHAT, {"messages": [original(small)]})
    small.settle()
    assert sorted(verdicts(small)) == ["applied", "applied", "rejected"]
    assert [row["state"] for row in small.rows(INBOX)] == ["dead", "done"]


def test_beside_an_item_that_breaks_the_rules_it_is_decided_all_the_same(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each item alone, the message after what is told of it."""

    def broken(happened: Event, *rest: Any) -> Any:
        if isinstance(happened, MessageReceived) and happened.text == "poison":
            raise ValueError
        return route(happened, *rest)

    monkeypatch.setattr("bridge.pipeline.process.route", broken)
    items = [deletion(small), original(small), small.message(text="poison")]
    small.receives(CHAT, {"messages": items})
    for _ in range(process.MAX_ATTEMPTS):
        small.settle()
        small.later(200)
    assert (verdicts(small), is_deleted(small)) == (["applied", "applied"], True)


def test_a_vendors_answer_wakes_what_was_told_before_it(house: World) -> None:
    """WZ-11: of our own message, by the id that nobody knew."""
    [phone] = known_clients(house, 1)
    writes(house, ANA, phone)

    def status_first(delivery: Delivery) -> Outcome:
        [answer] = script.inner.deliver([delivery])
        assert isinstance(answer, Done)
        moment = house.parts.now().isoformat()
        status = {"timestamp": moment, "status": "read", "messageId": answer.vendor_ids["id"]}
        house.receives(CHAT, {"statuses": [status]})
        house.drain("in:wazzup-main")
        assert verdicts(house)[-1] == "parked"
        return answer

    script = house.script(CHAT, status_first)
    house.settle()
    assert [m.status for m in messages(house)][-1] == "read"
    assert (verdicts(house)[-1], house.count(PARKED)) == ("applied", 0)
    last = house.rows(DECISIONS)[-1]
    assert last["message"] == house.rows(MESSAGES)[-1]["id"]


def test_in_vain_it_ends_with_a_reason_that_can_be_explained(house: World) -> None:
    house.receives(CHAT, {"messages": [deletion(house)]})
    house.settle()
    house.later(PATIENCE.total_seconds() + 1)
    tick(house.parts)
    house.settle()
    [decision] = house.rows(DECISIONS)
    with house.engine.connect() as db:
        found = explain(db, decision["event_key"])
        assert is_reproducible(db, decision["event_key"])
    assert found is not None
    assert (found.record.verdict, found.record.reasons[0].code) == ("ignored", "message.unknown")
    assert "24 hours" in found.record.reasons[0].detail
    assert house.count(PARKED) == 0


@pytest.mark.parametrize("gone", ["erased", "dropped"])
def test_what_can_not_be_decided_again_says_so(house: World, gone: str) -> None:
    house.receives(CHAT, {"messages": [deletion(house), {"messageId": 7}]})
    house.settle()
    [row] = house.rows(INBOX)
    if gone == "dropped":
        assert drop(house.parts, Box.INBOX, row["id"])
    else:
        with writing(house.engine) as db:
            db.execute(update(INBOX).values(body=b""))
    house.receives(CHAT, {"messages": [original(house)]})
    house.settle()
    assert not is_deleted(house)
    house.later(PATIENCE.total_seconds() + 1)
    tick(house.parts)
    found = {row["event_key"]: row for row in house.rows(DECISIONS)}["deleted:m-1"]
    assert (found["verdict"], found["headline"]) == ("ignored", "message.unknown")
    assert house.count(PARKED) == 0


@pytest.mark.parametrize("step", ["add", "remove", "wake"])
def test_killed_in_between_nothing_is_lost_or_done_twice(
    house: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """While it is parked, while it is applied, and while the message is stored."""

    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def work(parts: Parts) -> None:
        monkeypatch.setattr(parking, step, die)
        process.process(parts, lease, set())

    house.receives(CHAT, {"messages": [deletion(house), original(house)]})
    with leased(house.engine, "in:wazzup-main", 1) as lease:
        assert in_another_process(house, work) == signal.SIGKILL
    house.later(60)
    house.settle()
    assert (verdicts(house), is_deleted(house)) == (["applied", "applied"], True)
    assert (house.count(PARKED), len(house.entries())) == (0, 1)
