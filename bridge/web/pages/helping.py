"""Signed in as a client, to help him: a session of its own beside the helper's, which waits."""

from flask import Response, make_response, redirect

from bridge.domain.names import ClientId
from bridge.domain.reasons import Reason
from bridge.pipeline.helping import HELP_LIFETIME, Helping, begin, end
from bridge.store.keys import digest
from bridge.web import cookies
from bridge.web.cookies import HELP
from bridge.web.pages.visiting import Visit
from bridge.web.refusing import refused_help
from bridge.web.site import Site


def start(visit: Visit, name: str) -> Response:
    """Until it ends, every page of this browser is the client's; then his own come back."""
    person, parent = visit.principal.person, digest(visit.session)
    begun = begin(visit.site.parts, person, ClientId(name), parent)
    if isinstance(begun, Reason):
        raise refused_help(begun)
    return enter(visit.site, begun)


def enter(site: Site, begun: Helping) -> Response:
    answer = make_response(redirect("/plan", 303))
    cookies.put(site, answer, HELP, begun.token, HELP_LIFETIME)
    return answer


def leave(visit: Visit) -> Response:
    end(visit.site.parts, visit.session)
    answer = make_response(redirect("/", 303))
    cookies.drop(visit.site, answer, HELP)
    return answer
