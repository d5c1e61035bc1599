"""Cursors of the API's lists."""

from typing import TypeVar

from bridge.web.api.routing import Call, Paging

Place = TypeVar("Place")


def start(call: Call, query: Paging, kind: type[Place], of: str) -> Place | None:
    """Where the list begins; None without a cursor, Problem 400 for one of another list."""
    if not query.cursor:
        return None
    return call.site.cursors.open(kind, query.cursor, _list(call, of))


def go_on(call: Call, place: object | None, of: str) -> str | None:
    return None if place is None else call.site.cursors.seal(place, _list(call, of))


def _list(call: Call, of: str) -> str:
    """A cursor is good for the same list, filters and principal only."""
    return f"{call.principal.id} {of}"
