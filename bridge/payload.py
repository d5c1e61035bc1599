"""Typed reading of vendor JSON: every failure names its path, nothing untyped gets through."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bridge.domain.errors import PayloadInvalid

MAX_DEPTH = 64
_UNSTORABLE = re.compile("[\ud800-\udfff\x00]")


@dataclass(frozen=True, slots=True)
class Payload:
    """A value somewhere in a vendor's JSON, and the path that leads to it."""

    value: Any
    path: str = "$"

    @classmethod
    def from_bytes(cls, body: bytes, deepest: int = MAX_DEPTH) -> "Payload":
        """Reads UTF-8 JSON; a BOM, NaN, a number too long or nesting too deep is refused.

        Where a client can make one item as deep as he likes, `deepest` lets the body pass, so that
        `check_depth` refuses that item alone.
        """
        try:
            text = body.decode("utf-8")
            value = json.loads(text, parse_constant=_no_constant)
        except UnicodeDecodeError as error:
            raise PayloadInvalid(f"body is not UTF-8 at byte {error.start}") from error
        except RecursionError as error:
            raise PayloadInvalid(f"nested deeper than {deepest}") from error
        except ValueError as error:
            raise PayloadInvalid(f"body is not JSON: {_without_content(error)}") from error
        # Of nearly every body this says enough, and costs next to nothing.
        if body.count(b"[") + body.count(b"{") > deepest:
            _check_depth(value, "$", deepest)
        return cls(value)

    def check_depth(self) -> None:
        _check_depth(self.value, self.path, MAX_DEPTH)

    def at(self, key: str) -> "Payload":
        """The value under a key that must be there."""
        found = self.get(key)
        if found is None:
            raise PayloadInvalid(f"{self.path}.{key} is missing", f"{self.path}.{key}")
        return found

    def get(self, key: str) -> "Payload | None":
        """The value under a key; None when it is absent or null."""
        value = self.mapping().get(key)
        return None if value is None else Payload(value, f"{self.path}.{key}")

    def has(self, key: str) -> bool:
        return key in self.mapping()

    def items(self) -> "Iterator[Payload]":
        """The items of a list, each with its path."""
        if not isinstance(self.value, list):
            raise self._not("a list")
        return (Payload(item, f"{self.path}[{n}]") for n, item in enumerate(self.value))

    def mapping(self) -> Mapping[str, Any]:
        if not isinstance(self.value, dict):
            raise self._not("an object")
        return self.value

    def text(self) -> str:
        """A string, what no store can hold (lone surrogates, NUL) replaced by U+FFFD."""
        if not isinstance(self.value, str):
            raise self._not("str")
        return storable(self.value)

    def integer(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self._not("int")
        if abs(self.value) >= 2**63:
            raise PayloadInvalid(f"{self.path} is too large a number", self.path)
        return self.value

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            raise self._not("bool")
        return self.value

    def identifier(self) -> str:
        """An id as a string, whether the vendor sends a string or a number."""
        if isinstance(self.value, str) and self.value:
            return self.text()
        return str(self.integer())

    def milliseconds(self) -> datetime:
        """Epoch milliseconds as aware UTC."""
        return self._time(self.integer() / 1000)

    def iso_time(self) -> datetime:
        """ISO 8601; without an offset it is taken as UTC."""
        try:
            when = datetime.fromisoformat(self.text())
            return when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self._not("an ISO 8601 time") from error

    def text_or(self, key: str, default: str = "") -> str:
        found = self.get(key)
        return default if found is None else found.text()

    def raw(self) -> str:
        """The value as ASCII JSON text, safe to store and to show."""
        return json.dumps(self.value, separators=(",", ":"))

    def _time(self, seconds: float) -> datetime:
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise self._not("a time") from error

    def _not(self, wanted: str) -> PayloadInvalid:
        return PayloadInvalid(
            f"{self.path} is not {wanted}: {type(self.value).__name__}", self.path
        )


def storable(text: str) -> str:
    """The text without what UTF-8 or PostgreSQL can't hold."""
    return _UNSTORABLE.sub("�", text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _without_content(error: ValueError) -> str:
    """What is wrong and where, but nothing of the body itself."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno} column {error.colno}"
    return "a number is too long" if "int" in str(error) else str(error)


def _check_depth(value: Any, path: str, deepest: int) -> None:
    level: list[Any] = [value]
    for _ in range(deepest):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise PayloadInvalid(f"{path} is nested deeper than {deepest}", path)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [v for v in value.values() if isinstance(v, dict | list)]
    if isinstance(value, list):
        return [v for v in value if isinstance(v, dict | list)]
    return []
