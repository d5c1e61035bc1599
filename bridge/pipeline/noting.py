"""A colleague's note, from a page: decided and committed before the answer."""

import secrets
from dataclasses import dataclass

from bridge.domain.effects import WriteNote
from bridge.domain.names import ConversationId, EmployeeId, EventKey
from bridge.domain.note_events import NoteAdded
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.house import decide_here
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal, not_found
from bridge.store import chats
from bridge.store.engine import reading

_STATUS = {
    ReasonCode.REQUEST_NOT_FOUND: 404,
    ReasonCode.MESSAGE_EMPTY: 422,
    ReasonCode.MESSAGE_TOO_LONG: 422,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRequest:
    """`key` makes it idempotent: the same key of the same employee is one note."""

    employee: EmployeeId
    conversation: ConversationId
    text: str
    key: str = ""


def note(parts: Parts, request: NoteRequest) -> Refusal | None:
    """Keeps the note, and has it written into the CRM where that takes notes."""
    with reading(parts.engine) as db:
        found = chats.conversations_by_id(db, [request.conversation])
    conversation = found.get(request.conversation)
    if conversation is None:
        return not_found()
    event = NoteAdded(
        event_key=EventKey(f"note:{request.employee}:{request.key or secrets.token_hex(12)}"),
        occurred_at=parts.now(),
        account=conversation.account,
        conversation=conversation.id,
        employee=request.employee,
        text=request.text.strip(),
        in_crm=_takes_notes(parts),
    )
    [outcome] = decide_here(parts, [event])
    return None if outcome.refused is None else _refusal(outcome.refused)


def _takes_notes(parts: Parts) -> bool:
    crm = parts.active().policy.crm
    return crm is not None and WriteNote in parts.vendors.connector(crm).delivers


def _refusal(reason: Reason) -> Refusal:
    status = _STATUS.get(reason.code, 403)
    return not_found() if status == 404 else Refusal(reason=reason, status=status)
