"""Small values that a browser keeps for us for a while: signed, each for one purpose."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from bridge.codec import decode, encode

T = TypeVar("T")
_SIGNATURE_BYTES = 32
_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dated:
    until: int
    value: str


class Seals:
    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.sha256(b"bridge seals\x00" + secret_key.encode()).digest()

    def seal(self, value: object, purpose: str, until: datetime) -> str:
        """A text that `open` reads back until then; everybody can read what is in it."""
        body = encode(_Dated(until=int(until.timestamp()), value=encode(value).decode()))
        return base64.urlsafe_b64encode(self._sign(body, purpose) + body).decode().rstrip("=")

    def open(self, kind: type[T], text: str, purpose: str, now: datetime) -> T | None:
        """None for what we did not seal for this purpose, and for what is over."""
        sealed = _bytes_of(text)
        given, body = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(given, self._sign(body, purpose)):
            return None
        dated = decode(_Dated, body)
        if dated.until <= now.timestamp():
            return None
        try:
            return decode(kind, dated.value.encode())
        except msgspec.DecodeError:  # sealed by another version
            return None

    def _sign(self, body: bytes, purpose: str) -> bytes:
        return hmac.new(self._key, purpose.encode() + b"\x00" + body, hashlib.sha256).digest()


def _bytes_of(text: str) -> bytes:
    if len(text) > _LONGEST or not text.isascii():
        return b""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
