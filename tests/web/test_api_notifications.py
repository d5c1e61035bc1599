"""Who was told, and how an unanswered chat is marked for whom (NOT-01 to NOT-06, WS-07)."""

from dataclasses import replace

from bridge.domain.names import EmployeeId
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, LUIS, OWNER, QA, World

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
