"""A change that was prepared is there for whoever made it, as it was made, until it is saved."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.pipeline.changing.drafts import drop, prepare, prepared
from bridge.pipeline.changing.saving import folder_now, propose
from bridge.policy.editing import AddItem, MoveItem, Put, Remove, Rename
from bridge.store.audit import Way, Who
from tests.pipeline.changing import LUIS, Desk, desk
from tests.pipeline.world import World

ANA = Who(actor="employee:ana@acme.example", way=Way.PAGE)
EDITS = (
    Put(("timeline", "write_to"), ("contact", "deal")),
    AddItem(("rules",), {"id": "es", "to": {"employee": "ana@acme.example"}}, 0),
    MoveItem(("rules", 0), 1),
    Remove(("rules", 0)),
    Rename(("employees", "ana@acme.example"), "eva@acme.example"),
)


@pytest.fixture
def opened(house: World, tmp_path: Path) -> Desk:
    return desk(house, tmp_path / "config")


def test_it_comes_back_as_it_was_made(opened: Desk) -> None:
    name = prepare(opened.parts, LUIS, EDITS, back="/settings/rules")
    found = prepared(opened.parts, LUIS, name)
    assert found is not None
    assert (found.edits, found.back) == (EDITS, "/settings/rules")
    assert found.base == propose(opened.parts, folder_now(opened.parts), ()).base


def test_the_base_tells_that_the_files_moved(opened: Desk) -> None:
    name = prepare(opened.parts, LUIS, EDITS, back="/")
    (opened.path / "roles.yaml").write_text(opened.text("roles.yaml") + "# more\n")
    found = prepared(opened.parts, LUIS, name)
    assert found is not None
    assert found.base != propose(opened.parts, folder_now(opened.parts), ()).base


def test_it_is_nobody_elses_and_gone_once_it_is_dropped(opened: Desk) -> None:
    name = prepare(opened.parts, LUIS, EDITS, back="/")
    assert prepared(opened.parts, ANA, name) is None
    assert prepared(opened.parts, LUIS, "no-such-draft") is None
    drop(opened.parts, name)
    assert prepared(opened.parts, LUIS, name) is None


def test_what_nobody_came_back_to_is_forgotten(opened: Desk) -> None:
    old = prepare(opened.parts, LUIS, EDITS, back="/")
    later = opened.parts.now() + timedelta(days=8)
    prepare(replace(opened.parts, now=lambda: later), LUIS, EDITS, back="/")
    assert prepared(opened.parts, LUIS, old) is None
