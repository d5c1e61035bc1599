"""Numbers: everybody's for those who read all, else one's own; by the days of the reader's zone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.messaging import Direction, MessageStatus
from bridge.domain.names import ConversationId, EmployeeId, MessageId
from bridge.domain.people import Role
from bridge.domain.records import Message
from bridge.pipeline.counting import count
from bridge.store import turns
from bridge.store.engine import writing
from bridge.store.records import put_messages
from bridge.store.schema import TURN_LOG
from bridge.web.days import days_until, zone_named
from tests.web.asking import Json, api
from tests.web.world import ANA, BRUNO, LUIS, NORA, NORTH, NOW, QA, WA, World

MARTA, JUAN = "+34600111222", "+34600333444"


@pytest.fixture
def chats(any_world: World) -> tuple[ConversationId, ConversationId]:
    """Ana's client and Bruno's; both wrote now."""
    any_world.policy = replace(any_world.policy, pools={"north": (ANA,), "all": (ANA, BRUNO)})
    any_world.client("Marta", MARTA, ANA)
    any_world.client("Juan", JUAN, BRUNO)
    return any_world.writes(MARTA, "hello"), any_world.writes(JUAN, "hola", channel=NORTH)


def answered(
    world: World,
    chat: ConversationId,
    by: EmployeeId,
    minutes: int,
    status: MessageStatus = MessageStatus.SENT,
    error: str = "",
) -> None:
    message = Message(
        id=MessageId(f"ms_{chat}_{minutes}"),
        conversation=chat,
        vendor_id=f"v_{chat}_{minutes}",
        direction=Direction.OUT,
        occurred_at=NOW + timedelta(minutes=minutes),
        status=status,
        author=by,
        error=error,
    )
    with writing(world.engine) as db:
        put_messages(db, {message.id: WA}, [message])


def numbers(world: World, who: EmployeeId, **query: object) -> Json:
    asked = api(world, who).get("/numbers", **query)
    assert asked.status == 200, asked.json
    return asked.json


def filled(world: World, chats: tuple[ConversationId, ConversationId]) -> None:
    answered(world, chats[0], ANA, 4)
    answered(world, chats[1], BRUNO, 20, MessageStatus.READ)
    answered(world, chats[1], BRUNO, 21, MessageStatus.FAILED, "131026: Message undeliverable")
    world.later(hours=1)
    count(world.parts)


def test_managers_and_quality_control_see_everybodys(
    any_world: World, chats: tuple[ConversationId, ConversationId]
) -> None:
    filled(any_world, chats)
    found = numbers(any_world, LUIS, days=7)
    assert found == numbers(any_world, QA, days=7)
    assert found["whose"] == ""
    assert found["days"][-1] == {"day": "2026-03-04", "received": 2, "sent": 3}
    assert [day["received"] for day in found["days"]] == [0] * 6 + [2]
    assert (found["answers"]["count"], found["answers"]["median"]) == (2, 240)
    assert found["answers"]["within"] == [0.5, 0.5, 1.0, 1.0, 1.0]
    assert [(one["name"], one["median"]) for one in found["people"]] == [
        ("Ana Ruiz", 240),
        ("Bruno Paz", 1200),
    ]
    assert [(one["name"], one["count"]) for one in found["teams"]] == [("all", 2), ("north", 1)]
    north = next(one for one in found["delivery"] if one["channel"] == NORTH)
    assert (north["label"], north["read"], north["failed"]) == ("North", 1, 1)
    assert north["arrived"] == 0.5
    assert found["failures"] == [{"cause": "131026: Message undeliverable", "count": 1}]
    assert (found["unanswered"], found["uncounted"]) == (2, 0)


def test_a_salesperson_sees_what_he_wrote_and_nothing_else(
    any_world: World, chats: tuple[ConversationId, ConversationId]
) -> None:
    filled(any_world, chats)
    found = numbers(any_world, ANA)
    assert found["whose"] == ANA
    assert [one["name"] for one in found["people"]] == ["Ana Ruiz"]
    assert (found["answers"]["count"], found["teams"], found["failures"]) == (1, [], [])
    assert [one["channel"] for one in found["channels"]] == ["wa-sales"]
    assert sum(day["received"] for day in found["days"]) == 0
    assert found["unanswered"] == 1
    told = str(found)
    assert not any(word in told for word in ("bruno", "Bruno", "North", "131026"))
    assert numbers(any_world, BRUNO)["delivery"][0]["failed"] == 1


def test_nobody_without_a_role_sees_any(
    any_world: World, chats: tuple[ConversationId, ConversationId]
) -> None:
    filled(any_world, chats)
    answered(any_world, chats[0], NORA, 40)
    count(any_world.parts)
    found = numbers(any_world, NORA)
    assert (found["answers"]["count"], found["unanswered"], found["rotation"]) == (0, 0, [])
    any_world.change_role(LUIS, Role.SALESPERSON)
    assert numbers(any_world, LUIS)["people"] == []


def test_of_nothing_at_all_there_are_zeros(any_world: World) -> None:
    found = numbers(any_world, LUIS, days=90)
    assert len(found["days"]) == 90
    assert {(day["received"], day["sent"]) for day in found["days"]} == {(0, 0)}
    assert found["answers"] == {
        "name": "",
        "count": 0,
        "median": None,
        "ninety": None,
        "within": [None] * 5,
    }
    assert (found["channels"], found["people"], found["delivery"]) == ([], [], [])


def test_turns_are_shares_of_their_pool(any_world: World) -> None:
    for employee, days in ((ANA, 0), (ANA, 1), (ANA, 2), (BRUNO, 3), (BRUNO, 40)):
        with writing(any_world.engine) as db:
            row = {"pool": "north", "account": "a", "event_key": f"{employee}{days}"}
            when = NOW - timedelta(days=days)
            db.execute(TURN_LOG.insert().values(**row, employee=employee, taken_at=when))
    found = numbers(any_world, LUIS)["rotation"]
    shares = [(one["pool"], one["name"], one["turns"], one["share"]) for one in found]
    assert shares == [("north", "Ana Ruiz", 3, 0.75), ("north", "Bruno Paz", 1, 0.25)]
    mine = numbers(any_world, BRUNO)["rotation"]
    assert [(one["employee"], one["turns"], one["share"]) for one in mine] == [(BRUNO, 1, None)]
    with writing(any_world.engine) as db:
        assert turns.shares(db, NOW, NOW) == ()


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("UTC", 4),
        ("Pacific/Kiritimati", 5),
        ("Asia/Kathmandu", 4),
        ("America/Los_Angeles", 4),
        ("Etc/GMT+12", 4),
    ],
)
def test_a_message_counts_for_the_readers_day(any_world: World, zone: str, day: int) -> None:
    any_world.writes(MARTA, "hello")
    count(any_world.parts)
    found = numbers(any_world, LUIS, days=7, zone=zone)
    assert [one["day"] for one in found["days"] if one["received"]] == [f"2026-03-0{day}"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": ""}, "zone"),
        ({"days": "8"}, "days"),
        ({"person": "ana"}, "person"),
    ],
)
def test_a_wrong_question_is_named(world: World, query: dict[str, str], field: str) -> None:
    asked = api(world, LUIS).get("/numbers", **query)
    assert (asked.status, asked.json["field"]) == (422, field)


ZONES = (
    "UTC",
    "Europe/Madrid",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "Pacific/Apia",
)


@given(
    st.sampled_from(ZONES),
    st.integers(1_262_304_000, 1_893_456_000),  # from 2010 to 2030
    st.sampled_from((7, 30, 90)),
)
def test_every_quarter_of_an_hour_is_in_the_day_of_its_clock(
    zone: str, now: int, count: int
) -> None:
    """Also where a day has 23 or 25 hours, or half an hour more, or begins at one o'clock."""
    there = zone_named(zone)
    assert there is not None
    days = days_until(datetime.fromtimestamp(now, tz=UTC), count, there)
    quarters = [
        (stretch.day + place, stretch.quarter + place * stretch.length + part)
        for stretch in days.stretches()
        for place in range(stretch.days)
        for part in range(stretch.length)
    ]
    assert [quarter for _, quarter in quarters] == list(range(days.begin, days.end))
    for day, quarter in quarters:
        begins = datetime.fromtimestamp(quarter * 900, tz=UTC)
        assert begins.astimezone(there).date() == days.dates[day]


def test_days_have_as_many_hours_as_their_clock() -> None:
    madrid = zone_named("Europe/Madrid")
    assert madrid is not None
    days = days_until(datetime(2026, 3, 30, 12, tzinfo=UTC), 7, madrid)
    assert days.dates[-2] == date(2026, 3, 29)
    assert [(s.day, s.days, s.length) for s in days.stretches()] == [
        (0, 5, 96),
        (5, 1, 92),
        (6, 1, 96),
    ]
