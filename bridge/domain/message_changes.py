"""Messages after they were stored: edited, deleted, delivered, read."""

from dataclasses import replace

from bridge.domain.announcing import announce
from bridge.domain.changes import Notify, PutConversation, PutMessage, SettleSend
from bridge.domain.conversations import answers, chat_of_message, unanswered_again
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import (
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessageStatusChanged,
    SendMarked,
)
from bridge.domain.facts import ChatFacts
from bridge.domain.messages import on_received
from bridge.domain.messaging import Direction, MessageStatus
from bridge.domain.parking import park
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Message
from bridge.domain.timeline import update_entry

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


def on_edited(draft: Draft, event: MessageEdited) -> Decision:
    """A new text: the feed shows both, the CRM's entry is rewritten (WZ-10)."""
    found = draft.facts.message
    if found is None:
        return _edit_of_unknown(draft, event)
    chat = chat_of_message(draft, found)
    if event.text == found.text or _is_older(event, found):
        return draft.ignored(ReasonCode.MESSAGE_UPDATED, "the message has had this text already")
    edited = replace(found, text=event.text, edits=(*found.edits, found.text))
    draft.change(PutMessage(message=edited))
    draft.because(ReasonCode.MESSAGE_UPDATED, "edited; the earlier text is kept")
    if chat is not None:
        update_entry(draft, chat, edited)
    return draft.applied()


def on_deleted(draft: Draft, event: MessageDeleted) -> Decision:
    found = draft.facts.message
    if found is None:
        return park(draft, event)
    chat = chat_of_message(draft, found)
    if found.deleted_at is not None:
        return draft.ignored(ReasonCode.MESSAGE_UPDATED, "the message is marked deleted already")
    deleted = replace(found, deleted_at=event.occurred_at)
    by = "contact" if found.direction is Direction.IN else "us"
    draft.change(PutMessage(message=deleted))
    draft.because(ReasonCode.MESSAGE_UPDATED, f"deleted by {by}; the text is kept")
    if chat is not None:
        update_entry(draft, chat, deleted)
    return draft.applied()


def on_status(draft: Draft, event: MessageStatusChanged) -> Decision:
    """A delivery status, which only ever moves forward (WZ-11)."""
    found = draft.facts.message
    if found is None:
        return park(draft, event)
    chat = chat_of_message(draft, found)
    found = _settled(draft, event, found)
    if found.direction is Direction.IN or _RANK[event.status] <= _RANK[found.status]:
        detail = f"{event.status} does not move {found.status}"
        return draft.ignored(ReasonCode.MESSAGE_STATUS_OLDER, detail)
    draft.change(PutMessage(message=replace(found, status=event.status, error=_why(event))))
    draft.because(ReasonCode.MESSAGE_STATUS, f"{found.status} → {event.status}")
    if event.status is MessageStatus.FAILED:
        _tell_writer(draft, found)
        if chat is not None and answers(found):
            _unanswer(draft, chat, found)
    return draft.applied()


def _why(event: MessageStatusChanged) -> str:
    """The vendor's code and words, and what to do about it as far as its connector knows."""
    return ": ".join(part for part in (event.error_code, event.error_detail) if part)


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


def _unanswer(draft: Draft, chat: ChatFacts, failed: Message) -> None:
    """What did not arrive is no answer: the client waits as he did before (WS-06)."""
    marked = unanswered_again(chat.conversation, draft.facts.exchanged, failed.id)
    if marked != chat.conversation:
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


def _is_older(event: MessageEdited, found: Message) -> bool:
    """An edit that a later one overtook: it starts from a text that is no longer the latest."""
    overtaken = event.old_text is not None and event.old_text != found.text
    return overtaken and event.text in found.edits


def _edit_of_unknown(draft: Draft, event: MessageEdited) -> Decision:
    """A client's edit whose original never came is kept as a message: nothing is lost."""
    if event.chat is None or event.direction is Direction.OUT:
        return park(draft, event)
    received = MessageReceived(
        event_key=event.event_key,
        occurred_at=event.occurred_at,
        account=event.account,
        chat=event.chat,
        message_id=event.message_id,
        text=event.text,
        media=event.media,
    )
    return on_received(draft, received)
