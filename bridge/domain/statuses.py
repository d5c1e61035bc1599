"""How far our messages have got: sent, delivered, read. A status only ever moves forward."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from bridge.domain.announcing import announce
from bridge.domain.changes import Notify, PutConversation, PutMessage, SettleSend
from bridge.domain.conversations import answers, chat_of_message, unanswered_again
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import MessageStatusChanged, SendMarked
from bridge.domain.messaging import Direction, MessageStatus
from bridge.domain.parking import park
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Conversation, Message, Reached

_RANK = {
    MessageStatus.RECEIVED: 0,
    MessageStatus.UNKNOWN: 0,
    MessageStatus.QUEUED: 0,
    MessageStatus.SENT: 1,
    MessageStatus.DELIVERED: 2,
    MessageStatus.READ: 3,
    MessageStatus.PLAYED: 4,
    MessageStatus.FAILED: 5,
}
# What the earlier ones have reached at least; of those that never left nothing is known.
_BEFORE: Mapping[MessageStatus, MessageStatus] = {
    MessageStatus.DELIVERED: MessageStatus.DELIVERED,
    MessageStatus.READ: MessageStatus.READ,
    MessageStatus.PLAYED: MessageStatus.READ,
}
_UNDER_WAY = (MessageStatus.SENT, MessageStatus.DELIVERED)


def on_status(draft: Draft, event: MessageStatusChanged) -> Decision:
    """A delivery status (WZ-11); where the vendor says so, also of all that left before."""
    found = draft.facts.message
    if found is None:
        return park(draft, event)
    chat = chat_of_message(draft, found)
    conversation = None if chat is None else chat.conversation
    if event.and_before and conversation is not None:
        conversation = _reach(draft, event, found, conversation)
    known = _settled(draft, event, found)
    moved = _moved(event, known, conversation)
    if moved is not None:
        draft.change(PutMessage(message=moved))
        draft.because(ReasonCode.MESSAGE_STATUS, f"{known.status} → {moved.status}")
        if moved.status is MessageStatus.FAILED:
            _on_failure(draft, conversation, known)
    if moved is not None or draft.facts.unread:
        return draft.applied()
    detail = f"{event.status} does not move {known.status}"
    return draft.ignored(ReasonCode.MESSAGE_STATUS_OLDER, detail)


def on_marked(draft: Draft, event: SendMarked) -> Decision:
    """A person knows what no vendor tells: it has arrived (WS-01)."""
    found = draft.facts.message
    draft.target = event.employee
    if found is None or found.status is not MessageStatus.UNKNOWN:
        return draft.ignored(ReasonCode.MESSAGE_STATUS_OLDER, "its outcome is known meanwhile")
    chat_of_message(draft, found)
    sent = replace(found, status=MessageStatus.SENT, error="")
    draft.change(PutMessage(message=sent), SettleSend(message=found.id, vendor_id=""))
    draft.because(ReasonCode.MESSAGE_MARKED_SENT, f"{event.employee} knows that it has arrived")
    return draft.applied()


def far_as_known(message: Message, conversation: Conversation) -> Message:
    """A message that came late has got as far as those after it.

    One of ours is left alone: its time is when it was written, and it may have left long after.
    """
    if message.direction is Direction.IN or message.sent_from == "bridge":
        return message
    for reached in conversation.reached:
        if message.status in _UNDER_WAY and message.occurred_at <= reached.until:
            if _RANK[reached.status] > _RANK[message.status]:
                message = replace(message, status=reached.status)
    return message


def reached_until(conversation: Conversation, status: MessageStatus) -> datetime | None:
    """Up to when all is known to have got at least as far as one of this status says."""
    least = _BEFORE.get(status)
    return next((one.until for one in conversation.reached if one.status is least), None)


def is_behind(message: Message, status: MessageStatus) -> bool:
    """Whether a message that left before one of this status is further than we know."""
    least = _BEFORE.get(status)
    if least is None or message.direction is Direction.IN or message.vendor_id is None:
        return False
    return message.status in _UNDER_WAY and _RANK[message.status] < _RANK[least]


def _moved(
    event: MessageStatusChanged, known: Message, conversation: Conversation | None
) -> Message | None:
    if known.direction is Direction.IN or _RANK[event.status] <= _RANK[known.status]:
        return None
    moved = replace(known, status=event.status, error=_why(event))
    return moved if conversation is None else far_as_known(moved, conversation)


def _reach(
    draft: Draft, event: MessageStatusChanged, found: Message, conversation: Conversation
) -> Conversation:
    """The chat as it stands after this, with the messages before this one moved on."""
    least = _BEFORE.get(event.status)
    if least is None:
        return conversation
    for message in draft.facts.unread:
        draft.change(PutMessage(message=replace(message, status=least)))
    if draft.facts.unread:
        count = len(draft.facts.unread)
        draft.because(ReasonCode.MESSAGE_STATUS, f"{count} before this one: {least} as well")
    reached = tuple(_further(conversation, Reached(status=least, until=found.occurred_at)))
    if reached == conversation.reached:
        return conversation
    moved = replace(conversation, reached=reached)
    draft.change(PutConversation(conversation=moved))
    return moved


def _further(conversation: Conversation, new: Reached) -> Iterator[Reached]:
    known = {one.status: one for one in conversation.reached}
    before = known.get(new.status)
    if before is None or before.until < new.until:
        known[new.status] = new
    for status in sorted(known, key=_RANK.__getitem__):
        yield known[status]


def _why(event: MessageStatusChanged) -> str:
    """The vendor's code and words, and what to do about it as far as its connector knows."""
    return ": ".join(part for part in (event.error_code, event.error_detail) if part)


def _on_failure(draft: Draft, conversation: Conversation | None, failed: Message) -> None:
    _tell_writer(draft, failed)
    if conversation is not None and answers(failed):
        _unanswer(draft, conversation, failed)


def _tell_writer(draft: Draft, failed: Message) -> None:
    """Who wrote it in the bridge takes it for sent."""
    if failed.author is not None and failed.sent_from == "bridge":
        announce(
            draft,
            Notify(
                employee=failed.author,
                conversation=failed.conversation,
                message=failed.id,
                code=ReasonCode.MESSAGE_FAILED,
            ),
        )


def _unanswer(draft: Draft, conversation: Conversation, failed: Message) -> None:
    """What did not arrive is no answer: the client waits as he did before (WS-06)."""
    marked = unanswered_again(conversation, draft.facts.exchanged, failed.id)
    if marked != conversation:
        draft.change(PutConversation(conversation=marked))
        draft.because(ReasonCode.ANSWER_FAILED, "the answer did not arrive: the client waits again")


def _settled(draft: Draft, event: MessageStatusChanged, found: Message) -> Message:
    """A send of which nobody knew whether it arrived: the status bears the key it left with. Where
    we had given it up, it was not the vendor who said so."""
    if found.vendor_id is not None:
        return found
    draft.change(SettleSend(message=found.id, vendor_id=event.message_id))
    draft.because(ReasonCode.MESSAGE_SETTLED_SEND, "shows that our open send arrived")
    return replace(found, vendor_id=event.message_id, status=MessageStatus.UNKNOWN, error="")
