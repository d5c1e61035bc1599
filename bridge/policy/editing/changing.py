"""Changes a YAML text where things stand; every other character stays as it is."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

import yaml

from bridge.policy.editing.cutting import cut, cut_lines, with_lines
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
from bridge.policy.editing.places import (
    MARK,
    Document,
    Span,
    end_of,
    found,
    head_of,
    in_flow,
    is_empty,
    is_flow,
    lines_of,
    place_of,
    start_of,
    values_of,
)
from bridge.policy.editing.plain import edited, order_after, plain, same, shown
from bridge.policy.editing.rendering import (
    block,
    entry,
    fits_inline,
    indented,
    inline,
    item,
    scalar,
)


def apply(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The text with these edits, one after the other; nothing else in it changes.

    Raises NotEditable, also where the text would not say afterwards exactly what it should.
    """
    document = Document.of(content)
    for edit in edits:
        wanted = edited(plain(document.top), edit)
        document = _checked(_applied(document, edit), edit, wanted)
    mark = MARK if content.startswith(MARK.encode()) else ""
    return (mark + document.text).encode("utf-8")


def _checked(document: Document, edit: Edit, wanted: Value) -> Document:
    says = plain(document.top)
    in_order = isinstance(edit, MoveItem | Rename)
    if not (same(says, wanted) if in_order else says == wanted):
        raise NotEditable(f"{shown(edit.path)} is written in a way that can't be changed safely")
    return document


def _applied(document: Document, edit: Edit) -> Document:
    match edit:
        case Put():
            return _put(document, edit.path, edit.value)
        case Remove():
            return _removed(document, edit.path)
        case AddItem():
            return _added_item(document, edit)
        case MoveItem():
            return _moved(document, edit)
        case Rename():
            return _renamed(document, edit)
    assert_never(edit)


def _put(document: Document, path: Path, value: Value) -> Document:
    for depth in range(len(path)):
        above = found(document.top, path[:depth])
        if found(document.top, path[: depth + 1]) is None and isinstance(path[depth], str):
            nested = _nested(path[depth + 1 :], value)
            if isinstance(above, yaml.MappingNode):
                return _added(document, path[:depth], above, str(path[depth]), nested)
            return _replaced(document, path[:depth], {str(path[depth]): nested})
    node = found(document.top, path)
    if node is None:
        raise NotEditable(f"there is no {shown(path)}")
    return _become(document, path, node, value)


def _nested(path: Path, value: Value) -> Value:
    for step in reversed(path):
        value = {str(step): value}
    return value


def _become(document: Document, path: Path, node: yaml.Node, value: Value) -> Document:
    """As little as possible of what stands there is written anew."""
    if plain(node) == value:
        return document
    match node, value:
        case yaml.MappingNode(), Mapping() if node.value and value:
            return _mapping_becomes(document, path, node, value)
        case yaml.SequenceNode(), tuple() if node.value and value:
            return _list_becomes(document, path, node, value)
    return _replaced(document, path, value)


def _mapping_becomes(
    document: Document, path: Path, node: yaml.MappingNode, value: Mapping[str, Value]
) -> Document:
    names = [key.value for key, _ in node.value]
    for key, wanted in value.items():
        document = _put(document, (*path, key), wanted)
    for key in names:
        if key not in value:
            document = _removed(document, (*path, key))
    return document


def _list_becomes(
    document: Document, path: Path, node: yaml.SequenceNode, value: tuple[Value, ...]
) -> Document:
    """What both have in common stays; from the end, so that places before it keep their number."""
    before = [json.dumps(plain(each), sort_keys=True) for each in node.value]
    after = [json.dumps(each, sort_keys=True) for each in value]
    steps = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for _, start, end, first, last in reversed(steps):
        both = min(end - start, last - first)
        for wanted in reversed(value[first + both : last]):
            document = _added_item(document, AddItem(path, wanted, start + both))
        for place in reversed(range(start + both, end)):
            document = _removed(document, (*path, place))
        for place in reversed(range(both)):
            document = _put(document, (*path, start + place), value[first + place])
    return document


def _added(
    document: Document, path: Path, node: yaml.MappingNode, key: str, value: Value
) -> Document:
    """One more key, behind the last one."""
    if in_flow(document.top, path):
        return _into_flow(document, node, len(node.value), f"{scalar(key)}: {inline(value)}")
    column = int(node.start_mark.column)
    lines = list(entry(key, value, column, _like(node, value) if path else None))
    return _after_last(document, node, lines, column, apart=not path)


def _added_item(document: Document, edit: AddItem) -> Document:
    node = found(document.top, edit.path)
    if node is None or not isinstance(node, yaml.SequenceNode) or not node.value:
        if node is not None and not isinstance(node, yaml.SequenceNode) and not is_empty(node):
            raise NotEditable(f"{shown(edit.path)} is no list")
        return _put(document, edit.path, (edit.value,))
    at = len(node.value) if edit.at is None else min(edit.at, len(node.value))
    if in_flow(document.top, edit.path):
        return _into_flow(document, node, at, inline(edit.value))
    column = int(node.start_mark.column)
    lines = list(item(edit.value, column, _like(node, edit.value)))
    if at == len(node.value):
        return _after_last(document, node, lines, column)
    return _before(document, node, at, lines, column)


def _into_flow(document: Document, node: yaml.CollectionNode, at: int, written: str) -> Document:
    if not node.value:
        inside = start_of(node) + 1
        return cut(document, Span(inside, inside), written)
    if at < len(node.value):
        here = head_of(document, node, at)
        return cut(document, Span(here, here), f"{written}, ")
    end = end_of(document, values_of(node)[-1])
    return cut(document, Span(end, end), f", {written}")


def _after_last(
    document: Document,
    node: yaml.CollectionNode,
    lines: Sequence[str],
    column: int,
    *,
    apart: bool = False,
) -> Document:
    here = document.next_line(end_of(document, values_of(node)[-1]))
    blank = [""] if apart or _stand_apart(document, node) else []
    return with_lines(document, here, [*blank, " " * column + lines[0], *lines[1:]])


def _before(
    document: Document, node: yaml.CollectionNode, at: int, lines: Sequence[str], column: int
) -> Document:
    head = head_of(document, node, at)
    if not document.starts_line(head):  # `- - a`
        written = document.newline.join([*lines, " " * column])
        return cut(document, Span(head, head), written)
    blank = [""] if _stand_apart(document, node) else []
    start = lines_of(document, node, at).start
    return with_lines(document, start, [" " * column + lines[0], *lines[1:], *blank])


def _stand_apart(document: Document, node: yaml.CollectionNode) -> bool:
    """Whether blank lines stand between all that is there."""
    starts = [lines_of(document, node, n).start for n in range(1, len(node.value))]
    return bool(starts) and all(document.is_blank_line(document.line_start(s - 1)) for s in starts)


def _like(node: yaml.CollectionNode, value: Value) -> bool | None:
    """Whether what is of the same kind there stands in one line; None where nothing is."""
    kind = yaml.MappingNode if isinstance(value, Mapping) else yaml.SequenceNode
    held = [each for each in values_of(node) if isinstance(each, kind) and each.value]
    return is_flow(held[-1]) if held else None


def _removed(document: Document, path: Path) -> Document:
    node = found(document.top, path[:-1])
    if not isinstance(node, yaml.CollectionNode):
        raise NotEditable(f"there is no {shown(path)}")
    place = place_of(node, path[-1], path)
    if in_flow(document.top, path[:-1]):
        return cut(document, _flow_span(document, node, place), "")
    if len(node.value) == 1 and len(path) > 1:
        return _replaced(document, path[:-1], {} if isinstance(node, yaml.MappingNode) else ())
    if not document.starts_line(head_of(document, node, place)):
        return _without_first(document, node)
    lines = lines_of(document, node, place)
    before = lines.start == 0 or document.is_blank_line(document.line_start(lines.start - 1))
    end = lines.end
    while before and document.is_blank_line(end):
        end = document.next_line(end)
    return cut(document, Span(lines.start, end), "")


def _flow_span(document: Document, node: yaml.CollectionNode, place: int) -> Span:
    start = head_of(document, node, place)
    end = end_of(document, values_of(node)[place])
    if place + 1 < len(node.value):
        return Span(start, head_of(document, node, place + 1))
    if place > 0:
        return Span(end_of(document, values_of(node)[place - 1]), end)
    return Span(start, end)


def _without_first(document: Document, node: yaml.CollectionNode) -> Document:
    """`- id: mx` and what follows in lines of its own."""
    start = head_of(document, node, 0)
    line = document.line_end(end_of(document, values_of(node)[0]))
    follows = head_of(document, node, 1)
    if "#" not in document.text[line:follows]:
        return cut(document, Span(start, follows), "")
    blanks = len(document.text[:start]) - len(document.text[:start].rstrip(" "))
    return cut(document, Span(start - blanks, line), "")


def _replaced(document: Document, path: Path, value: Value) -> Document:
    """Another value in the place of all that stands here."""
    node = found(document.top, path)
    if node is None or not path:
        return _with_top(document, value)
    if in_flow(document.top, path[:-1]) or not _is_block(node):
        return _in_its_line(document, path, node, value)
    return _in_place_of_block(document, path, node, value)


def _with_top(document: Document, value: Value) -> Document:
    if not isinstance(value, Mapping) or document.top is not None:
        raise NotEditable("the file holds no keys with values")
    return with_lines(document, len(document.text), list(block(value, 0)))


def _is_block(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _in_its_line(document: Document, path: Path, node: yaml.Node, value: Value) -> Document:
    """For what stands behind its key or dash, in the same line."""
    column = int(node.start_mark.column)
    space = " " if is_empty(node) else ""
    span = Span(start_of(node), end_of(document, node))
    if in_flow(document.top, path[:-1]) or fits_inline(value, column):
        return cut(document, span, space + inline(value))
    above = found(document.top, path[:-1])
    if not isinstance(above, yaml.CollectionNode):
        raise NotEditable(f"there is no {shown(path)}")
    indent = int(above.start_mark.column) + 2
    if isinstance(above, yaml.SequenceNode):
        return cut(document, span, space + document.newline.join(block(value, indent)))
    document, here = _without_value(document, span)
    return with_lines(document, here, list(indented(block(value, indent), indent)))


def _without_value(document: Document, span: Span) -> tuple[Document, int]:
    """What is left of the line, and where the next one begins."""
    blanks = len(document.text[: span.start]) - len(document.text[: span.start].rstrip(" "))
    start = span.start - blanks
    cut = Document(document.text[:start] + document.text[span.end :], document.newline, None)
    return cut, cut.next_line(start)


def _in_place_of_block(document: Document, path: Path, node: yaml.Node, value: Value) -> Document:
    column, start, end = int(node.start_mark.column), start_of(node), end_of(document, node)
    if not document.starts_line(start):  # `- id: mx`
        fits = fits_inline(value, column)
        written = inline(value) if fits else document.newline.join(block(value, column))
        return cut(document, Span(start, end), written)
    after = _behind_name(document, path)
    span = Span(document.line_start(start), document.next_line(end))
    if not fits_inline(value, after - document.line_start(after)):
        return cut_lines(document, span, list(indented(block(value, column), column)))
    text = document.text
    kept = text[:after] + f" {inline(value)}" + text[after : span.start] + text[span.end :]
    return Document.of_text(kept)


def _behind_name(document: Document, path: Path) -> int:
    """Behind the colon, or the dash, whose value stands in lines of its own."""
    above = found(document.top, path[:-1])
    if not isinstance(above, yaml.CollectionNode):
        raise NotEditable(f"there is no {shown(path)}")
    place = place_of(above, path[-1], path)
    if isinstance(above, yaml.SequenceNode):
        return head_of(document, above, place) + 1
    key = above.value[place][0]
    return document.text.index(":", int(key.end_mark.index)) + 1


def _moved(document: Document, edit: MoveItem) -> Document:
    path = edit.path
    node = found(document.top, path[:-1])
    if not isinstance(node, yaml.CollectionNode):
        raise NotEditable(f"there is no {shown(path)}")
    at = place_of(node, path[-1], path)
    count = len(node.value)
    slots = [
        _slot(document, node, n, is_flow=in_flow(document.top, path[:-1])) for n in range(count)
    ]
    order = order_after(count, at, min(edit.to, count - 1))
    pieces = [document.text[slots[n].start : slots[n].end] for n in order]
    if not is_flow(node):
        pieces = list(_with_breaks(document, pieces))
    return Document.of_text("".join(_woven(document.text, slots, pieces)))


def _slot(document: Document, node: yaml.CollectionNode, place: int, *, is_flow: bool) -> Span:
    if not is_flow:
        return lines_of(document, node, place)
    return Span(head_of(document, node, place), end_of(document, values_of(node)[place]))


def _with_breaks(document: Document, pieces: Sequence[str]) -> Iterator[str]:
    """The last line of a file may have no break, and need not be the last one afterwards."""
    for number, piece in enumerate(pieces):
        is_last = number == len(pieces) - 1
        bare = piece.rstrip("\r\n")
        ends = any(other == other.rstrip("\r\n") for other in pieces)
        if is_last and ends:
            yield bare
        else:
            yield piece if piece != bare else bare + document.newline


def _woven(text: str, slots: Sequence[Span], pieces: Sequence[str]) -> Iterator[str]:
    """The pieces in the slots, with what stands between these."""
    end = 0
    for slot, piece in zip(slots, pieces, strict=True):
        yield text[end : slot.start]
        yield piece
        end = slot.end
    yield text[end:]


def _renamed(document: Document, edit: Rename) -> Document:
    node = found(document.top, edit.path[:-1])
    if not isinstance(node, yaml.MappingNode):
        raise NotEditable(f"there is no {shown(edit.path)}")
    key = node.value[place_of(node, edit.path[-1], edit.path)][0]
    return cut(document, Span(start_of(key), int(key.end_mark.index)), scalar(edit.name))
