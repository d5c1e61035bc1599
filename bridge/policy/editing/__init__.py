"""Span-exact edits of a YAML text: what changes is written where it stands, and nothing else."""

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
]
