"""Who was told, and how an unanswered chat is marked for whom (NOT-01 to NOT-06, WS-07)."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.names import EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Distribution
from bridge.web import counting
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, LUIS, NORA, OWNER, QA, World

MARTA, INES = "+34600111222", "+34600111444"


def told(world: World, employee: EmployeeId) -> list[str]:
    return [n["code"] for n in api(world, employee).all("/notifications")]


def marks(world: World, employee: EmployeeId) -> dict[str, str]:
    return {c["title"]: c["mark"] for c in api(world, employee).all("/conversations")}


def test_not_02_a_manager_is_told_of_his_own_clients_only(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    world.client("Ines", INES, LUIS)
    world.writes(MARTA, "hello")
    world.writes(INES, "hello")
    assert told(world, LUIS) == ["notify.responsible"]
    assert told(world, ANA) == ["notify.responsible"]


def test_not_01_with_the_setting_on_a_manager_is_told_of_all(world: World) -> None:
    world.policy = replace(world.policy, managers_hear_all_chats=True)
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello")
    assert told(world, LUIS) == ["notify.managers_hear_all_chats"]


def test_not_06_nobody_else_is_told_of_a_client_of_ana(world: World) -> None:
    world.policy = replace(world.policy, managers_hear_all_chats=True)
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello")
    assert (told(world, BRUNO), told(world, QA)) == ([], [])


def test_not_03_not_04_ws_07_the_mark_is_red_in_own_chats_and_grey_in_others(
    world: World,
) -> None:
    world.client("Marta", MARTA, ANA)
    world.client("Ines", INES, LUIS)
    world.writes(MARTA, "hello")
    world.writes(INES, "hello")
    assert marks(world, LUIS) == {"Marta": "grey", "Ines": "red"}
    assert marks(world, QA) == {"Marta": "grey", "Ines": "grey"}
    assert marks(world, ANA) == {"Marta": "red"}


def test_not_05_with_the_setting_on_a_managers_marks_are_all_red(world: World) -> None:
    world.policy = replace(world.policy, managers_hear_all_chats=True)
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello")
    assert marks(world, LUIS) == {"Marta": "red"}


def test_notices_are_read_one_by_one_or_all_at_once(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    for text in ("one", "two", "three"):
        world.writes(MARTA, text)
    ana = api(world, ANA)
    newest = ana.all("/notifications")[0]["id"]
    body = {"ids": [newest, "0", "x", "9" * 30, "²"]}
    assert ana.post("/notifications/read", body).json == {"read": 1}
    assert len(ana.all("/notifications", unread=True)) == 2
    assert ana.post("/notifications/read").json == {"read": 2}
    assert ana.all("/notifications", unread=True) == []
    assert len(ana.all("/notifications", limit=2)) == 3


def test_nobody_reads_away_the_notices_of_somebody_else(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "one")
    theirs = [n["id"] for n in api(world, ANA).all("/notifications")]
    assert api(world, LUIS).post("/notifications/read", {"ids": theirs}).json == {"read": 0}


def test_a_notice_goes_with_the_chat_to_its_new_owner(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "one")
    assert len(told(world, ANA)) == 1
    world.client("Marta", MARTA, BRUNO)
    assert OWNER[BRUNO] != OWNER[ANA]
    assert told(world, ANA) == []


def counters(world: World, employee: EmployeeId) -> dict[str, object]:
    found: dict[str, object] = api(world, employee).get("/notifications/counters").json
    return found


def test_ws_07_counters_are_the_marks_of_each(world: World) -> None:
    """NOT-03, NOT-04, WS-11: who has no role counts nothing."""
    world.client("Marta", MARTA, ANA)
    world.client("Ines", INES, LUIS)
    world.writes(MARTA, "hello")
    world.writes(INES, "hello")
    none = {"red": 0, "grey": 0, "unread": 0, "more": False}
    assert counters(world, ANA) == {**none, "red": 1, "unread": 1}
    assert counters(world, LUIS) == {**none, "red": 1, "grey": 1, "unread": 1}
    assert counters(world, QA) == {**none, "grey": 2}
    assert counters(world, BRUNO) == none
    world.change_role(ANA, Role.NONE)
    assert counters(world, ANA) == none


def test_the_counters_stand_on_every_page(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "hello")
    page = world.signed_in(QA).get("/feed").text
    assert re.search(r'data-count="grey"[^>]*><span>1</span>', page)
    assert re.search(r'data-count="red"[^>]*hidden', page)


def test_counting_ends_somewhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many chats wait: a page is not to wait for them."""
    monkeypatch.setattr(counting, "MOST", 4)
    monkeypatch.setattr(counting, "_BATCH", 2)
    for number in range(5):
        world.client(f"Client {number}", f"+3460011133{number}", ANA)
        world.writes(f"+3460011133{number}", "hello")
    found = counters(world, ANA)
    assert (found["red"], found["more"]) == (4, True)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    owned=st.lists(st.sampled_from([ANA, BRUNO, LUIS, None]), min_size=1, max_size=5),
    hears_all=st.booleans(),
    dismissed=st.sets(st.integers(0, 4)),
)
def test_counters_equal_the_marks_over_all_chats(
    world: World, owned: list[EmployeeId | None], hears_all: bool, dismissed: set[int]
) -> None:
    """WS-07, WS-08: for everybody, whoever owns what."""
    world.policy = replace(world.policy, managers_hear_all_chats=hears_all)
    for number, owner in enumerate(owned):
        phone = f"+3460011155{number}"
        world.client(f"C{number}", phone, owner)
        where = world.writes(phone, "hello")
        if number in dismissed:
            api(world, LUIS).post(f"/conversations/{where}/dismiss")
    for who in (ANA, BRUNO, LUIS, QA, NORA):
        seen = [chat["mark"] for chat in api(world, who).all("/conversations")]
        found = counters(world, who)
        assert (found["red"], found["grey"]) == (seen.count("red"), seen.count("grey"))


def test_ws_10_with_the_first_answer_the_others_notifications_are_gone(world: World) -> None:
    """From list, counters and page, at the next request; and a second answer hears why."""
    takes = replace(world.policy.employee(BRUNO), gets_new_clients=True)
    first = replace(world.policy.new_clients, distribution=Distribution.FIRST_TO_ANSWER)
    world.policy = replace(
        world.policy, new_clients=first, employees={**world.policy.employees, BRUNO: takes}
    )
    where = world.writes(MARTA, "hello")
    assert (told(world, ANA), told(world, BRUNO)) == (["notify.new_client"],) * 2
    assert counters(world, BRUNO)["red"] == 1
    sent = api(world, ANA).post(f"/conversations/{where}/messages", {"text": "good day"})
    assert sent.status == 202
    assert (told(world, BRUNO), counters(world, BRUNO)["red"]) == ([], 0)
    assert where not in world.signed_in(BRUNO).get("/notifications").text
    late = api(world, BRUNO).post(f"/conversations/{where}/messages", {"text": "good day"})
    assert (late.status, late.reason) == (409, "client.taken")
    assert late.json["detail"] == f"already taken by {ANA}"
    assert api(world, BRUNO).get(f"/conversations/{where}").status == 404
    assert api(world, QA).post(f"/conversations/{where}/messages", {"text": "x"}).status == 403
