"""Standard Webhooks signatures: made for what we send, checked on what comes.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: HMAC
SHA-256 over `<webhook-id>.<webhook-timestamp>.<body>`, several signatures in one header while a
secret rotates. Only the symmetric kind (`v1`); others are passed over.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bridge.domain.errors import ConfigError, SignatureInvalid

TOLERANCE = timedelta(minutes=5)
ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"
_PREFIX = "whsec_"
_MIN_SECRET_BYTES = 16
_ID_SHAPE = re.compile(r"[\x21-\x7e]{1,255}")
_TIMESTAMP_SHAPE = re.compile(r"[0-9]{1,11}")
# A header that came twice has ", " between its values: no list of ours looks like that.
_SIGNATURES_SHAPE = re.compile(
    r"v[0-9]+[a-z]*,[A-Za-z0-9+/=_-]{1,200}(?: v[0-9]+[a-z]*,[A-Za-z0-9+/=_-]{1,200}){0,15}"
)


def checked(account: str, secrets: Sequence[str]) -> tuple[str, ...]:
    """The secrets as they are; ConfigError where one can't be used (see `verify`)."""
    for secret in secrets:
        if _key(secret) is None:
            raise ConfigError(
                f"account {account}: signing_secret must be whsec_ and then at least "
                f"{_MIN_SECRET_BYTES} bytes in base64"
            )
    return tuple(secrets)


def verify(
    secrets: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> str:
    """Proves that who sent this knows one of `secrets` and signed it less than `tolerance` ago or
    ahead; gives the message's id.

    `secrets` are `whsec_` and base64, `headers` have lower-case names. Raises SignatureInvalid and
    nothing else; a secret that can't be read proves nothing.
    """
    message_id = _header(headers, ID, _ID_SHAPE)
    timestamp = _header(headers, TIMESTAMP, _TIMESTAMP_SHAPE)
    given = _header(headers, SIGNATURE, _SIGNATURES_SHAPE)
    if abs(now.timestamp() - int(timestamp)) > tolerance.total_seconds():
        raise SignatureInvalid(f"{TIMESTAMP} is more than {tolerance} off our clock")
    signatures = [one.encode() for one in given.split(" ")]
    expected = [_signature(key, message_id, timestamp, body) for key in _keys(secrets)]
    matches = [hmac.compare_digest(one, other) for one in expected for other in signatures]
    if not any(matches):
        raise SignatureInvalid(f"{SIGNATURE} does not fit: the signing secret is another one")
    return message_id


def sign(secrets: Sequence[str], message_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """The three headers, with a signature for each of `secrets`.

    `message_id` stays the same when a message is sent again. Raises ConfigError for a secret that
    can't be read, ValueError for an id that is no header's value.
    """
    if not _ID_SHAPE.fullmatch(message_id):
        raise ValueError(f"{ID} is not 1 to 255 printable ASCII characters")
    timestamp = str(int(now.timestamp()))
    keys = _keys(checked("outgoing", secrets))
    signatures = [_signature(key, message_id, timestamp, body).decode() for key in keys]
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: " ".join(signatures)}


def _header(headers: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    given = headers.get(name, "")
    if not shape.fullmatch(given):
        raise SignatureInvalid(f"{name} is missing, doubled or not of its form")
    return given


def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def _keys(secrets: Sequence[str]) -> list[bytes]:
    return [key for secret in secrets if (key := _key(secret)) is not None]


def _key(secret: str) -> bytes | None:
    written = secret.removeprefix(_PREFIX).rstrip("=")  # some leave the padding out
    try:
        key = base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) >= _MIN_SECRET_BYTES else None
