"""What a request of a page or the API that writes to a client is answered with."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bridge.domain.access import access
from bridge.domain.claiming import taken_by
from bridge.domain.facts import ChatFacts
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, MessageId
from bridge.domain.people import Directory, Employee
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.parts import Parts
from bridge.store.notices import was_told


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Accepted and stored; its status follows in the conversation. `messages` are all that the
    letter became, in their order; `message` is the first."""

    message: MessageId
    conversation: ConversationId
    channel: ChannelName
    reason: Reason
    messages: tuple[MessageId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Nothing was stored and nothing leaves. `status` is the HTTP status that fits."""

    reason: Reason
    status: int


def refusal(code: ReasonCode, detail: str, status: int) -> Refusal:
    return Refusal(reason=Reason(code, detail), status=status)


def not_allowed(
    employee: Employee,
    chat: ChatFacts | None,
    directory: Directory,
    policy: Policy,
    parts: Parts,
) -> Refusal | None:
    """A chat that he may not read does not exist for him (ROL-06)."""
    if chat is None:
        return not_found()
    granted = access(employee, chat, directory, policy, parts.now())
    if not granted.can_read:
        return not_found()
    if not granted.can_write:
        return Refusal(reason=granted.reason, status=403)
    return None


def taken(
    db: Connection, employee: Employee, chat: ChatFacts, directory: Directory
) -> Refusal | None:
    """Who comes second to a new client he was told of hears who was first (WS-10); to everybody
    else the chat does not exist."""
    first = first_of(db, employee, chat, directory)
    if first is None:
        return None
    return refusal(ReasonCode.CLIENT_TAKEN, f"already taken by {first}", 409)


def first_of(
    db: Connection, employee: Employee, chat: ChatFacts, directory: Directory
) -> EmployeeId | None:
    """Who was first, where he may hear it."""
    first = taken_by(employee, chat, directory)
    is_told = first is not None and was_told(db, employee.id, chat.conversation.id)
    return first if is_told else None


def not_found() -> Refusal:
    detail = "there is no such conversation, or it is not yours"
    return refusal(ReasonCode.REQUEST_NOT_FOUND, detail, 404)
