"""Twilio's signature: HMAC-SHA1 over the public URL and the form, or the URL with the body's hash.

twilio.com/docs/usage/webhooks/webhooks-security. What a request says that it is decides what has to
be signed, so that no form passes for JSON and no JSON for a form.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

from bridge.domain.errors import SignatureInvalid
from bridge.ports import RawRequest
from connectors.twilio.forms import FORM, content_type, pairs

HEADER = "x-twilio-signature"
BODY_HASH = "bodySHA256"
_PORTS = {"https": "443", "http": "80"}


def check(request: RawRequest, tokens: Sequence[bytes]) -> None:
    """Raises SignatureInvalid, and nothing else."""
    if request.method not in ("GET", "POST"):
        raise SignatureInvalid("twilio: it calls with GET and POST only")
    try:
        signed = _signed(request)
        addresses = tuple(spellings(request.url))
    except ValueError as error:
        raise SignatureInvalid("twilio: the address or the form can't be read") from error
    given = request.headers.get(HEADER, "").encode("utf-8", "surrogatepass")
    matches = [
        hmac.compare_digest(given, signature(address, signed, token))
        for token in tokens
        for address in addresses
    ]
    if not any(matches):
        raise SignatureInvalid(
            "twilio: the signature is missing or does not match: is BRIDGE_PUBLIC_URL what Twilio "
            "calls, and auth_token of the account that owns the number?"
        )


def signature(address: str, fields: Sequence[tuple[str, str]], token: bytes) -> bytes:
    """What Twilio puts into its header. Of a name that comes twice each value counts once, in
    order; blank values count, and nothing is trimmed."""
    told = address + "".join(name + value for name, value in sorted(set(fields)))
    mac = hmac.new(token, told.encode("utf-8", "surrogatepass"), hashlib.sha1)
    return base64.b64encode(mac.digest())


def spellings(address: str) -> Iterator[str]:
    """The address as it is, and with its port left out and spelled out: Twilio signs either."""
    yield address
    scheme, separator, rest = address.partition("://")
    if not separator:
        return
    end = min((n for n in map(rest.find, "/?#") if n >= 0), default=len(rest))
    place, path = rest[:end], rest[end:]
    user, at, host = place.rpartition("@")
    name, port = _parted(host)
    if port:
        yield f"{scheme}://{user}{at}{name}{path}"
    elif scheme.lower() in _PORTS:
        yield f"{scheme}://{user}{at}{name}:{_PORTS[scheme.lower()]}{path}"


def _parted(host: str) -> tuple[str, str]:
    """Name and port; an IPv6 address has colons of its own."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, "")


def _signed(request: RawRequest) -> Sequence[tuple[str, str]]:
    """The fields that are signed besides the address. Raises SignatureInvalid where the body isn't
    what the address promises, ValueError where it can't be read."""
    hashes = _hashes(request.url)
    is_form = content_type(request) == FORM
    if request.method == "GET" or (is_form and request.method == "POST"):
        if hashes or (request.method == "GET" and request.body):
            raise SignatureInvalid("twilio: the address tells of a body that is no form")
        return pairs(request) if is_form and request.method == "POST" else ()
    expected = hashlib.sha256(request.body).hexdigest().encode()
    if len(hashes) != 1 or not hmac.compare_digest(hashes[0], expected):
        raise SignatureInvalid("twilio: the body is not the one that the address was signed for")
    return ()


def _hashes(address: str) -> Sequence[bytes]:
    query = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    return [value.lower().encode("utf-8", "replace") for name, value in query if name == BODY_HASH]
