"""Span-exact edits of a YAML text: what changes is written where it stands, and nothing else."""

from collections.abc import Sequence

import yaml

from bridge.policy.editing.changing import apply
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
from bridge.policy.editing.places import Document, found

__all__ = [
    "AddItem",
    "Edit",
    "MoveItem",
    "NotEditable",
    "Path",
    "Put",
    "Remove",
    "Rename",
    "Value",
    "apply",
    "put",
    "remove",
]


def put(content: bytes, path: Sequence[str], value: str) -> bytes:
    """The scalar at this path with another value; what of the path is not there is added."""
    there = found(Document.of(content).top, tuple(path))
    if isinstance(there, yaml.CollectionNode):
        raise NotEditable(f"{'.'.join(path)} is no single value")
    return apply(content, [Put(tuple(path), value)])


def remove(content: bytes, path: Sequence[str]) -> bytes:
    """The text without this key; the same where it is not there."""
    if found(Document.of(content).top, tuple(path)) is None:
        return content
    return apply(content, [Remove(tuple(path))])
