"""/numbers: volume, answer times, delivery and turns; salespeople get their own."""

from datetime import tzinfo
from typing import Literal

import msgspec

from bridge.sheets.writing import CONTENT_TYPE
from bridge.store.engine import reading
from bridge.web.api.routing import Call, Download, get
from bridge.web.days import days_until, zone_named
from bridge.web.number_files import Kind, as_csv
from bridge.web.numbers import Numbers, numbers
from bridge.web.on_record import note_export
from bridge.web.problems import invalid


class NumbersQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last `days`, today included, by the clock of `zone` (IANA)."""

    days: Literal[7, 30, 90] = 30
    zone: str = "UTC"


def add_up(call: Call, query: NumbersQuery) -> Numbers:
    zone = _zone(query.zone)
    with reading(call.site.parts.engine) as db:
        days = days_until(call.now, query.days, zone)
        return numbers(db, call.viewer(db), days, query.zone)


class NumbersFileQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of the numbers; `what` says of which."""

    what: Kind = Kind.VOLUME
    days: Literal[7, 30, 90] = 30
    zone: str = "UTC"


def take(call: Call, query: NumbersFileQuery) -> Download:
    days = days_until(call.now, query.days, _zone(query.zone))
    note_export(call.site, call.who, f"{query.what} of {query.days} days", call.now)
    engine = call.site.parts.engine
    with reading(engine) as db:
        eyes = call.viewer(db)
    body = as_csv(engine, eyes, query.what, days)
    return Download(name=f"{query.what}.csv", content_type=CONTENT_TYPE, body=body)


def _zone(name: str) -> tzinfo:
    zone = zone_named(name)
    if zone is None:
        raise invalid("is no zone: say one like Europe/Madrid", field="zone")
    return zone


ROUTES = (
    get(
        "/numbers/export",
        take,
        NumbersFileQuery,
        str,
        "Volume, answers or messages of the last days as a file, CSV",
        also=("text/csv",),
    ),
    get(
        "/numbers",
        add_up,
        NumbersQuery,
        Numbers,
        "What came and left, how soon clients were answered, how messages arrived, whose turns",
    ),
)
