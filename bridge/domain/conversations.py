"""The chat that a message belongs to, and what the message changes in it."""

from dataclasses import replace

from bridge.domain import phones
from bridge.domain.draft import Draft
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Chat, ChatKind, Direction
from bridge.domain.names import AccountName, conversation_id
from bridge.domain.records import ClientState, Conversation, Message


def chat_of(draft: Draft, account: AccountName, chat: Chat) -> ChatFacts:
    """The chat with all that is known of its client; a new one when nobody wrote there yet."""
    facts = draft.facts
    conversation = _conversation(draft, account, chat, facts.conversation)
    draft.conversation = conversation.id
    draft.contact = facts.contact.id if facts.contact else None
    return ChatFacts(
        conversation=conversation, contact=facts.contact, deals=facts.deals, leads=facts.leads
    )


def chat_of_message(draft: Draft, message: Message) -> ChatFacts | None:
    draft.conversation = message.conversation
    conversation = draft.facts.conversation
    if conversation is None:
        return None
    draft.contact = conversation.contact
    return ChatFacts(
        conversation=conversation,
        contact=draft.facts.contact,
        deals=draft.facts.deals,
        leads=draft.facts.leads,
    )


def touched(chat: ChatFacts, message: Message) -> ChatFacts:
    """The chat after this message: unanswered since, or answered (WS-06)."""
    conversation = chat.conversation
    last = max(conversation.last_message_at or message.occurred_at, message.occurred_at)
    moved = replace(conversation, last_message_at=last)
    if message.direction is Direction.OUT:
        return replace(chat, conversation=_answered(moved, message))
    inbound = max(conversation.last_inbound_at or message.occurred_at, message.occurred_at)
    since = conversation.unanswered_since or message.occurred_at
    return replace(
        chat, conversation=replace(moved, last_inbound_at=inbound, unanswered_since=since)
    )


def _answered(conversation: Conversation, message: Message) -> Conversation:
    """What left before the client wrote is no answer to him, however late we hear of it."""
    since = conversation.unanswered_since
    if since is not None and message.occurred_at < since:
        return conversation
    return replace(conversation, unanswered_since=None)


def _conversation(
    draft: Draft, account: AccountName, chat: Chat, known: Conversation | None
) -> Conversation:
    phone = None if chat.phone is None else phones.canonical(chat.phone)
    if known is not None:
        return replace(
            known,
            chat_id=chat.chat_id,  # wiped when the client was erased
            phone=known.phone or phone,
            username=chat.username or known.username,
            title=known.title or chat.name or "",
        )
    group = chat.kind is ChatKind.GROUP
    return Conversation(
        id=conversation_id(account, chat.channel_id, chat.chat_id),
        account=account,
        channel=draft.policy.channel_name(account, chat.channel_id),
        channel_id=chat.channel_id,
        messenger=chat.messenger,
        chat_id=chat.chat_id,
        kind=chat.kind,
        client=ClientState.GROUP if group else ClientState.UNIDENTIFIED,
        title=chat.name or "",
        phone=phone,
        username=chat.username,
    )
