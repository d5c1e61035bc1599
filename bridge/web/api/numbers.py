"""/numbers: volume, answer times, delivery and turns; salespeople get their own."""

from typing import Literal

import msgspec

from bridge.store.engine import reading
from bridge.web.api.routing import Call, get
from bridge.web.days import days_until, zone_named
from bridge.web.numbers import Numbers, numbers
from bridge.web.problems import invalid


class NumbersQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last `days`, today included, by the clock of `zone` (IANA)."""

    days: Literal[7, 30, 90] = 30
    zone: str = "UTC"


def add_up(call: Call, query: NumbersQuery) -> Numbers:
    zone = zone_named(query.zone)
    if zone is None:
        raise invalid("is no zone: say one like Europe/Madrid", field="zone")
    with reading(call.site.parts.engine) as db:
        days = days_until(call.now, query.days, zone)
        return numbers(db, call.viewer(db), days, query.zone)


ROUTES = (
    get(
        "/numbers",
        add_up,
        NumbersQuery,
        Numbers,
        "What came and left, how soon clients were answered, how messages arrived, whose turns",
    ),
)
