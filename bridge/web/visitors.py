"""Whose request it is that a reverse proxy hands on, by the word of those that the admin names.

In front of Flask, so that limits and the audit log see the visitor and not the proxy.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

FORWARDED = "HTTP_X_FORWARDED_FOR"
SHARED = "bridge.shared_address"
"""Set where a proxy that nobody has named stands before many visitors."""
_MOST_HOPS = 20

Networks = Sequence[IPv4Network | IPv6Network]


class Visitors:
    def __init__(self, app: WSGIApplication, trusted: Networks) -> None:
        self._app = app
        self._trusted = trusted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        forwarded = environ.get(FORWARDED)
        if forwarded is not None:
            peer = environ.get("REMOTE_ADDR", "")
            environ[SHARED] = not _is_in(peer, self._trusted)
            environ["REMOTE_ADDR"] = visitor_of(peer, forwarded, self._trusted)
        return self._app(environ, start_response)


def visitor_of(peer: str, forwarded: str, trusted: Networks) -> str:
    """The last address that none of the named proxies has: each adds whom it was called by at the
    end, and what stands before may be anybody's invention."""
    current = peer
    for name in reversed(forwarded.split(",")[-_MOST_HOPS:]):
        if not _is_in(current, trusted):
            return current
        found = _plain(name.strip())
        if not found:
            return current
        current = found
    return current


def _is_in(address: str, networks: Networks) -> bool:
    plain = _plain(address)
    if not plain:
        return False
    parsed = ip_address(plain)
    return any(parsed.version == one.version and parsed in one for one in networks)


def _plain(text: str) -> str:
    """An IPv4 address that was put into IPv6 is that address; empty for what is none."""
    try:
        parsed = ip_address(text.strip("[]"))
    except ValueError:
        return ""
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
