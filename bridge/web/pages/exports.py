"""A conversation as a file, from the link on its page."""

from flask import Response

from bridge.store.engine import reading
from bridge.web.api.export import as_file
from bridge.web.api.serving import as_response
from bridge.web.export import Span, export
from bridge.web.on_record import note_export
from bridge.web.pages.asking import asked, asked_moment
from bridge.web.pages.visiting import Visit


def take(visit: Visit, name: str) -> Response:
    """CSV, unless `format=json` is asked for; `from` and `to` narrow it."""
    span = Span(since=asked_moment("from"), until=asked_moment("to"))
    with reading(visit.site.parts.engine) as db:
        eyes = visit.viewer(db)
        found = export(db, eyes, name, span, visit.principal.id)
    note_export(visit.site, visit.who, found.chat.conversation.id, visit.now)
    return as_response(as_file(eyes, found, "json" if asked("format") == "json" else "csv"))
