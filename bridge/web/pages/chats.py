"""The list of conversations: one's own first, then the others that one may read."""

from flask import Response

from bridge.web.pages import desk
from bridge.web.pages.visiting import Visit


def show(visit: Visit) -> Response:
    return desk.render(visit)
