"""The audit log: who did what when, from where; narrowed, and as a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Response

from bridge.sheets.writing import CONTENT_TYPE
from bridge.store import audit
from bridge.store.audit import Deed, Line, Wanted, Way
from bridge.store.engine import reading
from bridge.web.api.routing import Download
from bridge.web.api.serving import as_response
from bridge.web.auditlog import AuditPlace, as_csv, principal_asked
from bridge.web.business_words import NAMED, words_of
from bridge.web.details import within
from bridge.web.languages import Said, _l
from bridge.web.on_record import note_export
from bridge.web.pages.asking import PAGE, address_of_next, asked, asked_moment, begin
from bridge.web.pages.visiting import ROLES, Visit
from bridge.web.wording import event_words

DEEDS: Mapping[str, Said] = {
    Deed.SIGNED_IN: _l("signed in"),
    Deed.SIGNED_OUT: _l("signed out"),
    Deed.SESSION_REVOKED: _l("ended a session"),
    Deed.SIGNED_IN_AS: _l("signed in as a client"),
    Deed.SIGN_IN_AS_ENDED: _l("ended being signed in as a client"),
    Deed.LINK_MADE: _l("made a sign-in link"),
    Deed.KEY_MADE: _l("made an API key"),
    Deed.KEY_REVOKED: _l("revoked an API key"),
    Deed.CONFIG_CHANGED: _l("changed the configuration"),
    Deed.CONFIG_ROLLED_BACK: _l("rolled the configuration back"),
    Deed.CONFIG_ACTIVATED: _l("put a configuration in force"),
    Deed.ROLE_CHANGED: _l("changed a role"),
    Deed.REPLAYED: _l("tried a dead letter again"),
    Deed.DROPPED: _l("dropped a dead letter"),
    Deed.DROP_UNDONE: _l("took back the drop of a dead letter"),
    Deed.ERASED: _l("erased a client"),
    Deed.EXPORTED: _l("exported"),
    Deed.RAW_READ: _l("read a request as it came"),
    Deed.DISMISSED: _l("said that no answer is needed"),
    Deed.CHANNEL_OVERRIDDEN: _l("chose another channel"),
    Deed.DECIDED: _l("decided"),
    Deed.RESUMED: _l("had an account tried again"),
    Deed.WEBHOOK_TESTED: _l("tested the webhook"),
    Deed.EMBED_LINK_MADE: _l("made a link to embed a chat"),
}
_ROLES = {str(role): said for role, said in ROLES.items()}
WAYS: Mapping[str, Said] = {
    Way.PAGE: _l("on a page"),
    Way.API: _l("by the API"),
    Way.COMMAND: _l("by a command"),
    Way.CLOCK: _l("by the clock"),
    Way.HOUSE: _l("by a decision"),
    Way.PROVIDER: _l("by signing out of the company account"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """`address` is where it is told in full; empty where nowhere."""

    words: str
    detail: str
    address: str


def show(visit: Visit) -> Response:
    """`person` is an e-mail or a principal, `deed` one of DEEDS, `from` and `to` times."""
    visit.principal.require_overseer()
    start = begin(visit, AuditPlace, "audit")
    with reading(visit.site.parts.engine) as db:
        found = audit.find(db, _wanted(start.before if start else None, PAGE + 1))
        people = audit.actors(db)
        names = {one.email: one.name for one in visit.viewer(db).directory.people}
    shown = found[:PAGE]
    filters = {name: asked(name) for name in ("person", "deed", "from", "to")}
    given = {name: value for name, value in filters.items() if value}
    more = AuditPlace(before=shown[-1].id) if len(found) > PAGE else None
    return visit.render(
        "audit.html",
        lines=shown,
        people=[actor for actor in people if actor],
        names=names,
        deeds=DEEDS,
        ways=WAYS,
        tellings=[_told(line) for line in shown],
        asked=filters,
        file_query=f"?{urlencode(given)}" if given else "",
        next_page=address_of_next(visit, more, "audit"),
    )


def take(visit: Visit) -> Response:
    visit.principal.require_overseer()
    wanted = _wanted(None, 1)
    note_export(visit.site, visit.who, "audit log", visit.now)
    body = as_csv(visit.site.parts.engine, wanted)
    return as_response(Download(name="audit.csv", content_type=CONTENT_TYPE, body=body))


def _wanted(before: int | None, limit: int) -> Wanted:
    return Wanted(
        actor=principal_asked(asked("person")),
        deed=asked("deed"),
        since=asked_moment("from"),
        until=asked_moment("to"),
        before=before,
        limit=limit,
    )


def _told(line: Line) -> _Telling:
    """A decision is told by what was decided."""
    words, detail = DEEDS.get(line.deed, line.deed), _detail(line)
    if line.deed == Deed.DECIDED:
        kind, _space, detail = line.detail.partition(" ")
        words = words_of(kind, "applied") if kind in NAMED else event_words(kind)
    return _Telling(words=str(words), detail=detail, address=_address(line))


def _detail(line: Line) -> str:
    """What was decided and which role somebody had, in words; all else as it stands on record."""
    kind, _space, about = line.detail.partition(" ")
    if kind[:1].isupper() and kind.isalpha():  # the name of an event
        return f"{event_words(kind)} {about}".strip()
    if line.deed == Deed.ROLE_CHANGED:
        return " → ".join(str(_ROLES.get(role, role)) for role in line.detail.split(" → "))
    return within(line.detail) if line.deed == Deed.EXPORTED else line.detail


def _address(line: Line) -> str:
    """Where what was done is told in full; empty where nowhere."""
    if line.way == Way.HOUSE and "/" not in line.object:
        return f"/events/{line.object}"
    if line.deed in (Deed.REPLAYED, Deed.DROPPED, Deed.RAW_READ) and ":" in line.object:
        box, _, letter = line.object.partition(":")
        return f"/deliveries/{letter}" if box == "outbox" else ""
    return ""
