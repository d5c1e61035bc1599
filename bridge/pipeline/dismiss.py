"""No answer needed: an employee takes the unanswered mark from a chat (WS-06), or puts it back."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from bridge.domain.changes import PutConversation
from bridge.domain.conversations import waits_since
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.names import ConversationId, EmployeeId, EventKey
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Conversation
from bridge.pipeline.house import note_here
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal, not_allowed, refusal
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import chats, decisions, marks, mirror
from bridge.store.deciding import deciding

DISMISSED = "Dismissal"
TAKEN_BACK = "DismissalUndone"
_Deciding = Callable[[Connection, Conversation], "Decision | Refusal | None"]


def dismiss(parts: Parts, employee: EmployeeId, conversation: ConversationId) -> Refusal | None:
    """No answer needed: the unanswered mark goes (WS-06)."""

    def decided(_db: Connection, known: Conversation) -> Decision | None:
        if known.unanswered_since is None:
            return None
        return _dismissal(parts, employee, known)

    return _decide(parts, employee, conversation, decided)


def take_back(parts: Parts, employee: EmployeeId, conversation: ConversationId) -> Refusal | None:
    """An answer is needed after all: the mark is as it was, if nothing was said since."""

    def decided(db: Connection, known: Conversation) -> Decision | Refusal | None:
        if known.dismissed_at is None or known.unanswered_since is not None:
            return None
        before = _before(db, known)
        asked = waits_since(before, marks.exchanged(db, [known.id])[known.id].values())
        if asked is None:
            detail = "the client has been answered since: there is nothing to take back"
            return refusal(ReasonCode.REQUEST_CONFLICT, detail, 409)
        changed = replace(before, unanswered_since=asked)
        reason = Reason(ReasonCode.ANSWER_NEEDED, f"{employee}: an answer is needed after all")
        return _decision(parts, employee, changed, TAKEN_BACK, "undismiss", reason)

    return _decide(parts, employee, conversation, decided)


def _decide(
    parts: Parts, employee: EmployeeId, conversation: ConversationId, decided: _Deciding
) -> Refusal | None:
    active = parts.active()
    with deciding(parts.engine) as db:
        chat = chats.chat_facts(db, [conversation]).get(conversation)
        directory = mirror.directory(db, active.policy.crm)
        person = active.policy.employee(employee)
        refused = not_allowed(person, chat, directory, active.policy, parts)
        if refused is not None or chat is None:
            return refused
        decision = decided(db, chat.conversation)
        if isinstance(decision, Decision):
            unit = UnitOfWork(db, active, directory, parts.now(), parts.public_url)
            note_here(db, parts, active, unit, decision)
            return None
    return decision


def _before(db: Connection, known: Conversation) -> Conversation:
    """The chat without its last dismissal; an older one still holds for what was asked before."""
    standing: list[decisions.Told] = []
    for one in decisions.told_of(db, known.id, (DISMISSED, TAKEN_BACK)):
        if one.kind == DISMISSED:
            standing.append(one)
        elif standing:
            standing.pop()
    older = standing[-2] if len(standing) > 1 else None
    return replace(
        known,
        dismissed_by=older.target if older else None,
        dismissed_at=older.decided_at if older else None,
    )


def _dismissal(parts: Parts, employee: EmployeeId, conversation: Conversation) -> Decision:
    dismissed = replace(
        conversation, unanswered_since=None, dismissed_by=employee, dismissed_at=parts.now()
    )
    reason = Reason(ReasonCode.ANSWER_NOT_NEEDED, f"{employee}: no answer needed")
    return _decision(parts, employee, dismissed, DISMISSED, "dismiss", reason)


def _decision(
    parts: Parts, employee: EmployeeId, changed: Conversation, kind: str, key: str, reason: Reason
) -> Decision:
    now = parts.now()
    return Decision(
        event_key=EventKey(f"{key}:{changed.id}:{int(now.timestamp() * 1_000_000)}"),
        account=changed.account,
        kind=kind,
        verdict=Verdict.APPLIED,
        reasons=(reason,),
        decided_at=now,
        occurred_at=now,
        target=employee,
        conversation=changed.id,
        contact=changed.contact,
        changes=(PutConversation(conversation=changed),),
    )
