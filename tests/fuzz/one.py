"""`python -m tests.fuzz.one TARGET [libFuzzer's options]`: one target, guided by its coverage."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, cast

import atheris

from tests.fuzz.mutations import mutated

# What is imported in here tells the fuzzer which of its lines ran.
_instrumented = cast(
    "AbstractContextManager[None]",
    atheris.instrument_imports(include=["bridge", "connectors", "tests.fuzz"]),
)
with _instrumented:
    from tests.fuzz.targets import CONTROL, TARGETS, Target


class Mutator(Protocol):
    def __call__(self, data: bytes, max_size: int, seed: int) -> bytes: ...


def mutator_of(target: Target) -> Mutator:
    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        if target.is_json and seed % 2:
            changed = mutated(data, seed)
            if changed != data and len(changed) <= max_size:
                return changed
        return bytes(atheris.Mutate(data, max_size))

    return mutate


def main(words: Sequence[str]) -> None:
    target = {**TARGETS, CONTROL.name: CONTROL}[words[1]]
    atheris.Setup(
        [words[0], *words[2:]],
        target.run,
        custom_mutator=mutator_of(target),
        internal_libfuzzer=True,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
