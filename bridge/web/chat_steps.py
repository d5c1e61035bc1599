"""What the bridge and colleagues did in a conversation, each in one sentence."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bridge.codec import decode
from bridge.domain.facts import ChatFacts
from bridge.domain.names import MessageId
from bridge.domain.reasons import ReasonCode
from bridge.pipeline.ledger import Record
from bridge.store.steps import StepRow, Stretch, steps
from bridge.web.languages import Said, _l

MOST = 200
_GIVING = ("MessageReceived", "MessageSent", "MessageWritten", "ClientIdentified", "ClientChosen")
_GIVEN: Mapping[str, Said] = {
    ReasonCode.TARGET_RULE: _l("By a rule the client goes to %(name)s"),
    ReasonCode.TARGET_IN_TURN: _l("In turn the client goes to %(name)s"),
    ReasonCode.TARGET_FIRST_TO_ANSWER: _l("The client is open to whoever answers first"),
    ReasonCode.TARGET_CLAIMED: _l("%(name)s answered first and has the client"),
    ReasonCode.TARGET_DEFAULT: _l("Nobody else could be chosen: the client goes to %(name)s"),
    ReasonCode.TARGET_FALLBACK: _l("The owner can't answer: %(name)s stands in"),
    ReasonCode.TARGET_NOBODY: _l("Nobody could be found for this client"),
    ReasonCode.CLIENT_AMBIGUOUS: _l("Several contacts fit: a manager says whose client this is"),
}
_DONE: Mapping[str, Said] = {
    "Dismissal": _l("%(name)s: no answer needed"),
    "DismissalUndone": _l("%(name)s: an answer is needed after all"),
    "Pin": _l("%(name)s said which deal counts"),
    "ClientIdentified": _l("The CRM said who the client is"),
    "ClientChosen": _l("A manager said whose client this is"),
    "ContactsJoined": _l("A manager joined two contacts"),
    "ContactsParted": _l("A manager parted contacts that had been joined"),
    "ContactsMerged": _l("The CRM joined contacts"),
    "IdentityChanged": _l("The client has another number or name on this messenger"),
    "ChatInvited": _l("The bridge joined this chat"),
    "SendMarked": _l("%(name)s marked a message as sent"),
    "Erasure": _l("The client was forgotten on request"),
}
_TOLD: Mapping[str, Said] = {
    ReasonCode.OWNER_CHANGED: _l("The owner was changed in the CRM"),
    ReasonCode.CHAT_BLOCKED: _l("The client wants to hear nothing more on this channel"),
    ReasonCode.MARKETING_BLOCKED: _l("The client wants no advertising on this channel"),
    ReasonCode.CHAT_UNBLOCKED: _l("The client may be written to again"),
}
KINDS = (*_GIVING, *_DONE, "OwnerChanged", "ChatBlocked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`event` is where its story stands; `message` what it followed from, if from one."""

    event: int
    at: datetime
    says: str
    message: MessageId | None


def steps_of(
    db: Connection, chat: ChatFacts, stretch: Stretch, names: Mapping[str, str]
) -> tuple[Step, ...]:
    """In the order in which they were decided. What every message repeats is said once."""
    contact = None if chat.contact is None else chat.contact.id
    rows = steps(db, chat.conversation.id, contact, stretch, KINDS, MOST)
    return tuple(_said(rows, names))


def _said(rows: Iterable[StepRow], names: Mapping[str, str]) -> Iterator[Step]:
    given = ("", "")
    for row in rows:
        code = _code(row)
        if code in _GIVEN:
            if given == (code, row.target or ""):
                continue
            given = (code, row.target or "")
        says = _GIVEN.get(code) or _TOLD.get(code) or _DONE.get(row.kind)
        if says is not None:
            name = names.get(row.target or "") or row.target or ""
            at = row.occurred_at if row.message else row.decided_at
            yield Step(event=row.id, at=at, says=str(says) % {"name": name}, message=row.message)


def _code(row: StepRow) -> str:
    """Of the reasons the one that says who got the client; else the first."""
    if row.kind not in _GIVING or row.headline == ReasonCode.TARGET_OWNER:
        return row.headline
    if row.kind in ("MessageSent", "MessageWritten") and row.target is None:
        return row.headline
    codes = [reason.code for reason in decode(Record, row.record).reasons]
    return next((code for code in codes if code in _GIVEN), row.headline)
