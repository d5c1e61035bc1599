"""What a page's address asks for: filters and where the list goes on."""

from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from flask import request

from bridge.web.languages import zone
from bridge.web.pages.visiting import Visit
from bridge.web.problems import invalid

Place = TypeVar("Place")
PAGE = 30


def asked(name: str) -> str:
    """A filter without blanks around it; an empty text when it is not set."""
    return request.args.get(name, "").replace("\x00", "").strip()


def asked_moment(name: str) -> datetime | None:
    """What a browser's date and time field sends, as the reader's clock has it; Problem 400 for
    anything else."""
    given = asked(name)
    if not given:
        return None
    try:
        when = datetime.fromisoformat(given)
        return when.replace(tzinfo=when.tzinfo or zone()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid("is not a date and time", field=name, status=400) from error


def begin(visit: Visit, kind: type[Place], page: str) -> Place | None:
    cursor = request.args.get("cursor", "")
    return visit.site.cursors.open(kind, cursor, _list(visit, page)) if cursor else None


def address_of_next(visit: Visit, place: object | None, page: str) -> str | None:
    """This page's address with the same filters, going on from the place."""
    if place is None:
        return None
    cursor = visit.site.cursors.seal(place, _list(visit, page))
    return f"{request.path}?{urlencode([*_filters(), ('cursor', cursor)])}"


def _list(visit: Visit, page: str) -> str:
    """A cursor is good for the same page, filters and person only."""
    return f"{page} {visit.employee} {sorted(_filters())}"


def _filters() -> list[tuple[str, str]]:
    """Everything that is asked for but where to go on, also what is ticked several times."""
    return [(k, v) for k, v in request.args.items(multi=True) if k != "cursor"]
