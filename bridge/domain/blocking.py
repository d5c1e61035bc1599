"""A client who wants to hear nothing more on a channel, or nothing of advertising, or again."""

from dataclasses import replace

from bridge.domain.changes import PutConversation
from bridge.domain.conversations import chat_of
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import ChatBlocked
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import ClientWishes


def on_blocked(draft: Draft, event: ChatBlocked) -> Decision:
    """The chat is marked, and no message leaves to it until he takes it back."""
    if draft.facts.conversation is None and not event.blocked:
        detail = "nobody has written in this chat, and nothing was refused there"
        return draft.ignored(ReasonCode.EVENT_IGNORED, detail)
    conversation = chat_of(draft, event.account, event.chat).conversation
    known = conversation.wishes
    told_at = known.marketing_as_of if event.marketing_only else known.as_of
    if told_at is not None and told_at > event.occurred_at:
        return draft.ignored(ReasonCode.MIRROR_OLDER, "he has said otherwise since")
    wishes = _changed(known, event)
    draft.change(PutConversation(conversation=replace(conversation, wishes=wishes)))
    draft.because(*_said(event))
    return draft.applied()


def _changed(known: ClientWishes, event: ChatBlocked) -> ClientWishes:
    if event.marketing_only:
        return replace(known, no_marketing=event.blocked, marketing_as_of=event.occurred_at)
    return replace(known, blocked=event.blocked, as_of=event.occurred_at)


def _said(event: ChatBlocked) -> tuple[ReasonCode, str]:
    if not event.blocked:
        what = "advertising" if event.marketing_only else "messages"
        return ReasonCode.CHAT_UNBLOCKED, f"the client takes {what} again"
    if event.marketing_only:
        return ReasonCode.MARKETING_BLOCKED, "the client wants no advertising any more"
    return ReasonCode.CHAT_BLOCKED, "the client wants to hear nothing more on this channel"
