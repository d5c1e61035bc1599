"""/clients/import and /clients/export: resellers' clients as a file, brought and taken along."""

from contextlib import closing
from dataclasses import dataclass
from typing import Literal

import msgspec
import structlog
from flask import Request
from werkzeug.datastructures import FileStorage

from bridge.codec import encode
from bridge.domain.names import ResellerName
from bridge.domain.reasons import Reason, ReasonCode
from bridge.payload import storable
from bridge.pipeline.reselling.desk import Onlooker, every_client
from bridge.pipeline.reselling.exporting import MOST_CLIENTS, as_csv, as_xlsx
from bridge.pipeline.reselling.importing import ImportOrder, ImportReport, import_clients
from bridge.sheets.tables import MOST_BYTES, SheetRefused
from bridge.sheets.writing import CONTENT_TYPE, XLSX_TYPE
from bridge.store.audit import Who
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.listing_clients import ClientsWanted
from bridge.web.api.acting import acting_person
from bridge.web.api.client_shapes import ClientShape, client_shape, onlooker
from bridge.web.api.reseller_clients import RESELLING, ClientFilters
from bridge.web.api.routing import Call, Download, Route, get
from bridge.web.on_record import note_export
from bridge.web.problems import Problem, forbidden, invalid

Format = Literal["json", "csv", "xlsx"]
_log = structlog.get_logger()
_WORDS = {"true": True, "false": False, "": False}


class ExportQuery(ClientFilters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As the list is narrowed."""

    format: Format = "json"


class ImportForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`file` is the table, CSV or XLSX; `dry_run` only says what would become of each row;
    `only_right` adds the right rows where others are not: else it is all or none. `employee` is
    whom a service acts for."""

    file: bytes
    reseller: str = ""
    dry_run: bool = False
    only_right: bool = False
    employee: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedClients:
    clients: tuple[ClientShape, ...]


def bring(call: Call, request: Request) -> ImportReport:
    given = request.form
    for name in given:
        if name not in ImportForm.__struct_fields__:
            raise invalid("is not known here", field=name)
    order = ImportOrder(
        by=acting_person(call, given.get("employee") or None),
        reseller=reseller_named(onlooker(call), given.get("reseller", "")),
        dry_run=_word(given.get("dry_run", ""), "dry_run"),
        only_right=_word(given.get("only_right", ""), "only_right"),
    )
    return taken_in(call, order, content_of(request.files.get("file")))


def taken_in(call: Call, order: ImportOrder, content: bytes) -> ImportReport:
    try:
        report = import_clients(call.site.parts, order, content)
    except SheetRefused as refused:
        raise invalid(str(refused), field="file") from None
    if isinstance(report, Reason):
        if report.code is ReasonCode.REQUEST_FORBIDDEN:
            raise forbidden(report)
        raise Problem(404, report)
    counts = {fate.value: count for fate, count in report.counts.items()}
    who = call.principal.id
    _log.info("clients imported", by=who, reseller=order.reseller, stays=report.imported, **counts)
    return report


def content_of(given: FileStorage | None) -> bytes:
    """Problem 422 without one, 413 for a large one."""
    if given is None:
        raise invalid("send multipart/form-data with a part named file", field="file")
    with closing(given):
        content = given.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        detail = f"the file is larger than {MOST_BYTES // 1024} KB: send it in parts"
        raise invalid(detail, field="file", status=413)
    return content


def reseller_named(eyes: Onlooker, named: str) -> ResellerName:
    """His own may be left unsaid, and the only one."""
    mine = eyes.shown_resellers
    if named:
        return ResellerName(storable(named))
    if len(mine) != 1:
        raise invalid(f"say whose clients: {', '.join(mine) or 'none'}", field="reseller")
    return next(iter(mine))


def take(call: Call, query: ExportQuery) -> Download:
    return as_file(call, call.who, query.wanted(call.now), query.format)


def as_file(call: Call, who: Who, wanted: ClientsWanted, as_format: Format) -> Download:
    """Problem 422 for more than fit in a file: it is never cut."""
    eyes, policy = onlooker(call), call.site.policy
    with reading(call.site.parts.engine) as db:
        found = every_client(db, eyes, wanted, MOST_CLIENTS)
    if found is None:
        raise invalid(f"more than {MOST_CLIENTS} clients: narrow the list", field="format")
    _log.info("clients exported", by=call.principal.id, clients=len(found))
    note_export(call.site, who, f"clients ({len(found)})", call.now)
    name = f"clients.{as_format}"
    if as_format == "csv":
        body = as_csv(found, policy, call.now)
        return Download(name=name, content_type=CONTENT_TYPE, body=body)
    if as_format == "xlsx":
        body = as_xlsx(found, policy, call.now)
        return Download(name=name, content_type=XLSX_TYPE, body=body)
    shapes = ExportedClients(clients=tuple(client_shape(eyes, x, call.now) for x in found))
    return Download(name=name, content_type="application/json", body=encode(shapes))


def _word(text: str, field: str) -> bool:
    if text not in _WORDS:
        raise invalid("is true or false", field=field)
    return _WORDS[text]


ROUTES = (
    Route(
        method="POST",
        path="/clients/import",
        name="client_files_bring",
        summary="Adds clients from a table, CSV or XLSX: what became of each row is told",
        bind=lambda request: lambda call: bring(call, request),
        given=ImportForm,
        answer=ImportReport,
        scope=Scope.SEND,
        takes_file=True,
        kinds=RESELLING,
    ),
    get(
        "/clients/export",
        take,
        ExportQuery,
        ExportedClients,
        "Resellers' clients as a file: JSON, CSV or XLSX",
        also=("text/csv", XLSX_TYPE),
        kinds=RESELLING,
    ),
)
