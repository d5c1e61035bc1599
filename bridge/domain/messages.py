"""Messages as they come: from clients, and from us wherever they were typed."""

from dataclasses import replace

from bridge.domain.changes import PutConversation, PutMessage
from bridge.domain.claiming import claim
from bridge.domain.coming_again import received_again, sent_again
from bridge.domain.conversations import answers, chat_of, touched
from bridge.domain.creating import create_deal, owner_id
from bridge.domain.decisions import Decision, Wait
from bridge.domain.draft import Draft
from bridge.domain.echoes import settles_a_send
from bridge.domain.effects import JoinChat
from bridge.domain.events import ChatInvited, MessageReceived, MessageSent
from bridge.domain.facts import ChatFacts
from bridge.domain.identities import home_of
from bridge.domain.intake import assign_unowned, needs_identifying, take_in
from bridge.domain.learning import learn
from bridge.domain.messaging import ChatKind, Direction, MessageStatus
from bridge.domain.names import EmployeeId, message_id
from bridge.domain.ownership import choose_owner
from bridge.domain.policy import OnClosedDeal
from bridge.domain.reasons import ReasonCode
from bridge.domain.recognising import identify
from bridge.domain.records import ClientState, Message, Owner, TimelineState, Version
from bridge.domain.statuses import far_as_known
from bridge.domain.telling import tell
from bridge.domain.timeline import timeline_state, write_entries, write_waiting
from bridge.domain.versions import made_of


def on_received(draft: Draft, event: MessageReceived, edit: Version | None = None) -> Decision:
    """A client's message: whose client, who is told, what is written. `edit` is what it is known
    by, where that is all that has come of it."""
    if draft.facts.message is not None:
        return received_again(draft, event, draft.facts.message)
    chat = chat_of(draft, event.account, event.chat)
    message = _received(event) if edit is None else made_of(_received(event), edit)
    if event.earlier:
        return _kept(draft, chat, message)
    if chat.conversation.kind is ChatKind.GROUP:
        return _in_group(draft, chat, message)
    chat = learn(draft, assigned(draft, _identified(draft, chat)))
    message = replace(message, timeline=timeline_state(draft, chat))
    came_at = draft.facts.received_at or draft.facts.now
    chat = touched(chat, message, came_at, is_new=edit is None)
    _store(draft, chat, message)
    tell(draft, chat, message.id)
    return draft.applied()


def on_sent(draft: Draft, event: MessageSent) -> Decision | Wait:
    """A message that left from elsewhere, or our own coming back (WZ-09)."""
    if draft.facts.message is not None:
        return sent_again(draft, event, draft.facts.message)
    ours = settles_a_send(draft, event)
    if ours is not None:
        return ours
    chat = chat_of(draft, event.account, event.chat)
    author = _author(draft, event)
    message = far_as_known(_sent(event, author), chat.conversation)
    if event.earlier:
        return _kept(draft, chat, message)
    if chat.conversation.kind is ChatKind.GROUP:
        return _in_group(draft, chat, message)
    chat = _identified(draft, chat)
    if author is not None and answers(message):
        chat = claim(draft, chat, author)
    chat = learn(draft, chat)
    message = replace(message, timeline=timeline_state(draft, chat))
    chat = touched(chat, message)
    _store(draft, chat, message)
    return draft.applied()


def on_invited(draft: Draft, event: ChatInvited) -> Decision:
    """Every invitation is followed: nobody is a client before he has written."""
    conversation = chat_of(draft, event.account, event.chat).conversation
    draft.change(PutConversation(conversation=conversation))
    effect = JoinChat(
        channel_id=conversation.channel_id,
        messenger=conversation.messenger,
        chat_id=conversation.chat_id,
    )
    draft.plan(event.account, effect, conversation.id, urgent=True)
    draft.because(ReasonCode.CHAT_JOINED, "invited into this chat: joins it, to hear what is said")
    return draft.applied()


def _identified(draft: Draft, chat: ChatFacts) -> ChatFacts:
    if needs_identifying(draft.facts.conversation, draft.facts.contact):
        return identify(draft, chat)
    return chat


def assigned(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """The chat with its owner chosen."""
    match chat.conversation.client:
        case ClientState.NEW:
            return take_in(draft, chat)
        case ClientState.KNOWN:
            owned = choose_owner(draft, chat)
            return _new_deal_on_closed(draft, chat if owned else assign_unowned(draft, chat))
        case ClientState.UNIDENTIFIED | ClientState.AMBIGUOUS | ClientState.GROUP:
            draft.target = draft.policy.ownership.fallback
    return chat


def _new_deal_on_closed(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """Where it is set, a client whose deals are all closed gets a new one (WZ-08)."""
    wanted = draft.policy.new_clients.on_closed_deal is OnClosedDeal.NEW_DEAL
    closed = bool(chat.deals) and not any(deal.is_open for deal in chat.deals)
    if not wanted or not closed or chat.contact is None or draft.policy.crm is None:
        return chat
    draft.because(ReasonCode.NEW_DEAL_ON_CLOSED, "all deals of this client are closed: a new one")
    answers = None if draft.target is None else owner_id(draft, draft.target)
    owner = Owner(crm_id=answers or chat.contact.owner.crm_id, as_of=draft.facts.now)
    settings = draft.policy.new_clients_on(chat.conversation.channel)
    deal = create_deal(draft, draft.policy.crm, settings, chat.contact, owner)
    return replace(chat, deals=(*chat.deals, deal))


def _store(draft: Draft, chat: ChatFacts, message: Message) -> None:
    draft.change(PutConversation(conversation=chat.conversation), PutMessage(message=message))
    draft.because(ReasonCode.MESSAGE_STORED, "stored in the conversation")
    write_waiting(draft, chat)
    if message.timeline is TimelineState.WRITTEN:
        write_entries(draft, chat, (message,))


def _in_group(draft: Draft, chat: ChatFacts, message: Message) -> Decision:
    draft.because(ReasonCode.CLIENT_GROUP, "a group chat: kept and shown, never a client")
    chat = touched(chat, message)
    draft.change(PutConversation(conversation=chat.conversation), PutMessage(message=message))
    return draft.applied()


def _kept(draft: Draft, chat: ChatFacts, message: Message) -> Decision:
    """From before the channel was connected: his chat has it, and is known to be his."""
    since = chat.conversation.unanswered_since
    if chat.conversation.kind is ChatKind.DIRECT:
        chat = _identified(draft, chat)
    moved = replace(touched(chat, message).conversation, unanswered_since=since)
    draft.change(PutConversation(conversation=moved), PutMessage(message=message))
    draft.because(ReasonCode.MESSAGE_STORED, "from before the channel was connected: kept")
    return draft.applied()


def _received(event: MessageReceived) -> Message:
    return Message(
        id=message_id(event.account, event.message_id),
        conversation=home_of(event.account, event.chat),
        vendor_id=event.message_id,
        direction=Direction.IN,
        occurred_at=event.occurred_at,
        status=MessageStatus.RECEIVED,
        text=event.text,
        media=event.media,
        author_name=event.author_name or event.chat.name or "",
        reply_to=event.reply_to,
    )


def _sent(event: MessageSent, author: EmployeeId | None) -> Message:
    return Message(
        id=message_id(event.account, event.message_id),
        conversation=home_of(event.account, event.chat),
        vendor_id=event.message_id,
        direction=Direction.OUT,
        occurred_at=event.occurred_at,
        status=event.status,
        text=event.text,
        media=event.media,
        author=author,
        author_name=event.author_name,
        sent_from=event.sent_from or "elsewhere",
        automatic=event.automatic,
        reply_to=event.reply_to,
    )


def _author(draft: Draft, event: MessageSent) -> EmployeeId | None:
    if event.author is None:
        return None
    person = draft.facts.directory.by_crm_id(event.author)
    return person.email if person else None
