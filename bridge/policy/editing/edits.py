"""What can be changed in a YAML text: edits as values, and as JSON to keep them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

Value = str | tuple["Value", ...] | Mapping[str, "Value"]
"""What YAML holds once it is read: every scalar is the text that was written."""
Path = tuple[str | int, ...]
"""Keys, and places in lists from 0: `("rules", 0, "when", "country")`."""


class NotEditable(Exception):
    """The text has not the shape in which this could be changed; says why."""


@dataclass(frozen=True, slots=True)
class Put:
    """This value here. What of the path is not there is added; what is there and the same in the
    new value stays as it is written."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class Remove:
    """Without this key, or this item of a list."""

    path: Path


@dataclass(frozen=True, slots=True)
class AddItem:
    """One more item in the list at this path; before the one at `at`, or as the last."""

    path: Path
    value: Value
    at: int | None = None


@dataclass(frozen=True, slots=True)
class MoveItem:
    """The item, or key, at this path in another place of its list or mapping, counted without
    it. Comments right above go along."""

    path: Path
    to: int


@dataclass(frozen=True, slots=True)
class Rename:
    """The key at this path under another name, in its place."""

    path: Path
    name: str


Edit = Put | Remove | AddItem | MoveItem | Rename


def frozen(value: object) -> Value:
    """The value of text, lists and mappings; true, false and numbers as YAML writes them."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case Mapping():
            return {_name(key): frozen(inner) for key, inner in value.items()}
        case Sequence():
            return tuple(frozen(inner) for inner in value)
    raise NotEditable("a value has to be a text, a number, true or false, a list or a mapping")


def _name(key: object) -> str:
    if not isinstance(key, str):
        raise NotEditable("a key has to be a text")
    return key


def written(edits: Sequence[Edit]) -> str:
    """As JSON, which `read` gives back."""
    return json.dumps([_as_json(edit) for edit in edits], ensure_ascii=False)


def read(text: str) -> tuple[Edit, ...]:
    """Raises NotEditable for what is no list of edits."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotEditable("not JSON") from error
    return edits_of(found)


def edits_of(found: object) -> tuple[Edit, ...]:
    """From `[{"do": "put", "path": ["crm"], "value": "hubspot-main"}]`."""
    if not isinstance(found, list):
        raise NotEditable("edits have to be a list")
    return tuple(_edit(each, f"edits[{n}]") for n, each in enumerate(found))


_FIELDS = {
    "put": {"value"},
    "remove": set[str](),
    "add": {"value", "at"},
    "move": {"to"},
    "rename": {"name"},
}


def _as_json(edit: Edit) -> dict[str, object]:
    path = list(edit.path)
    match edit:
        case Put():
            return {"do": "put", "path": path, "value": edit.value}
        case Remove():
            return {"do": "remove", "path": path}
        case AddItem():
            return {"do": "add", "path": path, "value": edit.value, "at": edit.at}
        case MoveItem():
            return {"do": "move", "path": path, "to": edit.to}
        case Rename():
            return {"do": "rename", "path": path, "name": edit.name}
    assert_never(edit)


def _edit(found: object, where: str) -> Edit:
    if not isinstance(found, dict) or found.get("do") not in _FIELDS:
        raise NotEditable(f"{where}: `do` has to be one of {', '.join(_FIELDS)}")
    unknown = set(found) - _FIELDS[found["do"]] - {"do", "path"}
    if unknown:
        raise NotEditable(f"{where}: {min(unknown)} is not known here")
    path = _path(found.get("path"), where)
    match found["do"]:
        case "put":
            return Put(path, _value(found, where))
        case "remove":
            return Remove(path)
        case "add":
            at = found.get("at")
            return AddItem(path, _value(found, where), None if at is None else _place(at, where))
        case "move":
            return MoveItem(path, _place(found.get("to"), where))
        case _:
            name = found.get("name")
            if not isinstance(name, str):
                raise NotEditable(f"{where}: name has to be a text")
            return Rename(path, name)


def _value(found: Mapping[str, object], where: str) -> Value:
    if "value" not in found:
        raise NotEditable(f"{where}: value is missing")
    return frozen(found["value"])


def _place(found: object, where: str) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise NotEditable(f"{where}: a place in a list is a number from 0")
    return found


def _path(found: object, where: str) -> Path:
    if not isinstance(found, list) or not found:
        raise NotEditable(f"{where}: path has to be a list of keys")
    return tuple(step if isinstance(step, str) else _place(step, where) for step in found)
