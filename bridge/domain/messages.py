"""Messages as they live: received, sent from elsewhere, edited, deleted, delivered."""

from dataclasses import replace
from datetime import timedelta

from bridge.domain import phones
from bridge.domain.access import is_unowned
from bridge.domain.changes import Notify, PutConversation, PutMessage, SettleSend
from bridge.domain.decisions import Decision, Wait
from bridge.domain.distribution import eligible
from bridge.domain.draft import Draft
from bridge.domain.events import (
    ClientIdentified,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessageSent,
    MessageStatusChanged,
)
from bridge.domain.facts import ChatFacts, Lookup
from bridge.domain.intake import (
    assign_unowned,
    change_owner,
    create_contact,
    create_deal,
    identify,
    needs_identifying,
    take_in,
)
from bridge.domain.messaging import Chat, ChatKind, Direction, MessageStatus
from bridge.domain.names import AccountName, EmployeeId, conversation_id, message_id
from bridge.domain.notifications import told
from bridge.domain.ownership import choose_owner
from bridge.domain.policy import Distribution, OnClosedDeal
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import (
    ClientState,
    Conversation,
    Message,
    TimelineState,
)
from bridge.domain.timeline import timeline_state, update_entry, write_entries

ECHO_WAIT = timedelta(seconds=2)
STATUS_WAIT = timedelta(seconds=3)
STATUS_PATIENCE = timedelta(seconds=60)

_RANK = {
    MessageStatus.UNKNOWN: 0,
    MessageStatus.QUEUED: 0,
    MessageStatus.SENT: 1,
    MessageStatus.DELIVERED: 2,
    MessageStatus.READ: 3,
    MessageStatus.FAILED: 4,
}


def on_received(draft: Draft, event: MessageReceived) -> Decision:
    """A client's message: whose client, who is told, what is written."""
    chat = _chat(draft, event.account, event.chat)
    draft.conversation = chat.conversation.id
    if chat.conversation.kind is ChatKind.GROUP:
        return _in_group(draft, chat, _received(draft, event, TimelineState.OFF))
    chat = _client(draft, chat)
    chat = _new_deal_on_closed(draft, chat)
    message = _received(draft, event, timeline_state(draft, chat))
    chat = _touched(chat, message)
    _store(draft, chat, message)
    _notify(draft, chat, message)
    return draft.applied()


def on_sent(draft: Draft, event: MessageSent) -> Decision | Wait:
    """A message that left from elsewhere, or our own coming back (WZ-09)."""
    if draft.facts.message is not None:
        return _own_echo(draft)
    waits = _settles_a_send(draft, event)
    if waits is not None:
        return waits
    chat = _chat(draft, event.account, event.chat)
    draft.conversation = chat.conversation.id
    author = _author(draft, event)
    if chat.conversation.kind is ChatKind.GROUP:
        return _in_group(draft, chat, _sent(draft, event, author, TimelineState.OFF))
    if needs_identifying(draft.facts.conversation, draft.facts.contact):
        chat = identify(draft, chat)
    if author is not None:
        chat = claim(draft, chat, author)
    message = _sent(draft, event, author, timeline_state(draft, chat))
    chat = _touched(chat, message)
    _store(draft, chat, message)
    return draft.applied()


def on_identified(draft: Draft, event: ClientIdentified) -> Decision:
    """The CRM could be asked at last: what waited for it is decided now."""
    conversation = draft.facts.conversation
    if conversation is None or conversation.client is not ClientState.UNIDENTIFIED:
        return draft.ignored(ReasonCode.CONTACT_FOUND, "the client has been identified meanwhile")
    draft.conversation = conversation.id
    lookup = Lookup(available=True, found=event.found, deals=event.deals, leads=event.leads)
    draft.facts = replace(draft.facts, lookup=lookup)
    chat = _client(draft, ChatFacts(conversation=conversation))
    draft.change(PutConversation(conversation=chat.conversation))
    _write_waiting(draft, chat)
    _notify(draft, chat, draft.facts.waiting[-1] if draft.facts.waiting else None)
    return draft.applied()


def on_edited(draft: Draft, event: MessageEdited) -> Decision:
    """A new text: the feed shows both, the CRM's entry is rewritten (WZ-10)."""
    found = draft.facts.message
    if found is None:
        return _edit_of_unknown(draft, event)
    chat = _chat_of(draft, found)
    if found.text == event.text:
        return draft.ignored(ReasonCode.MESSAGE_UPDATED, "the message has this text already")
    edited = replace(found, text=event.text, edits=(*found.edits, found.text))
    draft.change(PutMessage(message=edited))
    draft.because(ReasonCode.MESSAGE_UPDATED, "edited; the earlier text is kept")
    if chat is not None:
        update_entry(draft, chat, edited, "edited")
    return draft.applied()


def on_deleted(draft: Draft, event: MessageDeleted) -> Decision:
    found = draft.facts.message
    if found is None:
        return draft.ignored(ReasonCode.MESSAGE_UNKNOWN, "no such message is stored")
    chat = _chat_of(draft, found)
    if found.deleted_at is not None:
        return draft.ignored(ReasonCode.MESSAGE_UPDATED, "the message is marked deleted already")
    deleted = replace(found, deleted_at=event.occurred_at)
    by = "contact" if found.direction is Direction.IN else "us"
    draft.change(PutMessage(message=deleted))
    draft.because(ReasonCode.MESSAGE_UPDATED, f"deleted by {by}; the text is kept")
    if chat is not None:
        update_entry(draft, chat, deleted, f"deleted by {by}")
    return draft.applied()


def on_status(draft: Draft, event: MessageStatusChanged) -> Decision | Wait:
    """A delivery status, which only ever moves forward (WZ-11)."""
    found = draft.facts.message
    if found is None:
        return _status_of_unknown(draft, event)
    _chat_of(draft, found)
    if found.direction is Direction.IN or _RANK[event.status] <= _RANK[found.status]:
        detail = f"{event.status} does not move {found.status}"
        return draft.ignored(ReasonCode.MESSAGE_STATUS_OLDER, detail)
    error = event.error_code or event.error_detail
    draft.change(PutMessage(message=replace(found, status=event.status, error=error)))
    draft.because(ReasonCode.MESSAGE_STATUS, f"{found.status} → {event.status}")
    return draft.applied()


def claim(draft: Draft, chat: ChatFacts, author: EmployeeId) -> ChatFacts:
    """The first to answer an unowned client becomes his owner, where that is how clients are
    given out (WZ-07, WS-10); answering without `gets_new_clients` claims nothing (ROL-16)."""
    if draft.policy.new_clients.distribution is not Distribution.FIRST_TO_ANSWER:
        return chat
    employee = draft.policy.employee(author)
    if not employee.gets_new_clients or not is_unowned(chat):
        return chat
    if eligible(employee, chat.conversation, draft.facts.directory) is not None:
        return chat
    draft.target = author
    draft.because(ReasonCode.TARGET_CLAIMED, f"{author} answered first and gets the client")
    claimed = replace(chat, conversation=replace(chat.conversation, claimed_by=author))
    if chat.contact is None:
        return create_contact(draft, claimed, author)
    change_owner(draft, chat.contact, author)
    return claimed


def conversation_of(
    draft: Draft, account: AccountName, chat: Chat, known: Conversation | None
) -> Conversation:
    """The conversation with what this chat newly says of the client."""
    phone = None if chat.phone is None else phones.canonical(chat.phone)
    if known is not None:
        return replace(
            known,
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


def _chat(draft: Draft, account: AccountName, chat: Chat) -> ChatFacts:
    facts = draft.facts
    conversation = conversation_of(draft, account, chat, facts.conversation)
    draft.contact = facts.contact.id if facts.contact else None
    return ChatFacts(
        conversation=conversation, contact=facts.contact, deals=facts.deals, leads=facts.leads
    )


def _client(draft: Draft, chat: ChatFacts) -> ChatFacts:
    """The chat with its client known and its owner chosen."""
    if needs_identifying(draft.facts.conversation, draft.facts.contact):
        chat = identify(draft, chat)
    match chat.conversation.client:
        case ClientState.NEW:
            return take_in(draft, chat)
        case ClientState.KNOWN:
            if not choose_owner(draft, chat):
                assign_unowned(draft, chat)
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
    deal = create_deal(draft, draft.policy.crm, chat.contact)
    return replace(chat, deals=(*chat.deals, deal))


def _store(draft: Draft, chat: ChatFacts, message: Message) -> None:
    draft.change(PutConversation(conversation=chat.conversation), PutMessage(message=message))
    draft.because(ReasonCode.MESSAGE_STORED, "stored in the conversation")
    _write_waiting(draft, chat)
    if message.timeline is TimelineState.WRITTEN:
        write_entries(draft, chat, (message,))


def _write_waiting(draft: Draft, chat: ChatFacts) -> None:
    """Messages that waited for the contact are written before the new one."""
    if chat.contact is None or not draft.facts.waiting:
        return
    written = tuple(replace(m, timeline=TimelineState.WRITTEN) for m in draft.facts.waiting)
    draft.change(*(PutMessage(message=m) for m in written))
    write_entries(draft, chat, written)


def _notify(draft: Draft, chat: ChatFacts, message: Message | None) -> None:
    where, what = chat.conversation.id, message.id if message else None
    people = told(chat, draft.facts.directory, draft.policy, draft.facts.now)
    for person in people:
        draft.change(
            Notify(
                employee=person.employee, conversation=where, message=what, code=person.reason.code
            )
        )
    target = draft.target
    if target is not None and all(person.employee != target for person in people):
        draft.change(
            Notify(
                employee=target,
                conversation=where,
                message=what,
                code=ReasonCode.NOTIFY_TARGET,
            )
        )


def _in_group(draft: Draft, chat: ChatFacts, message: Message) -> Decision:
    draft.because(ReasonCode.CLIENT_GROUP, "a group chat: kept and shown, never a client (WZ-14)")
    chat = _touched(chat, message)
    draft.change(PutConversation(conversation=chat.conversation), PutMessage(message=message))
    return draft.applied()


def _touched(chat: ChatFacts, message: Message) -> ChatFacts:
    """The conversation after this message: unanswered since, or answered."""
    conversation = chat.conversation
    last = max(conversation.last_message_at or message.occurred_at, message.occurred_at)
    if message.direction is Direction.OUT:
        answered = replace(conversation, last_message_at=last, unanswered_since=None)
        return replace(chat, conversation=answered)
    inbound = max(conversation.last_inbound_at or message.occurred_at, message.occurred_at)
    waiting = replace(
        conversation,
        last_message_at=last,
        last_inbound_at=inbound,
        unanswered_since=conversation.unanswered_since or message.occurred_at,
    )
    return replace(chat, conversation=waiting)


def _received(draft: Draft, event: MessageReceived, timeline: TimelineState) -> Message:
    return Message(
        id=message_id(event.account, event.message_id),
        conversation=conversation_id(event.account, event.chat.channel_id, event.chat.chat_id),
        vendor_id=event.message_id,
        direction=Direction.IN,
        occurred_at=event.occurred_at,
        status=MessageStatus.RECEIVED,
        text=event.text,
        media=event.media,
        author_name=event.chat.name or "",
        reply_to=event.reply_to,
        timeline=timeline,
    )


def _sent(
    draft: Draft, event: MessageSent, author: EmployeeId | None, timeline: TimelineState
) -> Message:
    return Message(
        id=message_id(event.account, event.message_id),
        conversation=conversation_id(event.account, event.chat.channel_id, event.chat.chat_id),
        vendor_id=event.message_id,
        direction=Direction.OUT,
        occurred_at=event.occurred_at,
        status=event.status,
        text=event.text,
        media=event.media,
        author=author,
        author_name=event.author_name,
        sent_from=event.sent_from or "elsewhere",
        reply_to=event.reply_to,
        timeline=timeline,
    )


def _author(draft: Draft, event: MessageSent) -> EmployeeId | None:
    if event.author is None:
        return None
    person = draft.facts.directory.by_crm_id(event.author)
    return person.email if person else None


def _own_echo(draft: Draft) -> Decision:
    if draft.facts.message is not None:
        draft.conversation = draft.facts.message.conversation
    return draft.ignored(ReasonCode.MESSAGE_ECHO, "this message is stored already: our own echo")


def _settles_a_send(draft: Draft, event: MessageSent) -> Decision | Wait | None:
    """Our own echo may overtake the vendor's answer: while a send to this chat is still open it
    waits, and one of unknown outcome with the same text is known to be sent by it."""
    for send in draft.facts.open_sends:
        if send.unknown and send.text == event.text:
            draft.change(SettleSend(message=send.message, vendor_id=event.message_id))
            draft.conversation = conversation_id(
                event.account, event.chat.channel_id, event.chat.chat_id
            )
            draft.because(ReasonCode.MESSAGE_SETTLED_SEND, "shows that our open send arrived")
            return draft.applied()
    if any(not send.unknown for send in draft.facts.open_sends):
        detail = "a send to this chat is still open: this may be its echo"
        return Wait(
            until=draft.facts.now + ECHO_WAIT, reason=Reason(ReasonCode.MESSAGE_ECHO, detail)
        )
    return None


def _edit_of_unknown(draft: Draft, event: MessageEdited) -> Decision:
    """Its original never came: kept as a message, so that nothing is lost."""
    if event.chat is None:
        return draft.ignored(ReasonCode.MESSAGE_UNKNOWN, "no such message is stored")
    if event.direction is Direction.IN:
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
    return draft.ignored(ReasonCode.MESSAGE_UNKNOWN, "no such message of ours is stored")


def _status_of_unknown(draft: Draft, event: MessageStatusChanged) -> Decision | Wait:
    """The vendor may report a message before it has answered our send."""
    if draft.facts.now - event.occurred_at < STATUS_PATIENCE:
        reason = Reason(ReasonCode.MESSAGE_UNKNOWN, "no such message yet: its send may be open")
        return Wait(until=draft.facts.now + STATUS_WAIT, reason=reason)
    return draft.ignored(ReasonCode.MESSAGE_UNKNOWN, "no such message is stored")


def _chat_of(draft: Draft, message: Message) -> ChatFacts | None:
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
