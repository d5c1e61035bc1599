"""How somebody wants his pages: language, colours, time zone. His browser keeps it."""

from collections.abc import Callable, Collection, Mapping

from flask import Response, make_response, redirect, request

from bridge.web.addresses import own_page
from bridge.web.cookies import is_https
from bridge.web.languages import LANGUAGE_COOKIE, LANGUAGES, OWN_ZONE_COOKIE, ZONE_COOKIE, zones
from bridge.web.pages.visiting import Visit

SCHEME_COOKIE = "bridge_scheme"
SCHEMES = ("", "light", "dark")
_KEPT_SECONDS = 365 * 24 * 3600
_ALLOWED: Mapping[str, tuple[str, Callable[[], Collection[str]]]] = {
    "language": (LANGUAGE_COOKIE, lambda: LANGUAGES),
    "scheme": (SCHEME_COOKIE, lambda: SCHEMES),
    "zone": (ZONE_COOKIE, zones),
    "own_zone": (OWN_ZONE_COOKIE, lambda: zones() | {""}),
}


def scheme() -> str:
    """What he chose; "" is as his system has it."""
    chosen = request.cookies.get(SCHEME_COOKIE, "")
    return chosen if chosen in SCHEMES else ""


def choose(visit: Visit) -> Response:
    """Keeps what of these was sent and is known, and leads back."""
    asked_from = own_page(request.form.get("next", "").rstrip("?")) or "/"
    answer = make_response(redirect(asked_from, 303))
    for name, (cookie, known) in _ALLOWED.items():
        value = request.form.get(name)
        if value is not None and value in known():
            answer.set_cookie(
                cookie, value, max_age=_KEPT_SECONDS, samesite="Lax", secure=is_https(visit.site)
            )
    return answer
