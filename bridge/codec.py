"""Frozen values to bytes and back; equal values always give equal bytes."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_encoder = msgspec.json.Encoder(order="deterministic")


def encode(value: Any) -> bytes:
    """JSON with sorted keys; what `decode` reads back as an equal value."""
    return _encoder.encode(value)


def encode_told(value: Any, instead: Mapping[str, Any]) -> bytes:
    """A dataclass without those of its fields that stand at their default, which `decode` fills in
    again; `instead` is written in place of its own values.

    A default of what is stored so must never change: it would change what was stored before.
    """
    told = dict(instead)
    for name, default in _defaults(type(value)):  # type: ignore[arg-type]
        if name not in instead:
            found = getattr(value, name)
            if found is not default and found != default:
                told[name] = found
    return _encoder.encode(told)


def decode(kind: type[T], text: bytes) -> T:
    """The value of this class; raises msgspec.ValidationError when the text is of another one,
    msgspec.DecodeError or UnicodeDecodeError when it is no JSON, RecursionError when it is nested
    without end."""
    decoder: msgspec.json.Decoder[T] = _decoder(kind)  # type: ignore[arg-type]
    return decoder.decode(text)


@cache
def _decoder(kind: type[Any]) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)


@cache
def _defaults(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """Every field of a dataclass; MISSING where it has no default."""
    return tuple(
        (one.name, one.default if one.default_factory is MISSING else one.default_factory())
        for one in fields(kind)
    )
