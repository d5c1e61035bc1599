"""A first message to a number: whose client it may be, and in which chat it goes."""

from dataclasses import replace

from bridge.domain import phones
from bridge.domain.access import access
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import ChatKind, Messenger
from bridge.domain.names import AccountName, ChannelName, ConversationId, conversation_id
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import ClientState, Conversation
from bridge.domain.sending import BY_NUMBER
from bridge.pipeline.desk import Desk
from bridge.pipeline.refusals import Refusal, refusal
from bridge.store import chats, records


def draft_chat(desk: Desk, to_phone: str, messenger: Messenger | None) -> ChatFacts | Refusal:
    """The chat as it would be, on no channel yet."""
    phone = phones.e164(to_phone, desk.policy.phone_region())
    if phone is None or messenger is None:
        detail = "name a conversation, or a phone in international form and a messenger"
        return refusal(ReasonCode.REQUEST_INVALID, detail, 422)
    unknown = ClientState.NEW if desk.policy.crm is None else ClientState.UNIDENTIFIED
    return _first_chat(phone, messenger, unknown)


def found_or_new(desk: Desk, first: Conversation, channel: ChannelName) -> ChatFacts | Refusal:
    """The client's chat on this channel, where the writer may write to him."""
    there = desk.policy.channels[channel]
    where = conversation_id(there.account, there.id, first.chat_id)
    chat = chats.chat_facts(desk.db, [where]).get(where)
    if chat is not None and chat.conversation.client is not ClientState.UNIDENTIFIED:
        return desk.allowed(chat)
    if chat is None:
        found = _of_contact(desk, first)
        placed = replace(
            found.conversation,
            id=where,
            account=there.account,
            channel=channel,
            channel_id=there.id,
        )
        chat = replace(found, conversation=placed)
    granted = access(desk.employee, chat, desk.directory, desk.policy, desk.facts.now)
    if granted.can_write:
        return chat
    if chat.conversation.client is ClientState.UNIDENTIFIED:
        return _ask_first(desk, chat.conversation)
    return Refusal(reason=granted.reason, status=403)


def may_not_write(desk: Desk, chat: ChatFacts) -> Refusal | None:
    """Said before the channel is looked at: who never writes has none."""
    if desk.employee.may_write_at_all:
        return None
    granted = access(desk.employee, chat, desk.directory, desk.policy, desk.facts.now)
    return Refusal(reason=granted.reason, status=403)


def _ask_first(desk: Desk, conversation: Conversation) -> Refusal:
    """Whose client a number is only the CRM knows, and no request waits for the CRM (ROL-05):
    it is asked now, and the writer tries again when it has answered."""
    records.put_conversations(desk.db, [conversation])
    desk.ask_who(conversation)
    detail = "the CRM is being asked whose client this is: try again in a moment"
    return Refusal(reason=Reason(ReasonCode.CLIENT_UNIDENTIFIED, detail), status=409)


def _of_contact(desk: Desk, first: Conversation) -> ChatFacts:
    """A number of exactly one known contact is his; of any other the CRM has to be asked."""
    phone = first.phone or ""
    found = records.contacts_by_phone(desk.db, [phone]).get(phone, ())
    if len(found) != 1:
        return ChatFacts(conversation=first)
    contact = found[0]
    deals, leads = chats.records_of(desk.db, [contact.id])
    linked = replace(first, client=ClientState.KNOWN, contact=contact.id, title=contact.name)
    return ChatFacts(
        conversation=linked,
        contact=contact,
        deals=deals.get(contact.id, ()),
        leads=leads.get(contact.id, ()),
    )


def _first_chat(phone: str, messenger: Messenger, client: ClientState) -> ChatFacts:
    named = phone.removeprefix("+") if messenger in BY_NUMBER else phone
    return ChatFacts(
        conversation=Conversation(
            id=ConversationId(""),
            account=AccountName(""),
            channel=ChannelName(""),
            channel_id="",
            messenger=messenger,
            chat_id=named,
            kind=ChatKind.DIRECT,
            client=client,
            phone=phones.canonical(phone),
        )
    )
