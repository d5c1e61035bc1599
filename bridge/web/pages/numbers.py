"""Numbers as charts: everybody's, or one's own; each with the numbers behind it."""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_skeleton
from flask import Response
from markupsafe import Markup

from bridge.domain.numbers import PROMISES
from bridge.sheets.writing import CONTENT_TYPE
from bridge.store.engine import reading
from bridge.web.api.routing import Download
from bridge.web.api.serving import as_response
from bridge.web.charts import Part, Series, bar, columns, strip
from bridge.web.days import days_until
from bridge.web.languages import _, language, zone
from bridge.web.number_files import Kind, as_csv
from bridge.web.numbers import Delivery, Numbers, numbers
from bridge.web.on_record import note_export
from bridge.web.pages.asking import asked
from bridge.web.pages.operations_words import percent, span
from bridge.web.pages.visiting import Visit
from bridge.web.problems import invalid

PERIODS = (7, 30, 90)
_TOLD_PROMISE = 1  # that of a quarter of an hour


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """One line of a table with its picture."""

    name: str
    said: str
    drawn: Markup


def show(visit: Visit) -> Response:
    """`?days=` is 7, 30 or 90."""
    period, here = _period(), zone()
    with reading(visit.site.parts.engine) as db:
        days = days_until(visit.now, period, here)
        found = numbers(db, visit.viewer(db), days, here.key)
    return visit.render(
        "numbers.html",
        found=found,
        period=period,
        periods=PERIODS,
        volume=_volume(found),
        delivery=[_delivery(one) for one in found.delivery],
        failures=[_failure(found, place) for place in range(len(found.failures))],
        rotation=[_turns(found, place) for place in range(len(found.rotation))],
        day_words=[day_words(one.day) for one in found.days],
        promises=[span(promise) for promise in PROMISES],
        promise=_TOLD_PROMISE,
        span=span,
        percent=percent,
        sent=sum(one.sent for one in found.days),
        received=sum(one.received for one in found.days),
    )


def take(visit: Visit) -> Response:
    """`what` is volume, answers or messages."""
    what = asked("what") or Kind.VOLUME.value
    if what not in tuple(Kind):
        raise invalid("is volume, answers or messages", field="what", status=400)
    days = days_until(visit.now, _period(), zone())
    note_export(visit.site, visit.who, f"{what} of {len(days.dates)} days", visit.now)
    engine = visit.site.parts.engine
    with reading(engine) as db:
        eyes = visit.viewer(db)
    body = as_csv(engine, eyes, Kind(what), days)
    return as_response(Download(name=f"{what}.csv", content_type=CONTENT_TYPE, body=body))


def _period() -> int:
    period = asked("days") or "30"
    if period not in map(str, PERIODS):
        raise invalid("is 7, 30 or 90", field="days", status=400)
    return int(period)


def day_words(day: date) -> str:
    return str(format_skeleton("MMMd", day, locale=language()))


def _volume(found: Numbers) -> Markup:
    received, sent = [x.received for x in found.days], [x.sent for x in found.days]
    said = _(
        "%(received)d messages came and %(sent)d left in %(days)d days",
        received=sum(received),
        sent=sum(sent),
        days=len(found.days),
    )
    series = [Series(name=_("sent"), tone="b", values=sent)]
    if not found.whose:  # whom a client writes to is known only once he is answered
        series.insert(0, Series(name=_("received"), tone="a", values=received))
    labels = [day_words(one.day) for one in found.days]
    return columns("volume", _("Messages by day"), said, labels, series)


def _delivery(one: Delivery) -> _Bar:
    parts = (
        Part(tone="good", amount=one.read, said=_("%(n)d read", n=one.read)),
        Part(tone="b", amount=one.delivered, said=_("%(n)d delivered", n=one.delivered)),
        Part(tone="a", amount=one.sent, said=_("%(n)d sent", n=one.sent)),
        Part(tone="none", amount=one.waiting, said=_("%(n)d on their way", n=one.waiting)),
        Part(tone="warn", amount=one.unknown, said=_("%(n)d nobody knows of", n=one.unknown)),
        Part(tone="bad", amount=one.failed, said=_("%(n)d failed", n=one.failed)),
    )
    said = ", ".join(part.said for part in parts if part.amount)
    return _Bar(name=one.label, said=said, drawn=strip(f"{one.label}: {said}", parts))


def _failure(found: Numbers, place: int) -> _Bar:
    one = found.failures[place]
    share = one.count / max(x.count for x in found.failures)
    name = one.cause or _("no reason was given")
    return _Bar(name=name, said=str(one.count), drawn=bar(f"{name}: {one.count}", share, "bad"))


def _pool_words(pool: str) -> str:
    """As people call it; `pool` is its key among the turns."""
    kind, _colon, name = pool.partition(":")
    match kind:
        case "new_clients":
            return _("All who take new clients")
        case "pool":
            return _("Pool %(name)s", name=name)
        case "leads":
            return _("Leads among %(count)d", count=name.count(",") + 1)
        case _:
            return pool


def _turns(found: Numbers, place: int) -> _Bar:
    """One's own turns have no share: the others' are not told."""
    one = found.rotation[place]
    said = str(one.turns) if one.share is None else f"{one.turns} · {percent(one.share)}"
    name = f"{_pool_words(one.pool)} · {one.name}"
    drawn = Markup("") if one.share is None else bar(f"{name}: {said}", one.share, "b")
    return _Bar(name=name, said=said, drawn=drawn)
