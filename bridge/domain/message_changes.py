"""Messages after they were stored: edited, deleted."""

from dataclasses import replace

from bridge.domain.changes import PutMessage
from bridge.domain.conversations import chat_of_message
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import (
    MessageDeleted,
    MessageEdited,
    MessageReceived,
)
from bridge.domain.messages import on_received
from bridge.domain.messaging import Direction
from bridge.domain.parking import park
from bridge.domain.reactions import on_taken_back
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Message
from bridge.domain.timeline import update_entry
from bridge.domain.versions import version_of, with_edit


def on_edited(draft: Draft, event: MessageEdited) -> Decision:
    """A new text: the feed shows both, the CRM's entry is rewritten (WZ-10)."""
    found = draft.facts.message
    if found is None:
        return _edit_of_unknown(draft, event)
    chat = chat_of_message(draft, found)
    if found.wiped_at is not None:
        return draft.ignored(ReasonCode.MESSAGE_UPDATED, "what it said is kept no longer")
    edited = with_edit(found, version_of(event))
    if edited == found:
        return draft.ignored(ReasonCode.MESSAGE_UPDATED, "this edit is known already")
    draft.change(PutMessage(message=edited))
    draft.because(ReasonCode.MESSAGE_UPDATED, _what_it_changed(found, edited, event))
    if chat is not None:
        update_entry(draft, chat, found, edited)
    return draft.applied()


def on_deleted(draft: Draft, event: MessageDeleted) -> Decision:
    """Deleted for good: no edit brings it back, whichever comes first."""
    found = draft.facts.message
    if found is None:
        return park(draft, event)
    if found.vendor_id != event.message_id:
        return on_taken_back(draft, event, found)
    chat = chat_of_message(draft, found)
    if found.deleted_at is not None and found.deleted_at <= event.occurred_at:
        return draft.ignored(ReasonCode.MESSAGE_UPDATED, "the message is marked deleted already")
    deleted = replace(found, deleted_at=event.occurred_at)
    by = "contact" if found.direction is Direction.IN else "us"
    draft.change(PutMessage(message=deleted))
    draft.because(ReasonCode.MESSAGE_UPDATED, f"deleted by {by}; the text is kept")
    if chat is not None:
        update_entry(draft, chat, found, deleted)
    return draft.applied()


def _what_it_changed(found: Message, edited: Message, event: MessageEdited) -> str:
    if (edited.text, edited.media) != (found.text, found.media):
        return "edited; the earlier text is kept"
    return "an edit that leaves it as it is" if event.text == found.text else "an earlier edit"


def _edit_of_unknown(draft: Draft, event: MessageEdited) -> Decision:
    """A client's edit whose original has not come is kept as a message: nothing is lost."""
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
    return on_received(draft, received, version_of(event))
