"""One's own account: how pages look, and the sessions that are open; for admins everybody's."""

from dataclasses import dataclass

from flask import Response, make_response, redirect, request
from sqlalchemy import Connection

from bridge.domain.names import ClientId
from bridge.domain.principals import PersonKind
from bridge.payload import storable
from bridge.store import audit
from bridge.store.audit import Deed, NewLine
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.reseller_clients import by_ids
from bridge.store.sessions import (
    Session,
    SignedIn,
    end_named,
    end_others,
    id_of,
    open_helps,
    open_sessions,
    session_named,
)
from bridge.web.languages import own_zone, zones
from bridge.web.pages.asking import PAGE, address_of_next, asked, begin
from bridge.web.pages.visiting import Visit
from bridge.web.problems import not_found

_MOST_OWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    after: str


def show(visit: Visit) -> Response:
    """Of who is signed in as a client: how pages look, and nothing of the client's."""
    is_client = visit.principal.person.kind is PersonKind.CLIENT
    with reading(visit.site.parts.engine) as db:
        found = () if is_client else _own(visit, db)
    return visit.render(
        "account.html",
        sessions=found,
        here=id_of(visit.session),
        person=visit.principal.person,
        own_zone=own_zone(),
        zones=sorted(zones()),
        ended=request.args.get("ended", ""),
    )


def _own(visit: Visit, db: Connection) -> tuple[Session, ...]:
    return open_sessions(db, visit.now, principal=visit.principal.id, limit=_MOST_OWN)


def end_own(visit: Visit, session: str) -> Response:
    """One of his; of another's it is not said that it is there."""
    with writing(visit.site.parts.engine) as db:
        found = session_named(db, session, visit.now)
        if found is None or found.principal != visit.principal.id:
            raise not_found("session")
        _end(visit, db, found)
    return make_response(redirect("/account?ended=one", 303))


def end_all_others(visit: Visit) -> Response:
    with writing(visit.site.parts.engine) as db:
        count = end_others(db, visit.principal.id, visit.session, visit.now)
        line = NewLine(
            who=visit.who,
            deed=Deed.SESSION_REVOKED,
            object=visit.principal.id,
            detail=f"all others: {count}",
        )
        audit.note(db, [line], visit.now)
    return make_response(redirect("/account?ended=others", 303))


def show_all(visit: Visit) -> Response:
    """Everybody's, for admins."""
    visit.principal.require(Scope.ADMIN)
    start = begin(visit, _Place, "sessions")
    after, whom = "" if start is None else start.after, asked("person").lower()
    with reading(visit.site.parts.engine) as db:
        found = open_sessions(db, visit.now, principal=whom, after=after, limit=PAGE + 1)
        names = {one.email: one.name for one in visit.viewer(db).directory.people}
        helping = () if start or whom else open_helps(db, visit.now)
        clients = by_ids(db, [_client(one) for one in helping])
    kept = found[:PAGE]
    more = _Place(after=kept[-1].id) if len(found) > PAGE else None
    return visit.render(
        "sessions.html",
        sessions=kept,
        here=id_of(visit.session),
        whom=whom,
        names=names,
        ended=request.args.get("ended", ""),
        helping=helping,
        clients={name: one.details.legal_name for name, one in clients.items()},
        next_page=address_of_next(visit, more, "sessions"),
    )


def end_any(visit: Visit, session: str) -> Response:
    visit.principal.require(Scope.ADMIN)
    with writing(visit.site.parts.engine) as db:
        found = session_named(db, session, visit.now)
        if found is None:
            raise not_found("session")
        _end(visit, db, found)
    return make_response(redirect("/sessions?ended=one", 303))


def end_all_of(visit: Visit) -> Response:
    """Somebody's, but for the one that the visitor himself is here with."""
    visit.principal.require(Scope.ADMIN)
    whom = storable(request.form.get("person", "")).strip().lower()
    with writing(visit.site.parts.engine) as db:
        if not open_sessions(db, visit.now, principal=whom, limit=1) or not whom:
            raise not_found("session")
        count = end_others(db, whom, visit.session, visit.now)
        line = NewLine(
            who=visit.who, deed=Deed.SESSION_REVOKED, object=whom, detail=f"all: {count}"
        )
        audit.note(db, [line], visit.now)
    return make_response(redirect("/sessions?ended=all", 303))


def _client(helping: SignedIn) -> ClientId:
    return ClientId(helping.principal.partition(":")[2])


def _end(visit: Visit, db: Connection, found: Session) -> None:
    end_named(db, found.id, visit.now)
    line = NewLine(
        who=visit.who, deed=Deed.SESSION_REVOKED, object=found.principal, detail=found.id
    )
    audit.note(db, [line], visit.now)
