"""Changes single values of a YAML text where they stand; every other character stays as it is."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
_MARK = "\ufeff"


class NotEditable(Exception):
    """The text has not the shape in which this value could be changed; says why."""


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


def put(content: bytes, path: Sequence[str], value: str) -> bytes:
    """The scalar at this path with another value; what of the path is not there is added."""
    text, mark = _text(content)
    return _bytes(_put(text, path, value), mark)


def remove(content: bytes, path: Sequence[str]) -> bytes:
    """The text without this key; the same where it is not there."""
    text, mark = _text(content)
    mapping = _found(text, path[:-1])
    if mapping is None:
        return content
    places = [n for n, (key, _) in enumerate(mapping.value) if key.value == path[-1]]
    return _bytes(_without(text, mapping, places[0]), mark) if places else content


def _put(text: str, path: Sequence[str], value: str) -> str:
    node = _top(text)
    for depth, name in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            raise NotEditable(f"{'.'.join(path[:depth])} is no mapping")
        child = next((found for key, found in node.value if key.value == name), None)
        if child is None:
            return _added(text, node, _nested(path[depth:], value))
        node = child
    if not isinstance(node, yaml.ScalarNode):
        raise NotEditable(f"{'.'.join(path)} is no single value")
    return _cut(text, _span(node), _written(value))


def _nested(path: Sequence[str], value: str) -> str:
    """`a: {b: value}`."""
    if len(path) == 1:
        return f"{_written(path[0])}: {_written(value)}"
    return f"{_written(path[0])}: {{{_nested(path[1:], value)}}}"


def _added(text: str, mapping: yaml.MappingNode, entry: str) -> str:
    if mapping.flow_style:
        start = mapping.start_mark.index + 1
        return _cut(text, _Span(start, start), f"{entry}, " if mapping.value else entry)
    first = mapping.value[0][0].start_mark
    return _cut(text, _Span(first.index, first.index), f"{entry}\n{' ' * first.column}")


def _without(text: str, mapping: yaml.MappingNode, place: int) -> str:
    key, value = mapping.value[place]
    start, end = key.start_mark.index, value.end_mark.index
    if place + 1 < len(mapping.value):
        end = mapping.value[place + 1][0].start_mark.index
    elif place > 0:
        start = _end(mapping.value[place - 1][1])
    elif not mapping.flow_style:
        raise NotEditable("it is the only key of its mapping")
    return _cut(text, _Span(start, end), "")


def _found(text: str, path: Sequence[str]) -> yaml.MappingNode | None:
    node = _top(text)
    for name in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((found for key, found in node.value if key.value == name), None)
    return node if isinstance(node, yaml.MappingNode) else None


def _top(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise NotEditable("the file is not YAML") from error


def _span(node: yaml.ScalarNode) -> _Span:
    return _Span(node.start_mark.index, node.end_mark.index)


def _end(node: yaml.Node) -> int:
    return int(node.end_mark.index)


def _cut(text: str, span: _Span, into: str) -> str:
    return text[: span.start] + into + text[span.end :]


def _written(value: str) -> str:
    """As it is, or between quotes where YAML could read more into it."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _text(content: bytes) -> tuple[str, str]:
    text = content.decode("utf-8")
    return (text[1:], _MARK) if text.startswith(_MARK) else (text, "")


def _bytes(text: str, mark: str) -> bytes:
    return (mark + text).encode("utf-8")
