"""Opaque cursors: where a list goes on, signed, and good for that very list only."""

import base64
import binascii
import hashlib
import hmac
from typing import TypeVar

from bridge.codec import decode, encode
from bridge.web.problems import Problem, invalid

T = TypeVar("T")
_SEAL_BYTES = 12
_LONGEST = 1024


class Cursors:
    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.sha256(b"bridge cursors\x00" + secret_key.encode()).digest()

    def seal(self, place: object, of: str) -> str:
        """A cursor for `place` (a frozen value) of the list described by `of`."""
        body = encode(place)
        return base64.urlsafe_b64encode(self._sign(body, of) + body).decode().rstrip("=")

    def open(self, kind: type[T], cursor: str, of: str) -> T:
        """The place; Problem 400 for a cursor that we did not make for this list."""
        sealed = _bytes_of(cursor)
        given, body = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(given, self._sign(body, of)):
            raise _not_ours()
        return decode(kind, body)

    def _sign(self, body: bytes, of: str) -> bytes:
        text = of.encode("utf-8", "surrogatepass") + b"\x00" + body
        return hmac.new(self._key, text, hashlib.sha256).digest()[:_SEAL_BYTES]


def _bytes_of(cursor: str) -> bytes:
    if len(cursor) > _LONGEST:
        raise _not_ours()
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _not_ours() from error


def _not_ours() -> Problem:
    detail = "not a cursor of this list; begin again without one"
    return invalid(detail, field="cursor", status=400)
