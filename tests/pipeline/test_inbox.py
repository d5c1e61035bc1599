"""What came is decided: in order, once, and what is broken stops nothing else."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from bridge.domain.events import Event, MessageReceived
from bridge.domain.routing import route
from bridge.pipeline import process
from bridge.pipeline.dead import Box, dead_letters, drop, replay
from bridge.pipeline.drain import drain
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.parts import Parts
from bridge.pipeline.upkeep import tick
from bridge.store.schema import DECISIONS, INBOX, MESSAGES, OUTBOX, PARKED
from tests.pipeline.world import CHAT, World, in_another_process, known_clients
from tests.resilience.strikes import PoisonedInbound

IN = lane(Way.IN, CHAT)
SECRET_TEXT = "my card number is 4111"


@contextmanager
def commits(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_: Any) -> None:
        seen.append("commit")

    event.listen(engine, "commit", note)
    try:
        yield seen
    finally:
        event.remove(engine, "commit", note)


def break_rules_for(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A bug in the rules that one client's words set off."""

    def broken(happened: Event, *rest: Any) -> Any:
        if isinstance(happened, MessageReceived) and happened.text == text:
            raise ValueError(f"line one\n{text}: line two")
        return route(happened, *rest)

    monkeypatch.setattr("bridge.pipeline.process.route", broken)


def states(house: World) -> list[str]:
    return [row["state"] for row in house.rows(INBOX)]


def exhaust(house: World) -> None:
    for _ in range(process.MAX_ATTEMPTS):
        house.settle()
        house.later(120)


def texts(house: World) -> list[str]:
    return [json.loads(bytes(row["value"]))["text"] for row in house.rows(MESSAGES)]


def test_a_run_of_rows_costs_as_many_commits_as_one(small: World) -> None:
    known_clients(small, 1)
    small.client_writes("34600000000", "one")
    with commits(small.engine) as for_one:
        small.drain(IN)
    for n in range(40):
        small.client_writes("34600000000", f"many {n}")
    with commits(small.engine) as for_many:
        small.drain(IN)
    assert states(small) == ["done"] * 42
    assert len(for_many) == len(for_one)


def test_order_is_arrival_then_place_in_the_body(house: World) -> None:
    """Whatever the vendor's clock says."""
    late, early = "2026-01-01T10:00:00Z", "2026-01-01T09:00:00Z"
    first = [house.message(text="a", dateTime=late), house.message(text="b", dateTime=early)]
    house.receives(CHAT, {"messages": first})
    house.client_writes(text="c", dateTime=early)
    house.settle()
    assert texts(house) == ["a", "b", "c"]
    decided = [json.loads(bytes(row["event"]))["text"] for row in house.rows(DECISIONS)]
    assert decided == ["a", "b", "c"]
    assert [place for place, word in enumerate("abc") if word not in house.entries()[place]] == []


def test_a_row_that_breaks_the_rules_stops_only_itself(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_rules_for(monkeypatch, SECRET_TEXT)
    for text in ("before", SECRET_TEXT, "after"):
        house.client_writes("34600111222", text)
    house.settle()
    assert states(house) == ["done", "pending", "done"]
    assert house.count(DECISIONS) == 2
    exhaust(house)
    assert states(house) == ["done", "dead", "done"]


def test_a_dead_row_says_where_it_broke_and_nothing_of_the_client(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_rules_for(monkeypatch, SECRET_TEXT)
    small.client_writes("34600111222", SECRET_TEXT)
    exhaust(small)
    with small.engine.connect() as db:
        [letter] = dead_letters(db, Box.INBOX)
    assert "process.py" in letter.reason
    assert letter.reason.endswith("ValueError")
    assert letter.attempts == process.MAX_ATTEMPTS
    assert not any(word in letter.reason for word in ("card", "4111", "line one", "34600111222"))
    assert SECRET_TEXT.encode() in (letter.body or b"")


def test_neighbours_in_the_body_of_an_item_that_breaks_the_rules_are_decided(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_rules_for(monkeypatch, SECRET_TEXT)
    items = [small.message(text=text) for text in ("before", SECRET_TEXT, "after")]
    small.receives(CHAT, {"messages": items})
    small.settle()
    assert texts(small) == ["before", "after"]
    assert states(small) == ["pending"]


def test_replayed_after_a_fix_a_row_is_decided_and_its_neighbours_not_twice(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        break_rules_for(broken, SECRET_TEXT)
        items = [small.message(text=text) for text in ("before", SECRET_TEXT)]
        small.receives(CHAT, {"messages": items})
        exhaust(small)
    [row] = small.rows(INBOX)
    assert (row["state"], small.count(DECISIONS)) == ("dead", 1)
    assert replay(small.parts, Box.INBOX, row["id"])
    assert small.rings.rung[-1] == IN
    small.settle()
    assert states(small) == ["done"]
    assert texts(small) == ["before", SECRET_TEXT]
    assert len(small.crm()["communications"]) == 2
    assert not replay(small.parts, Box.INBOX, row["id"])


def test_a_dropped_row_is_never_decided(small: World) -> None:
    small.receives(CHAT, b"not JSON at all")
    small.settle()
    [row] = small.rows(INBOX)
    assert drop(small.parts, Box.INBOX, row["id"])
    small.settle()
    assert states(small) == ["dropped"]
    assert not drop(small.parts, Box.INBOX, row["id"])


def test_a_broken_item_is_rejected_and_kept_while_its_neighbours_are_done(small: World) -> None:
    items = [small.message(text="before"), {"messageId": 7}, small.message(text="after")]
    small.receives(CHAT, {"messages": items})
    small.settle()
    assert texts(small) == ["before", "after"]
    verdicts = sorted((row["verdict"], row["headline"]) for row in small.rows(DECISIONS))
    assert [verdict for verdict, _ in verdicts] == ["applied", "applied", "rejected"]
    assert verdicts[2][1] == "event.rejected"
    [row] = small.rows(INBOX)
    assert row["state"] == "dead"
    assert "$.messages[1]" in row["reason"]
    assert json.loads(bytes(row["body"]))["messages"][1] == {"messageId": 7}


def test_an_unreadable_body_is_a_dead_letter_and_a_decision(small: World) -> None:
    small.receives(CHAT, b"\xff\xfe{")
    small.settle()
    [row] = small.rows(INBOX)
    assert (row["state"], bytes(row["body"])) == ("dead", b"\xff\xfe{")
    [decision] = small.rows(DECISIONS)
    assert (decision["verdict"], decision["headline"]) == ("rejected", "event.payload_invalid")


def test_accepted_items_are_decisions_whatever_they_are(small: World) -> None:
    """Applied, ignored and rejected ones, two bodies, one of them delivered twice."""
    status = {"messageId": "none", "timestamp": "2020-01-01T00:00:00Z", "status": "delivered"}
    body = {
        "messages": [small.message(text="one"), small.message(type="system"), {"no": "id"}],
        "statuses": [status],
        "strangeKey": [],
    }
    small.receives(CHAT, body)
    small.receives(CHAT, body)
    small.receives(CHAT, {})
    small.settle()
    found = sorted(row["verdict"] for row in small.rows(DECISIONS))
    assert found == ["applied", *["ignored"] * 3, "parked", "rejected"]


def test_attempts_are_counted_and_committed_before_anything_is_done(small: World) -> None:
    seen: list[tuple[str, int]] = []

    def strike() -> None:
        seen.extend((row["state"], row["attempts"]) for row in small.rows(INBOX))

    inner = small.vendors.inbounds[CHAT]
    small.vendors.inbounds[CHAT] = PoisonedInbound(inner=inner, word=b"hello", strike=strike)
    small.client_writes()
    small.settle()
    assert seen == [("leased", 1)]
    assert [(row["state"], row["attempts"]) for row in small.rows(INBOX)] == [("done", 1)]


def test_a_row_that_kills_its_worker_ends_dead_and_its_neighbours_done(house: World) -> None:
    for text in ("before", "killer", "after"):
        house.client_writes("34600111222", text)

    def work(parts: Parts) -> None:
        def kill() -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        inner = house.vendors.inbounds[CHAT]
        house.vendors.inbounds[CHAT] = PoisonedInbound(inner=inner, word=b"killer", strike=kill)
        drain(parts, IN, over=lambda: False)

    ends = []
    for _ in range(process.MAX_DEATHS + 1):
        ends.append(in_another_process(house, work))
        house.later(house.parts.lease_seconds + 1)
    assert ends == [signal.SIGKILL] * process.MAX_DEATHS + [0]
    rows = house.rows(INBOX)
    assert [row["state"] for row in rows] == ["done", "dead", "done"]
    assert f"worker died {process.MAX_DEATHS} times" in rows[1]["reason"]
    assert texts(house) == ["before", "after"]


def test_a_status_before_the_answer_waits_for_its_message(house: World) -> None:
    """WZ-11: and is decided as soon as the message is there."""
    moment = house.parts.now().isoformat()
    status = {"messageId": "m-late", "timestamp": moment, "status": "delivered"}
    house.receives(CHAT, {"statuses": [status]})
    house.settle()
    [decision] = house.rows(DECISIONS)
    assert (decision["verdict"], decision["headline"]) == ("parked", "message.parked")
    house.client_writes(isEcho=True, status="sent", messageId="m-late")
    house.settle()
    assert states(house) == ["done", "done"]
    [again, _] = house.rows(DECISIONS)
    assert (again["id"], again["verdict"]) == (decision["id"], "applied")
    assert house.count(PARKED) == 0
    statuses = [json.loads(bytes(row["value"]))["status"] for row in house.rows(MESSAGES)]
    assert statuses == ["delivered"]


def test_a_status_of_an_unknown_message_is_ignored_in_the_end(small: World) -> None:
    moment = small.parts.now().isoformat()
    status = {"messageId": "m-never", "timestamp": moment, "status": "read"}
    small.receives(CHAT, {"statuses": [status]})
    small.settle()
    small.later(24 * 3600 - 60)
    tick(small.parts)
    small.settle()
    assert [row["verdict"] for row in small.rows(DECISIONS)] == ["parked"]
    small.later(61)
    tick(small.parts)
    small.settle()
    assert states(small) == ["done"]
    [decision] = small.rows(DECISIONS)
    assert (decision["verdict"], decision["headline"]) == ("ignored", "message.unknown")
    assert small.count(PARKED) == 0


def test_what_waits_holds_up_nothing_else(small: World) -> None:
    moment = small.parts.now().isoformat()
    status = {"messageId": "m-never", "timestamp": moment, "status": "read"}
    small.receives(CHAT, {"statuses": [status], "messages": [small.message(text="beside")]})
    small.client_writes(text="behind")
    small.settle()
    assert states(small) == ["done", "done"]
    assert texts(small) == ["beside", "behind"]


def test_a_strange_character_never_stops_a_neighbour(house: World) -> None:
    """A lone surrogate and a zero byte are valid JSON and break many stores."""
    for text in ("before", "\ud83d", "a\x00b", "after"):
        house.client_writes("34600111222", text)
    exhaust(house)
    assert house.count(OUTBOX, kind="WriteTimelineEntry", state="done") >= 2
    found = texts(house)
    assert (found[0], found[-1]) == ("before", "after")
    assert "leased" not in states(house)


def test_a_store_that_fails_for_a_moment_costs_no_row_its_attempts(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit(*_: Any) -> Any:
        raise OperationalError("SELECT 1", None, Exception("locked"))

    small.client_writes()
    with monkeypatch.context() as broken:
        broken.setattr(process, "commit", commit)
        with pytest.raises(OperationalError):
            small.drain(IN)
    [row] = small.rows(INBOX)
    assert (row["state"], row["attempts"], row["reason"]) == ("pending", 0, "")
    small.settle()
    assert states(small) == ["done"]
