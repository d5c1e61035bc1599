"""A message that leaves from a page or the API: decided and committed before the answer."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bridge import codec
from bridge.domain import phones
from bridge.domain.access import access
from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.channels import ChannelChoice
from bridge.domain.events import MessageSent
from bridge.domain.facts import ChannelFacts, ChatFacts, Facts
from bridge.domain.messaging import Chat, ChatKind, Media, Messenger
from bridge.domain.names import (
    AccountName,
    ChannelName,
    ConversationId,
    EmployeeId,
    EventKey,
    MessageId,
    conversation_id,
)
from bridge.domain.people import Directory, Employee
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import ClientState, Conversation
from bridge.domain.sending import MAX_TEXT, Letter, Sending, choose, decide_send
from bridge.pipeline.commit import Decided, commit
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.ledger import Record, stored_event, stored_facts
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import chats, decisions, mirror, records
from bridge.store.deciding import deciding

# Elsewhere a chat has a name of its own, which a vendor finds by the phone with its `+`.
_CHATS_BY_NUMBER = frozenset({Messenger.WHATSAPP, Messenger.VIBER, Messenger.SMS})


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """A message to a conversation, or a first one to a phone on a messenger.

    `key` makes it idempotent: the same key of the same employee is sent once.
    """

    employee: EmployeeId
    conversation: ConversationId | None = None
    to_phone: str | None = None
    messenger: Messenger | None = None
    text: str = ""
    media: Media | None = None
    channel: ChannelName | None = None
    key: str = ""
    automatic: bool = False  # by a machine: a person still has to answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Accepted and stored; its status follows in the conversation."""

    message: MessageId
    conversation: ConversationId
    channel: ChannelName
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Nothing was stored and nothing leaves. `status` is the HTTP status that fits."""

    reason: Reason
    status: int


def send(parts: Parts, request: SendRequest) -> Sent | Refusal:
    """Checks access, resolves the channel, decides, and commits decision, message and outbox row
    in one transaction."""
    active = parts.active()
    with deciding(parts.engine) as db:
        sender = _Sender(parts, db, active, request)
        answer = sender.sent_before() or sender.answer()
    for name in sorted(sender.filled):
        parts.bell.ring(name)
    return answer


class _Sender:
    """One request within its transaction; `filled` are the lanes that have work after it."""

    def __init__(self, parts: Parts, db: Connection, active: Active, request: SendRequest) -> None:
        self._parts = parts
        self._db = db
        self._active = active
        self._policy: Policy = active.policy
        self._request = request
        self._key = request.key or secrets.token_hex(12)
        self._event_key = EventKey(f"send:{request.employee}:{self._key}")
        self._employee = active.policy.employee(request.employee)
        self._directory, self._directory_hash = mirror.directory_and_hash(db, active.policy.crm)
        self._states: Mapping[ChannelName, ChannelFacts] = mirror.channel_facts(db, self._policy)
        self._facts = Facts(now=parts.now(), directory=self._directory, public_url=parts.public_url)
        self.filled: frozenset[str] = frozenset()

    def answer(self) -> Sent | Refusal:
        chat = self._chat()
        return chat if isinstance(chat, Refusal) else self._send(chat)

    def _chat(self) -> ChatFacts | Refusal:
        """The chat to write in, on the channel that it leaves from, or why not."""
        request = self._request
        if request.conversation is not None:
            chat = chats.chat_facts(self._db, [request.conversation]).get(request.conversation)
            return _not_found() if chat is None else self._allowed(chat)
        return self._new_chat()

    def _send(self, chat: ChatFacts) -> Sent | Refusal:
        _, choice = choose(
            self._employee, chat, self._request.channel, self._facts, self._policy, self._states
        )
        if choice.channel is None:
            return Refusal(reason=choice.reason, status=409)
        there = self._on_channel(chat, choice.channel)
        if isinstance(there, Refusal):
            return there
        unit = UnitOfWork(
            self._db, self._active, self._directory, self._facts.now, self._parts.public_url
        )
        event = self._event(there.conversation)
        unit.load([event], {})
        return self._decide(unit, event, there, choice)

    def sent_before(self) -> Sent | None:
        """What the same request came to, whatever has changed since."""
        found = decisions.by_key(self._db, self._policy.accounts, self._event_key)
        if found is None or found.message is None or found.conversation is None:
            return None
        chat = chats.conversations_by_id(self._db, [found.conversation])[found.conversation]
        reason = codec.decode(Record, found.record).reasons[0]
        return Sent(
            message=found.message, conversation=chat.id, channel=chat.channel, reason=reason
        )

    def _decide(
        self, unit: UnitOfWork, event: MessageSent, chat: ChatFacts, choice: ChannelChoice
    ) -> Sent | Refusal:
        facts = unit.facts(event)
        letter = Letter(employee=self._employee, event=event, key=self._key, chat=chat)
        limit = self._max_text(event.account, chat.conversation.messenger)
        sending = decide_send(letter, choice, facts, self._policy, limit)
        if not isinstance(sending, Sending):
            return Refusal(reason=sending.reason, status=422)
        unit.apply(sending.decision)
        decided = Decided(
            decision=sending.decision,
            event=stored_event(sending.event),
            facts=stored_facts(sending.facts),
            message=sending.messages[0].id,
        )
        self.filled = commit(
            self._db, self._active, self._directory_hash, unit.held, [decided], facts.now
        )
        if chat.conversation.client is ClientState.UNIDENTIFIED:
            self._ask_who(chat.conversation)
        return Sent(
            message=sending.messages[0].id,
            conversation=chat.conversation.id,
            channel=chat.conversation.channel,
            reason=choice.reason,
        )

    def _event(self, conversation: Conversation) -> MessageSent:
        request = self._request
        return MessageSent(
            event_key=self._event_key,
            occurred_at=self._facts.now,
            account=conversation.account,
            chat=Chat(
                channel_id=conversation.channel_id,
                messenger=conversation.messenger,
                chat_id=conversation.chat_id,
                kind=conversation.kind,
                phone=conversation.phone,
            ),
            message_id=f"own:{secrets.token_hex(8)}",
            text=request.text,
            media=() if request.media is None else (request.media,),
            sent_from="bridge",
            automatic=request.automatic,
        )

    def _max_text(self, account: AccountName, messenger: Messenger) -> int:
        return self._parts.vendors.connector(account).max_text.get(messenger, MAX_TEXT)

    def _on_channel(self, chat: ChatFacts, channel: ChannelName) -> ChatFacts | Refusal:
        """The same client on another channel is another conversation of the same contact."""
        if channel == chat.conversation.channel:
            return chat
        there = self._policy.channels[channel]
        where = conversation_id(there.account, there.id, chat.conversation.chat_id)
        known = chats.chat_facts(self._db, [where]).get(where)
        if known is not None:
            return self._allowed(known)
        moved = replace(
            chat.conversation,
            id=where,
            account=there.account,
            channel=channel,
            channel_id=there.id,
            last_inbound_at=None,
            last_message_at=None,
            unanswered_since=None,
        )
        return replace(chat, conversation=moved)

    def _new_chat(self) -> ChatFacts | Refusal:
        """A first message to a number: on whichever channel the writer's choice leads to."""
        request = self._request
        phone = phones.e164(request.to_phone or "", self._policy.phone_region())
        if phone is None or request.messenger is None:
            detail = "name a conversation, or a phone in international form and a messenger"
            return Refusal(reason=Reason(ReasonCode.REQUEST_INVALID, detail), status=422)
        unknown = ClientState.NEW if self._policy.crm is None else ClientState.UNIDENTIFIED
        draft = _first_chat(phone, request.messenger, unknown)
        _, choice = choose(
            self._employee, draft, request.channel, self._facts, self._policy, self._states
        )
        if not self._employee.may_write_at_all:
            granted = access(self._employee, draft, self._directory, self._policy, self._facts.now)
            return Refusal(reason=granted.reason, status=403)
        if choice.channel is None:
            return Refusal(reason=choice.reason, status=409)
        return self._found_or_new(draft.conversation, choice.channel)

    def _found_or_new(self, first: Conversation, channel: ChannelName) -> ChatFacts | Refusal:
        there = self._policy.channels[channel]
        where = conversation_id(there.account, there.id, first.chat_id)
        chat = chats.chat_facts(self._db, [where]).get(where)
        if chat is not None and chat.conversation.client is not ClientState.UNIDENTIFIED:
            return self._allowed(chat)
        if chat is None:
            found = self._of_contact(first)
            placed = replace(
                found.conversation,
                id=where,
                account=there.account,
                channel=channel,
                channel_id=there.id,
            )
            chat = replace(found, conversation=placed)
        granted = access(self._employee, chat, self._directory, self._policy, self._facts.now)
        if granted.can_write:
            return chat
        if chat.conversation.client is ClientState.UNIDENTIFIED:
            return self._ask_first(chat.conversation)
        return Refusal(reason=granted.reason, status=403)

    def _ask_first(self, conversation: Conversation) -> Refusal:
        """Whose client a number is only the CRM knows, and no request waits for the CRM (ROL-05):
        it is asked now, and the writer tries again when it has answered."""
        records.put_conversations(self._db, [conversation])
        self._ask_who(conversation)
        detail = "the CRM is being asked whose client this is: try again in a moment"
        return Refusal(reason=Reason(ReasonCode.CLIENT_UNIDENTIFIED, detail), status=409)

    def _ask_who(self, conversation: Conversation) -> None:
        """Queues the question whose client this is."""
        if self._policy.crm is not None:
            asked = lane(Way.MIRROR, self._policy.crm)
            wish = RequestRefresh(kind=RefreshKind.IDENTITY, key=conversation.id)
            mirror.request_refreshes(self._db, asked, [wish], self._facts.now)
            self.filled |= {asked}

    def _allowed(self, chat: ChatFacts) -> ChatFacts | Refusal:
        refused = not_allowed(self._employee, chat, self._directory, self._policy, self._parts)
        return refused or chat

    def _of_contact(self, first: Conversation) -> ChatFacts:
        """A number of exactly one known contact is his; of any other the CRM has to be asked."""
        phone = first.phone or ""
        found = records.contacts_by_phone(self._db, [phone]).get(phone, ())
        if len(found) != 1:
            return ChatFacts(conversation=first)
        contact = found[0]
        deals, leads = chats.records_of(self._db, [contact.id])
        linked = replace(first, client=ClientState.KNOWN, contact=contact.id, title=contact.name)
        return ChatFacts(
            conversation=linked,
            contact=contact,
            deals=deals.get(contact.id, ()),
            leads=leads.get(contact.id, ()),
        )


def _first_chat(phone: str, messenger: Messenger, client: ClientState) -> ChatFacts:
    named = phone.removeprefix("+") if messenger in _CHATS_BY_NUMBER else phone
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


def not_allowed(
    employee: Employee,
    chat: ChatFacts | None,
    directory: Directory,
    policy: Policy,
    parts: Parts,
) -> Refusal | None:
    """A chat that he may not read does not exist for him (ROL-06)."""
    if chat is None:
        return _not_found()
    granted = access(employee, chat, directory, policy, parts.now())
    if not granted.can_read:
        return _not_found()
    if not granted.can_write:
        return Refusal(reason=granted.reason, status=403)
    return None


def _not_found() -> Refusal:
    detail = "there is no such conversation, or it is not yours"
    return Refusal(reason=Reason(ReasonCode.REQUEST_NOT_FOUND, detail), status=404)
