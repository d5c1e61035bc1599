"""The scale of connectors/quality.toml: what is claimed, and what the tests show."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DATA = ROOT / "connectors" / "quality.toml"
DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """`shown`: by the same tests for every connector."""

    level: str
    says: str
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one connector claims, and by which tests."""

    level: str
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_applicable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    levels: tuple[str, ...]
    demands: Mapping[str, Demand]
    connectors: Mapping[str, Claim]

    def level_of(self, claim: Claim) -> str:
        """The highest level of which, as of all below, no demand is open."""
        reached = DRAFT
        for level in self.levels:
            if any(
                self.is_open(claim, name) for name, d in self.demands.items() if d.level == level
            ):
                break
            reached = level
        return reached

    def is_open(self, claim: Claim, name: str) -> bool:
        shown = self.demands[name].shown or claim.shown.get(name)
        return not shown and name not in claim.not_applicable


@cache
def scale(text: str = "") -> Scale:
    """The scale as it stands, or that of another text; raises TypeError for words it has not."""
    data: Any = tomllib.loads(text or DATA.read_text())
    return Scale(
        levels=tuple(data.pop("levels")),
        demands={name: Demand(**_tuples(one)) for name, one in data.pop("demands").items()},
        connectors={name: _claim(one) for name, one in data.pop("connectors").items()},
        **data,
    )


def problems(of: Scale, name: str) -> Iterator[str]:
    """What is not as `name` claims it."""
    claim = of.connectors[name]
    for demand in (*claim.shown, *claim.not_applicable):
        if demand not in of.demands:
            yield f"{name}: {demand} is no demand"
    for demand, tests in claim.shown.items():
        for test in tests:
            yield from (f"{name}.{demand}: {said}" for said in _missing(test, name))
    for demand in set(claim.shown) & set(claim.not_applicable):
        yield f"{name}: {demand} is shown and does not apply"
    reached = of.level_of(claim)
    if claim.level != reached:
        yield f"{name}: claims {claim.level}, shows {reached}"


def _missing(test: str, name: str) -> Iterator[str]:
    """What is wrong with a test that is named as evidence for a connector."""
    place, _, function = test.partition("::")
    path = ROOT / place
    if not (place.startswith("tests/") and path.name.startswith("test_") and path.is_file()):
        yield f"{place} is no file of tests"
        return
    names = functions(path)
    if not names or (function and function not in names):
        yield f"{test} is no test"
    if not _is_about(path, name):
        yield f"{place} has nothing to do with {name}"


@cache
def functions(path: Path) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse(path.read_text())
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return frozenset(node.name for node in found if node.name.startswith("test_"))


def _is_about(path: Path, name: str) -> bool:
    """Its own folder's tests are; of another's, those that name it; of shared ones, those that are
    built from what names it."""
    folder = path.relative_to(ROOT).parent.parts
    if folder[:2] == ("tests", "connectors") and len(folder) > 2:
        return folder[2] == name or name in path.read_text().lower()
    return name in _whole(path)


def _whole(path: Path) -> str:
    """The text of a file of tests and of what stands in its folder, from which it is built."""
    return "".join(one.read_text() for one in sorted(path.parent.glob("*.py"))).lower()


def table(of: Scale) -> str:
    """The connectors' levels and what is open, in Markdown."""
    rows = ["| connector | level | missing for the next |", "|---|---|---|"]
    for name in sorted(of.connectors, key=lambda one: (_rank(of, one), one)):
        claim = of.connectors[name]
        rows.append(f"| {name} | {claim.level} | {_open(of, claim)} |")
    return "\n".join(rows)


def demands(of: Scale) -> str:
    """What each level demands, in Markdown."""
    lines = ["| level | demand | means |", "|---|---|---|"]
    lines += [f"| {one.level} | `{name}` | {one.says} |" for name, one in of.demands.items()]
    return "\n".join(lines)


def reasons(of: Scale) -> str:
    """What does not apply to whom, in Markdown."""
    told = [
        f"| {name} | `{demand}` | {why} |"
        for name, claim in sorted(of.connectors.items())
        for demand, why in claim.not_applicable.items()
    ]
    return "\n".join(["| connector | demand | why not |", "|---|---|---|", *told])


def _rank(of: Scale, name: str) -> int:
    order = (DRAFT, *of.levels)
    return -order.index(of.connectors[name].level)


def _open(of: Scale, claim: Claim) -> str:
    above = of.levels[(DRAFT, *of.levels).index(claim.level) :]
    if not above:
        return "–"
    wanted = [name for name, one in of.demands.items() if one.level == above[0]]
    return ", ".join(f"`{name}`" for name in wanted if of.is_open(claim, name))


def _claim(given: Mapping[str, Any]) -> Claim:
    shown = {name: tuple(tests) for name, tests in given.get("shown", {}).items()}
    return Claim(**{**given, "shown": shown})


def _tuples(given: Mapping[str, Any]) -> dict[str, Any]:
    return {**given, "shown": tuple(given.get("shown", ()))}
