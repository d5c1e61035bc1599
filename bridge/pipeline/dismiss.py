"""No answer needed: an employee takes the unanswered mark from a chat (WS-06)."""

from dataclasses import replace

from bridge.domain.changes import PutConversation
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.names import ConversationId, EmployeeId, EventKey
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Conversation
from bridge.pipeline.house import note_here
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal, not_allowed
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import chats, mirror
from bridge.store.deciding import deciding


def dismiss(parts: Parts, employee: EmployeeId, conversation: ConversationId) -> Refusal | None:
    """No answer needed: the unanswered mark goes (WS-06)."""
    active = parts.active()
    with deciding(parts.engine) as db:
        chat = chats.chat_facts(db, [conversation]).get(conversation)
        directory = mirror.directory(db, active.policy.crm)
        person = active.policy.employee(employee)
        refused = not_allowed(person, chat, directory, active.policy, parts)
        if refused is not None or chat is None:
            return refused
        if chat.conversation.unanswered_since is None:
            return None
        decision = _dismissal(parts, employee, chat.conversation)
        unit = UnitOfWork(db, active, directory, parts.now(), parts.public_url)
        note_here(db, parts, active, unit, decision)
    return None


def _dismissal(parts: Parts, employee: EmployeeId, conversation: Conversation) -> Decision:
    now = parts.now()
    dismissed = replace(
        conversation, unanswered_since=None, dismissed_by=employee, dismissed_at=now
    )
    return Decision(
        event_key=EventKey(f"dismiss:{conversation.id}:{int(now.timestamp() * 1_000_000)}"),
        account=conversation.account,
        kind="Dismissal",
        verdict=Verdict.APPLIED,
        reasons=(Reason(ReasonCode.ANSWER_NOT_NEEDED, f"{employee}: no answer needed"),),
        decided_at=now,
        occurred_at=now,
        target=employee,
        conversation=conversation.id,
        contact=conversation.contact,
        changes=(PutConversation(conversation=dismissed),),
    )
