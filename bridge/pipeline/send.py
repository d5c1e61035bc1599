"""A message that leaves from a page or the API: decided and committed before the answer."""

import secrets
from dataclasses import dataclass

from bridge import codec
from bridge.domain import templates
from bridge.domain.channels import ChannelChoice
from bridge.domain.events import MessageSent
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Chat, Media, Messenger, Template
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, EventKey, conversation_id
from bridge.domain.reasons import Reason
from bridge.domain.records import Conversation
from bridge.domain.sending import Letter
from bridge.domain.templates import MessageTemplate
from bridge.pipeline import first_chat
from bridge.pipeline.desk import Desk
from bridge.pipeline.ledger import Record
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal as Refusal
from bridge.pipeline.refusals import Sent as Sent
from bridge.pipeline.refusals import not_allowed as not_allowed
from bridge.store import chats, decisions
from bridge.store.deciding import deciding
from bridge.store.sends import letter_of


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
    template: Template | None = None


def send(parts: Parts, request: SendRequest) -> Sent | Refusal:
    """Checks access, resolves the channel, decides, and commits decision, messages and outbox rows
    in one transaction."""
    active = parts.active()
    with deciding(parts.engine) as db:
        desk = Desk(parts, db, active, request.employee)
        sender = _Sender(desk, request)
        answer = sent_before(desk, sender.event_key) or sender.answer()
    for name in sorted(desk.filled):
        parts.bell.ring(name)
    return answer


def sent_before(desk: Desk, event_key: EventKey) -> Sent | None:
    """What the same request came to, whatever has changed since."""
    found = decisions.by_key(desk.db, desk.policy.accounts, event_key)
    if found is None or found.message is None or found.conversation is None:
        return None
    chat = chats.conversations_by_id(desk.db, [found.conversation])[found.conversation]
    reason = codec.decode(Record, found.record).reasons[0]
    return Sent(
        message=found.message,
        conversation=chat.id,
        channel=chat.channel,
        reason=reason,
        messages=letter_of(desk.db, chat.account, event_key) or (found.message,),
    )


def own_event(
    event_key: EventKey, conversation: Conversation, desk: Desk, request: SendRequest
) -> MessageSent:
    """The message as it will have been sent."""
    return MessageSent(
        event_key=event_key,
        occurred_at=desk.facts.now,
        account=conversation.account,
        chat=Chat(
            channel_id=conversation.channel_id,
            messenger=conversation.messenger,
            chat_id=conversation.chat_id,
            kind=conversation.kind,
            phone=conversation.phone,
            home=_home(conversation),
        ),
        message_id=f"own:{secrets.token_hex(8)}",
        text=request.text,
        media=() if request.media is None else (request.media,),
        sent_from="bridge",
        automatic=request.automatic,
    )


def _home(conversation: Conversation) -> ConversationId | None:
    """Where the chat's id is not the one that the conversation began with."""
    own = conversation_id(conversation.account, conversation.channel_id, conversation.chat_id)
    return None if own == conversation.id else conversation.id


class _Sender:
    """One request at its desk."""

    def __init__(self, desk: Desk, request: SendRequest) -> None:
        self._desk = desk
        self._request = request
        self._key = request.key or secrets.token_hex(12)
        self.event_key = EventKey(f"send:{request.employee}:{self._key}")

    def answer(self) -> Sent | Refusal:
        chat = self._chat()
        if isinstance(chat, Refusal):
            return chat
        known = self._template(chat)
        if isinstance(known, Refusal):
            return known
        choice = self._choice(chat, known)
        if isinstance(choice, Refusal):
            return choice
        there = self._place(chat, choice)
        return there if isinstance(there, Refusal) else self._leave(there, choice, known)

    def _chat(self) -> ChatFacts | Refusal:
        """The chat to write in, or why not."""
        desk, request = self._desk, self._request
        if request.conversation is not None:
            return desk.open(request.conversation)
        draft = first_chat.draft_chat(desk, request.to_phone or "", request.messenger)
        if isinstance(draft, Refusal):
            return draft
        return first_chat.may_not_write(desk, draft) or draft

    def _choice(self, chat: ChatFacts, known: MessageTemplate | None) -> ChannelChoice | Refusal:
        around = self._desk.around(chat, known)
        choice = self._desk.choose(chat, self._request.channel, around)
        if choice.channel is None:
            return Refusal(reason=choice.reason, status=409)
        return choice

    def _place(self, chat: ChatFacts, choice: ChannelChoice) -> ChatFacts | Refusal:
        """The chat on the channel that the message leaves from."""
        channel = choice.channel or chat.conversation.channel
        if self._request.conversation is None:
            return first_chat.found_or_new(self._desk, chat.conversation, channel)
        return self._desk.on_channel(chat, channel)

    def _template(self, chat: ChatFacts) -> MessageTemplate | Refusal | None:
        """The template that is meant: of the channel that is named, else of the chat's, else of
        any that the message could leave from."""
        wanted = self._request.template
        if wanted is None:
            return None
        known = self._desk.templates(chat)
        named = self._desk.policy.channels.get(self._request.channel or chat.conversation.channel)
        fitting = [t for t in known if named and t.fits(named.account, named.id)]
        found = templates.find(wanted, fitting)
        if isinstance(found, Reason) and not any(_same(wanted, t) for t in fitting):
            found = templates.find(wanted, known)
        return Refusal(reason=found, status=422) if isinstance(found, Reason) else found

    def _leave(
        self, chat: ChatFacts, choice: ChannelChoice, known: MessageTemplate | None
    ) -> Sent | Refusal:
        letter = Letter(
            employee=self._desk.employee,
            event=own_event(self.event_key, chat.conversation, self._desk, self._request),
            key=self._key,
            chat=chat,
            template=self._request.template,
            known=known,
        )
        return self._desk.send(letter, choice, ())


def _same(wanted: Template, known: MessageTemplate) -> bool:
    return wanted.id == known.template_id if wanted.id else wanted.name == known.name
