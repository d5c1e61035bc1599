"""YAML text to nodes that know their place; every scalar stays the text that was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import yaml

from bridge.policy.codes import Code
from bridge.policy.findings import Finding, error

MAX_BYTES = 1024 * 1024
MAX_VALUES = 50_000
MAX_DEPTH = 20
_MOST_KEPT = 128 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    text: str
    place: str
    is_empty: bool = False  # `key:` with nothing behind it, which "" is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    items: "tuple[Node, ...]"
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    key: Scalar
    value: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    entries: tuple[Entry, ...]
    place: str


Node = Scalar | Items | Entries


class NotReadable(Exception):
    """This text is not the YAML that we read; says why as a finding."""

    def __init__(self, finding: Finding) -> None:
        Exception.__init__(self, str(finding))
        self.finding = finding


def compose(content: bytes, file: str) -> Node | None:
    """The document's top node; None when there is nothing but comments. Raises NotReadable.

    Aliases, anchors, tags, a second document and whatever is too large are refused, so that no
    input can cost much more than its own length.
    """
    if len(content) > MAX_BYTES:
        raise _refused(Code.TOO_LARGE, f"{file}:1:1", "the file is over 1 MiB")
    return _kept(content, file) if len(content) <= _MOST_KEPT else _composed(content, file)


def _composed(content: bytes, file: str) -> Node | None:
    text = _decoded(content, file)
    try:
        return _Composer(iter(yaml.parse(text, Loader=yaml.BaseLoader)), file).document()
    except yaml.MarkedYAMLError as problem:
        raise _syntax(problem, file, text) from problem
    except yaml.reader.ReaderError as problem:
        place = _place_at(text, problem.position, file)
        raise _refused(Code.YAML_SYNTAX, place, "a character that YAML does not allow") from problem
    except (ValueError, OverflowError) as problem:  # "\\UFFFFFFFF" is none of PyYAML's own errors
        raise _refused(Code.YAML_SYNTAX, f"{file}:1:1", "an escape of no character") from problem


# The files of a folder hardly change, and every page of the settings reads them all.
_kept = lru_cache(maxsize=64)(_composed)


@dataclass(slots=True)
class _Composer:
    """Builds nodes from parser events, counting values and depth."""

    events: Iterator[yaml.events.Event]
    file: str
    values: int = 0
    depth: int = 0

    def document(self) -> Node | None:
        next(self.events)  # the stream's beginning
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        top = self._node(next(self.events))
        next(self.events)  # the document's end
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._refused(Code.YAML_SYNTAX, after, "a second document; remove the ---")
        return None if isinstance(top, Scalar) and top.is_empty else top

    def _node(self, event: yaml.events.Event) -> Node:
        self._check(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        self.depth += 1
        node = (
            self._items(event) if isinstance(event, yaml.SequenceStartEvent) else self._map(event)
        )
        self.depth -= 1
        return node

    def _check(self, event: yaml.events.Event) -> None:
        self.values += 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refused(Code.YAML_ALIAS, event, "anchors and aliases are not allowed")
        if getattr(event, "tag", None):
            raise self._refused(Code.YAML_TAG, event, "tags are not allowed")
        if self.values > MAX_VALUES:
            raise self._refused(Code.TOO_LARGE, event, f"over {MAX_VALUES} values in one file")
        if self.depth >= MAX_DEPTH:
            raise self._refused(Code.TOO_LARGE, event, f"nested over {MAX_DEPTH} deep")

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        is_empty = event.value == "" and event.style in (None, "")
        return Scalar(text=event.value, place=self._place(event), is_empty=is_empty)

    def _items(self, start: yaml.events.Event) -> Items:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event))
        return Items(items=tuple(items), place=self._place(start))

    def _map(self, start: yaml.events.Event) -> Entries:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event)
            if key.text in entries:
                first = entries[key.text].key.place
                raise _refused(
                    Code.DUPLICATE_KEY, key.place, f"{_shown(key.text)} stands already in {first}"
                )
            entries[key.text] = Entry(key=key, value=self._node(next(self.events)))
        return Entries(entries=tuple(entries.values()), place=self._place(start))

    def _key(self, event: yaml.events.Event) -> Scalar:
        self._check(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refused(Code.WRONG_SHAPE, event, "a key must be plain text")
        return self._scalar(event)

    def _place(self, event: yaml.events.Event) -> str:
        mark = event.start_mark
        return f"{self.file}:{mark.line + 1}:{mark.column + 1}" if mark else f"{self.file}:1:1"

    def _refused(self, code: Code, event: yaml.events.Event, message: str) -> NotReadable:
        return _refused(code, self._place(event), message)


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        place = _place_at(content[: problem.start].decode("utf-8", "replace"), None, file)
        raise _refused(Code.NOT_UTF8, place, "the file is not UTF-8 text") from problem


def _syntax(problem: yaml.MarkedYAMLError, file: str, text: str) -> NotReadable:
    mark = problem.problem_mark or problem.context_mark
    place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else f"{file}:1:1"
    if mark and text[mark.index : mark.index + 1] == "\t":
        return _refused(Code.YAML_SYNTAX, place, "a tab; indent with spaces")
    return _refused(Code.YAML_SYNTAX, place, f"not YAML: {problem.problem or problem.context}")


def _place_at(text: str, position: int | None, file: str) -> str:
    before = text[:position]
    return f"{file}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _shown(key: str) -> str:
    return key if len(key) <= 60 else f"{key[:57]}..."


def _refused(code: Code, place: str, message: str) -> NotReadable:
    return NotReadable(error(code, place, "", message))
