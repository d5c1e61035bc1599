"""`make fuzz SECONDS=60`: every target for so many seconds; what breaks one is kept beside its log.

The first line is a control: a bug planted to be found.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from tests.fuzz.targets import CONTROL, ROOT, TARGETS, Target

FOLDER = ROOT / "var" / "fuzz"
MAX_BYTES = 20_000
CONTROL_SECONDS = 60
_SLOWEST_INPUT_SECONDS = 20
_MISSING = (
    "atheris is not installed here. It has wheels for CPython on 64-bit Linux only; elsewhere the "
    "same targets still run over their seeds and random changes of them: pytest tests/fuzz"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    name: str
    runs: int
    covered: int  # edges of the code under test
    crashed: bool
    log: Path

    def __str__(self) -> str:
        word = f"BROKE, see {self.log}" if self.crashed else "held"
        return f"{self.name:<16} {self.runs:>11,} {self.covered:>8,}  {word}"


@click.command()
@click.option("--seconds", type=click.IntRange(1, 86_400), default=60, show_default=True)
@click.argument("names", nargs=-1, type=click.Choice(list(TARGETS)))
def main(seconds: int, names: tuple[str, ...]) -> None:
    """Fuzz each target for so many SECONDS, or only those that are named."""
    if find_spec("atheris") is None:
        raise click.ClickException(_MISSING)
    click.echo(f"{'target':<16} {'runs':>11} {'edges':>8}")
    if not fuzzed(CONTROL, CONTROL_SECONDS).crashed:
        raise click.ClickException("the fuzzer sees nothing: it did not find the planted bug")
    outcomes = [fuzzed(TARGETS[name], seconds) for name in names or TARGETS]
    if any(outcome.crashed for outcome in outcomes):
        sys.exit(1)


def fuzzed(target: Target, seconds: int) -> Outcome:
    """Goes on from what earlier runs have found in `var/fuzz`."""
    folder = FOLDER / target.name
    plant(target, folder / "corpus")
    log = folder / "log"
    with log.open("wb") as written:
        ended = subprocess.run(
            _command(target, folder, seconds), cwd=ROOT, stderr=written, stdout=written, check=False
        )
    outcome = told(target.name, log, crashed=ended.returncode != 0)
    click.echo(f"{outcome}{' (as it should)' if target is CONTROL and outcome.crashed else ''}")
    return outcome


def plant(target: Target, corpus: Path) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number:03}").write_bytes(seed[:MAX_BYTES])


def told(name: str, log: Path, *, crashed: bool) -> Outcome:
    text = log.read_text(errors="replace")
    runs = [int(number) for number in re.findall(r"^#(\d+)\t", text, re.MULTILINE)]
    covered = [int(number) for number in re.findall(r" cov: (\d+)", text)]
    return Outcome(
        name=name,
        runs=max(runs, default=0),
        covered=max(covered, default=0),
        crashed=crashed,
        log=log,
    )


def _command(target: Target, folder: Path, seconds: int) -> Sequence[str]:
    return (
        *(sys.executable, "-m", "tests.fuzz.one", target.name),
        str(folder / "corpus"),
        f"-max_total_time={seconds}",
        f"-max_len={MAX_BYTES}",
        f"-timeout={_SLOWEST_INPUT_SECONDS}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
    )


if __name__ == "__main__":
    main()
