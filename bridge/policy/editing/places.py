"""Where things stand in a YAML text: nodes, lines, and what of the text belongs to an entry."""

import re
from dataclasses import dataclass

import yaml

from bridge.policy.editing.edits import NotEditable, Path, Value
from bridge.policy.editing.plain import plain, shown
from bridge.policy.nodes import NotReadable, compose

MARK = "\ufeff"
# Ten times as fast, where PyYAML was built with it; both give the same marks.
_LOADER = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
_OTHER_BREAKS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
_COMMENT = re.compile(r"( *)#")


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """`top` is None where there is nothing but comments."""

    text: str
    newline: str
    top: yaml.MappingNode | None

    @classmethod
    def of(cls, content: bytes) -> "Document":
        """Raises NotEditable for what the policy could not be read from either."""
        try:
            compose(content, "the file")
        except NotReadable as problem:
            raise NotEditable(f"{problem.finding.message} ({problem.finding.place})") from problem
        return cls.of_text(content.decode("utf-8-sig"))

    @classmethod
    def of_text(cls, text: str) -> "Document":
        if _OTHER_BREAKS.search(text):
            raise NotEditable("it has line breaks that are neither LF nor CRLF")
        try:
            top = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            raise NotEditable("the file is not YAML") from error
        if isinstance(top, yaml.ScalarNode) and top.value == "":
            top = None
        if not isinstance(top, yaml.MappingNode | None):
            raise NotEditable("the file holds no keys with values")
        newline = "\r\n" if "\r\n" in text else "\n"
        return cls(text, newline, top)

    def line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def next_line(self, index: int) -> int:
        """Where the line after this one begins; the end of a text without."""
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1

    def line_end(self, index: int) -> int:
        """Before the line break."""
        end = self.next_line(index)
        return index + len(self.text[index:end].rstrip("\r\n"))

    def starts_line(self, index: int) -> bool:
        return not self.text[self.line_start(index) : index].strip(" ")

    def is_blank_line(self, start: int) -> bool:
        return start < len(self.text) and not self.text[start : self.next_line(start)].strip()


def value_of(text: str) -> Value:
    """The value that this YAML says: `manager`, `[a, b]`, `{pool: north}`. Raises NotEditable."""
    top = Document.of(f"value: {text}".encode()).top
    if top is None or len(top.value) != 1:
        raise NotEditable("this is more than one value")
    return plain(top.value[0][1])


def found(node: yaml.Node | None, path: Path) -> yaml.Node | None:
    """The node at this path; None where there is none."""
    for step in path:
        match node:
            case yaml.MappingNode() if isinstance(step, str):
                node = next((value for key, value in node.value if key.value == step), None)
            case yaml.SequenceNode() if isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            case _:
                return None
    return node


def in_flow(node: yaml.Node | None, path: Path) -> bool:
    """Whether something on the way to this path stands between brackets."""
    return any(is_flow(found(node, path[:depth])) for depth in range(len(path) + 1))


def is_flow(node: yaml.Node | None) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def is_empty(node: yaml.Node) -> bool:
    """`key:` with nothing behind it."""
    return isinstance(node, yaml.ScalarNode) and node.value == "" and node.style in (None, "")


def start_of(node: yaml.Node) -> int:
    return int(node.start_mark.index)


def end_of(document: Document, node: yaml.Node) -> int:
    """Behind the last character that is the node's own: no break, no comment after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return end_of(document, last[1] if isinstance(last, tuple) else last)
    start, end = start_of(node), int(node.end_mark.index)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return start + len(document.text[start:end].rstrip())
    return end


def values_of(node: yaml.CollectionNode) -> list[yaml.Node]:
    return [each[1] if isinstance(each, tuple) else each for each in node.value]


def head_of(document: Document, node: yaml.CollectionNode, place: int) -> int:
    """Where an entry begins: at its key, or at the dash before it; between brackets at itself."""
    if isinstance(node, yaml.MappingNode):
        return start_of(node.value[place][0])
    if node.flow_style:
        return start_of(node.value[place])
    if place == 0:
        return start_of(node)
    return _dash(document, node, end_of(document, node.value[place - 1]))


def _dash(document: Document, node: yaml.CollectionNode, after: int) -> int:
    column = int(node.start_mark.column)
    line = document.next_line(after)
    while line < len(document.text):
        if document.text[line : line + column + 1] == " " * column + "-":
            return line + column
        line = document.next_line(line)
    raise NotEditable("a list whose items can't be told apart")


def place_of(node: yaml.CollectionNode, step: str | int, path: Path) -> int:
    """Which entry this step means."""
    if isinstance(node, yaml.MappingNode):
        for place, (key, _) in enumerate(node.value):
            if key.value == step:
                return place
    elif isinstance(step, int) and step < len(node.value):
        return step
    raise NotEditable(f"there is no {shown(path)}")


def lines_of(document: Document, node: yaml.CollectionNode, place: int) -> Span:
    """The whole lines of an entry of a block, with the comments right above it.

    Above the first entry a comment may be about all of them: it belongs to the first one only
    where others have their own."""
    head = head_of(document, node, place)
    if not document.starts_line(head):
        raise NotEditable("its first entry stands in a line with something else")
    above = _with_comments(document, node, place)
    if place == 0 and not _others_have_comments(document, node):
        above = document.line_start(head)
    return Span(above, document.next_line(end_of(document, values_of(node)[place])))


def _others_have_comments(document: Document, node: yaml.CollectionNode) -> bool:
    if node.start_mark.column == 0 and isinstance(node, yaml.MappingNode):
        return False  # of a file, what stands first is about the file
    return any(
        _with_comments(document, node, place) < document.line_start(head_of(document, node, place))
        for place in range(1, len(node.value))
    )


def _with_comments(document: Document, node: yaml.CollectionNode, place: int) -> int:
    head = head_of(document, node, place)
    start = document.line_start(head)
    while start > 0:
        above = document.line_start(start - 1)
        comment = _COMMENT.match(document.text, above)
        if comment is None or len(comment[1]) != head - document.line_start(head):
            break
        start = above
    return start
