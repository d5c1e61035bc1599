"""Our cookies: bound to this very host where it is reached encrypted, and never for scripts."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Response, request

from bridge.web.site import Site

SESSION = "bridge_session"
HELP = "bridge_client"
"""Of who is signed in as a client: while it holds, it alone counts."""
BEFORE = "bridge_before"
"""The session before this one, which is over: whose forms may still lie open in this browser."""
LOGIN = "bridge_login"
WISH = "bridge_wish"
"""The page that somebody asked for before he was sent to sign in."""


def is_https(site: Site) -> bool:
    return urlsplit(site.parts.public_url).scheme == "https"


def name_of(name: str, *, https: bool) -> str:
    """With the prefix by which browsers take a cookie from no other host and over no plain http."""
    return f"__Host-{name}" if https else name


def read(site: Site, name: str) -> str:
    return request.cookies.get(name_of(name, https=is_https(site)), "")


def put(site: Site, answer: Response, name: str, value: str, lifetime: timedelta) -> None:
    https = is_https(site)
    answer.set_cookie(
        name_of(name, https=https),
        value,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=https,
    )


def drop(site: Site, answer: Response, name: str) -> None:
    https = is_https(site)
    answer.delete_cookie(name_of(name, https=https), secure=https, httponly=True, samesite="Lax")


def sessions_in(cookies: Mapping[str, str], *, https: bool = False) -> tuple[str, str]:
    """The tokens that a browser brings: of who is signed in as a client, and his own."""
    helping, own = (cookies.get(name_of(name, https=https), "") for name in (HELP, SESSION))
    return helping, own
