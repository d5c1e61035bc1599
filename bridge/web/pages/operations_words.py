"""What is wrong in the house, as its pages say it: what it is, and the one thing to do next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from babel.numbers import format_decimal

from bridge.web.details import said
from bridge.web.languages import Said, _, _l, _n, language
from bridge.web.operations import Flow, Link, Problem, Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`address` leads to where it is done, `link` says what stands there; `account` is what can be
    tried again from here."""

    title: str
    todo: str
    tone: str = "bad"
    address: str = ""
    link: str = ""
    account: str = ""


def told(problem: Problem) -> Told:
    return _TOLD[problem.trouble](problem)


def span(seconds: int | None) -> str:
    """How long something takes, in the two largest units."""
    if seconds is None:
        return "–"
    for size, of_two in _UNITS:
        if seconds >= size:
            return of_two(seconds)
    return _("%(seconds)d s", seconds=seconds)


def percent(share: float | None) -> str:
    return "–" if share is None else _("%(share)d%%", share=int(100 * share + 0.5))


def size(count: int | None) -> str:
    """Of a disk."""
    if count is None:
        return "–"
    gigabytes = format_decimal(count / 1024**3, format="#,##0.0", locale=language())
    return _("%(size)s GB", size=gigabytes)


def _minutes(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if rest and minutes < 10:
        return _("%(minutes)d min %(seconds)d s", minutes=minutes, seconds=rest)
    return _("%(minutes)d min", minutes=minutes)


def _hours(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    if minutes:
        return _("%(hours)d h %(minutes)d min", hours=hours, minutes=minutes)
    return _("%(hours)d h", hours=hours)


def _days(seconds: int) -> str:
    days, hours = divmod(seconds // 3600, 24)
    if hours:
        return _("%(days)d d %(hours)d h", days=days, hours=hours)
    return _("%(days)d d", days=days)


_UNITS: tuple[tuple[int, Callable[[int], str]], ...] = (
    (86_400, _days),
    (3_600, _hours),
    (60, _minutes),
)


def _store(problem: Problem) -> Told:
    return Told(
        title=_("The store keeps nothing: webhooks are refused and come again later"),
        todo=_("Look at the database and its disk: %(detail)s", detail=said(problem.detail).text),
    )


def _config(problem: Problem) -> Told:
    return Told(
        title=_("The configuration folder is broken; the last good one stays in force"),
        todo=_("Correct it where it is wrong: %(detail)s", detail=said(problem.detail).text),
    )


def _config_missing(problem: Problem) -> Told:
    todo = _("Run `bridge migrate` where the configuration folder is.")
    return Told(title=_("No configuration is in force"), todo=todo)


def _queue(problem: Problem) -> Told:
    return Told(
        title=_("Redis does not answer"),
        todo=_("Start Redis again. Nothing is lost: webhooks are kept, and the clock works."),
        tone="warn",
    )


def _no_clock(problem: Problem) -> Told:
    return Told(title=_("No clock is running"), todo=_("Start `bridge clock` or `bridge up`."))


def _no_worker(problem: Problem) -> Told:
    return Told(title=_("No worker is running"), todo=_("Start `bridge worker` or `bridge up`."))


def _waiting(problem: Problem) -> Told:
    return Told(
        title=_("Work has waited for %(span)s", span=span(problem.number)),
        todo=_("Does a worker run, and does its log complain? More workers take more lanes."),
    )


def _paused(problem: Problem) -> Told:
    account = problem.about.partition(":")[2]
    return Told(
        title=_(
            "%(lane)s is paused: %(cause)s", lane=problem.about, cause=said(problem.detail).text
        ),
        todo=_n(
            "Mend the cause, mostly the account's secrets, then try again. %(num)d row waits.",
            "Mend the cause, mostly the account's secrets, then try again. %(num)d rows wait.",
            problem.number,
        ),
        account=account,
    )


def _held(problem: Problem) -> Told:
    return Told(
        title=_("%(lane)s waits: %(cause)s", lane=problem.about, cause=said(problem.detail).text),
        todo=_("It goes on by itself. You may also try at once."),
        tone="warn",
        account=problem.about.partition(":")[2],
    )


def _lost(problem: Problem) -> Told:
    return Told(
        title=_("A worker died while it was at %(lane)s", lane=problem.about),
        todo=_("Another one takes over within seconds. If this stays, start `bridge worker`."),
        tone="warn",
    )


def _dead(problem: Problem) -> Told:
    title = _n(
        "%(num)d dead letter waits for you", "%(num)d dead letters wait for you", problem.number
    )
    return Told(
        title=title,
        todo=_("Mend the cause, then try them again, or drop what is not needed any more."),
        address="/dead-letters",
        link=_("Dead letters"),
    )


def _files(problem: Problem) -> Told:
    title = _n(
        "%(num)d file could not be copied", "%(num)d files could not be copied", problem.number
    )
    todo = _("The chat says why; managers can try each of them again there.")
    return Told(title=title, todo=todo, tone="warn")


def _skew(problem: Problem) -> Told:
    return Told(
        title=_("This machine's clock is %(span)s off", span=span(problem.number)),
        todo=_("Synchronise the clocks of all machines (NTP)."),
        tone="warn",
    )


def _disk(problem: Problem) -> Told:
    return Told(
        title=_("Only %(size)s of the disk are free", size=size(problem.number)),
        todo=_("Make room before it is full: a full disk keeps no webhook."),
    )


_TOLD: Mapping[Trouble, Callable[[Problem], Told]] = {
    Trouble.STORE: _store,
    Trouble.CONFIG: _config,
    Trouble.CONFIG_MISSING: _config_missing,
    Trouble.QUEUE: _queue,
    Trouble.NO_CLOCK: _no_clock,
    Trouble.NO_WORKER: _no_worker,
    Trouble.WAITING: _waiting,
    Trouble.PAUSED: _paused,
    Trouble.HELD: _held,
    Trouble.LOST: _lost,
    Trouble.DEAD: _dead,
    Trouble.FILES: _files,
    Trouble.SKEW: _skew,
    Trouble.DISK: _disk,
}

FLOWS: Mapping[Flow, tuple[Said, str]] = {
    Flow.IDLE: (_l("nothing to do"), ""),
    Flow.WORKING: (_l("working"), "good"),
    Flow.WAITING: (_l("waiting"), "info"),
    Flow.HELD: (_l("waits for its vendor"), "warn"),
    Flow.PAUSED: (_l("paused"), "bad"),
    Flow.LOST: (_l("its worker died"), "warn"),
}
LINKS: Mapping[Link, tuple[Said, str]] = {
    Link.CONNECTED: (_l("connected"), "good"),
    Link.QUIET: (_l("nothing has come yet"), ""),
    Link.WAITING: (_l("waits for its vendor"), "warn"),
    Link.PAUSED: (_l("paused"), "bad"),
    Link.GONE: (_l("no longer configured"), "warn"),
}
WAYS: Mapping[str, Said] = {
    "in": _l("incoming"),
    "out": _l("outgoing"),
    "mirror": _l("reading"),
    "media": _l("files"),
}
