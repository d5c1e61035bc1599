"""The JSON form of our values, by their types: read with a path for each failure, and written.

Each field stands under its own name; one that has a default may be absent or null.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from bridge.domain.errors import PayloadInvalid
from bridge.domain.names import EmployeeId
from bridge.payload import Payload
from connectors.webhook.words import (
    AT_LEAST_ONE,
    DAY,
    IDS,
    INSIDE,
    LEAST,
    MAX_ID,
    MOST,
    PATTERNS,
    TIME,
)

_T = TypeVar("_T")
_TIME = re.compile(TIME)
_DAY = re.compile(DAY)
_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a form: `kind` without None, which `nullable` stands for."""

    name: str
    kind: object
    nullable: bool
    default: object = MISSING

    @property
    def required(self) -> bool:
        return self.default is MISSING


@cache
def places(kind: type) -> tuple[Place, ...]:
    """The fields of a dataclass that have a place on the wire, in order."""
    hints = get_type_hints(kind)
    return tuple(
        Place(field.name, *_without_none(hints[field.name]), field.default)
        for field in fields(kind)
        if field.name not in INSIDE
    )


def is_id(name: str, kind: object) -> bool:
    return isinstance(kind, NewType) or name in IDS


def read(kind: type[_T], given: Payload, *, strict: bool, also: frozenset[str] = frozenset()) -> _T:
    """The value that a JSON object stands for. `strict` refuses fields that the form does not have,
    but for those in `also`. Raises PayloadInvalid."""
    return kind(**values(kind, given, strict=strict, also=also))


def values(
    kind: type, given: Payload, *, strict: bool, also: frozenset[str] = frozenset()
) -> Mapping[str, object]:
    """The fields of `kind` that a JSON object stands for, by name. Raises PayloadInvalid."""
    if strict:
        _refuse_unknown(given, also | {place.name for place in places(kind)})
    return {place.name: _field(place, given, strict) for place in places(kind)}


def written(value: object) -> object:
    """The value as JSON; fields that stand at their default are left out."""
    match value:
        case StrEnum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case tuple() | list():
            return [written(item) for item in value]
        case None | str() | int():
            return value
    kind: type = type(value)
    told = ((place, getattr(value, place.name)) for place in places(kind))
    return {place.name: written(found) for place, found in told if found != place.default}


def _field(place: Place, given: Payload, strict: bool) -> object:
    found = given.get(place.name)
    if found is not None:
        return _value(place.kind, found, place.name, strict)
    if not place.required:
        return place.default
    if place.nullable and given.has(place.name):
        return None
    path = f"{given.path}.{place.name}"
    raise PayloadInvalid(f"{path} is missing", path)


def _value(kind: object, given: Payload, name: str, strict: bool) -> object:
    if get_origin(kind) is tuple:
        return _items(get_args(kind)[0], given, name, strict)
    if kind is bool:
        return given.boolean()
    if kind is int:
        return _number(given, name)
    if kind is datetime:
        return moment(given)
    if kind is date:
        return _day(given)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _word(kind, given)
    if isinstance(kind, type) and is_dataclass(kind):
        return read(kind, given, strict=strict)
    text = identifier(given) if is_id(name, kind) else _text(given, name)
    return text.lower() if kind is EmployeeId else text


def _items(kind: object, given: Payload, name: str, strict: bool) -> tuple[object, ...]:
    found = tuple(_value(kind, item, "", strict) for item in given.items())
    if not found and name in AT_LEAST_ONE:
        raise PayloadInvalid(f"{given.path} is empty", given.path)
    return found


def identifier(given: Payload) -> str:
    text = given.text()
    if not 0 < len(text) <= MAX_ID:
        raise PayloadInvalid(f"{given.path} is not 1 to {MAX_ID} characters", given.path)
    return text


def moment(given: Payload) -> datetime:
    """RFC 3339 with its offset."""
    if not _TIME.fullmatch(given.text()):
        raise PayloadInvalid(f"{given.path} is not a time such as 2026-05-17T09:30:00Z", given.path)
    return given.iso_time()


def _day(given: Payload) -> date:
    try:
        if _DAY.fullmatch(given.text()):
            return date.fromisoformat(given.text())
    except ValueError:
        pass
    raise PayloadInvalid(f"{given.path} is not a day such as 2026-05-17", given.path)


def _text(given: Payload, name: str) -> str:
    text = given.text()
    if name in PATTERNS and not re.fullmatch(PATTERNS[name], text):
        raise PayloadInvalid(f"{given.path} is not of the form {PATTERNS[name]}", given.path)
    return text


def _number(given: Payload, name: str) -> int:
    number = given.integer()
    if not LEAST.get(name, 0) <= number <= MOST:
        raise PayloadInvalid(f"{given.path} is out of range", given.path)
    return number


def _word(kind: type[StrEnum], given: Payload) -> StrEnum:
    try:
        return kind(given.text())
    except ValueError:
        words = ", ".join(kind)
        raise PayloadInvalid(f"{given.path} is not one of {words}", given.path) from None


def _refuse_unknown(given: Payload, known: frozenset[str] | set[str]) -> None:
    unknown = [name for name in given.mapping() if name not in known]
    if unknown:
        shown = unknown[0] if _NAME.fullmatch(unknown[0]) else "a field"
        raise PayloadInvalid(f"{given.path}: {shown} is not known here", given.path)


def _without_none(hint: object) -> tuple[object, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    (kind,) = (one for one in get_args(hint) if one is not NoneType)
    return kind, True
