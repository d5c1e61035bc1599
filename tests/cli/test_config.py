"""`bridge config` and `bridge simulate`: edits in place, a history, and what would have been."""

import shutil
from pathlib import Path

import pytest

from tests.cli.commands import Installation, both_stores

ROLE = 'employees["bruno@acme.example"].role'


def text(town: Installation, name: str = "roles.yaml") -> str:
    return (town.config / name).read_text()


@both_stores
def test_a_value_is_edited_kept_and_taken_back(town: Installation) -> None:
    before = text(town)
    tried = town.json("config", "edit", ROLE, "manager", "--dry-run")
    assert tried["saved"] is False
    assert "+    role: manager\n" in tried["diff"]
    assert text(town) == before
    saved = town.json("config", "edit", ROLE, "manager", "--message", "Bruno leads")
    assert saved["saved"] is True
    lines = before.splitlines()
    changed = [n for n, line in enumerate(text(town).splitlines()) if line != lines[n]]
    assert len(changed) == 1
    history = town.json("config", "history")["changes"]
    assert [(one["way"], one["message"]) for one in history] == [
        ("command", "Bruno leads"),
        ("hand", ""),
    ]
    shown = town.run("config", "history", str(saved["change"])).stdout
    assert "Bruno leads" in shown
    assert "+    role: manager" in shown
    town.run("config", "rollback", str(history[-1]["id"]))
    assert text(town) == before
    assert town.json("config", "history")["changes"][0]["back_to"] == history[-1]["id"]


def test_what_stands_somewhere_is_shown(town: Installation) -> None:
    assert town.run("config", "show", ROLE).stdout == "salesperson\n"
    assert town.json("config", "show", "rules[0].to[0]")["value"]["pool"] == "north"
    whole = town.json("config", "show")
    assert whole["files"]["roles.yaml"] == text(town)
    assert (whole["is_here"], whole["error"]) == (True, "")
    assert "there is no rules[7]" in town.run("config", "show", "rules[7]", code=1).stderr


def test_lists_grow_and_keys_go(town: Installation) -> None:
    town.run("config", "edit", "pools.north", "ana@acme.example", "--add")
    assert "north: [bruno@acme.example, ana@acme.example]" in text(town, "routing.yaml")
    town.run("config", "edit", "rules[0].label", "--remove")
    assert "label: Mexico" not in text(town, "routing.yaml")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([ROLE, "boss"], 1, "is not one of"),
        ([ROLE, "salesperson"], 1, "this changes nothing"),
        (["rules[9].label", "x"], 1, "could hold rules[9].label"),
        (["rules[", "x"], 2, "write a path such as"),
        ([ROLE, "[a"], 2, "not YAML"),
        ([ROLE, "&a b"], 2, "anchors"),
        ([ROLE], 2, "give a VALUE, or --remove"),
        ([ROLE, "x", "--remove"], 2, "give a VALUE, or --remove"),
        (["rules[0].to[0].pool", "south"], 1, "south"),
    ],
)
def test_what_can_not_be_done_says_why(
    town: Installation, words: list[str], code: int, said: str
) -> None:
    before = text(town) + text(town, "routing.yaml")
    assert said in town.run("config", "edit", *words, code=code).stderr
    assert text(town) + text(town, "routing.yaml") == before


def test_a_test_that_would_fail_stops_it_unless_one_says_so(town: Installation) -> None:
    words = ("config", "edit", "rules[0].when.country", "AR")
    assert "--despite-tests" in town.run(*words, code=1).stderr
    assert town.json(*words, "--dry-run", code=1)["findings"][0]["code"] == "test-failed"
    town.run(*words, "--despite-tests")
    assert "country: AR" in text(town, "routing.yaml")


def test_no_change_of_that_number(town: Installation) -> None:
    for words in (("history", "99"), ("rollback", "99")):
        assert "there is no change 99" in town.run("config", *words, code=1).stderr


@both_stores
def test_another_folder_is_tried_on_what_happened(town: Installation, tmp_path: Path) -> None:
    town.receive(town.message(phone="5215512345678"))
    other = tmp_path / "other"
    shutil.copytree(town.config, other)
    before = town.everything()
    assert town.json("simulate", "--config", str(other))["same"] is True
    routing = other / "routing.yaml"
    routing.write_text(
        routing.read_text().replace("north: [bruno@acme.example]", "north: [ana@acme.example]")
    )
    found = town.json("simulate", "--config", str(other), "--since", "24h")
    assert (found["moved"], found["events"], found["events_examined"]) == (1, 1, 1)
    assert found["examples"][0]["after"] == "ana@acme.example"
    said = town.run("simulate", "--config", str(other)).stdout
    assert "1 clients would have gone to somebody else" in said
    assert "bruno@acme.example: clients 1 -> 0" in said
    assert town.everything() == before


def test_a_folder_with_mistakes_is_not_tried(town: Installation, tmp_path: Path) -> None:
    assert "no such folder" in town.run("simulate", "--config", str(tmp_path / "x"), code=1).stderr
    (tmp_path / "roles.yaml").write_text("employees: [\n")
    assert "roles.yaml:2:1" in town.run("simulate", "--config", str(tmp_path), code=1).stderr
    assert "Invalid value" in town.run("simulate", "--since", "soon", code=2).stderr
