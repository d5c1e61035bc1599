"""`bridge dead` and `bridge replay`: a person decides, and nothing is done twice."""

import pytest

from bridge.store.schema import OUTBOX
from tests.cli.commands import CHAT, Installation, both_stores


@pytest.fixture
def broken(town: Installation) -> Installation:
    """A webhook that no event can be made of lies among the dead letters."""
    town.receive(b'{"messages": 7}')
    return town


@both_stores
def test_dead_alone_lists(broken: Installation) -> None:
    (line,) = broken.run("dead").stdout.splitlines()
    assert line.startswith("inbox:1  ")
    assert "$.messages" in line
    (letter,) = broken.json("dead")["letters"]
    assert (letter["name"], letter["account"], letter["kind"]) == ("inbox:1", CHAT, "request")
    assert broken.json("dead", "list", "--box", "outbox") == {"letters": []}


def test_the_body_is_shown_only_when_asked(broken: Installation) -> None:
    assert broken.json("dead", "show", "inbox:1")["body"] is None
    assert broken.json("dead", "show", "inbox:1", "--body")["body"] == '{"messages": 7}'
    assert '{"messages": 7}' not in broken.run("dead", "show", "inbox:1").stdout


@both_stores
def test_a_dry_run_says_what_would_be_done_and_does_nothing(broken: Installation) -> None:
    before = broken.everything()
    for verb, word in (("replay", "replayed"), ("drop", "dropped")):
        assert f"would be {word}: inbox:1" in broken.run("dead", verb, "--all", "--dry-run").stdout
    assert "inbox:1  request  would decide again" in (
        broken.run("replay", "inbox:1", "--dry-run").stdout
    )
    assert broken.everything() == before


def test_a_letter_that_is_replayed_and_breaks_again_is_dead_again(broken: Installation) -> None:
    assert broken.json("dead", "replay", "inbox:1")["letters"][0]["done"] is True
    assert broken.json("dead")["letters"] == []
    broken.settle()
    assert len(broken.json("dead")["letters"]) == 1


@both_stores
def test_a_letter_that_is_dropped_is_gone(broken: Installation) -> None:
    broken.run("dead", "drop", "--all")
    assert broken.run("dead").stdout == "there are no dead letters\n"
    assert "there is nothing to do" in broken.run("dead", "replay", "--all").stdout


@both_stores
def test_a_drop_is_taken_back(broken: Installation) -> None:
    broken.run("dead", "drop", "inbox:1")
    answer = broken.json("dead", "undo", "inbox:1", "inbox:7")["letters"]
    assert [(one["name"], one["done"]) for one in answer] == [("inbox:1", True), ("inbox:7", False)]
    assert [one["name"] for one in broken.json("dead")["letters"]] == ["inbox:1"]


@pytest.mark.parametrize("name", ["inbox:1", "outbox:1", "attic:1", "inbox:one"])
def test_what_nobody_dropped_is_not_taken_back(broken: Installation, name: str) -> None:
    failed = broken.run("dead", "undo", name, code=1)
    assert "next: " in failed.stderr


@both_stores
def test_an_event_that_was_delivered_writes_nothing_when_replayed(town: Installation) -> None:
    town.receive(town.message())
    before = (town.crm_records(), len(town.everything()["outbox"]), len(town.decisions()))
    steps = town.json("replay", "1")["steps"]
    assert [s["again"] for s in steps] == ["decide"] + ["nothing"] * (len(steps) - 1)
    town.settle()
    assert (town.crm_records(), len(town.everything()["outbox"]), len(town.decisions())) == before


@both_stores
def test_an_event_with_a_dead_effect_is_delivered_by_replaying_it(town: Installation) -> None:
    town.receive(town.message())
    with town.parts() as parts, parts.engine.begin() as db:
        db.execute(OUTBOX.update().where(OUTBOX.c.id == 1).values(state="dead", reason="no"))
    (step,) = [s for s in town.json("replay", "1")["steps"] if s["again"] == "deliver"]
    assert (step["name"], step["done"]) == ("outbox:1", True)
    town.settle()
    assert town.json("dead")["letters"] == []
    assert len(town.crm_records()) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("dead", "show", "inbox:4711"), 1),
        (("dead", "replay", "4711"), 1),
        (("dead", "drop", "outbox:x"), 1),
        (("dead", "replay"), 2),
        (("dead", "drop", "--all", "inbox:1"), 2),
        (("dead", "list", "--box", "letter"), 2),
        (("replay", "4711"), 1),
        (("replay", "inbox:4711"), 1),
        (("replay",), 2),
    ],
)
def test_what_is_not_there_is_told(house: Installation, words: tuple[str, ...], code: int) -> None:
    assert house.run(*words, code=code).stderr
