"""/notifications/stream without the front, which keeps it open: what has come since, and an end."""

from typing import Any

from flask import Response, request

from bridge.web.cookies import is_https, sessions_in
from bridge.web.site import Site
from bridge.web.watches import Asked, opening
from bridge.web.watching import admit, look

PATH = "/notifications/stream"


def news(site: Site) -> Response:
    """The reader asks again by himself, as readers of events do, with the last one's id."""
    helping, own = sessions_in(request.cookies, https=is_https(site))
    asked = Asked(
        session=own,
        helping=helping,
        authorization=request.headers.get("Authorization", ""),
        after=request.headers.get("Last-Event-ID", "") or request.args.get("after", ""),
        conversation=request.args.get("conversation", ""),
    )
    watch = admit(site, asked)
    (found,) = look(site, [watch])
    pieces = (opening(watch), *found.pieces)
    return Response(
        b"".join(pieces), headers={"Cache-Control": "no-store"}, content_type="text/event-stream"
    )


def described() -> dict[str, Any]:
    """Its entry in the API's description."""
    text = {"text/event-stream": {"schema": {"type": "string"}}}
    problem = {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
    }
    return {
        "operationId": "notifications_stream",
        "summary": "Notifications as they come (server-sent events), with counters",
        "description": "Needs a key with the scope `read`, or a signed-in browser. Events: "
        "`notification`, `counters`, `changed` (to a partner's or reseller's user or a client: "
        "what is his), `conversation` (the one that is named has changed), `taken`, `end`.",
        "parameters": [
            _parameter("Last-Event-ID", "header", "Goes on after this event, without loss"),
            _parameter("after", "query", "The same, for who can't set headers"),
            _parameter("conversation", "query", "Also tells when this conversation has changed"),
        ],
        "responses": {
            "200": {"description": "A stream that stays open", "content": text},
            "4XX": {"description": "Refused; `reason` says why", "content": problem},
            "5XX": {"description": "Not possible at the moment", "content": problem},
        },
    }


def _parameter(name: str, place: str, says: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": place, "required": False, "description": says, "schema": schema}
