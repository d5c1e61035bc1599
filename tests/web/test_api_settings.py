"""Employees, channels and new-client settings through the API."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.people import Role
from bridge.ports import ChannelReading
from bridge.store import mirror
from bridge.store.engine import reading, writing
from bridge.store.schema import REFRESHES
from tests.web.asking import api, service
from tests.web.world import ANA, BRUNO, CRM, LUIS, NORA, NORTH, QA, SALES, TELEGRAM, WA, World


@pytest.mark.parametrize("path", ["/employees", "/new-clients"])
def test_rol_01_without_a_crm_settings_are_refused(world: World, path: str) -> None:
    world.policy = replace(world.policy, crm=None)
    refused = api(world, LUIS).get(path)
    assert (refused.status, refused.reason) == (409, "crm.missing")
    assert "connect a CRM first" in refused.json["detail"]


def test_rol_03_everybody_in_the_crm_is_listed_those_without_a_role_too(world: World) -> None:
    asked = api(world, LUIS).get("/employees").json
    roles = {item["email"]: item["role"] for item in asked["items"]}
    assert roles == {
        ANA: Role.SALESPERSON,
        BRUNO: Role.SALESPERSON,
        LUIS: Role.MANAGER,
        QA: Role.QUALITY_CONTROL,
        NORA: Role.NONE,
    }
    assert asked["crm"] == CRM


def test_somebody_whom_only_roles_yaml_knows_is_listed_without_a_crm_id(world: World) -> None:
    world.change_role(LUIS.replace("luis", "zoe"), Role.MANAGER)  # type: ignore[arg-type]
    last = api(world, LUIS).get("/employees").items[-1]
    assert (last["email"], last["crm_id"]) == ("zoe@acme.example", None)


def test_new_01_the_toggle_stands_beside_the_role(world: World) -> None:
    items = api(world, LUIS).get("/employees").items
    assert {i["email"] for i in items if i["gets_new_clients"]} == {ANA}


def test_chn_01_a_priority_is_offered_only_with_several_channels_of_a_messenger(
    world: World,
) -> None:
    items = {i["email"]: i for i in api(world, LUIS).get("/employees").items}
    assert items[ANA]["offers_priority"] == [Messenger.WHATSAPP]
    assert items[ANA]["priority_channel"] == {Messenger.WHATSAPP: NORTH}
    assert items[BRUNO]["offers_priority"] == []


def test_rol_04_update_crm_data_is_queued(world: World) -> None:
    assert api(world, LUIS).post("/employees/refresh").status == 202
    assert service(world).post("/employees/refresh").status == 202
    with reading(world.engine) as db:
        assert list(db.scalars(select(REFRESHES.c.kind))) == ["employees"]


def test_only_managers_update_crm_data(world: World) -> None:
    assert api(world, ANA).post("/employees/refresh").status == 403


def test_channels_come_with_state_and_who_may_use_them(world: World) -> None:
    blocked = ChannelReading(
        channel_id="ch-north",
        messenger=Messenger.WHATSAPP,
        state=ChannelState.BLOCKED,
        window_hours=24,
    )
    with writing(world.engine) as db:
        mirror.put_channels(db, WA, [blocked], world.now)
    channels = {c["name"]: c for c in api(world, ANA).get("/channels").items}
    assert set(channels) == {SALES, NORTH, TELEGRAM}
    north = channels[NORTH]
    assert (north["label"], north["state"], north["window_hours"]) == ("North", "blocked", 24)
    users = {user["employee"]: user for user in north["users"]}
    assert set(users) == {ANA, LUIS, QA}
    assert (users[ANA]["is_priority"], users[ANA]["can_write"]) == (True, True)
    assert (users[QA]["is_priority"], users[QA]["can_write"]) == (False, False)
    assert channels[SALES]["state"] == "unknown"


def test_new_clients_tell_what_is_made_and_for_whom(world: World) -> None:
    asked = api(world, QA).get("/new-clients").json
    assert (asked["create"], asked["pipeline"], asked["stage"]) == ("deal", "default", "new")
    assert (asked["receivers"], asked["default"]) == ([ANA], LUIS)
