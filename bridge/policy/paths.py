"""The way from the top of the YAML to a value: `rules[0].when`, `employees["ana@x.io"].role`."""

import re
from collections.abc import Mapping

_PLAIN = re.compile(r'^[^."\[\]]+$')
_LAST = re.compile(r'(?:\.?([^."\[\]]+)|\["(.*)"\])((?:\[\d+\])*)$')
_ASKED = re.compile(r'\.?([^."\[\]]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]')
_STEP = re.compile(r'(?:\.[^."\[\]]+|^[^."\[\]]+|\[\d+\]|\[".*"\])$')


def under(path: str, key: str) -> str:
    """The path of a key; one with dots in it is quoted."""
    if not _PLAIN.match(key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def item(path: str, index: int) -> str:
    return f"{path}[{index}]"


def key_of(path: str) -> str:
    """The last key, with the index of a list's item: `to[1]`."""
    found = _LAST.search(path)
    return f"{found[1] or found[2]}{found[3]}" if found else path


def parent_of(path: str) -> str:
    """One step up; the top is the empty path."""
    return path[: found.start()] if (found := _STEP.search(path)) else ""


def place_of(path: str, places: Mapping[str, str]) -> str:
    """Where a path, or the nearest thing that holds it, stands; empty when nothing of it does."""
    while path and path not in places:
        path = parent_of(path)
    return places.get(path, "")


def steps_of(path: str) -> tuple[str | int, ...]:
    """The keys and places of a path as it is written here. ValueError for what is none."""
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _ASKED.match(path, at)
        if found is None or path.startswith("."):
            raise ValueError(path)
        plain, quoted, place = found.groups()
        steps.append(int(place) if place else plain or quoted)
        at = found.end()
    if not steps or isinstance(steps[0], int):
        raise ValueError(path)
    return tuple(steps)
