"""Clients from a table and into one: first a preview of each row's fate, then the import."""

import base64
import binascii
from dataclasses import dataclass

from flask import Response, request

from bridge.domain.reasons import Reason
from bridge.payload import storable
from bridge.pipeline.reselling.importing import (
    ImportOrder,
    ImportReport,
    RowFate,
    RowReport,
    import_clients,
)
from bridge.sheets.tables import MOST_BYTES, MOST_ROWS, SheetRefused
from bridge.web.api import client_files as api
from bridge.web.api.client_files import content_of, reseller_named
from bridge.web.api.routing import Call
from bridge.web.api.serving import as_response
from bridge.web.pages.asking import asked
from bridge.web.pages.reseller_clients import may_add, onlooker, wanted_of
from bridge.web.pages.visiting import Visit
from bridge.web.problems import Problem, invalid, not_found

PATH = "/clients/import"
MOST_FORM_BYTES = 2 * MOST_BYTES
MOST_REFUSED = 200
MOST_OTHERS = 50
"""A file, or one that the preview's form carries along in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brought:
    order: ImportOrder
    content: bytes


def show(visit: Visit) -> Response:
    return _page(visit)


def bring(visit: Visit) -> Response:
    """`step` of the form is `import` once the preview was seen; before that nothing is added."""
    try:
        brought = _brought(visit)
        report = import_clients(visit.site.parts, brought.order, brought.content)
    except SheetRefused as refused:
        return _page(visit, problem=invalid(str(refused), field="file"))
    except Problem as problem:
        if problem.status not in (413, 422):
            raise
        return _page(visit, problem=problem)
    if isinstance(report, Reason):
        raise not_found("reseller")
    carried = base64.b64encode(brought.content).decode()
    shown = _shown(report)
    left = len(report.rows) - len(shown)
    return _page(visit, report=report, shown=shown, left=left, carried=carried, order=brought.order)


def _shown(report: ImportReport) -> tuple[RowReport, ...]:
    """What is wrong first, then the others, each in the file's order: no page of thousands."""
    refused = [row for row in report.rows if row.fate is RowFate.REFUSED]
    others = [row for row in report.rows if row.fate is not RowFate.REFUSED]
    return (*refused[:MOST_REFUSED], *others[:MOST_OTHERS])


def take(visit: Visit) -> Response:
    """The list as it is narrowed, as CSV or XLSX."""
    as_format = asked("format") or "csv"
    if as_format not in ("csv", "xlsx"):
        raise invalid("is csv or xlsx", field="format", status=400)
    call = Call(site=visit.site, principal=visit.principal, path={}, now=visit.now)
    found = api.as_file(call, visit.who, wanted_of(visit), "csv" if as_format == "csv" else "xlsx")
    return as_response(found)


def _brought(visit: Visit) -> _Brought:
    order = ImportOrder(
        by=visit.principal.person,
        reseller=reseller_named(onlooker(visit), storable(request.form.get("reseller", ""))),
        dry_run=request.form.get("step") != "import",
        only_right=request.form.get("only_right") == "yes",
    )
    return _Brought(order=order, content=_content())


def _content() -> bytes:
    carried = request.form.get("carried", "")
    if not carried:
        return content_of(request.files.get("file"))
    try:
        return base64.b64decode(carried, validate=True)
    except (binascii.Error, ValueError):
        raise invalid("choose the file again", field="file") from None


def _page(visit: Visit, problem: Problem | None = None, **values: object) -> Response:
    eyes = onlooker(visit)
    if not may_add(visit, eyes):
        raise not_found("page")
    return visit.render(
        "reseller_clients_import.html",
        status=200 if problem is None else problem.status,
        resellers=eyes.shown_resellers,
        chosen=request.form.get("reseller", ""),
        most=MOST_ROWS,
        problem=problem,
        **{"report": None, "carried": "", "order": None, **values},
    )
