"""No connector claims more than its tests show; docs/connectors.md tells it as it is."""

import os
import re
from dataclasses import replace

import pytest

from connectors import CONNECTORS
from tests.connectors import quality
from tests.connectors.manifests import abilities
from tests.connectors.quality import ROOT, Claim, problems, scale

DOCUMENT = ROOT / "docs" / "connectors.md"
PARTS = {
    "abilities": lambda: abilities(CONNECTORS),
    "levels": lambda: quality.table(scale()),
    "demands": lambda: quality.demands(scale()),
    "reasons": lambda: quality.reasons(scale()),
}


def claiming(**changes: object) -> list[str]:
    """What is found wrong when Wazzup claims otherwise."""
    claim: Claim = replace(scale().connectors["wazzup"], **changes)  # type: ignore[arg-type]
    return list(problems(replace(scale(), connectors={"wazzup": claim}), "wazzup"))


def test_every_connector_is_on_the_scale_and_nobody_else() -> None:
    """A new one begins with `level = "draft"` in connectors/quality.toml."""
    assert set(scale().connectors) == {connector.name for connector in CONNECTORS}


@pytest.mark.parametrize("name", scale().connectors)
def test_it_claims_what_its_tests_show(name: str) -> None:
    assert list(problems(scale(), name)) == []


@pytest.mark.parametrize("name", scale().demands)
def test_a_demand_is_of_a_level_and_its_common_tests_exist(name: str) -> None:
    demand = scale().demands[name]
    assert demand.level in scale().levels
    assert demand.says.endswith(".")
    for test in demand.shown:
        place, _, function = test.partition("::")
        assert not function or function in quality.functions(ROOT / place)


def test_a_level_above_what_is_shown_is_seen() -> None:
    assert claiming(level="platinum") == ["wazzup: claims platinum, shows gold"]
    assert claiming(level="bronze") == ["wazzup: claims bronze, shows gold"]


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("tests/connectors/wazzup/test_nothing.py", "no file of tests"),
        ("tests/connectors/wazzup/building.py", "no file of tests"),
        ("connectors/wazzup/inbound.py", "no file of tests"),
        ("tests/connectors/wazzup/test_inbound.py::test_nothing", "is no test"),
        ("tests/connectors/hubspot/test_inbound.py", "nothing to do with wazzup"),
    ],
)
def test_evidence_that_is_none_is_seen(test: str, said: str) -> None:
    shown = {**scale().connectors["wazzup"].shown, "proof": (test,)}
    (found,) = claiming(shown=shown)
    assert said in found


def test_a_demand_without_evidence_lowers_the_level() -> None:
    shown = dict(scale().connectors["wazzup"].shown)
    del shown["proof"]
    assert claiming(shown=shown) == ["wazzup: claims gold, shows draft"]


def test_a_demand_that_there_is_not_is_seen() -> None:
    assert claiming(not_applicable={"speed": "it is fast"})[0] == "wazzup: speed is no demand"


def test_a_word_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError):
        scale(quality.DATA.read_text() + '\n[connectors.new]\nlevel = "draft"\nlvel = 1\n')


@pytest.mark.parametrize("part", PARTS)
def test_the_document_tells_it_as_it_is(part: str) -> None:
    """With BRIDGE_WRITE_DOCS set the part is written anew."""
    between = re.compile(rf"(?<=<!-- {part} -->\n).*?(?=<!-- end {part} -->)", re.DOTALL)
    if os.environ.get("BRIDGE_WRITE_DOCS"):
        DOCUMENT.write_text(between.sub(lambda _: f"{PARTS[part]()}\n", DOCUMENT.read_text()))
    assert between.findall(DOCUMENT.read_text()) == [f"{PARTS[part]()}\n"]
