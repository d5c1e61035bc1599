"""docs/commands.md and the README name every command and option that there is, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bridge.cli import COMMANDS, Commands, main
from tests.cli.commands import Installation

ROOT = Path(__file__).parents[2]
EVERYWHERE = {"--json", "--help"}
_ROW = re.compile(
    r"^\| `bridge ([a-z -]+?)(?: \[?[A-Z][^`]*)?` \| (.*?) ?\| (.+) \|$", re.MULTILINE
)


def commands() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        command = Commands().get_command(click.Context(main), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", found) for sub, found in command.commands.items())
        else:
            yield name, command


def options(command: click.Command) -> set[str]:
    named = (name for option in command.params for name in option.opts if name.startswith("--"))
    return set(named) - EVERYWHERE


def documented() -> dict[str, set[str]]:
    text = (ROOT / "docs/commands.md").read_text()
    return {name: set(re.findall(r"`(--[a-z-]+)`", found)) for name, found, _ in _ROW.findall(text)}


def test_the_table_names_every_command_and_option() -> None:
    assert documented() == {name: options(command) for name, command in commands()}


def test_help_lists_every_command(folder: Installation) -> None:
    said = folder.run("--help").stdout
    listed = re.findall(r"^  ([a-z-]+) ", said.partition("Commands:")[2], re.MULTILINE)
    assert listed == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_of_a_command_what_it_says_of_itself(name: str) -> None:
    command = Commands().get_command(click.Context(main), name)
    assert command is not None
    assert COMMANDS[name][1] == command.get_short_help_str(1000)


def test_the_readme_names_every_command() -> None:
    section = (ROOT / "README.md").read_text().partition("## Commands")[2].partition("\n## ")[0]
    assert set(re.findall(r"`bridge ([a-z][a-z-]*)", section)) == set(COMMANDS)


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_json_and_says_what_it_does(name: str, folder: Installation) -> None:
    said = folder.run(*name.split(), "--help").stdout
    assert "--json" in said
    assert re.search(r"^  [A-Z].*", said, re.MULTILINE)


def test_an_unknown_command_is_refused(folder: Installation) -> None:
    assert "No such command" in folder.run("rout", code=2).stderr
