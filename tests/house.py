"""Reads the house as syntax trees: which file imports, calls and compares what, and where."""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
VENDOR = "<vendor>"
ROOF = "bridge"  # holds the version and nothing else, so everybody may look at it
# `secrets` alone is a mapping of names, and a digest that somebody stored proves nothing.
_SECRET = re.compile(r"secret(?!s$)|_secrets$|signature|password|digest\(|hmac|api_key|token$")


@dataclass(frozen=True, slots=True)
class Source:
    path: str  # from the root, with slashes
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def at(self, node: ast.AST, what: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return tuple(Source(str(path.relative_to(ROOT)), path.read_text()) for path in paths)


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def vendors() -> tuple[str, ...]:
    return tuple(sorted({path.parent.name for path in (ROOT / "connectors").glob("*/*.py")}))


@dataclass(frozen=True, slots=True)
class Plan:
    """For each room, the rooms and packages that it may import besides itself."""

    rooms: Mapping[str, frozenset[str]]
    pure: frozenset[str]  # rooms of values: of the standard library only `values`
    values: frozenset[str]

    @classmethod
    def read(cls, table: str, pure: str, values: str) -> "Plan":
        """A room per unindented line, what it may import indented below it; a room that ends in *
        takes in all modules that begin so."""
        rooms: dict[str, frozenset[str]] = {}
        for name, may in re.findall(r"^(\S+)((?:\n +.*)*)", table, re.MULTILINE):
            every = may if VENDOR in name else " ".join(may.replace(VENDOR, v) for v in vendors())
            for vendor in vendors():
                may_import = every.replace(VENDOR, vendor)
                rooms[name.replace(VENDOR, vendor)] = frozenset(may_import.split())
        return cls(rooms, frozenset(pure.split()), frozenset(values.split()))

    def with_more(self, more: Mapping[str, set[str]]) -> "Plan":
        """Adds to what some rooms may import."""
        rooms = {room: may | more.get(room, set()) for room, may in self.rooms.items()}
        return Plan(rooms, self.pure, self.values)

    def room(self, module: str) -> str | None:
        """The innermost room that holds the module; None when nobody planned for it."""
        found = max((r for r in self.rooms if _within(module, r)), key=len, default=None)
        has_no_room_inside = found in (ROOF, "connectors") and module != found
        return None if has_no_room_inside else found

    def without_room(self, file: Source) -> Iterator[str]:
        if self.room(file.module) is None:
            yield f"{file.path}: belongs to no room of the plan"

    def trespasses(self, file: Source) -> Iterator[str]:
        """Imports that the plan does not allow to this file's room."""
        room = self.room(file.module)
        if room is None:
            return
        for node, module in imports(file):
            if not self._may(room, module):
                yield file.at(node, f"{room} may not import {module}")

    def _may(self, room: str, module: str) -> bool:
        top = module.split(".")[0]
        if top in sys.stdlib_module_names:
            return room not in self.pure or top in self.values
        if top in ("bridge", "connectors"):
            inside = self._imported_room(module)
            return inside in (room, ROOF) or inside in self.rooms[room]
        return top in self.rooms[room] or module in self.rooms[room]

    def _imported_room(self, module: str) -> str | None:
        """Of `connectors.CONNECTORS`, a name and no module, the room is its package."""
        return self.room(module) or self.room(module.rpartition(".")[0])


def _within(module: str, room: str) -> bool:
    if room.endswith("*"):
        return module.startswith(room.removesuffix("*"))
    return module == room or module.startswith(f"{room}.")


def imports(file: Source) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(file.tree):
        match node:
            case ast.Import(names=names):
                yield from ((node, alias.name) for alias in names)
            case ast.ImportFrom(module=module, level=level, names=names):
                start = "." * level + (module or "")
                yield from ((node, f"{start}.{alias.name}") for alias in names)


Finder = Callable[[Source], Iterator[str]]


def calls(*names: str) -> Finder:
    """Calls of a bare name (`print`) or, with a leading dot, of any such method (`.now`)."""

    def find(file: Source) -> Iterator[str]:
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Call) and _called(node.func) & set(names):
                yield file.at(node, f"calls {ast.unparse(node.func)}")

    return find


def _called(function: ast.expr) -> set[str]:
    match function:
        case ast.Name(id=name):
            return {name}
        case ast.Attribute(attr=attribute):
            return {f".{attribute}", ast.unparse(function)}
    return set()


def uses_module(*modules: str) -> Finder:
    def find(file: Source) -> Iterator[str]:
        for node, module in imports(file):
            if any(_within(module, banned) for banned in modules):
                yield file.at(node, f"imports {module}")

    return find


def reads(*attributes: str) -> Finder:
    """Uses of a dotted name such as `os.environ`."""

    def find(file: Source) -> Iterator[str]:
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in attributes:
                yield file.at(node, f"reads {ast.unparse(node)}")

    return find


def catches_everything(file: Source) -> Iterator[str]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            yield file.at(node, "catches everything")


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(element) for element in caught.elts)
    return caught is None or ast.unparse(caught) in ("Exception", "BaseException")


def is_async(file: Source) -> Iterator[str]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield file.at(node, "is async")


def compares_secrets(file: Source) -> Iterator[str]:
    """`==`, `!=` and `in` on something named like a secret; asking for None or "" is no matter."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Compare) and _leaks_time(node):
            yield file.at(node, f"compares a secret: {ast.unparse(node)}")


def _leaks_time(node: ast.Compare) -> bool:
    operands = [node.left, *node.comparators]
    if not any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops):
        return False
    if any(isinstance(operand, ast.Constant) or _is_column(operand) for operand in operands):
        return False
    return any(_SECRET.search(_last_name(operand).lower()) for operand in operands)


def _is_column(operand: ast.expr) -> bool:
    """`TABLE.c.name`: a condition for the database, nothing is compared here."""
    return isinstance(operand, ast.Attribute) and ast.unparse(operand.value).endswith(".c")


def _last_name(operand: ast.expr) -> str:
    match operand:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=ast.Attribute(attr=name)):
            return f"{name}("
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
    return ""
