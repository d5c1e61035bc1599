"""`bridge new-connector NAME`: a connector from a template, complete and under test."""

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from bridge import __version__
from bridge.cli.answers import Command, Failed, answer
from bridge.cli.imports import with_sorted_imports
from bridge.wiring import connector_names

TEMPLATE = Path(__file__).with_name("connector_template")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MAX_NAME = 24
_ENDING = ".tmpl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where the parts of the template go, below `root`, and what its words mean there."""

    name: str
    root: Path
    folders: Mapping[str, str]  # of the template → of the connector
    words: Mapping[str, str]
    first_party: frozenset[str]
    steps: tuple[str, ...]


@click.command("new-connector", cls=Command)
@click.argument("name")
@click.option("--package", is_flag=True, help="A package of its own, outside the bridge's source.")
@click.option(
    "--into",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The folder to write into; by default the current one.",
)
def new_connector(name: str, package: bool, into: Path) -> None:
    """Write a connector called NAME from a template, with sandbox, fixtures and tests."""
    _check_name(name)
    plan = _package(name, into) if package else _in_house(name, into)
    files = dict(_files(plan))
    _check_free(plan, files)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    written = sorted(str(path.relative_to(plan.root)) for path in files)
    text = "\n".join((*written, "", "Next:", *(f"  {step}" for step in plan.steps)))
    answer({"name": name, "files": written, "next": plan.steps}, text)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        raise Failed(
            f"{name!r} is no name for a connector",
            f"use small letters, digits and single _, at most {_MAX_NAME}, such as acme_chat",
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise Failed(f"{name} is a word of Python", f"choose another name, such as {name}_chat")
    if name in connector_names():
        raise Failed(f"there is a connector called {name} already", "choose another name")


def _in_house(name: str, into: Path) -> Plan:
    listed = into / "connectors" / "__init__.py"
    if not listed.is_file() or not (into / "tests" / "contract").is_dir():
        raise Failed(
            f"{into.resolve()} is not the bridge's source",
            "run it there, name it with --into, or write a package of its own with --package",
        )
    if (into / "connectors" / f"{name}.py").exists():
        raise Failed(f"connectors/{name}.py has this name already", "choose another name")
    constant = name.upper()
    return Plan(
        name=name,
        root=into,
        folders={
            "connector": f"connectors/{name}",
            "tests": f"tests/connectors/{name}",
            "fixtures": f"tests/fixtures/{name}",
        },
        words={
            **_words(name),
            "package": f"connectors.{name}",
            "tests": f"tests.connectors.{name}",
            "fixtures": f"`tests/fixtures/{name}/`",
            "up": "2",
            "fixture_folder": f' / "{name}"',
        },
        first_party=frozenset({"bridge", "connectors", "tests"}),
        steps=(
            "1. in connectors/__init__.py add the line",
            f"     from connectors.{name} import CONNECTOR as {constant}",
            f"   and {constant} to the tuple CONNECTORS",
            "2. in connectors/quality.toml add",
            f"     [connectors.{name}]",
            '     level = "draft"',
            "   and tell it: BRIDGE_WRITE_DOCS=1 pytest tests/connectors/test_quality.py",
            f"3. pytest tests/contract tests/connectors/{name}",
            f"4. connectors/{name}/README.md: what is left to do",
        ),
    )


def _package(name: str, into: Path) -> Plan:
    package, folder = f"bridge_{name}", f"bridge-{name.replace('_', '-')}"
    return Plan(
        name=name,
        root=into / folder,
        folders={
            "connector": package,
            "tests": "tests",
            "fixtures": "tests/fixtures",
            "package": "",
        },
        words={
            **_words(name),
            "package": package,
            "tests": "tests",
            "fixtures": "`tests/fixtures/`",
            "up": "0",
            "fixture_folder": "",
        },
        first_party=frozenset({package, "tests"}),
        steps=(
            f"1. cd {folder} && pip install -e '.[dev]'",
            "2. ruff check . && mypy && pytest",
            f"3. `connector: {name}` is now known to `bridge check`",
            f"4. {package}/README.md: what is left to do",
        ),
    )


def _words(name: str) -> Mapping[str, str]:
    """What `@@…@@` stands for in the template, whatever the place."""
    parts = name.split("_")
    return {
        "name": name,
        "dashed": name.replace("_", "-"),
        "upper": name.upper(),
        "class": "".join(part.capitalize() for part in parts),
        "label": " ".join(part.capitalize() for part in parts),
        "version": __version__,
    }


def _files(plan: Plan) -> Iterator[tuple[Path, str]]:
    for part, folder in plan.folders.items():
        for source in sorted((TEMPLATE / part).glob(f"*{_ENDING}")):
            file = source.name.removesuffix(_ENDING)
            text = _filled(source.read_text(encoding="utf-8"), plan.words)
            if file.endswith(".py"):
                text = with_sorted_imports(text, plan.first_party)
            yield plan.root / folder / (".gitignore" if file == "gitignore" else file), text


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, meaning in words.items():
        text = text.replace(f"@@{word}@@", meaning)
    return text


def _check_free(plan: Plan, files: Mapping[Path, str]) -> None:
    taken = [path for path in files if path.exists()]
    if taken:
        raise Failed(
            f"{taken[0].relative_to(plan.root)} exists already; nothing was written",
            "choose another name, or move it away first",
        )
