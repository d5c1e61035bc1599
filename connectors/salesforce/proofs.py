"""Who may speak for an org: a secret in the path, a signature, a certificate that a proxy saw."""

import hmac
import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes, urlsplit

from bridge.domain.errors import ConfigError, SignatureInvalid
from bridge.ports import Account, RawRequest
from connectors.salesforce.ids import ORGANIZATION, is_of, same_id
from connectors.standard_webhooks import ID, SIGNATURE, TIMESTAMP, checked, verify

_HEADER = re.compile(r"[a-z][a-z0-9-]{1,60}")
_FINGERPRINT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SIGNED = (ID, TIMESTAMP, SIGNATURE)


class PathSecret:
    """`/hooks/<account>/<path_secret>`; two values while one takes the other's place."""

    def __init__(self, account: Account) -> None:
        self._secrets = [secret.encode() for secret in account.required("path_secret")]
        self._path = re.compile(rf"(?:.*)/hooks/{re.escape(account.name)}(?:/(.*))?", re.DOTALL)

    def is_given(self, request: RawRequest) -> bool:
        return bool(self._given(request))

    def verify(self, request: RawRequest) -> None:
        given = self._given(request)
        fits = [hmac.compare_digest(given, secret) for secret in self._secrets]
        if not any(fits):
            raise SignatureInvalid("salesforce: the address does not end with the path_secret")

    def _given(self, request: RawRequest) -> bytes:
        try:
            path = urlsplit(request.url).path
        except ValueError:
            return b""
        found = self._path.fullmatch(path)
        return unquote_to_bytes((found[1] or "").encode("utf-8", "replace")) if found else b""


class Signing:
    """Standard Webhooks, for senders that can sign; none where there is no `signing_secret`."""

    def __init__(self, account: Account) -> None:
        given = account.secrets.get("signing_secret", ())
        self._secrets = checked(account.name, account.required("signing_secret")) if given else ()

    @staticmethod
    def is_given(request: RawRequest) -> bool:
        return any(name in request.headers for name in _SIGNED)

    def verify(self, request: RawRequest) -> None:
        if not self._secrets:
            raise SignatureInvalid("salesforce: signed, but the account has no signing_secret")
        verify(self._secrets, request.headers, request.body, request.received_at)


class ClientCertificate:
    """What a proxy in front says of the client's certificate, in a header that it lets nobody else
    set: option `client_certificate_header`, and in `client_certificate` its fingerprint (SHA-1 or
    SHA-256) or subject as the proxy writes it; several are parted by `|`."""

    def __init__(self, account: Account) -> None:
        self._header = account.options.get("client_certificate_header", "").lower()
        expected = account.options.get("client_certificate", "")
        self._expected = [_plain(one) for one in expected.split("|") if one.strip()]
        if bool(self._header) != bool(self._expected):
            raise ConfigError(
                f"account {account.name}: client_certificate_header and client_certificate go "
                "together"
            )
        if self._header and not _HEADER.fullmatch(self._header):
            raise ConfigError(
                f"account {account.name}: client_certificate_header is not a header's name"
            )

    def verify(self, request: RawRequest) -> None:
        if not self._header:
            return
        given = _plain(request.headers.get(self._header, ""))
        fits = [hmac.compare_digest(given, expected) for expected in self._expected]
        if not any(fits):
            raise SignatureInvalid(
                f"salesforce: header {self._header} does not name the client certificate"
            )


class Organization:
    """Option `organization_id`, in 15 or 18 characters; without it nobody is believed."""

    def __init__(self, account: Account) -> None:
        self._expected = account.options.get("organization_id", "")
        if self._expected and not is_of(ORGANIZATION, self._expected):
            raise ConfigError(
                f"account {account.name}: organization_id is not like 00D… (Setup → Company "
                "Information)"
            )

    def verify(self, told: Sequence[str]) -> None:
        """The first 15 characters count, and their case: the rest is made from them."""
        if not self._expected:
            raise SignatureInvalid("salesforce: set option organization_id to take webhooks")
        if not all(same_id(self._expected, one) for one in told):
            raise SignatureInvalid("salesforce: another organization than organization_id")


def _plain(text: str) -> bytes:
    """A fingerprint may be written with colons and in capitals."""
    bare = text.strip().replace(":", "").lower()
    found = bare if _FINGERPRINT.fullmatch(bare) else text.strip()
    return found.encode("utf-8", "backslashreplace")
