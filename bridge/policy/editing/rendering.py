"""Values as YAML text: in one line, or as a block with its indentation."""

import re
from collections.abc import Iterator, Mapping

from bridge.policy.editing.edits import NotEditable, Value

WIDTH = 80
"""Up to this column a list or mapping of single values is written in one line."""
# Nothing that YAML could read more into, whether in a block or between brackets.
_PLAIN = re.compile(r"[^\W_](?:[\w.@+/()' -]*[\w.@+/)])?")
_UNPRINTABLE = re.compile(
    r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_ESCAPED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def scalar(text: str) -> str:
    """As it is, or between quotes where YAML could read more into it."""
    if _PLAIN.fullmatch(text) and text.isprintable():
        return text
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise NotEditable("half of a character that is none by itself")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_UNPRINTABLE.sub(_escape, escaped)}"'


def inline(value: Value) -> str:
    """In one line, which may stand anywhere."""
    match value:
        case str():
            return scalar(value)
        case Mapping():
            entries = (f"{scalar(key)}: {inline(held)}" for key, held in value.items())
            return f"{{{', '.join(entries)}}}"
        case tuple():
            return f"[{', '.join(map(inline, value))}]"
    raise NotEditable("a value is a text, a list or a mapping")


def fits_inline(value: Value, column: int, like: bool | None = None) -> bool:
    """Whether it goes in one line from this column on; `like` says whether its neighbours do."""
    if isinstance(value, str) or not value:
        return True
    if like is not None:
        return like and column + len(inline(value)) <= WIDTH + 20
    held = value.values() if isinstance(value, Mapping) else value
    is_flat = all(isinstance(each, str) or not each for each in held)
    return is_flat and column + len(inline(value)) <= WIDTH


def entry(key: str, value: Value, column: int, like: bool | None = None) -> Iterator[str]:
    """The lines of a key and its value, the first one without indentation."""
    name = f"{scalar(key)}:"
    if fits_inline(value, column + len(name) + 1, like):
        yield f"{name} {inline(value)}"
        return
    yield name
    yield from indented(block(value, column + 2), column + 2)


def item(value: Value, column: int, like: bool | None = None) -> Iterator[str]:
    """The lines of one item of a list, the first one without indentation."""
    if fits_inline(value, column + 2, like):
        yield f"- {inline(value)}"
        return
    first, *rest = block(value, column + 2)
    yield f"- {first}"
    yield from rest


def block(value: Value, column: int) -> Iterator[str]:
    """The lines of a list or mapping, the first one without indentation."""
    match value:
        case Mapping() if value:
            parts = [entry(key, held, column) for key, held in value.items()]
        case tuple() if value:
            parts = [item(held, column) for held in value]
        case _:
            parts = [iter((inline(value),))]
    for number, part in enumerate(parts):
        yield from indented(part, column) if number else part


def indented(lines: Iterator[str], column: int) -> Iterator[str]:
    """With the first line's indentation, which the others have."""
    for number, line in enumerate(lines):
        yield line if number else " " * column + line


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    code = ord(letter)
    if letter in _ESCAPED:
        return _ESCAPED[letter]
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
