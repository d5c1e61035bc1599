"""Puts the imports of a generated file in order, for their order depends on its name."""

import re
import sys
from itertools import groupby

LINE = 100
_IMPORT = re.compile(r"(?:from (?P<module>\S+) import (?P<names>.+)|import (?P<whole>\S+))")
_Import = re.Match[str]


def with_sorted_imports(text: str, first_party: frozenset[str]) -> str:
    """The text with the imports at its top in sections: standard library, others, `first_party`.
    Each stands on one line before, and is folded where that is too long."""
    lines = text.splitlines()
    found = {n: match for n, line in enumerate(lines) if (match := _IMPORT.fullmatch(line))}
    if not found:
        return text
    first, last = min(found), max(found)
    ordered = sorted(found.values(), key=lambda one: _key(one, first_party))
    sections = groupby(ordered, key=lambda one: _section(one, first_party))
    blocks = ["\n".join(_folded(one) for one in section) for _, section in sections]
    return "\n".join([*lines[:first], "\n\n".join(blocks), *lines[last + 1 :]]) + "\n"


def _module(one: _Import) -> str:
    return one["module"] or one["whole"]


def _section(one: _Import, first_party: frozenset[str]) -> int:
    top = _module(one).partition(".")[0]
    if top in sys.stdlib_module_names:
        return 0
    return 2 if top in first_party else 1


def _key(one: _Import, first_party: frozenset[str]) -> tuple[int, bool, str]:
    return _section(one, first_party), one["whole"] is None, _module(one)


def _folded(one: _Import) -> str:
    if len(one[0]) <= LINE:
        return one[0]
    names = "".join(f"    {name.strip()},\n" for name in one["names"].split(","))
    return f"from {one['module']} import (\n{names})"
