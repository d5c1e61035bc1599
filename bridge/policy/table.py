"""A mapping with fixed keys: one table drives the reader, the editors' schema and the documents."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar, cast

from bridge.policy.codes import Code
from bridge.policy.findings import did_you_mean
from bridge.policy.kinds import JsonSchema, Kind, Reading, Refused, not_a
from bridge.policy.nodes import Entries, Entry, Node, compose
from bridge.policy.paths import under
from bridge.policy.secrecy import shown

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field(Generic[T_co]):
    """One option. `default` and `example` are written as in YAML.

    Without a default it has to be given, or, where `optional`, is left open.
    """

    name: str
    kind: Kind[T_co]
    says: str
    example: str
    default: str | None = None
    optional: bool = False

    @property
    def is_required(self) -> bool:
        return self.default is None and not self.optional


@dataclass(frozen=True, slots=True)
class Values:
    """What a table read, by field."""

    found: Mapping[str, object]

    def of(self, field: Field[U]) -> U:
        """The value given, or the default."""
        return cast(U, self.found[field.name])

    def maybe(self, field: Field[U]) -> U | None:
        """The value given, or None."""
        return cast("U | None", self.found.get(field.name))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table(Generic[T]):
    """`build` makes the value from its fields and their place; `complain` says which of them do
    not go together."""

    says: str
    fields: tuple[Field[object], ...]
    build: Callable[[Values, str], T]
    complain: Callable[[Values], str] = lambda values: ""
    also: JsonSchema = dataclasses.field(default_factory=dict)  # `complain` as JSON Schema

    @property
    def words(self) -> str:
        return f"mapping: {self.says}"

    def read(self, node: Node, reading: Reading) -> T:
        if not isinstance(node, Entries):
            raise reading.refuse(*not_a(node, f"a mapping ({self.says})", "{}"))
        given = {entry.key.text: entry for entry in node.entries}
        found: dict[str, object] = {}
        all_known = self._all_known(node, reading)
        all_fit = all([self._field(field, given, found, node, reading) for field in self.fields])
        if not (all_known and all_fit):
            raise Refused(reading.path)
        values = Values(found)
        if complaint := self.complain(values):
            raise reading.refuse(Code.WRONG_VALUE, node, complaint)
        return self.build(values, node.place)

    def _all_known(self, node: Entries, reading: Reading) -> bool:
        names = [field.name for field in self.fields]
        unknown = [entry for entry in node.entries if entry.key.text not in names]
        for entry in unknown:
            self._refuse_key(entry, names, reading)
        return not unknown

    def _refuse_key(self, entry: Entry, names: list[str], reading: Reading) -> None:
        key = entry.key
        here = reading.at(under(reading.path, shown(key.text)), key)
        hint = did_you_mean(key.text, names) or f"known here: {', '.join(names)}"
        here.refuse(Code.UNKNOWN_KEY, key, "unknown key", hint)

    def _field(
        self,
        field: Field[object],
        given: Mapping[str, Entry],
        found: dict[str, object],
        node: Node,
        reading: Reading,
    ) -> bool:
        """Reads one field into `found`; False when it is wrong."""
        path = under(reading.path, field.name)
        try:
            if entry := given.get(field.name):
                found[field.name] = field.kind.read(entry.value, reading.at(path, entry.value))
            elif field.default is not None:
                found[field.name] = default_of(field)
            elif field.is_required:
                hint = f"add for example {field.name}: {field.example}"
                raise reading.refuse(Code.MISSING_KEY, node, f"{field.name} is missing", hint)
        except Refused:
            return False
        return True

    def schema(self) -> JsonSchema:
        required = [field.name for field in self.fields if field.is_required]
        return {
            "type": "object",
            "description": self.says,
            "additionalProperties": False,
            "properties": {field.name: _described(field) for field in self.fields},
            **({"required": required} if required else {}),
            **self.also,
        }


def default_of(field: Field[U]) -> U:
    """What the field is when it is not given."""
    return cast(U, _default(field))


def parsed(text: str, kind: Kind[U]) -> U:
    """A YAML text as a value of this kind; raises Refused when it does not fit."""
    node = compose(text.encode(), "example")
    if node is None:
        raise Refused("no value")
    return kind.read(node, Reading())


@cache
def _default(field: Field[object]) -> object:
    return parsed(field.default or "", field.kind)


def _described(field: Field[object]) -> JsonSchema:
    default = f"Default: {field.default}." if field.default is not None else ""
    said = f"{field.says} Example: {field.name}: {field.example}. {default}".strip()
    return {**field.kind.schema(), "description": said}
