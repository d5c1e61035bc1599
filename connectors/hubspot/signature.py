"""Is it HubSpot? The three ways in which HubSpot signs what it sends.

Source: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
"""

import base64
import hashlib
import hmac
import re

from bridge.ports import RawRequest

MAX_AGE_MILLISECONDS = 300_000
_TIMESTAMP = re.compile(r"[0-9]{13}")
_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)


def signed_url(url: str) -> str:
    """The URL as v3 signs it: these twelve escapes decoded once, every other one left alone."""
    return _ENCODED.sub(lambda found: _DECODED[found.group().upper()], url)


def sign_v3(secret: str, method: str, url: str, body: bytes, timestamp: str) -> bytes:
    """Base64 of HMAC-SHA256 over method, URL, body and timestamp (epoch milliseconds)."""
    source = _bytes(method + signed_url(url)) + body + _bytes(timestamp)
    return base64.b64encode(hmac.new(_bytes(secret), source, hashlib.sha256).digest())


def sign_v2(secret: str, method: str, url: str, body: bytes) -> bytes:
    """Hex SHA-256 of secret, method, URL as it came, and body."""
    return hashlib.sha256(_bytes(secret + method + url) + body).hexdigest().encode()


def sign_v1(secret: str, body: bytes) -> bytes:
    """Hex SHA-256 of secret and body."""
    return hashlib.sha256(_bytes(secret) + body).hexdigest().encode()


def proves_v3(request: RawRequest, secret: str) -> bool:
    """Signed by v3, and not more than five minutes away from our clock in either direction."""
    timestamp = request.headers.get("x-hubspot-request-timestamp", "")
    given = request.headers.get("x-hubspot-signature-v3", "")
    if not _TIMESTAMP.fullmatch(timestamp) or not _is_fresh(request, int(timestamp)):
        return False
    wanted = sign_v3(secret, request.method, request.url, request.body, timestamp)
    return hmac.compare_digest(_bytes(given), wanted)


def proves_v2(request: RawRequest, secret: str) -> bool:
    wanted = sign_v2(secret, request.method, request.url, request.body)
    return _says(request, "v2") and hmac.compare_digest(_old_signature(request), wanted)


def proves_v1(request: RawRequest, secret: str) -> bool:
    wanted = sign_v1(secret, request.body)
    return _says(request, "v1") and hmac.compare_digest(_old_signature(request), wanted)


def _is_fresh(request: RawRequest, milliseconds: int) -> bool:
    now = round(request.received_at.timestamp() * 1000)
    return abs(now - milliseconds) <= MAX_AGE_MILLISECONDS


def _says(request: RawRequest, version: str) -> bool:
    return request.headers.get("x-hubspot-signature-version", "") == version


def _old_signature(request: RawRequest) -> bytes:
    return _bytes(request.headers.get("x-hubspot-signature", ""))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
