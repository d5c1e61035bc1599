"""/sessions: who is signed in; an admin ends what should not be open."""

from dataclasses import dataclass
from datetime import datetime

from bridge.store import audit
from bridge.store.audit import Deed, NewLine
from bridge.store.engine import reading, writing
from bridge.store.keys import Scope
from bridge.store.sessions import Session, end_named, open_sessions, session_named
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Nothing, Page, Paging, get, write
from bridge.web.api.shapes import Done
from bridge.web.problems import not_found


class SessionsQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`principal` is `employee:` and an e-mail and the like; of "": everybody's."""

    principal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionShape:
    """`id` opens nothing; `via` is `link` or `oidc`; `browser` is as the browser called itself."""

    id: str
    principal: str
    via: str
    browser: str
    created_at: datetime
    seen_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    after: str


def list_all(call: Call, query: SessionsQuery) -> Page[SessionShape]:
    whom = query.principal.replace("\x00", "").strip().lower()
    begin = start(call, query, _Place, f"sessions {whom}")
    after = begin.after if begin else ""
    with reading(call.site.parts.engine) as db:
        found = open_sessions(db, call.now, principal=whom, after=after, limit=query.limit + 1)
    kept = found[: query.limit]
    more = _Place(after=kept[-1].id) if len(found) > query.limit else None
    items = tuple(_shape(one) for one in kept)
    return Page(items=items, next=go_on(call, more, f"sessions {whom}"))


def end(call: Call, _: Nothing) -> Done:
    with writing(call.site.parts.engine) as db:
        found = session_named(db, call.path["id"], call.now)
        if found is None:
            raise not_found("session")
        end_named(db, found.id, call.now)
        line = NewLine(
            who=call.who, deed=Deed.SESSION_REVOKED, object=found.principal, detail=found.id
        )
        audit.note(db, [line], call.now)
    return Done()


def _shape(one: Session) -> SessionShape:
    return SessionShape(
        id=one.id,
        principal=one.principal,
        via=one.via,
        browser=one.browser,
        created_at=one.created_at,
        seen_at=one.seen_at,
        expires_at=one.expires_at,
    )


ROUTES = (
    get(
        "/sessions",
        list_all,
        SessionsQuery,
        Page[SessionShape],
        "Who is signed in: open sessions, the newest first",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/sessions/{id}/end",
        end,
        Nothing,
        Done,
        "End a session: it opens nothing from the next request on",
        Scope.ADMIN,
    ),
)
