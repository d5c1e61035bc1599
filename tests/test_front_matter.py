"""What a newcomer reads first is true: README, decisions, changelog, Makefile, Procfile."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.house import ROOT, imports, sources

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DECISIONS = ROOT / "docs" / "decisions"
NOTES = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]
READABLE = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("connectors/*/*.md")])

IMPORTED_AS = {
    "flask-babel": "flask_babel",
    "hubspot-api-client": "hubspot",
    "phonenumberslite": "phonenumbers",
    "prometheus-client": "prometheus_client",
    "pyjwt": "jwt",
    "pyyaml": "yaml",
    "simple-salesforce": "simple_salesforce",
}
# Named by a URL and not imported; read by `zoneinfo`; named only to keep a broken version out.
NEVER_IMPORTED = {"psycopg", "tzdata", "urllib3"}


def _names(requirements: list[str]) -> list[str]:
    return [re.split(r"[^A-Za-z0-9-]", requirement)[0].lower() for requirement in requirements]


RUNTIME = _names(PROJECT["project"]["dependencies"])
EXTRAS = [
    name for extra in PROJECT["project"]["optional-dependencies"].values() for name in _names(extra)
]


@pytest.mark.parametrize("package", [*RUNTIME, *EXTRAS])
def test_a_dependency_says_what_it_replaces_and_costs(package: str) -> None:
    row = "types-…" if package.startswith("types-") else package
    note = (DECISIONS / "0001-dependencies.md").read_text()
    assert re.search(rf"^\| {row} \| \S.* \| \S.* \|$", note, re.MULTILINE)


@pytest.mark.parametrize("package", sorted(set(RUNTIME) - NEVER_IMPORTED))
def test_a_dependency_that_runs_is_used(package: str) -> None:
    imported = {
        module.split(".")[0]
        for file in sources("bridge", "connectors")
        for _, module in imports(file)
    }
    assert IMPORTED_AS.get(package, package) in imported


def test_the_index_lists_every_decision() -> None:
    index = (DECISIONS / "README.md").read_text()
    assert re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", index) == [note.name for note in NOTES]


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.stem)
def test_a_decision_has_its_five_headings(note: Path) -> None:
    assert re.findall(r"^## (.+)$", note.read_text(), re.MULTILINE) == HEADINGS


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.stem)
def test_a_decision_is_one_sentence(note: Path) -> None:
    said = note.read_text().split("## Decision\n")[1].strip().splitlines()
    assert re.fullmatch(r"[A-Z][^.]*(\.\S[^.]*)*\.", " ".join(_first_paragraph(said)))


def _first_paragraph(lines: list[str]) -> list[str]:
    return lines[: lines.index("")] if "" in lines else lines


@pytest.mark.parametrize("page", READABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    found = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)", page.read_text())
    assert [link for link in found if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", READABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_to_be_copied_is_json(page: Path) -> None:
    blocks = re.findall(r"^ *```json\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL)
    assert all(json.loads(block) for block in blocks)


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## \[Unreleased\]$", changelog, re.MULTILINE)


def test_each_line_of_the_changelog_starts_with_its_part() -> None:
    lines = re.findall(r"^- .*$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert [line for line in lines if not re.match(r"- \*\*[^*]+:\*\* \S", line)] == []


def test_make_alone_says_what_can_be_made() -> None:
    told = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^make (\S+)", told, re.MULTILINE) == targets


def test_ci_requires_every_lane_and_does_nothing_cleverer() -> None:
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    assert script[-1] == "BRIDGE_TEST_REQUIRE=all make test"
