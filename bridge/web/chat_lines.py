"""A conversation as it is read: messages, notes and what was done, in one order, by days."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.domain.names import MessageId
from bridge.domain.records import Message
from bridge.store.notes import Note
from bridge.web.chat_steps import Step
from bridge.web.days_said import day_of, name_of_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One of the three; `day` names the day where this line is its first."""

    at: datetime
    message: Message | None = None
    note: Note | None = None
    step: Step | None = None
    day: str = ""

    @property
    def name(self) -> str:
        """Its place in the page: the same however often it is shown."""
        if self.message is not None:
            return f"m-{self.message.id}"
        if self.note is not None:
            return f"n-{self.note.id}"
        return f"s-{self.step.event}" if self.step is not None else ""


def lines_of(
    messages: Sequence[Message], notes: Iterable[Note], steps: Iterable[Step], now: datetime
) -> tuple[Line, ...]:
    """Messages stay in their own order; the rest goes where it happened."""
    shown = {message.id for message in messages}
    after: dict[MessageId, list[Line]] = {}
    loose = [Line(at=note.at, note=note) for note in notes]
    for step in steps:
        line = Line(at=step.at, step=step)
        if step.message in shown and step.message is not None:
            after.setdefault(step.message, []).append(line)
        else:
            loose.append(line)
    loose.sort(key=lambda line: line.at)
    return tuple(_by_days(_merged(messages, loose, after), now))


def _merged(
    messages: Sequence[Message], loose: Sequence[Line], after: Mapping[MessageId, Sequence[Line]]
) -> Iterator[Line]:
    waiting = list(loose)
    for message in messages:
        while waiting and waiting[0].at < message.occurred_at:
            yield waiting.pop(0)
        yield Line(at=message.occurred_at, message=message)
        yield from after.get(message.id, ())
    yield from waiting


def _by_days(lines: Iterable[Line], now: datetime) -> Iterator[Line]:
    today, last = day_of(now), None
    for line in lines:
        day = day_of(line.at)
        yield replace(line, day=name_of_day(day, today)) if day != last else line
        last = day
