"""Frozen values to bytes and back; equal values always give equal bytes."""

from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_encoder = msgspec.json.Encoder(order="deterministic")


def encode(value: Any) -> bytes:
    """JSON with sorted keys; what `decode` reads back as an equal value."""
    return _encoder.encode(value)


def decode(kind: type[T], text: bytes) -> T:
    """The value of this class; raises msgspec.ValidationError when the text is of another one,
    msgspec.DecodeError or UnicodeDecodeError when it is no JSON, RecursionError when it is nested
    without end."""
    decoder: msgspec.json.Decoder[T] = _decoder(kind)  # type: ignore[arg-type]
    return decoder.decode(text)


@cache
def _decoder(kind: type[Any]) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)
