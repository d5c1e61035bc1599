"""`bridge erase`."""

from tests.cli.commands import Installation


def test_it_tries_it_asks_and_it_says_what_went(town: Installation) -> None:
    town.receive(town.message())
    where = town.json("explain", "1")["explanation"]["record"]["conversation"]
    tried = town.json("erase", where, "--dry-run")
    assert (tried["tried"], tried["report"]["messages"]) == (True, 1)
    assert "erase this client for good?" in town.run("erase", where, code=1).stderr
    assert town.json("erase", where, "--dry-run")["report"] == tried["report"]
    said = town.run("erase", where, "--yes").stdout
    assert "erased: 1 messages in 1 conversations" in said
    assert "not ours: " in said


def test_an_unknown_conversation_is_told(house: Installation) -> None:
    said = house.run("erase", "cv_nowhere", "--yes", code=1).stderr
    assert "there is no such conversation" in said
    assert "next: its id (cv_…)" in said
