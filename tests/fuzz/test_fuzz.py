"""The fuzz targets hold over their seeds and random changes of them; the fuzzer itself sees."""

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fuzz.__main__ import main, plant, told
from tests.fuzz.mutations import mutated
from tests.fuzz.targets import CONTROL, TARGETS, Broken, Target, expect

CHANGES = 8


def inputs(target: Target) -> Iterator[bytes]:
    dice = random.Random(target.name)
    for seed in target.seeds():
        yield seed
        for number in range(CHANGES):
            yield mutated(seed, number) if target.is_json else bent(seed, dice)


def bent(data: bytes, dice: random.Random) -> bytes:
    kept = bytearray(data)
    for _ in range(1 + len(kept) // 40):
        if kept:
            kept[dice.randrange(len(kept))] = dice.randrange(256)
    return bytes(kept)


@pytest.mark.parametrize("name", TARGETS)
def test_only_what_is_declared_is_raised(name: str) -> None:
    """S1, S4, S9, S20: whatever bytes come."""
    given = list(inputs(TARGETS[name]))
    assert len(given) > CHANGES, "a target without seeds proves nothing"
    for data in given:
        TARGETS[name].run(data)


def test_changes_keep_json_json_and_are_the_same_for_a_seed() -> None:
    body = b'{"a": [1, {"b": "text"}], "c": null}'
    changed = [mutated(body, seed) for seed in range(200)]
    assert changed == [mutated(body, seed) for seed in range(200)]
    assert len(set(changed)) > 100
    assert mutated(b"no JSON", 1) == b"no JSON"


def test_a_claim_that_does_not_hold_is_a_finding() -> None:
    with pytest.raises(Broken):
        expect(False)


def test_what_the_fuzzer_said_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("#2\tINITED cov: 41 ft: 50\n#4096\tpulse  cov: 44 ft: 60\n#5000\tDONE   cov: 44")
    outcome = told("payload", log, crashed=False)
    assert (outcome.runs, outcome.covered, outcome.crashed) == (5000, 44, False)
    assert "held" in str(outcome)
    assert str(log) in str(replace(outcome, crashed=True))


def test_seeds_are_planted_beside_what_was_found_before(tmp_path: Path) -> None:
    (tmp_path / "found").write_bytes(b"x")
    plant(TARGETS["cursor"], tmp_path)
    assert len(list(tmp_path.iterdir())) == 1 + len(TARGETS["cursor"].seeds())


def test_without_atheris_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.__main__.find_spec", lambda name: None)
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 1
    assert "pytest tests/fuzz" in result.output


@pytest.mark.parametrize("words", [["--seconds", "0"], ["--seconds", "x"], ["no-such-target"]])
def test_an_impossible_wish_is_refused(words: list[str]) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "Invalid value" in result.output


def test_the_control_breaks_on_one_input_only() -> None:
    """What `make fuzz` has to find before it is believed."""
    CONTROL.run(b"hostage")
    with pytest.raises(Broken):
        CONTROL.run(b"hostile!")


def test_a_blind_fuzzer_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that runs and finds nothing, not even the bug that was planted for it."""
    monkeypatch.setattr("tests.fuzz.__main__.FOLDER", tmp_path)
    monkeypatch.setattr("tests.fuzz.__main__.find_spec", lambda name: True)
    monkeypatch.setattr("tests.fuzz.__main__._command", lambda *_: (sys.executable, "-c", "pass"))
    result = CliRunner().invoke(main, ["cursor"])
    assert result.exit_code == 1
    assert "sees nothing" in result.output
