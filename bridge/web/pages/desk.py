"""The desk: the list of conversations at the left, the one that is open beside it."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

from flask import Response, request
from sqlalchemy import Connection

from bridge.domain.messaging import Messenger
from bridge.store.engine import reading
from bridge.store.listing import Wanted
from bridge.store.mirror import pipelines
from bridge.web.chatlist import Part, Place, list_chats
from bridge.web.chatview import owners_of, title_of
from bridge.web.pages.asking import PAGE, address_of_next, begin
from bridge.web.pages.filtering import chats_asked_for
from bridge.web.pages.visiting import Visit
from bridge.web.people import everybody
from bridge.web.viewer import Viewer

LIST = "/conversations"
PANE = "pane"
"""The part of the page that holds the conversation: a script that asks for it alone is spared the
list."""
_MOST_ROWS = 150


def render(visit: Visit, status: int = 200, **pane: object) -> Response:
    """`pane` is what the conversation is shown with; without a chat there is the list alone."""
    is_whole = request.headers.get("HX-Target") != PANE
    shown = _list(visit, is_alone="chat" not in pane and "taken" not in pane) if is_whole else {}
    return visit.render("conversations.html", status, is_whole=is_whole, **shown, **pane)


def _list(visit: Visit, *, is_alone: bool) -> dict[str, object]:
    wanted = chats_asked_for()
    start = begin(visit, Place, "chats") if is_alone and request.method == "GET" else None
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        found = list_chats(db, eyes, wanted, start or Place(part=Part.OWN), _rows())
        return {
            "lines": found.lines,
            "line_titles": [title_of(line.chat) for line in found.lines],
            "line_owners": [owners_of(eyes, line.chat) for line in found.lines],
            "people": everybody(eyes.directory, eyes.policy),
            "list_names": names_of(eyes),
            "messengers": _messengers(visit),
            "can_write": visit.principal.employee.may_write_at_all,
            "wanted": wanted,
            "filters": _filters(),
            "list_here": LIST if is_alone else request.path,
            "toggled": partial(_toggled, LIST if is_alone else request.path),
            "is_filtered": wanted != Wanted(),
            "is_cut": found.is_cut,
            "next_chats": _more(visit, found.next),
        }


def names_of(eyes: Viewer) -> Mapping[str, str]:
    return {person.email: person.name for person in eyes.directory.people}


def stages(visit: Visit, db: Connection) -> Mapping[tuple[str, str], str]:
    """The stages' names in the CRM, by pipeline and stage."""
    crm = visit.policy.crm
    known = pipelines(db, crm) if crm else ()
    return {(p.id, s.id): s.label for p in known for s in p.stages}


def _messengers(visit: Visit) -> list[Messenger]:
    return list(dict.fromkeys(channel.messenger for channel in visit.policy.channels.values()))


def _rows() -> int:
    """How many are shown already, of a list that is renewed where it stands."""
    told = request.headers.get("X-Rows", "")
    return min(max(int(told), PAGE), _MOST_ROWS) if told.isascii() and told.isdigit() else PAGE


def _filters() -> str:
    """What follows the address of a conversation, so that the list beside it stays as it is."""
    return _asking(_kept())


def _toggled(here: str, name: str, value: str) -> str:
    """The list with one filter more, or with it taken away."""
    others = [(k, v) for k, v in _kept() if k != name]
    is_on = len(others) < len(_kept()) and request.args.get(name) == value
    return here + _asking(others if is_on else [*others, (name, value)])


def _kept() -> list[tuple[str, str]]:
    return [(k, v) for k, v in request.args.items() if k in _FILTERS and v.strip()]


def _asking(kept: list[tuple[str, str]]) -> str:
    return f"?{urlencode(kept)}" if kept else ""


def _more(visit: Visit, place: Place | None) -> str | None:
    address = address_of_next(visit, place, "chats")
    return None if address is None else address.replace(request.path, LIST, 1)


_FILTERS = frozenset(
    {"q", "mine", "unanswered", "mark", "channel", "messenger", "owner", "failed", "since"}
)
