"""`bridge new-connector`: what it writes passes lint, types, tests and the contract as it is."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.cli.imports import with_sorted_imports

ROOT = Path(__file__).parents[2]
COPIED = ("bridge", "connectors", "tests", "pyproject.toml")
NAMES = ("ox", "zulu_of_the_distant_seas")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*_cache", "node_modules")


def command(*words: str, into: Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["new-connector", *words, "--into", str(into)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def ran(*words: str, folder: Path) -> str:
    """The output of a program of this Python, which has to end well."""
    environ = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the bridge's source with a connector of each name, the first listed as is told."""
    folder = tmp_path_factory.mktemp("source")
    for name in COPIED:
        there = ROOT / name
        if there.is_dir():
            shutil.copytree(there, folder / name, ignore=LEFT_OUT)
        else:
            shutil.copy(there, folder / name)
    told = [command(name, into=folder).output for name in NAMES]
    add(NAMES[0], told[0], folder)
    return folder


def add(name: str, told: str, folder: Path) -> None:
    """Does the first of the next steps."""
    line = re.search(r"^ +(from connectors\.\w+ import CONNECTOR as (\w+))$", told, re.MULTILINE)
    assert line is not None
    listed = folder / "connectors" / "__init__.py"
    text = listed.read_text()
    text = text.replace("\nCONNECTORS:", f"\n{line[1]}\nCONNECTORS:", 1)
    text = re.sub(r"(CONNECTORS[^=]*= \()", rf"\g<1>{line[2]}, ", text, count=1)
    assert f"({line[2]}, " in text
    listed.write_text(text)


def parts(name: str) -> tuple[str, str]:
    return f"connectors/{name}", f"tests/connectors/{name}"


def test_it_passes_the_contract_and_its_own_tests(source: Path) -> None:
    told = ran(
        *(
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/contract",
            f"tests/connectors/{NAMES[0]}",
        ),
        *("-k", f"{NAMES[0]} or fixtures"),
        folder=source,
    )
    passed = re.search(r"(\d+) passed", told)
    assert passed is not None
    assert int(passed[1]) > 150
    assert "skipped" not in told


def test_it_fits_the_plan_of_the_house(source: Path) -> None:
    """Of the whole copy, for others may be at work on theirs, only what is said of these two."""
    there = "from tests.test_architecture import PLAN, HOUSE\n"
    asked = "said = [s for f in HOUSE for s in (*PLAN.without_room(f), *PLAN.trespasses(f))]\n"
    (source / "asked.py").write_text(f"{there}{asked}print(len(HOUSE), *said, sep='\\n')\n")
    count, *said = ran("asked", folder=source).splitlines()
    assert int(count) > 100
    assert [
        line for line in said if line.startswith(tuple(f"connectors/{n}/" for n in NAMES))
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_is_formatted_and_without_complaints(name: str, source: Path) -> None:
    ran("ruff", "format", "--no-cache", "--diff", *parts(name), folder=source)
    said = ran("ruff", "check", "--no-cache", *parts(name), folder=source)
    assert "All checks passed" in said


def test_its_types_are_strict(source: Path) -> None:
    said = ran("mypy", "--strict", "--cache-dir", os.devnull, *parts(NAMES[0]), folder=source)
    assert "Success" in said


def test_a_package_of_its_own_is_whole(tmp_path: Path) -> None:
    command("acme_chat", "--package", into=tmp_path)
    folder = tmp_path / "bridge-acme-chat"
    ran("ruff", "format", "--no-cache", "--diff", ".", folder=folder)
    ran("ruff", "check", "--no-cache", ".", folder=folder)
    assert " passed" in ran("pytest", "-q", "-p", "no:cacheprovider", folder=folder)


def test_a_package_is_found_by_its_entry_point(tmp_path: Path) -> None:
    command("acme_chat", "--package", into=tmp_path)
    folder = tmp_path / "bridge-acme-chat"
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    (group,) = project["entry-points"].items()
    assert group == ("bridge.connectors", {"acme_chat": "bridge_acme_chat:CONNECTOR"})
    installed = folder / "bridge_acme_chat-0.1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: bridge-acme-chat\nVersion: 0.1.0\n"
    )
    lines = "\n".join(f"{name} = {place}" for name, place in group[1].items())
    (installed / "entry_points.txt").write_text(f"[{group[0]}]\n{lines}\n")
    (folder / "ask.py").write_text(
        "import json, sys\nfrom connectors import installed\n"
        "json.dump(sorted(installed()), sys.stdout)\n"
    )
    assert "acme_chat" in json.loads(ran("ask", folder=folder))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Acme", "no name"),
        ("1acme", "no name"),
        ("acme-chat", "no name"),
        ("../acme", "no name"),
        ("acme__chat", "no name"),
        ("a" * 25, "no name"),
        ("", "no name"),
        ("class", "word of Python"),
        ("match", "word of Python"),
        ("hubspot", "already"),
    ],
)
def test_a_bad_or_taken_name_is_refused(name: str, said: str, tmp_path: Path) -> None:
    told = command(name, "--package", into=tmp_path, code=1).stderr
    assert said in told
    assert "next: " in told
    assert list(tmp_path.iterdir()) == []


def test_a_module_of_ours_is_no_connectors_name(tmp_path: Path) -> None:
    (tmp_path / "connectors").mkdir()
    (tmp_path / "tests" / "contract").mkdir(parents=True)
    for file in ("__init__", "http"):
        (tmp_path / "connectors" / f"{file}.py").touch()
    assert "this name already" in command("http", into=tmp_path, code=1).stderr


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    command("acme", "--package", into=tmp_path)
    readme = tmp_path / "bridge-acme" / "bridge_acme" / "README.md"
    readme.write_text("mine")
    assert "exists already" in command("acme", "--package", into=tmp_path, code=1).stderr
    assert readme.read_text() == "mine"


def test_elsewhere_it_says_where_to_run_it(tmp_path: Path) -> None:
    told = command("acme", into=tmp_path, code=1).stderr
    assert "not the bridge's source" in told
    assert "--package" in told


def test_every_word_of_the_template_is_filled_in(tmp_path: Path) -> None:
    made = json.loads(command("acme", "--package", "--json", into=tmp_path).stdout)
    folder = tmp_path / "bridge-acme"
    assert made["next"]
    assert len(made["files"]) > 12
    assert not any("@@" in (folder / file).read_text() for file in made["files"])


def test_the_template_comes_with_the_package() -> None:
    """Each file of the template is package data, or an installed bridge would lack it."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
        "package-data"
    ]
    assert "cli/connector_template/*/*" in data["bridge"]
    spec = importlib.util.find_spec("bridge.cli")
    assert spec is not None
    assert spec.origin is not None
    files = [p for p in (Path(spec.origin).parent / "connector_template").rglob("*") if p.is_file()]
    assert all(path.parent.parent.name == "connector_template" for path in files)


def test_imports_are_put_in_order() -> None:
    given = ["from zoo import b", "import sys", "from ape.x import a", "from os import path"]
    ordered = [given[1], given[3], "", given[0], "", given[2]]
    text, wanted = ("\n".join(("X", *lines, "", "Y", "")) for lines in (given, ordered))
    assert with_sorted_imports(text, frozenset({"ape"})) == wanted
