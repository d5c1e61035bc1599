"""What goes wrong while a house is set up: pages answer, and say what to do next (NEW-09)."""

import errno
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask import Flask

from bridge.domain.policy import AccountPolicy
from bridge.pipeline.parts import Polling
from bridge.policy.editing import Put
from bridge.store import lanes, mirror
from bridge.store.engine import open_engine, writing
from bridge.web import pages
from tests.web.configured import ROLES, ConfiguredWorld
from tests.web.fakes import CrmReader
from tests.web.settings_house import PIPELINES
from tests.web.test_settings_review import prepared, sends
from tests.web.world import ANA, CRM, LUIS, NOW, Key, World

REFUSED = "the vendor refuses our credentials"
MANAGER = Put(("employees", ANA, "role"), "manager")


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> ConfiguredWorld:
    return ConfiguredWorld(open_engine(sqlite_url), tmp_path / "config")


def held(world: World, lane: str, cause: str) -> None:
    with writing(world.engine) as db:
        lanes.hold(db, lane, world.now + timedelta(minutes=1), cause)


def welcome(world: World) -> str:
    return world.signed_in(LUIS).get("/welcome").text


def test_a_wrong_token_is_said_with_the_variable_that_it_stands_in(world: World) -> None:
    """Of an account that never answered yet, whose reading is tried again all the time."""
    account = AccountPolicy(connector="crm", secrets={"access_token": ("CRM_TOKEN",)})
    world.policy = replace(world.policy, accounts={**world.policy.accounts, CRM: account})
    held(world, f"mirror:{CRM}", REFUSED)
    page = welcome(world)
    assert f"{CRM}: {REFUSED} (CRM_TOKEN)" in page
    assert "secrets count after a new start" in page
    with writing(world.engine) as db:
        lanes.note_success(db, f"mirror:{CRM}", world.now)
    assert REFUSED not in welcome(world)


def test_an_account_that_has_answered_counts_until_managers_are_told(world: World) -> None:
    with writing(world.engine) as db:
        lanes.hold(db, f"mirror:{CRM}", world.now, "it is slow")
        lanes.note_success(db, f"mirror:{CRM}", world.now)
    held(world, f"mirror:{CRM}", "it is slow again")
    assert f"{CRM}: it is slow again" not in welcome(world)
    with writing(world.engine) as db:
        assert lanes.note_outage_told(db, f"mirror:{CRM}")
    assert f"{CRM}: it is slow again" in welcome(world)


@pytest.mark.parametrize("read_before", [True, False])
def test_a_crm_that_is_down_keeps_no_picker_waiting(
    house: ConfiguredWorld, monkeypatch: pytest.MonkeyPatch, read_before: bool
) -> None:
    """NEW-06: the stages as last read, or what to do; no page asks the CRM."""

    def down(*_: object) -> NoReturn:
        raise AssertionError("a page has called the CRM")

    for name in ("employees", "pipelines", "contacts_by_identity", "channels"):
        monkeypatch.setattr(CrmReader, name, down)
    if read_before:
        with writing(house.engine) as db:
            mirror.put_pipelines(db, CRM, PIPELINES, NOW)
    held(house, f"mirror:{CRM}", "crm: read owners: it does not answer")
    browser = house.signed_in(LUIS)
    page = browser.get("/settings/new-clients")
    assert page.status_code == 200
    assert ("First contact" in page.text) is read_before
    assert "Update CRM data" in page.text
    assert f"{CRM}: crm: read owners: it does not answer" in browser.get("/welcome").text


def test_redis_that_is_down_is_said_and_nothing_stops(world: World) -> None:
    world.parts = replace(world.parts, queue_state=lambda: Polling(kind="redis", works=False))
    anew(world)
    browser = world.signed_in(LUIS)
    page = browser.get("/operations").text
    assert "Redis does not answer" in page
    assert "Start Redis again. Nothing is lost" in page
    assert browser.get("/welcome").status_code == 200


def test_a_clock_that_is_wrong_is_said_with_what_to_do(world: World) -> None:
    world.parts = replace(world.parts, keep_time=lambda: timedelta(seconds=90))
    anew(world)
    page = world.signed_in(LUIS).get("/operations").text
    assert "This machine&#39;s clock is 1 min 30 s off" in page
    assert "Synchronise the clocks of all machines (NTP)." in page
    assert "Synchronise the clocks of all machines (NTP)" in welcome(world)


def test_a_webhook_of_another_system_is_to_be_seen_and_what_to_do(world: World) -> None:
    """WZ-17: nothing comes from a vendor that calls another; a page never asks the vendor."""
    world.writes("+34600111222", "hello")
    page = welcome(world)
    assert "Nothing yet" in page  # the CRM
    assert "bridge doctor --fix --take-over" in page


@pytest.mark.parametrize("what", ["file", "folder"])
def test_files_that_cant_be_written_are_offered_as_a_patch(
    house: ConfiguredWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    address, browser = prepared(house, MANAGER), house.signed_in(LUIS)
    if what == "file":
        roles, kept = house.path / "roles.yaml", tmp_path / "kept.yaml"
        roles.rename(kept)
        roles.symlink_to(kept)
    else:
        monkeypatch.setattr(tempfile, "NamedTemporaryFile", read_only)
    answer = sends(browser, address, browser.get(address).text, message="Ana leads")
    assert answer.status_code == 409
    assert "can&#39;t be written here" in answer.text
    assert "Ana leads" in answer.text  # what was typed stays
    assert f'href="{address}/patch"' in answer.text
    assert "+    role: manager" in browser.get(f"{address}/patch").text
    assert (house.path / "roles.yaml").read_text() == ROLES
    assert not list(house.path.glob(".bridge*"))


def read_only(*_: Any, **__: Any) -> NoReturn:
    raise OSError(errno.EROFS, "Read-only file system")


def anew(world: World) -> None:
    """Pages of these parts."""
    world.app = Flask("bridge.web", static_folder=None)
    pages.register(world.app, world.parts, Key())
