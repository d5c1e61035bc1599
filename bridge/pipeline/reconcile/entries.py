"""Messages that should stand on the CRM's timeline and don't: only those are written again."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.domain.effects import WriteTimelineEntry
from bridge.domain.facts import ChatFacts
from bridge.domain.names import AccountName, ConversationId, MessageId
from bridge.domain.records import ContactState, RecordKind
from bridge.pipeline import settling
from bridge.pipeline.drain import after, drain
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.reconcile.asking import Task
from bridge.pipeline.reconcile.findings import About, Finding, State
from bridge.pipeline.reconcile.rows import ask, is_settled, pages
from bridge.pipeline.settling import Answer
from bridge.ports import Absent, CannotTell, Found
from bridge.store import chats, outbox, reconciling
from bridge.store.deciding import deciding
from bridge.store.engine import reading
from bridge.store.outgoing import Row
from bridge.store.reconciling import Standing

KINDS = (WriteTimelineEntry.__name__,)
_LOOK_SECONDS = 0.5
_AT_ONCE = 500
_SILENT_PAGES = 2
_NOBODY = "its client is no contact of the CRM any more"
_DROPPED = "a person dropped it; --dropped writes it all the same"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What should stand there, on what the client has in the CRM now."""

    standing: Standing
    row: Row
    effect: WriteTimelineEntry


class Entries:
    """`looked_at` counts the entries that the CRM was asked for."""

    def __init__(self, task: Task, crm: AccountName, *, dropped: bool = False) -> None:
        self._task = task
        self._crm = crm
        self._dropped = dropped
        self._missing: set[MessageId] = set()
        self._ordered: dict[int, MessageId] = {}
        self._silent_pages = 0
        self.looked_at = 0

    def findings(self) -> Iterator[Finding]:
        for found in pages(self._task, self._crm, About.ENTRY, KINDS):
            yield from self._of_page(found)
            if self._silent_pages >= _SILENT_PAGES:
                yield self._not_asked()
                break
        yield from self._written()

    def _of_page(self, found: Sequence[Standing]) -> Iterator[Finding]:
        yield from (self._held(one) for one in found if one.state is outbox.State.HELD)
        entries, lost = self._askable(found)
        for standing in lost:
            yield self._finding(standing, State.OPEN, _NOBODY, "join him with a contact, or leave")
        self.looked_at += len(entries)
        answers = ask(self._task, self._crm, [entry.row for entry in entries])
        if answers:
            silent = all(isinstance(answer, CannotTell) for answer in answers)
            self._silent_pages = self._silent_pages + 1 if silent else 0
        for entry, answer in zip(entries, answers, strict=True):
            finding = self._compared(entry, answer)
            if finding is not None:
                yield finding

    def _held(self, standing: Standing) -> Finding:
        return self._finding(standing, State.OPEN, standing.reason, "replay what it waits for")

    def _askable(self, found: Sequence[Standing]) -> tuple[list[_Entry], list[Standing]]:
        """Those that were done or given up, and those of them with nobody to write them to."""
        ended = [one for one in found if self._is_ended(one)]
        where = [r.conversation for one in ended if (r := one.row) and r.conversation is not None]
        with reading(self._task.parts.engine) as db:
            facts = chats.chat_facts(db, where)
        entries: list[_Entry] = []
        lost: list[Standing] = []
        for one in ended:
            entry = _now(one, facts, read_only=self._task.dry_run)
            if entry is not None:
                entries.append(entry)
            elif one.is_stuck:
                lost.append(one)
        return entries, lost

    def _is_ended(self, standing: Standing) -> bool:
        ended = standing.state in (outbox.State.DONE, outbox.State.DROPPED) or standing.is_stuck
        return standing.row is not None and ended and is_settled(self._task, self._crm, standing)

    def _compared(self, entry: _Entry, answer: Answer) -> Finding | None:
        match answer:
            case Found():
                return self._is_there(entry, answer)
            case CannotTell():
                todo = "try again later; look at the client's timeline in the CRM"
                return self._finding(entry.standing, State.OPEN, answer.reason, todo)
            case Absent():
                return self._is_missing(entry)

    def _is_there(self, entry: _Entry, found: Found) -> Finding | None:
        """Nothing to say, unless we did not know it."""
        if not entry.standing.is_stuck:
            return None
        if self._task.dry_run:
            return self._finding(entry.standing, State.WOULD_MEND, "is in the CRM after all")
        with deciding(self._task.parts.engine) as db:
            if not reconciling.as_it_was(db, entry.standing):
                return None
            settling.note_found(db, self._task.parts.now(), [(entry.row, found)])
        return self._finding(entry.standing, State.MENDED, "is in the CRM after all")

    def _is_missing(self, entry: _Entry) -> Finding | None:
        message = entry.effect.message
        if message in self._missing:
            return None
        if entry.standing.state is outbox.State.DROPPED and not self._dropped:
            return self._finding(entry.standing, State.LEFT, _DROPPED)
        self._missing.add(message)
        if self._task.dry_run:
            return self._finding(entry.standing, State.WOULD_MEND, _why(entry.standing))
        with deciding(self._task.parts.engine) as db:
            if not reconciling.as_it_was(db, entry.standing):
                return None  # somebody else is at it
            reconciling.write_again(db, entry.standing, entry.effect)
        self._ordered[entry.standing.id] = message
        return None

    def _not_asked(self) -> Finding:
        return Finding(
            about=About.VENDOR,
            account=self._crm,
            subject=self._crm,
            state=State.OPEN,
            detail="tells nothing of what is on its timeline now: the rest was not asked for",
            todo="run `bridge doctor`, then this again",
        )

    def _written(self) -> Iterator[Finding]:
        """What was ordered is delivered by the workers, and by this process as one of them."""
        left = dict(self._ordered)
        name = lane(Way.OUT, self._crm)
        if left:
            self._task.parts.bell.ring(name)
        end = time.monotonic() + self._task.patience_seconds
        while left and time.monotonic() < end:
            drain(self._task.parts, name, over=after(_LOOK_SECONDS))
            ended = list(self._ended(left))
            for finding, row_id in ended:
                del left[row_id]
                yield finding
            self._task.progress("writing", len(self._ordered) - len(left), len(self._ordered))
            if ended:
                end = time.monotonic() + self._task.patience_seconds
            elif left:
                self._task.wait(_LOOK_SECONDS)
        for row_id in left:
            yield self._of_row(row_id, State.UNDER_WAY, "ordered; a worker writes it", "")

    def _ended(self, left: Mapping[int, MessageId]) -> Iterator[tuple[Finding, int]]:
        ids = list(left)[:_AT_ONCE]
        with reading(self._task.parts.engine) as db:
            now = reconciling.states(db, ids)
        for row_id, (state, reason) in now.items():
            if state is outbox.State.DONE:
                said = "was missing in the CRM: written again"
                yield self._of_row(row_id, State.MENDED, said, ""), row_id
            elif state in (outbox.State.DEAD, outbox.State.DROPPED):
                todo = f"bridge dead show outbox:{row_id}"
                yield self._of_row(row_id, State.OPEN, reason, todo), row_id

    def _finding(self, standing: Standing, state: State, detail: str, todo: str = "") -> Finding:
        return self._of_row(standing.id, state, detail, todo)

    def _of_row(self, row_id: int, state: State, detail: str, todo: str) -> Finding:
        return Finding(
            about=About.ENTRY,
            account=self._crm,
            subject=f"outbox:{row_id}",
            state=state,
            detail=detail,
            todo=todo,
        )


def _now(
    standing: Standing, facts: Mapping[ConversationId, ChatFacts], *, read_only: bool
) -> _Entry | None:
    """The entry on his contact of today and on what is open of his; None without a contact.

    `read_only`: without leads, for a look-up may link an entry with those that it lacks.
    """
    row = standing.row
    if row is None or not isinstance(row.effect, WriteTimelineEntry) or row.conversation is None:
        return None
    chat = facts.get(row.conversation)
    contact = None if chat is None else chat.contact
    if chat is None or contact is None or contact.state is not ContactState.ACTIVE:
        return None
    deals = [deal.id for deal in chat.deals if deal.is_open]
    still_open = {*deals, *(lead.id for lead in chat.leads if lead.is_open)}
    records = tuple(
        (kind, contact.id if kind is RecordKind.CONTACT else record)
        for kind, record in row.effect.records
        if kind is RecordKind.CONTACT or record in still_open
    )
    asked = tuple(r for r in records if not read_only or r[0] is not RecordKind.LEAD) or records
    if not asked:
        return None
    effect = replace(row.effect, records=asked)
    return _Entry(standing=standing, row=replace(row, effect=effect), effect=effect)


def _why(standing: Standing) -> str:
    if standing.state is outbox.State.DONE:
        return "is not in the CRM any more"
    return f"never came into the CRM: {standing.reason or standing.state}"
