"""Where somebody writes: one write transaction with all that a message of his is decided by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from bridge.domain.changes import RefreshKind, RequestRefresh
from bridge.domain.channels import ChannelChoice
from bridge.domain.events import MessageSent, SendMarked
from bridge.domain.facts import ChannelFacts, ChatFacts, Facts
from bridge.domain.names import AccountName, ChannelName, ConversationId, EmployeeId
from bridge.domain.pieces import MAX_TEXT, Carriage
from bridge.domain.policy import Policy
from bridge.domain.records import ClientState, Conversation, Message
from bridge.domain.sending import Around, Letter, Sending, choose, decide_send
from bridge.domain.templates import MessageTemplate
from bridge.pipeline.addressing import newest
from bridge.pipeline.commit import Decided, commit
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.ledger import stored_event, stored_facts
from bridge.pipeline.on_record import line_of_channel
from bridge.pipeline.parts import Active, Parts
from bridge.pipeline.refusals import Refusal, Sent, not_allowed, not_found, taken
from bridge.pipeline.unit_of_work import UnitOfWork
from bridge.store import audit, chats, mirror
from bridge.store.standings import conversation_on, standings
from bridge.store.templates import templates_of


class Desk:
    """Lives within one transaction; `filled` are the lanes that have work after it."""

    def __init__(self, parts: Parts, db: Connection, active: Active, employee: EmployeeId) -> None:
        self.parts = parts
        self.db = db
        self.active = active
        self.policy: Policy = active.policy
        self.employee = active.policy.employee(employee)
        self.directory, self.directory_hash = mirror.directory_and_hash(db, active.policy.crm)
        self.states: Mapping[ChannelName, ChannelFacts] = mirror.channel_facts(db, self.policy)
        self.facts = Facts(now=parts.now(), directory=self.directory, public_url=parts.public_url)
        self.filled: frozenset[str] = frozenset()

    def open(self, conversation: ConversationId) -> ChatFacts | Refusal:
        """The chat, where he may write in it."""
        chat = chats.chat_facts(self.db, [conversation]).get(conversation)
        if chat is None:
            return not_found()
        allowed = self.allowed(chat)
        return allowed if isinstance(allowed, Refusal) else self.allowed(newest(self.db, allowed))

    def allowed(self, chat: ChatFacts) -> ChatFacts | Refusal:
        refused = not_allowed(self.employee, chat, self.directory, self.policy, self.parts)
        if refused is None:
            return chat
        late = (
            taken(self.db, self.employee, chat, self.directory) if refused.status == 404 else None
        )
        return late or refused

    def choose(
        self, chat: ChatFacts, requested: ChannelName | None, around: Around
    ) -> ChannelChoice:
        return choose(self.employee, chat, requested, self.facts, self.policy, self.states, around)[
            1
        ]

    def around(self, chat: ChatFacts, template: MessageTemplate | None = None) -> Around:
        """How the client stands on the messenger's other channels, and what may be sent there."""
        return Around(
            there=standings(self.db, self.policy, chat.conversation),
            template=template,
            templates=self.templates(chat),
        )

    def templates(self, chat: ChatFacts) -> tuple[MessageTemplate, ...]:
        """Of the accounts that a message of this chat could leave from."""
        messenger = chat.conversation.messenger
        accounts = {c.account for c in self.policy.channels.values() if c.messenger is messenger}
        return templates_of(self.db, accounts | {chat.conversation.account})

    def on_channel(self, chat: ChatFacts, channel: ChannelName) -> ChatFacts | Refusal:
        """The same client on another channel is another conversation of the same contact."""
        if channel == chat.conversation.channel:
            return chat
        where = conversation_on(self.policy, chat.conversation, channel)
        known = chats.chat_facts(self.db, [where]).get(where)
        if known is not None:
            return self.allowed(known)
        there = self.policy.channels[channel]
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

    def carriage(self, conversation: Conversation, text: str) -> Carriage:
        """What the vendor takes at once of this text."""
        connector = self.parts.vendors.connector(conversation.account)
        state = self.states.get(conversation.channel)
        limits = [connector.max_text.get(conversation.messenger, MAX_TEXT)]
        if connector.max_text_of is not None:
            limits.append(connector.max_text_of(text))
        if state is not None and state.max_text is not None:
            limits.append(state.max_text)
        return Carriage(max_text=min(limits), captions=connector.captions)

    def send(
        self, letter: Letter, choice: ChannelChoice, older: Iterable[tuple[AccountName, Message]]
    ) -> Sent | Refusal:
        """Decides and commits; `older` are the messages in whose place it goes."""
        conversation = letter.chat.conversation
        unit = self.unit(letter.event)
        for account, message in older:
            unit.held.hold_message(account, message)
        sending = decide_send(
            letter,
            choice,
            unit.facts(letter.event),
            self.policy,
            self.carriage(conversation, letter.event.text),
        )
        if not isinstance(sending, Sending):
            return Refusal(reason=sending.reason, status=422)
        self.commit(unit, sending)
        if conversation.client is ClientState.UNIDENTIFIED:
            self.ask_who(conversation)
        return Sent(
            message=sending.messages[0].id,
            conversation=conversation.id,
            channel=conversation.channel,
            reason=choice.reason,
            messages=tuple(message.id for message in sending.messages),
        )

    def unit(self, event: MessageSent | SendMarked) -> UnitOfWork:
        unit = UnitOfWork(
            self.db, self.active, self.directory, self.facts.now, self.parts.public_url
        )
        unit.load([event], {})
        return unit

    def commit(self, unit: UnitOfWork, sending: Sending) -> None:
        unit.apply(sending.decision)
        decided = Decided(
            decision=sending.decision,
            event=stored_event(sending.event),
            facts=stored_facts(sending.facts),
            message=sending.messages[0].id,
        )
        self.write(unit, [decided])
        chosen = line_of_channel(sending.event, sending.decision)
        audit.note(self.db, [] if chosen is None else [chosen], self.facts.now)

    def write(self, unit: UnitOfWork, decided: Sequence[Decided]) -> None:
        self.filled |= commit(
            self.db, self.active, self.directory_hash, unit.held, decided, self.facts.now
        )

    def ask_who(self, conversation: Conversation) -> None:
        """Queues the question whose client this is."""
        if self.policy.crm is not None:
            asked = lane(Way.MIRROR, self.policy.crm)
            wish = RequestRefresh(kind=RefreshKind.IDENTITY, key=conversation.id)
            mirror.request_refreshes(self.db, asked, [wish], self.facts.now)
            self.filled |= {asked}
