"""A change that was prepared is there for whoever made it, as it was made, until it is saved."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.pipeline.changing.drafts import Content, Draft, begin, draft_of, drop, open_draft
from bridge.pipeline.changing.saving import folder_now
from bridge.policy.editing import AddItem, Edit, MoveItem, NotEditable, Put, Remove, Rename
from bridge.store.audit import Way, Who
from tests.pipeline.changing import LUIS, Desk, desk
from tests.pipeline.world import World

ANA = Who(actor="employee:ana@acme.example", way=Way.PAGE)
EDITS = (
    Put(("timeline", "write_to"), ("contact", "deal")),
    AddItem(("rules",), {"id": "es", "to": ({"employee": "ana@acme.example"},)}, 0),
    MoveItem(("rules", 0), 1),
    Remove(("rules", 0)),
    Rename(("employees", "ana@acme.example"), "eva@acme.example"),
)
MANAGER = Put(("employees", "ana@acme.example", "role"), "manager")


@pytest.fixture
def house(small: World, tmp_path: Path) -> Desk:
    return desk(small, tmp_path / "config")


def begun(house: Desk, *edits: Edit) -> Draft:
    return begin(house.parts, LUIS, Content(edits=edits, address="/settings/rules"))


def test_it_comes_back_as_it_was_made(house: Desk) -> None:
    draft = begun(house, *EDITS)
    assert draft_of(house.parts, LUIS, draft.id) == draft
    assert draft.base["roles.yaml"].decode() == house.text("roles.yaml")
    texts = begin(house.parts, LUIS, Content(texts={"a.yaml": "ñ\r\n", "b.yaml": None}))
    assert draft_of(house.parts, LUIS, texts.id) == texts


def test_it_is_made_on_the_files_as_they_are_by_now(house: Desk) -> None:
    draft = begun(house, MANAGER)
    other = house.text("roles.yaml").replace("who may what", "who may do what")
    (house.path / "roles.yaml").write_text(other)
    opened = open_draft(house.parts, folder_now(house.parts), draft)
    assert opened.proposal.after["roles.yaml"].decode() == other.replace(
        "salesperson", "manager", 1
    )
    assert [file.name for file in opened.moved] == ["roles.yaml"]


def test_a_place_in_a_list_that_is_another_by_now_is_not_believed(house: Desk) -> None:
    drafts = [begun(house, edit) for edit in (EDITS[1], EDITS[2], EDITS[3])]
    text = house.text("routing.yaml").replace("id: mx", "id: mexico")
    (house.path / "routing.yaml").write_text(text)
    for draft in drafts:
        with pytest.raises(NotEditable, match="rules was changed by somebody else meanwhile"):
            open_draft(house.parts, folder_now(house.parts), draft)
    at_the_end = begun(house, AddItem(("rules",), "x"))
    (house.path / "routing.yaml").write_text(text + "# more\n")
    assert open_draft(house.parts, folder_now(house.parts), at_the_end).moved


def test_it_is_nobody_elses_and_gone_once_it_is_dropped(house: Desk) -> None:
    name = begun(house, *EDITS).id
    assert draft_of(house.parts, ANA, name) is None
    assert draft_of(house.parts, LUIS, "no-such-draft") is None
    drop(house.parts, name)
    assert draft_of(house.parts, LUIS, name) is None


def test_what_nobody_came_back_to_is_forgotten(house: Desk) -> None:
    old = begun(house, *EDITS).id
    later = house.parts.now() + timedelta(days=8)
    begin(replace(house.parts, now=lambda: later), LUIS, Content(edits=EDITS))
    assert draft_of(house.parts, LUIS, old) is None
