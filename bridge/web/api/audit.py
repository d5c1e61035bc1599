"""/audit: who did what when, from where. For managers and quality control."""

from datetime import datetime

import msgspec

from bridge.sheets.writing import CONTENT_TYPE
from bridge.store import audit
from bridge.store.audit import Line, Wanted
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web.api.given import zoned
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Download, Page, Paging, get
from bridge.web.auditlog import AuditPlace, as_csv, principal_asked
from bridge.web.on_record import note_export


class AuditQuery(
    Paging,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"since": "from", "until": "to"},
):
    """`person` is a principal (`employee:` and his e-mail) or an employee's e-mail, `deed` one
    word of what was done; `from` is included, `to` is not (ISO 8601 with a zone)."""

    person: str = ""
    deed: str = ""
    since: datetime | None = None
    until: datetime | None = None


class AuditFileQuery(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"since": "from", "until": "to"},
):
    """As of the list."""

    person: str = ""
    deed: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_all(call: Call, query: AuditQuery) -> Page[Line]:
    call.principal.require_overseer()
    of = f"audit {query.person} {query.deed} {query.since} {query.until}"
    begin = start(call, query, AuditPlace, of)
    wanted = _wanted(query, before=begin.before if begin else None, limit=query.limit + 1)
    with reading(call.site.parts.engine) as db:
        found = audit.find(db, wanted)
    shown = found[: query.limit]
    more = AuditPlace(before=shown[-1].id) if len(found) > query.limit else None
    return Page(items=shown, next=go_on(call, more, of))


def take(call: Call, query: AuditFileQuery) -> Download:
    call.principal.require_overseer()
    wanted = _wanted(query, before=None, limit=1)
    note_export(call.site, call.who, "audit log", call.now)
    body = as_csv(call.site.parts.engine, wanted)
    return Download(name="audit.csv", content_type=CONTENT_TYPE, body=body)


def _wanted(query: AuditQuery | AuditFileQuery, before: int | None, limit: int) -> Wanted:
    return Wanted(
        actor=principal_asked(query.person),
        deed=query.deed,
        since=zoned("from", query.since),
        until=zoned("to", query.until),
        before=before,
        limit=limit,
    )


ROUTES = (
    get(
        "/audit",
        list_all,
        AuditQuery,
        Page[Line],
        "Who did what when and from where, the newest first",
        Scope.READ,
    ),
    get(
        "/audit/export",
        take,
        AuditFileQuery,
        str,
        "The same as a file, CSV",
        Scope.READ,
        also=("text/csv",),
    ),
)
