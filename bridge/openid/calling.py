"""One way to call the provider: short, small, without redirects, never into a machine inside."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import HTTPAdapter

from bridge.domain.signing_in import OpenIdClient, SignInFailed, Trouble
from connectors.fetching import Resolve, addresses_of, is_public

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 8.0
MOST_BYTES = 512 * 1024
_MOST_ADDRESSES = 2
_PIECE = 16 * 1024


class _Guarded(HTTPAdapter):
    """`home` is the issuer's own host, which the admin vouches for; all others have to be of the
    open internet, called encrypted, and at the very address that was looked at: a name may lead
    elsewhere the next time."""

    def __init__(self, issuer: str, resolve: Resolve) -> None:
        HTTPAdapter.__init__(self, max_retries=0)
        self._home = urlsplit(issuer)
        self._resolve = resolve
        self._pinned: str | None = None

    def send(self, request: requests.PreparedRequest, *given: Any, **named: Any) -> Any:
        addresses = self._addresses(request.url or "")
        ends = time.monotonic() + TOTAL_SECONDS
        answer = self._first_that_connects(addresses, request, {**named, "stream": True})
        try:
            answer._content = _content(answer, ends)
        finally:
            answer.close()
        return answer

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Connects to the address, and expects the certificate of the name."""
        host, pool = HTTPAdapter.build_connection_pool_key_attributes(self, request, verify, cert)
        if self._pinned is None:
            return host, pool
        named = {"assert_hostname": host["host"], "server_hostname": host["host"]}
        return {**host, "host": self._pinned}, {**pool, **named}

    def _first_that_connects(
        self,
        addresses: Sequence[str | None],
        request: requests.PreparedRequest,
        named: Mapping[str, Any],
    ) -> requests.Response:
        """Only who could not be reached at all is passed over: what was sent is not sent again."""
        request.headers["Host"] = urlsplit(request.url or "").netloc.rpartition("@")[2]
        *others, last = addresses
        for address in others:
            self._pinned = address
            try:
                return HTTPAdapter.send(self, request, **named)
            except requests.ConnectionError as error:
                if not _never_connected(error):
                    raise
        self._pinned = last
        return HTTPAdapter.send(self, request, **named)

    def _addresses(self, url: str) -> Sequence[str | None]:
        """Where to connect to; of None: wherever the name leads."""
        parts = urlsplit(url)
        if parts.netloc == self._home.netloc and parts.scheme == self._home.scheme:
            return (None,)
        if parts.scheme != "https":
            raise SignInFailed(Trouble.AWAY, "the provider names an address that is not https")
        try:
            found = self._resolve(parts.hostname or "", parts.port or 443)
        except (OSError, ValueError) as error:
            raise SignInFailed(Trouble.AWAY, f"no address of {parts.hostname}") from error
        if not found or not all(is_public(address) for address in found):
            said = f"the provider names {parts.hostname}, which is not in the public internet"
            raise SignInFailed(Trouble.AWAY, said)
        return tuple(found[:_MOST_ADDRESSES])


def _never_connected(error: requests.ConnectionError) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    # Requests tells a refused connection from a broken one by the name of its reason alone.
    return isinstance(error, requests.ConnectTimeout) or (
        type(reason).__name__ == "NewConnectionError"
    )


def _content(answer: requests.Response, ends: float) -> bytes:
    """All of it, in time: each piece is what has come so far, however little."""
    content = b""
    while piece := answer.raw.read1(_PIECE, decode_content=True):
        content += piece
        if len(content) > MOST_BYTES:
            raise requests.exceptions.ContentDecodingError("the answer is too large")
        if time.monotonic() > ends:
            raise requests.ReadTimeout("the answer came too slowly")
    return content


def session_for(client: OpenIdClient, resolve: Resolve = addresses_of, **more: Any) -> Any:
    """Authlib's client over guarded calls."""
    session = OAuth2Session(
        client_id=client.policy.client_id,
        client_secret=client.secret or None,
        redirect_uri=client.redirect,
        scope=" ".join(client.policy.scopes),
        code_challenge_method="S256",
        default_timeout=(CONNECT_SECONDS, TOTAL_SECONDS),
        **more,
    )
    session.trust_env = False  # no passwords from a .netrc
    session.max_redirects = 0
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Guarded(client.policy.issuer, resolve))
    return session


def read_json(
    session: Any, url: str, what: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A JSON object; SignInFailed for anything else."""
    try:
        answer = session.get(url, withhold_token=True, headers=headers)
        if answer.status_code != 200:
            raise SignInFailed(Trouble.AWAY, f"{what}: HTTP {answer.status_code}")
        found = answer.json()
    except (requests.RequestException, OSError) as error:
        raise SignInFailed(Trouble.AWAY, f"{what}: {type(error).__name__}") from error
    except (ValueError, RecursionError) as error:
        raise SignInFailed(Trouble.AWAY, f"{what}: is no JSON") from error
    if not isinstance(found, dict):
        raise SignInFailed(Trouble.AWAY, f"{what}: is no JSON object")
    return found
