"""Edits on plain values: what a text has to say afterwards, whatever its shape."""

from collections.abc import Mapping, Sequence
from typing import assert_never

import yaml

from bridge.policy.editing.edits import (
    AddItem,
    Edit,
    MoveItem,
    NotEditable,
    Path,
    Put,
    Remove,
    Rename,
    Value,
)
from bridge.policy.paths import item, under


def plain(node: yaml.Node | None) -> Value:
    """What a node says."""
    match node:
        case None:
            return {}
        case yaml.ScalarNode():
            return str(node.value)
        case yaml.SequenceNode():
            return tuple(plain(item) for item in node.value)
        case yaml.MappingNode():
            return {str(key.value): plain(value) for key, value in node.value}
    raise NotEditable("something that is no text, list or mapping")


def value_at(top: Value, path: Sequence[str | int]) -> Value | None:
    """None where nothing is."""
    found: Value | None = top
    for step in path:
        match found:
            case Mapping() if isinstance(step, str):
                found = found.get(step)
            case tuple() if isinstance(step, int):
                found = found[step] if step < len(found) else None
            case _:
                return None
    return found


def edited(held: Value, edit: Edit) -> Value:
    """The value after an edit. Raises NotEditable where the path leads nowhere."""
    match edit:
        case Put():
            return _put_at(held, edit.path, edit.value)
        case AddItem():
            return _put_at(held, edit.path, _with_item(value_at(held, edit.path), edit))
        case Remove() | MoveItem() | Rename():
            where = edit.path[:-1]
            inside = value_at(held, where)
            if inside is None or value_at(inside, edit.path[-1:]) is None:
                raise NotEditable(f"there is no {shown(edit.path)}")
            return _put(held, where, _inside(inside, edit))
    assert_never(edit)


def same(one: Value, other: Value) -> bool:
    """Equal, with the keys of mappings in the same order."""
    match one, other:
        case Mapping(), Mapping():
            return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
        case tuple(), tuple():
            return len(one) == len(other) and all(map(same, one, other))
    return one == other


def shown(path: Path) -> str:
    """`rules[0].when`."""
    text = ""
    for step in path:
        text = item(text, step) if isinstance(step, int) else under(text, step)
    return text


def order_after(count: int, at: int, to: int) -> list[int]:
    """The places from 0 as they follow each other once the one `at` has gone `to`."""
    order = [place for place in range(count) if place != at]
    order.insert(to, at)
    return order


def _put_at(held: Value, path: Path, value: Value) -> Value:
    try:
        return _put(held, path, value)
    except NotEditable as problem:
        raise NotEditable(f"nothing is there that could hold {shown(path)}") from problem


def _put(held: Value | None, path: Path, value: Value) -> Value:
    if not path:
        return value
    step, rest = path[0], path[1:]
    match held:
        case Mapping() if isinstance(step, str):
            return {**held, step: _put(held.get(step), rest, value)}
        case tuple() if isinstance(step, int) and step < len(held):
            return (*held[:step], _put(held[step], rest, value), *held[step + 1 :])
        case None | "" if isinstance(step, str):
            return {step: _put(None, rest, value)}
    raise NotEditable(f"nothing holds {shown(path)}")


def _with_item(held: Value | None, edit: AddItem) -> Value:
    match held:
        case None | "":
            return (edit.value,)
        case tuple():
            at = len(held) if edit.at is None else edit.at
            return (*held[:at], edit.value, *held[at:])
    raise NotEditable(f"{shown(edit.path)} is no list")


def _inside(held: Value, edit: Remove | MoveItem | Rename) -> Value:
    """The list or mapping that holds what the edit is about."""
    last = edit.path[-1]
    if isinstance(held, tuple) and isinstance(last, int):
        if isinstance(edit, Rename):
            raise NotEditable("an item of a list has no name")
        before = range(len(held))
        return tuple(held[place] for place in _order(before, last, edit))
    if isinstance(held, Mapping) and isinstance(last, str):
        names = list(held)
        if isinstance(edit, Rename):
            return _renamed(held, last, edit.name)
        return {names[n]: held[names[n]] for n in _order(names, names.index(last), edit)}
    raise NotEditable(f"there is no {shown(edit.path)}")


def _order(held: Sequence[object], at: int, edit: Remove | MoveItem) -> list[int]:
    if isinstance(edit, MoveItem):
        return order_after(len(held), at, edit.to)
    return [place for place in range(len(held)) if place != at]


def _renamed(held: Mapping[str, Value], old: str, new: str) -> Value:
    if new != old and new in held:
        raise NotEditable(f"{new} is there already")
    return {new if key == old else key: value for key, value in held.items()}
