"""Volume, answers and messages as CSV: the reader's own view of them, part by part."""

from collections.abc import Iterator
from enum import StrEnum

from sqlalchemy import Engine

from bridge.domain.numbers import EVERYBODY, What, moment_of
from bridge.sheets.writing import csv_head, csv_rows
from bridge.store import number_rows, sums
from bridge.store.engine import reading
from bridge.store.number_rows import Span
from bridge.web.days import Days
from bridge.web.viewer import Viewer

_BATCH = 500


class Kind(StrEnum):
    VOLUME = "volume"
    ANSWERS = "answers"
    MESSAGES = "messages"


_DIRECTIONS = {What.IN: "in", What.SENT: "out"}
_HEADS = {
    Kind.VOLUME: ("day", "channel", "direction", "messages"),
    Kind.ANSWERS: ("answered_at", "person", "channel", "conversation", "message", "seconds"),
    Kind.MESSAGES: (
        "occurred_at",
        "conversation",
        "message",
        "channel",
        "direction",
        "author",
        "status",
        "text",
    ),
}


def as_csv(engine: Engine, viewer: Viewer, kind: Kind, days: Days) -> Iterator[bytes]:
    """Of the days; salespeople get what they wrote themselves, and messages of chats that they may
    read."""
    yield csv_head(_HEADS[kind])
    match kind:
        case Kind.VOLUME:
            yield _volume(engine, viewer, days)
        case Kind.ANSWERS:
            yield from _answers(engine, viewer, _span(days))
        case Kind.MESSAGES:
            yield from _messages(engine, viewer, _span(days))


def _span(days: Days) -> Span:
    return Span(since=moment_of(days.begin), until=moment_of(days.end))


def _volume(engine: Engine, viewer: Viewer, days: Days) -> bytes:
    whose = EVERYBODY if viewer.reads_all else viewer.employee.id
    with reading(engine) as db:
        found = sums.by_day(db, whose, days.stretches())
    lines = sorted((one.day, one.channel, one.what, one.n) for one in found)
    return csv_rows(
        (days.dates[day].isoformat(), channel, _DIRECTIONS[what], str(n))
        for day, channel, what, n in lines
    )


def _answers(engine: Engine, viewer: Viewer, span: Span) -> Iterator[bytes]:
    person = None if viewer.reads_all else viewer.employee.id
    after = None
    while True:
        with reading(engine) as db:
            found = number_rows.answers(db, span, person, after, _BATCH)
        yield csv_rows(
            (
                one.at.isoformat(),
                one.person,
                one.channel,
                one.conversation,
                one.message,
                str(one.answered_after),
            )
            for one in found
        )
        if len(found) < _BATCH:
            return
        after = found[-1]


def _messages(engine: Engine, viewer: Viewer, span: Span) -> Iterator[bytes]:
    """Each as it is shown to these eyes; who may read it is asked for each batch anew."""
    after = 0
    while True:
        with reading(engine) as db:
            sieve = viewer.sieve(db)
            found = (
                () if viewer.reads_none else number_rows.messages(db, span, sieve, after, _BATCH)
            )
            chats = viewer.readable(db, [one.conversation for _, one in found])
        shown = [viewer.shown(one) for _, one in found if one.conversation in chats]
        yield csv_rows(
            (
                one.occurred_at.isoformat(),
                one.conversation,
                one.id,
                chats[one.conversation].conversation.channel,
                one.direction,
                one.author or "",
                one.status,
                one.text,
            )
            for one in shown
        )
        if len(found) < _BATCH:
            return
        after = found[-1][0]
