"""Changes to JSON that keep it JSON, so that what is behind the parser is reached too."""

import json
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.contract.hostile import WRONG

Slot = tuple[Any, Any]  # a list or dict, and the key of one of its values


def mutated(body: bytes, seed: int) -> bytes:
    """The body with one to four changes; as it is when it is no JSON."""
    dice = random.Random(seed)
    try:
        whole = [json.loads(body)]
    except (ValueError, RecursionError):
        return body
    for _ in range(dice.randint(1, 4)):
        _change(whole, dice)
    try:
        return json.dumps(whole[0], ensure_ascii=dice.random() < 0.5).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return body


def _change(whole: list[Any], dice: random.Random) -> None:
    slots = _slots(whole)
    holder, key = dice.choice(slots)
    dice.choice(_CHANGES)(holder, key, slots, dice)


def _slots(value: Any) -> list[Slot]:
    found: list[Slot] = []
    open_values = [value]
    while open_values and len(found) < 2000:
        holder = open_values.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                open_values.append(holder[key])
    return found


def _wrong(holder: Any, key: Any, slots: list[Slot], dice: random.Random) -> None:
    holder[key] = deepcopy(dice.choice(WRONG))


def _copied(holder: Any, key: Any, slots: list[Slot], dice: random.Random) -> None:
    source, place = dice.choice(slots)
    holder[key] = deepcopy(source[place])


def _doubled(holder: Any, key: Any, slots: list[Slot], dice: random.Random) -> None:
    if isinstance(holder[key], list):
        holder[key] = holder[key] + deepcopy(holder[key])


def _renamed(holder: Any, key: Any, slots: list[Slot], dice: random.Random) -> None:
    if isinstance(holder, dict):
        holder[dice.choice(["", "__proto__", "\x00", "error", str(key) + "x"])] = holder.pop(key)


def _bent(holder: Any, key: Any, slots: list[Slot], dice: random.Random) -> None:
    """A text with one letter more, or one less."""
    if isinstance(holder[key], str):
        text, place = holder[key], dice.randrange(len(holder[key]) + 1)
        letter = dice.choice(
            ["", "\ud800", "\x00", "\u2028", "+", "9", ":", "-", "T", "\U0001f600"]
        )
        holder[key] = text[:place] + letter + text[place + (letter == "") :]


_CHANGES: tuple[Callable[[Any, Any, list[Slot], random.Random], None], ...] = (
    _wrong,
    _copied,
    _doubled,
    _renamed,
    _bent,
)
