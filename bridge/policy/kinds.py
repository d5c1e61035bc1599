"""The kinds of values that options take: each reads a node and describes itself to editors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from bridge.policy.codes import Code
from bridge.policy.findings import Finding, error
from bridge.policy.nodes import Entries, Items, Node, Scalar
from bridge.policy.paths import item, under
from bridge.policy.secrecy import looks_secret, shown

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
K = TypeVar("K")

JsonSchema = Mapping[str, object]

_MOVE_IT = "put it into an environment variable, write the variable's name here, and change it"


class Refused(Exception):
    """This value is wrong, and has been reported as such."""


@dataclass(slots=True)
class Reading:
    """Where we are in the YAML, and what has been found so far."""

    path: str = ""
    findings: list[Finding] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def at(self, path: str, node: Node) -> "Reading":
        self.places[path] = node.place
        return Reading(path=path, findings=self.findings, places=self.places)

    def refuse(self, code: Code, node: Node, message: str, suggestion: str = "") -> Refused:
        self.findings.append(error(code, node.place, self.path, message, suggestion))
        return Refused(message)


class Kind(Protocol[T_co]):
    @property
    def words(self) -> str:
        """What it takes, for the documentation."""

    def read(self, node: Node, reading: Reading) -> T_co:
        """The value; raises Refused once every mistake in it has been reported."""

    def schema(self) -> JsonSchema:
        """JSON Schema draft-07."""


class Complaint(Exception):
    """A word that does not fit, and what might have been meant. `hides`: never repeat the word."""

    def __init__(self, message: str, suggestion: str = "", *, hides: bool = False) -> None:
        Exception.__init__(self, message)
        self.message = message
        self.suggestion = suggestion
        self.hides = hides


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Word(Generic[T]):
    """One scalar. `parse` raises Complaint."""

    words: str
    parse: Callable[[str], T]
    json: JsonSchema

    def read(self, node: Node, reading: Reading) -> T:
        if not isinstance(node, Scalar):
            raise reading.refuse(Code.WRONG_SHAPE, node, f"is {_shape(node)}, not {self.words}")
        if node.text == "":
            raise reading.refuse(Code.EMPTY_VALUE, node, "has no value", f"give {self.words}")
        if looks_secret(node.text):
            raise reading.refuse(Code.SECRET_IN_YAML, node, "looks like a secret itself", _MOVE_IT)
        try:
            return self.parse(node.text)
        except Complaint as complaint:
            raise reading.refuse(*_said(complaint, node)) from complaint

    def schema(self) -> JsonSchema:
        return self.json


def _said(complaint: Complaint, node: Scalar) -> tuple[Code, Node, str, str]:
    if complaint.hides:
        return Code.SECRET_IN_YAML, node, complaint.message, complaint.suggestion or _MOVE_IT
    said = f"{shown(node.text)} {complaint.message}"
    return Code.WRONG_VALUE, node, said, complaint.suggestion


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Many(Generic[T]):
    """A list; `or_one` takes a single value as a list of one."""

    of: Kind[T]
    or_one: bool = False
    at_least: int = 0
    distinct: bool = True
    once: Callable[[T], object] = lambda value: value  # what of each must not stand twice

    @property
    def words(self) -> str:
        return f"{self.of.words}, or a list" if self.or_one else f"list: {self.of.words}"

    def read(self, node: Node, reading: Reading) -> tuple[T, ...]:
        if self.or_one and not isinstance(node, Items):
            return (self.of.read(node, reading),)
        if not isinstance(node, Items):
            raise reading.refuse(*not_a(node, "a list", "[]"))
        if len(node.items) < self.at_least:
            raise reading.refuse(Code.EMPTY_VALUE, node, "is an empty list", self.of.words)
        return self._items(node, reading)

    def _items(self, node: Items, reading: Reading) -> tuple[T, ...]:
        found: list[T] = []
        all_fit = True
        for index, child in enumerate(node.items):
            here = reading.at(item(reading.path, index), child)
            try:
                found.append(self._once(found, child, here))
            except Refused:
                all_fit = False
        if not all_fit:
            raise Refused(reading.path)
        return tuple(found)

    def _once(self, found: list[T], node: Node, here: Reading) -> T:
        value = self.of.read(node, here)
        key = self.once(value)
        if self.distinct and key in [self.once(one) for one in found]:
            raise here.refuse(Code.WRONG_VALUE, node, f"{key} stands twice")
        return value

    def schema(self) -> JsonSchema:
        listed: JsonSchema = {
            "type": "array",
            "items": self.of.schema(),
            "minItems": self.at_least,
            "uniqueItems": self.distinct,
        }
        return {"anyOf": [self.of.schema(), listed]} if self.or_one else listed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrWord(Generic[K, T]):
    """A mapping, or one word that stands for it."""

    word: Word[K]
    of: Kind[T]
    made: Callable[[K], T]

    @property
    def words(self) -> str:
        return f"{self.word.words}, or {self.of.words}"

    def read(self, node: Node, reading: Reading) -> T:
        if isinstance(node, Entries):
            return self.of.read(node, reading)
        return self.made(self.word.read(node, reading))

    def schema(self) -> JsonSchema:
        return {"anyOf": [self.word.schema(), self.of.schema()]}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Named(Generic[K, T]):
    """A mapping whose keys the admin chooses, each of kind `key`."""

    key: Word[K]
    of: Kind[T]

    @property
    def words(self) -> str:
        return f"mapping: {self.key.words} → {self.of.words}"

    def read(self, node: Node, reading: Reading) -> dict[K, T]:
        if not isinstance(node, Entries):
            raise reading.refuse(*not_a(node, "a mapping", "{}"))
        found: dict[K, T] = {}
        all_fit = True
        for entry in node.entries:
            try:
                key = self._key(entry.key, found, reading)
                path = under(reading.path, str(key))
                found[key] = self.of.read(entry.value, reading.at(path, entry.value))
            except Refused:
                all_fit = False
        if not all_fit:
            raise Refused(reading.path)
        return found

    def _key(self, node: Scalar, found: Mapping[K, T], reading: Reading) -> K:
        here = reading.at(under(reading.path, node.text), node)
        key = self.key.read(node, here)
        if key in found:
            raise here.refuse(Code.DUPLICATE_KEY, node, f"{key} stands twice")
        return key

    def schema(self) -> JsonSchema:
        return {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.of.schema(),
        }


def not_a(node: Node, wanted: str, empty: str) -> tuple[Code, Node, str, str]:
    if isinstance(node, Scalar) and node.is_empty:
        return Code.EMPTY_VALUE, node, "has no value", f"remove the key, or write {empty}"
    return Code.WRONG_SHAPE, node, f"is {_shape(node)}, not {wanted}", ""


def _shape(node: Node) -> str:
    return {Scalar: "a single value", Items: "a list", Entries: "a mapping"}[type(node)]
