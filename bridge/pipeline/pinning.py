"""A manager says which of several open deals counts in a chat."""

from dataclasses import replace

from bridge.domain.changes import PutConversation
from bridge.domain.decisions import Decision, Verdict
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ConversationId, EmployeeId, EventKey, RecordId
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.house import note_here
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal, not_allowed, refusal
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import chats, mirror
from bridge.store.deciding import deciding


def pin(
    parts: Parts, manager: EmployeeId, conversation: ConversationId, deal: RecordId | None
) -> Refusal | None:
    """From the next message on the owner of this deal counts, while it is open; with `deal` of
    None again that of the deal in which something happened last."""
    active = parts.active()
    with deciding(parts.engine) as db:
        chat = chats.chat_facts(db, [conversation]).get(conversation)
        directory = mirror.directory(db, active.policy.crm)
        person = active.policy.employee(manager)
        refused = not_allowed(person, chat, directory, active.policy, parts)
        if refused is not None or chat is None:
            return refused
        if deal is not None and deal not in {one.id for one in chat.deals if one.is_open}:
            detail = "this is no open deal of the client; the conversation lists them"
            return refusal(ReasonCode.REQUEST_INVALID, detail, 422)
        if chat.conversation.pinned_deal == deal:
            return None
        decision = _pinned(parts, manager, chat, deal)
        unit = UnitOfWork(db, active, directory, parts.now(), parts.public_url)
        note_here(db, parts, active, unit, decision)
    return None


def _pinned(parts: Parts, manager: EmployeeId, chat: ChatFacts, deal: RecordId | None) -> Decision:
    now, conversation = parts.now(), chat.conversation
    said = "the newest activity counts again" if deal is None else "says which open deal counts"
    return Decision(
        event_key=EventKey(f"pin:{conversation.id}:{int(now.timestamp() * 1_000_000)}"),
        account=conversation.account,
        kind="Pin",
        verdict=Verdict.APPLIED,
        reasons=(Reason(ReasonCode.DEAL_PINNED, f"{manager}: {said}"),),
        decided_at=now,
        occurred_at=now,
        target=manager,
        conversation=conversation.id,
        contact=conversation.contact,
        changes=(PutConversation(conversation=replace(conversation, pinned_deal=deal)),),
    )
