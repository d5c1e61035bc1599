"""The chat that a message belongs to, and what the message changes in it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bridge.domain import phones
from bridge.domain.draft import Draft
from bridge.domain.facts import ChatFacts, Exchange
from bridge.domain.identities import home_of, identities_of
from bridge.domain.messaging import Chat, ChatKind, Direction, MessageStatus
from bridge.domain.names import AccountName, MessageId
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


def touched(
    chat: ChatFacts, message: Message, came_at: datetime | None = None, *, is_new: bool = True
) -> ChatFacts:
    """The chat after this message: unanswered since, or answered (WS-06).

    The vendor's window is counted from the client's message by the vendor's clock, but never from
    later than it came to us; what is not new, as an edit, opens none (WS-04).
    """
    known, when = chat.conversation, message.occurred_at
    last = max(known.last_message_at or when, when)
    if message.direction is Direction.OUT:
        since = _still_unanswered(known, message)
        return replace(
            chat, conversation=replace(known, last_message_at=last, unanswered_since=since)
        )
    moved = replace(
        known,
        last_message_at=last,
        last_inbound_at=_last_inbound(known, min(when, came_at or when), is_new=is_new),
        unanswered_since=min(known.unanswered_since or when, when),
    )
    return replace(chat, conversation=moved)


def _last_inbound(known: Conversation, when: datetime, *, is_new: bool) -> datetime:
    """Of a client of whom nothing else has come, an edit is all that tells when he wrote."""
    if known.last_inbound_at is None:
        return when
    return max(known.last_inbound_at, when) if is_new else known.last_inbound_at


def answers(message: Message) -> bool:
    """Whether a person has answered with it: neither a machine, nor in vain (WS-05, WS-06)."""
    is_ours = message.direction is Direction.OUT
    return is_ours and not message.automatic and message.status is not MessageStatus.FAILED


def exchange(message: Message) -> Exchange:
    return Exchange(
        message=message.id,
        at=message.occurred_at,
        asks=message.direction is Direction.IN,
        answers=answers(message),
    )


def waits_since(
    conversation: Conversation, exchanged: Iterable[Exchange], without: MessageId | None = None
) -> datetime | None:
    """Since when the client waits, by the messages themselves; None when he has his answer."""
    known = [one for one in exchanged if one.message != without]
    ends = [one.at for one in known if one.answers]
    if conversation.dismissed_at is not None:
        ends.append(conversation.dismissed_at)
    asked = [one.at for one in known if one.asks and not any(one.at <= end for end in ends)]
    return min(asked, default=None)


def unanswered_again(
    conversation: Conversation, exchanged: Iterable[Exchange], failed: MessageId
) -> Conversation:
    """The chat once an answer turns out not to have arrived: the mark is back."""
    waits = waits_since(conversation, exchanged, without=failed)
    since = conversation.unanswered_since
    if waits is None or (since is not None and since <= waits):
        return conversation
    return replace(conversation, unanswered_since=waits)


def _still_unanswered(conversation: Conversation, message: Message) -> datetime | None:
    """What left before the client wrote is no answer to him, however late we hear of it."""
    since, last = conversation.unanswered_since, conversation.last_inbound_at
    if since is None or not answers(message) or message.occurred_at < since:
        return since
    return last if last is not None and message.occurred_at < last else None


def _conversation(
    draft: Draft, account: AccountName, chat: Chat, known: Conversation | None
) -> Conversation:
    phone = None if chat.phone is None else phones.canonical(chat.phone)
    names = identities_of(account, chat)
    if known is not None:
        told = (
            known.chat_id or chat.chat_id,  # wiped when the client was erased
            known.phone or phone,
            chat.username or known.username,
            known.title or chat.name or "",
        )
        every = tuple(dict.fromkeys((*known.identities, *names)))
        same = every == known.identities
        if same and told == (known.chat_id, known.phone, known.username, known.title):
            return known
        chat_id, phone, username, title = told
        return replace(
            known,
            chat_id=chat_id,
            phone=phone,
            username=username,
            title=title,
            identities=every,
        )
    group = chat.kind is ChatKind.GROUP
    return Conversation(
        id=home_of(account, chat),
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
        identities=names,
    )
