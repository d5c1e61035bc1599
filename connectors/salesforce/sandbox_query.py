"""Answers SOQL over the sandbox's records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from connectors.salesforce.sandbox_ids import is_id, long_id
from connectors.salesforce.sandbox_org import INTEGRATION_USER, Org, Record, stamp
from connectors.salesforce.sandbox_schema import TOOLING, Field, Object, Refused
from connectors.salesforce.sandbox_soql import (
    Comparison,
    Condition,
    Literal,
    Query,
    malformed,
    pattern,
    plain,
    read,
)

# Child relationships, by the object and the name that subqueries use: the other object, its field.
_CHILDREN: Mapping[tuple[str, str], tuple[str, str]] = {
    ("Opportunity", "OpportunityContactRoles"): ("OpportunityContactRole", "OpportunityId"),
    ("Contact", "OpportunityContactRoles"): ("OpportunityContactRole", "ContactId"),
    ("Group", "GroupMembers"): ("GroupMember", "GroupId"),
    ("Group", "QueueSobjects"): ("QueueSobject", "QueueId"),
    ("Contact", "Tasks"): ("Task", "WhoId"),
    ("Lead", "Tasks"): ("Task", "WhoId"),
    ("Opportunity", "Tasks"): ("Task", "WhatId"),
}
_KINDS: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"moment"}),
    "datetime": frozenset({"moment"}),
    "double": frozenset({"number"}),
    "int": frozenset({"number"}),
}
_TEXTS = frozenset({"text"})
MAX_DEPTH = 5


class Asking:
    """One query; `with_deleted` is queryAll."""

    def __init__(
        self, org: Org, version: str, *, with_deleted: bool = False, tooling: bool = False
    ) -> None:
        self._org = org
        self._version = version
        self._with_deleted = with_deleted
        self._tooling = tooling

    def answer(self, soql: str) -> tuple[int, list[dict[str, Any]]]:
        """How many, and the records; none of them for COUNT()."""
        query = read(soql)
        one = self._object(query.object)
        found = self._found(query, one)
        if query.counts:
            return len(found), []
        if query.group:
            return self._grouped(query, one, found)
        return len(found), [self._shown(query, one, record) for record in found]

    def _object(self, name: str) -> Object:
        found = {known.lower(): one for known, one in self._org.objects.items()}
        one = found.get(name.lower())
        is_there = one is not None and (one.name in TOOLING) is self._tooling
        if one is None or not is_there or not self._org.is_seen(one.name):
            message = f"sObject type '{name}' is not supported."
            raise Refused(400, "INVALID_TYPE", message)
        return one

    def _grouped(
        self, query: Query, one: Object, found: Sequence[Record]
    ) -> tuple[int, list[dict[str, Any]]]:
        """Each value once; only the field itself can be selected here."""
        if query.fields != (query.group,):
            raise malformed(f"Field must be grouped or aggregated: {query.fields[0]}")
        values = dict.fromkeys(self._value(one, record, query.group) for record in found)
        told = {"attributes": {"type": "AggregateResult"}}
        return len(values), [{**told, query.group: value} for value in values]

    def _found(self, query: Query, one: Object) -> list[Record]:
        for name in query.fields:
            self._field(one, name)
        holds = self._test(one, query.where) if query.where is not None else _always
        found = [record for record in self._visible(one.name) if holds(record)]
        for name, falls in reversed(query.order):
            self._field(one, name)
            found.sort(key=lambda r, n=name: _rank(self._value(one, r, n)), reverse=falls)  # type: ignore[misc]
        last = None if query.limit is None else query.offset + query.limit
        return found[query.offset : last]

    def _visible(self, object_name: str) -> Iterator[Record]:
        for record in self._org.records[object_name].values():
            if self._org.is_hidden(record) or (record.is_deleted and not self._with_deleted):
                continue
            yield record

    def _shown(self, query: Query, one: Object, record: Record) -> dict[str, Any]:
        shown: dict[str, Any] = {"attributes": self._attributes(record)}
        for path in query.fields:
            self._show(shown, one, record, path)
        for child in query.children:
            shown[child.object] = self._children(child, one, record)
        return shown

    def _show(self, shown: dict[str, Any], one: Object, record: Record, path: str) -> None:
        relation, _, rest = path.partition(".")
        if not rest:
            known = self._field(one, path)
            shown[known.name] = record.values.get(known.name)
            return
        via = self._relation(one, relation)
        other = self._other(record.values.get(via.name))
        if other is None:
            shown[via.relation] = None
            return
        inner = shown.setdefault(via.relation, {"attributes": self._attributes(other)})
        self._show_of(inner, other, rest)

    def _show_of(self, inner: dict[str, Any], other: Record, rest: str) -> None:
        if rest == "Type" and "Type" not in self._org.objects[other.object].fields:
            inner["Type"] = other.object
        else:
            self._show(inner, self._org.objects[other.object], other, rest)

    def _children(self, child: Query, one: Object, record: Record) -> dict[str, Any] | None:
        known = _CHILDREN.get((one.name, child.object))
        if known is None:
            message = f"Didn't understand relationship '{child.object}' in FROM part of query call."
            raise Refused(400, "INVALID_TYPE", message)
        other = self._org.objects[known[0]]
        found = [r for r in self._found(child, other) if r.values.get(known[1]) == record.id]
        if not found:
            return None
        records = [self._shown(child, other, each) for each in found]
        return {"totalSize": len(records), "done": True, "records": records}

    def _attributes(self, record: Record) -> dict[str, str]:
        url = f"/services/data/v{self._version}/sobjects/{record.object}/{record.id}"
        return {"type": record.object, "url": url}

    def _field(self, one: Object, path: str) -> Field:
        """What a path leads to; refuses columns and relations that are not there."""
        relation, _, rest = path.partition(".")
        if not rest:
            known = one.find(path)
            if known is None or not self._org.has_field(one.name, known.name):
                raise self._no_column(one, path)
            return known
        via = self._relation(one, relation)
        if path.count(".") > MAX_DEPTH:
            raise malformed("too many relationships in a field path")
        if len(via.refers) > 1 and rest == "Type":
            return Field("Type", "picklist", 40)
        return self._field(self._org.objects[via.refers[0]], rest)

    def _relation(self, one: Object, name: str) -> Field:
        via = one.through(name)
        if via is None or not self._org.has_field(one.name, via.name):
            message = f"Didn't understand relationship '{name}' in field path."
            raise Refused(400, "INVALID_FIELD", message)
        return via

    @staticmethod
    def _no_column(one: Object, path: str) -> Refused:
        message = (
            f"\n{path}\n^\nERROR at Row:1:Column:1\n"
            f"No such column '{path}' on entity '{one.name}'. If you are attempting to use a "
            "custom field, be sure to append the '__c' after the custom field name. Please "
            "reference your WSDL or the describe call for the appropriate names."
        )
        return Refused(400, "INVALID_FIELD", message)

    def _value(self, one: Object, record: Record, path: str) -> Any:
        relation, _, rest = path.partition(".")
        if not rest:
            known = one.find(path)
            return None if known is None else record.values.get(known.name)
        via = one.through(relation)
        other = None if via is None else self._other(record.values.get(via.name))
        if other is None:
            return None
        if rest == "Type" and "Type" not in self._org.objects[other.object].fields:
            return other.object
        return self._value(self._org.objects[other.object], other, rest)

    def _other(self, record_id: Any) -> Record | None:
        if record_id == INTEGRATION_USER and self._org.named(record_id) is None:
            values = {"Id": record_id, "Name": "Integration User", "IsDeleted": False}
            return Record(record_id, "User", 0, 0.0, values)
        return self._org.named(record_id) if isinstance(record_id, str) else None

    def _test(self, one: Object, condition: Condition) -> Callable[[Record], bool]:
        if isinstance(condition, Comparison):
            return self._compared(one, condition)
        tests = [self._test(one, part) for part in condition.parts]
        return _JOINS[condition.word](tests)

    def _compared(self, one: Object, comparison: Comparison) -> Callable[[Record], bool]:
        known = self._field(one, comparison.path)
        if not known.can_filter:
            message = f"field '{known.name}' can not be filtered in a query call"
            raise Refused(400, "INVALID_FIELD", message)
        if comparison.inner is not None:
            return self._semi_joined(one, comparison, comparison.inner)
        wanted = [_wanted(known, literal) for literal in comparison.values]
        if comparison.sign == "LIKE":
            return self._like(one, comparison)
        test = _SIGNS[comparison.sign]
        return lambda r: test(_normal(known, self._value(one, r, comparison.path)), wanted)

    def _semi_joined(
        self, one: Object, comparison: Comparison, inner: Query
    ) -> Callable[[Record], bool]:
        other = self._object(inner.object)
        if len(inner.fields) != 1:
            raise malformed("a semi join needs exactly one field in its SELECT")
        found = {self._value(other, r, inner.fields[0]) for r in self._found(inner, other)}
        is_in = comparison.sign == "IN"
        return lambda r: (self._value(one, r, comparison.path) in found) is is_in

    def _like(self, one: Object, comparison: Comparison) -> Callable[[Record], bool]:
        (literal,) = comparison.values
        if literal.kind != "text":
            raise malformed("LIKE wants a text")
        looked_for = pattern(str(literal.value))

        def holds(record: Record) -> bool:
            value = self._value(one, record, comparison.path)
            return value is not None and looked_for.fullmatch(str(value)) is not None

        return holds


def _always(record: Record) -> bool:
    return True


def _wanted(known: Field, literal: Literal) -> Any:
    """The literal in the form that values are compared in."""
    if literal.kind == "null":
        return None
    if literal.kind not in _KINDS.get(known.kind, _TEXTS):
        quoted = "" if literal.kind != "text" else " and should not be enclosed in quotes"
        message = (
            f"value of filter criterion for field '{known.name}' must be of type "
            f"{known.kind}{quoted}"
        )
        raise Refused(400, "INVALID_FIELD", message)
    value = plain(literal.value) if isinstance(literal.value, str) else literal.value
    if known.kind in ("id", "reference") and not is_id(value):
        raise Refused(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}")
    return _normal(known, value)


def _normal(known: Field, value: Any) -> Any:
    """Texts are the same in either case, but for the ids that were made to tell case apart."""
    if value is None:
        return None
    if known.kind in ("id", "reference"):
        return long_id(str(value))
    if known.kind == "datetime":
        return stamp(datetime.fromisoformat(str(value).replace("Z", "+00:00")).astimezone(UTC))
    if known.kind == "date":
        return date.fromisoformat(str(value)[:10]).isoformat()
    if isinstance(value, str) and not known.is_unique:
        return value.lower()
    return value


def _rank(value: Any) -> tuple[bool, Any]:
    """Nulls first, as Salesforce sorts."""
    return (value is not None, value if value is not None else "")


def _compares(test: Callable[[Any, Any], bool]) -> Callable[[Any, Sequence[Any]], bool]:
    return lambda value, wanted: (
        value is not None and wanted[0] is not None and test(value, wanted[0])
    )


_SIGNS: Mapping[str, Callable[[Any, Sequence[Any]], bool]] = {
    "=": lambda value, wanted: value == wanted[0],
    "!=": lambda value, wanted: value != wanted[0],
    "IN": lambda value, wanted: value in wanted,
    "NOT IN": lambda value, wanted: value not in wanted,
    "<": _compares(lambda value, other: value < other),
    "<=": _compares(lambda value, other: value <= other),
    ">": _compares(lambda value, other: value > other),
    ">=": _compares(lambda value, other: value >= other),
}
_JOINS: Mapping[str, Callable[[Sequence[Callable[[Record], bool]]], Callable[[Record], bool]]] = {
    "AND": lambda tests: lambda record: all(test(record) for test in tests),
    "OR": lambda tests: lambda record: any(test(record) for test in tests),
    "NOT": lambda tests: lambda record: not tests[0](record),
}
