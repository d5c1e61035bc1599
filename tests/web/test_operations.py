"""How the house stands: what is wrong comes first, with the same numbers as readiness has."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from bridge.domain.names import AccountName
from bridge.pipeline.parts import Polling
from bridge.pipeline.resuming import resume
from bridge.store import configs, lanes
from bridge.store.audit import COMMAND
from bridge.store.beats import beat
from bridge.store.engine import writing
from bridge.store.schema import ATTEMPTS, AUDIT, INBOX, LANES, OUTBOX
from bridge.web.health import readiness
from bridge.web.operations import MOST_LANES, Flow, Link, Operations, Trouble, operations
from tests.web.asking import api, service
from tests.web.world import ANA, CRM, LUIS, NOW, QA, WA, World

PHONE = "+34600111222"


@pytest.fixture
def calm(any_world: World) -> World:
    """Everything runs, and has done something."""
    any_world.client("Marta", PHONE, ANA)
    any_world.writes(PHONE, "hello")
    any_world.drain(f"out:{CRM}")
    with writing(any_world.engine) as db:
        configs.put_config(db, "h1", "c", NOW)
        configs.activate(db, "h1", NOW)
        for kind in ("web", "worker", "clock"):
            beat(db, f"host:{kind}", kind, NOW)
    return any_world


def look(world: World, *, tells_all: bool = True) -> Operations:
    return operations(world.parts, tells_all=tells_all)


def troubles(world: World) -> list[Trouble]:
    return [problem.trouble for problem in look(world).problems]


def test_where_nothing_is_wrong_there_is_nothing_to_do(calm: World) -> None:
    found = look(calm)
    assert (found.problems, found.readiness.ready) == ((), True)
    assert [one.name for one in found.accounts] == [CRM, WA]
    wa = found.accounts[1]
    assert (wa.link, wa.last_in, wa.last_out, wa.last_error) == (Link.CONNECTED, NOW, None, None)
    lane = next(lane for lane in found.lanes if lane.name == f"in:{WA}")
    assert (lane.flow, lane.waiting, lane.dead) == (Flow.IDLE, 0, 0)
    assert (lane.came_per_minute, lane.done_per_minute) == (0.2, 0.2)


def test_it_says_the_same_as_readiness(calm: World) -> None:
    calm.arrives(WA, b"no JSON")
    assert look(calm).readiness == readiness(calm.parts, Polling())


def test_processes_that_are_silent_are_missed(calm: World) -> None:
    calm.later(minutes=1)
    assert troubles(calm) == [Trouble.NO_CLOCK, Trouble.NO_WORKER]


def test_redis_that_is_down_is_told(calm: World) -> None:
    calm.parts = replace(calm.parts, queue_state=lambda: Polling(kind="redis", works=False))
    assert troubles(calm) == [Trouble.QUEUE]


def test_webhooks_that_can_not_be_kept_are_told(calm: World) -> None:
    calm.parts = replace(calm.parts, trouble=lambda: "the disk is full")
    assert look(calm).problems[0].detail == "keeps nothing: the disk is full"


def test_a_broken_folder_is_told_with_its_words_to_managers_only(calm: World) -> None:
    with writing(calm.engine) as db:
        configs.note_error(db, "config/roles.yaml:3:9: role: b0ss is not one of …")
    assert troubles(calm) == [Trouble.CONFIG]
    assert "b0ss" in look(calm).config.error
    assert "b0ss" not in str(look(calm, tells_all=False))
    assert "roles.yaml:3:9" in look(calm, tells_all=False).config.error


def test_no_configuration_at_all_is_told(any_world: World) -> None:
    assert troubles(any_world)[0] is Trouble.CONFIG_MISSING


def held(world: World, lane: str, minutes: int | None, cause: str) -> None:
    until = None if minutes is None else world.now + timedelta(minutes=minutes)
    with writing(world.engine) as db:
        lanes.hold(db, lane, until, cause)


def test_a_paused_and_a_held_lane_stand_first_with_cause_and_end(calm: World) -> None:
    held(calm, f"out:{WA}", 30, "quota until then")
    held(calm, f"mirror:{CRM}", None, "the vendor refuses our credentials")
    found = look(calm)
    assert [lane.flow for lane in found.lanes[:2]] == [Flow.PAUSED, Flow.HELD]
    assert [one.link for one in found.accounts] == [Link.PAUSED, Link.WAITING]
    assert found.accounts[1].until == NOW + timedelta(minutes=30)
    assert [(p.trouble, p.detail) for p in found.problems] == [
        (Trouble.PAUSED, "the vendor refuses our credentials"),
        (Trouble.HELD, "quota until then"),
    ]
    calm.later(minutes=31)
    assert [one.link for one in look(calm).accounts] == [Link.PAUSED, Link.CONNECTED]


def test_a_lane_whose_holder_died_is_told(calm: World) -> None:
    lost = LANES.update().where(LANES.c.name == f"in:{WA}")
    with writing(calm.engine) as db:
        db.execute(lost.values(lease_token="t", lease_until=NOW - timedelta(seconds=1)))
    assert troubles(calm) == [Trouble.LOST]
    with writing(calm.engine) as db:
        db.execute(lost.values(lease_until=NOW + timedelta(seconds=5)))
    assert Flow.WORKING in {lane.flow for lane in look(calm).lanes}


def test_dead_letters_and_rows_that_wait_for_long_are_told(calm: World) -> None:
    calm.arrives(WA, b"7")
    for _ in range(12):
        calm.later(minutes=1)
        calm.drain(f"in:{WA}")
    with writing(calm.engine) as db:
        for kind in ("worker", "clock"):
            beat(db, f"host:{kind}", kind, calm.now)
        row = {"lane": "in:gone", "account": "gone", "method": "POST", "url": "u"}
        when = calm.now - timedelta(minutes=9)
        db.execute(INBOX.insert().values(**row, headers=b"{}", body=b"x", received_at=when))
    found = look(calm)
    assert [(p.trouble, p.number) for p in found.problems] == [
        (Trouble.WAITING, 540),
        (Trouble.DEAD, 1),
    ]
    gone = next(one for one in found.accounts if one.name == "gone")
    assert (gone.link, gone.connector) == (Link.GONE, "")


def test_the_last_error_of_an_account_is_the_newest(calm: World) -> None:
    calm.script.clear()
    with writing(calm.engine) as db:
        for number, account in enumerate((WA, CRM, WA)):
            key = db.execute(_delivery(account, number)).scalar_one()
            said = {"outbox_id": key, "number": 1, "at": NOW, "said": f"503 number {number}"}
            db.execute(ATTEMPTS.insert().values(**said))
    errors = {one.name: one.last_error.said for one in look(calm).accounts if one.last_error}
    assert errors == {WA: "503 number 2", CRM: "503 number 1"}


def _delivery(account: AccountName, number: int):  # type: ignore[no-untyped-def]
    values = {
        "lane": f"out:{account}",
        "account": account,
        "kind": "SendMessage",
        "effect": b"{}",
        "idempotency_key": f"k{number}",
        "ordering_key": "o",
        "rank": 1,
        "event_key": "e",
        "event_account": account,
        "state": "done",
        "created_at": NOW,
        "done_at": NOW,
    }
    return OUTBOX.insert().values(**values).returning(OUTBOX.c.id)


def test_ten_thousand_lanes_show_the_worst(calm: World) -> None:
    rows = [{"name": f"in:a{n}", "fence": 0, "held_cause": ""} for n in range(10_000)]
    with writing(calm.engine) as db:
        db.execute(LANES.insert(), rows)
    held(calm, "in:a7777", None, "refused")
    found = look(calm)
    assert (len(found.lanes), found.lane_count) == (MOST_LANES, 10_002)
    assert found.lanes[0].name == "in:a7777"
    assert [p.about for p in found.problems] == ["in:a7777"]


def test_managers_and_quality_control_see_it_and_others_do_not(calm: World) -> None:
    for employee in (LUIS, QA):
        asked = api(calm, employee).get("/operations")
        assert (asked.status, asked.json["problems"]) == (200, [])
    assert api(calm, ANA).get("/operations").status == 403
    assert service(calm).get("/operations").status == 200


def test_who_has_mended_the_cause_has_it_tried_at_once(calm: World) -> None:
    held(calm, f"out:{WA}", None, "the vendor refuses our credentials")
    assert api(calm, QA).post(f"/operations/accounts/{WA}/resume").status == 403
    luis = api(calm, LUIS)
    assert luis.post(f"/operations/accounts/{CRM}/resume").status == 404
    assert luis.post(f"/operations/accounts/{WA}/resume").status == 200
    assert luis.post(f"/operations/accounts/{WA}/resume").status == 404
    assert troubles(calm) == []
    with calm.engine.connect() as db:
        line = db.execute(select(AUDIT).where(AUDIT.c.deed == "resumed")).one()
    assert (line.actor, line.object, line.detail) == (f"employee:{LUIS}", WA, f"out:{WA}")


def test_nothing_is_resumed_where_nothing_is_held(engine: Engine) -> None:
    world = World(engine)
    assert resume(world.parts, AccountName("nobody"), COMMAND) is False
