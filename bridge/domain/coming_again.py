"""A message that is stored already comes again: mostly there is nothing new in it, sometimes it
brings what was missing."""

from dataclasses import replace

from bridge.domain.changes import PutConversation, PutMessage
from bridge.domain.conversations import chat_of_message
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.echoes import own_echo
from bridge.domain.events import MessageReceived, MessageSent
from bridge.domain.facts import ChatFacts
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Message
from bridge.domain.timeline import update_entry
from bridge.domain.versions import lacks_original, with_file, with_original


def received_again(draft: Draft, event: MessageReceived, found: Message) -> Decision:
    if lacks_original(found):
        return _original_of_edited(draft, event, found)
    if _brings_its_file(event, found):
        return _with_its_file(draft, event, found)
    chat_of_message(draft, found)
    return draft.ignored(ReasonCode.MESSAGE_UPDATED, "this message is stored already")


def sent_again(draft: Draft, event: MessageSent, found: Message) -> Decision:
    is_ours = found.sent_from == "bridge"  # we know ourselves what we sent
    if not is_ours and _brings_its_file(event, found):
        return _with_its_file(draft, event, found)
    return own_echo(draft, found)


def _brings_its_file(event: MessageReceived | MessageSent, found: Message) -> bool:
    """Of what was said before the channel was connected files come later, if at all."""
    known = found.media if found.first is None else found.first.media
    if found.wiped_at is not None or lacks_original(found):
        return False
    return bool(event.media) and not known


def _original_of_edited(draft: Draft, event: MessageReceived, found: Message) -> Decision:
    """The message came before, by its own edit: what came now is its earliest text."""
    chat = chat_of_message(draft, found)
    whole = with_original(found, event)
    draft.change(PutMessage(message=whole))
    draft.because(ReasonCode.MESSAGE_UPDATED, "came after its own edit; the edited text stays")
    if chat is not None:
        _wait_longer(draft, chat, found, whole)
        update_entry(draft, chat, found, whole)
    return draft.applied()


def _wait_longer(draft: Draft, chat: ChatFacts, found: Message, whole: Message) -> None:
    """The client has waited since he wrote, not since he mended it."""
    conversation = chat.conversation
    if conversation.unanswered_since == found.occurred_at:
        since = min(found.occurred_at, whole.occurred_at)
        draft.change(PutConversation(conversation=replace(conversation, unanswered_since=since)))


def _with_its_file(draft: Draft, event: MessageReceived | MessageSent, found: Message) -> Decision:
    chat = chat_of_message(draft, found)
    whole = with_file(found, event)
    draft.change(PutMessage(message=whole))
    draft.because(ReasonCode.MESSAGE_UPDATED, "its file came after it")
    if chat is not None:
        update_entry(draft, chat, found, whole)
    return draft.applied()
