"""Items of a chat in any order and in any number of requests: the same store, the same CRM."""

import json
from random import Random
from typing import Any

import pytest

from bridge import codec
from bridge.domain.records import Message
from bridge.store.schema import DECISIONS, INBOX, MESSAGES, PARKED
from tests.pipeline.world import CHAT, World

ORDERS = 6


def items(house: World) -> list[tuple[str, Any]]:
    """A client writes, mends it twice and takes another one back; the phone answers, is read."""
    moment = house.parts.now().isoformat()

    def of(number: str, text: str, **more: Any) -> tuple[str, Any]:
        return "messages", house.message(text=text, messageId=number, dateTime=moment, **more)

    ours: dict[str, Any] = {"isEcho": True, "status": "sent"}
    said = [
        of("c-1", "one"),
        of("c-1", "two", isEdited=True, oldInfo={"oldText": "one"}),
        of("c-1", "three", isEdited=True, oldInfo={"oldText": "two"}),
        of("c-2", "oh no"),
        of("c-2", "oh no", isDeleted=True),
        of("p-1", "hello", quotedMessage={"messageId": "c-1"}, **ours),
        of("p-1", "hello again", isEdited=True, oldInfo={"oldText": "hello"}, **ours),
        of("p-2", "mistake", **ours),
        of("p-2", "mistake", isDeleted=True, **ours),
    ]
    words = [("p-1", "delivered"), ("p-1", "read"), ("p-2", "delivered")]
    told = [{"messageId": n, "timestamp": moment, "status": word} for n, word in words]
    return [*said, *(("statuses", status) for status in told)]


def shuffled(given: list[tuple[str, Any]], seed: int) -> list[dict[str, Any]]:
    """In another order, some of them twice, cut into requests of one to four items."""
    chance = Random(seed)
    order = [*given, *chance.sample(given, 3)]
    chance.shuffle(order)
    bodies: list[dict[str, Any]] = []
    while order:
        count = chance.randint(1, 4)
        part, order = order[:count], order[count:]
        body = {k: [item for kind, item in part if kind == k] for k in ("messages", "statuses")}
        bodies.append({k: found for k, found in body.items() if found})
    return bodies


def comes(house: World, bodies: list[dict[str, Any]], seed: int) -> None:
    """In one run, or in a run for each request."""
    for body in bodies:
        house.receives(CHAT, json.loads(json.dumps(body)))
        if seed % 2:
            house.settle()
    house.settle()


def stored(house: World) -> dict[str, Message]:
    found = (codec.decode(Message, bytes(row["value"])) for row in house.rows(MESSAGES))
    return {message.vendor_id or "": message for message in found}


@pytest.mark.parametrize("seed", range(ORDERS))
def test_any_order_ends_alike(house: World, seed: int) -> None:
    """WZ-05, WZ-10, WZ-11: one entry each, every item decided, nothing left waiting."""
    given = items(house)
    comes(house, shuffled(given, seed), seed)
    found = stored(house)
    assert {
        name: (m.text, m.edits, m.deleted_at is not None, m.status) for name, m in found.items()
    } == {
        "c-1": ("three", ("one", "two"), False, "received"),
        "c-2": ("oh no", (), True, "received"),
        "p-1": ("hello again", ("hello",), False, "read"),
        "p-2": ("mistake", (), True, "delivered"),
    }
    assert found["p-1"].reply_to == "c-1"
    assert (house.count(PARKED), house.count(DECISIONS)) == (0, len(given))
    assert {row["verdict"] for row in house.rows(DECISIONS)} <= {"applied", "ignored"}
    assert {row["state"] for row in house.rows(INBOX)} == {"done"}
    entries = house.entries()
    assert len(entries) == 4
    for text, note in (
        ("three", "(edited (2))"),
        ("oh no", "(deleted by contact)"),
        ("hello again", "(edited)"),
        ("mistake", "(deleted by us)"),
    ):
        [entry] = [e for e in entries if f"<p>{text}</p>" in e]
        assert note in entry
