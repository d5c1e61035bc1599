"""A message that an employee writes in the bridge: may he, from which channel, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bridge.domain.access import Access, access
from bridge.domain.changes import PutConversation, PutMessage
from bridge.domain.channels import ChannelChoice, Wish, pick_channel
from bridge.domain.claiming import claim
from bridge.domain.decisions import Candidate, Decision
from bridge.domain.draft import Draft
from bridge.domain.effects import SendMessage
from bridge.domain.events import MessageSent, MessageWritten
from bridge.domain.facts import ChannelFacts, ChatFacts, Facts
from bridge.domain.messaging import Direction, Media, MessageStatus
from bridge.domain.names import ChannelName, MessageId, digest_id
from bridge.domain.people import Employee
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Conversation, Message, TimelineState
from bridge.domain.timeline import timeline_state, write_entries, write_waiting

MAX_TEXT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Not sent; `reason` goes to the writer as it is."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A message on its way: the decision to carry out, and the input that gives it again.

    Text and file never go together, so a text with files is several messages, the text first.
    """

    decision: Decision
    event: MessageWritten
    facts: Facts

    @property
    def messages(self) -> tuple[Message, ...]:
        own = {own_message_id(self.event, n) for n in range(1 + len(self.event.media))}
        put = (c.message for c in self.decision.changes if isinstance(c, PutMessage))
        return tuple(message for message in put if message.id in own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be sent. `key` is unique per message: the same one twice is sent once."""

    employee: Employee
    event: MessageSent  # the message as it will have been sent
    key: str
    chat: ChatFacts
    requested: ChannelName | None = None


def choose(
    employee: Employee,
    chat: ChatFacts,
    requested: ChannelName | None,
    facts: Facts,
    policy: Policy,
    states: Mapping[ChannelName, ChannelFacts],
) -> tuple[Access, ChannelChoice]:
    """Whether he may write in this chat, and the channel that a message would leave from."""
    granted = access(employee, chat, facts.directory, policy, facts.now)
    wish = Wish(
        employee=employee,
        messenger=chat.conversation.messenger,
        chat_channel=None if is_first(chat) else chat.conversation.channel,
        requested=requested,
        last_inbound_at=chat.conversation.last_inbound_at,
    )
    return granted, pick_channel(wish, policy, states, facts.now)


def is_first(chat: ChatFacts) -> bool:
    """Nobody has written in this chat yet: whoever does chooses the channel freely."""
    return chat.conversation.last_message_at is None


def decide_send(
    letter: Letter, choice: ChannelChoice, facts: Facts, policy: Policy, max_text: int
) -> Sending | Refused:
    """The decision to send; the chat is on the chosen channel already."""
    event = letter.event
    if not event.text.strip() and not event.media:
        return Refused(reason=Reason(ReasonCode.MESSAGE_EMPTY, "there is no text and no file"))
    if len(event.text) > max_text:
        detail = f"the text has {len(event.text)} characters, this messenger takes {max_text}"
        return Refused(reason=Reason(ReasonCode.MESSAGE_TOO_LONG, detail))
    written = MessageWritten(
        event_key=event.event_key,
        occurred_at=event.occurred_at,
        account=event.account,
        employee=letter.employee.id,
        key=letter.key,
        conversation=letter.chat.conversation,
        text=event.text,
        media=event.media,
        reply_to=event.reply_to,
        channel_reason=choice.reason,
        passed_over=choice.tried,
        automatic=event.automatic,
    )
    chat = letter.chat
    known = replace(facts, contact=chat.contact, deals=chat.deals, leads=chat.leads)
    decision = on_written(Draft(written, known, policy), written)
    return Sending(decision=decision, event=written, facts=known)


def on_written(draft: Draft, event: MessageWritten) -> Decision:
    """What follows from a message that may leave: a send for each part, a claim, an entry."""
    facts = draft.facts
    given = ChatFacts(
        conversation=event.conversation,
        contact=facts.contact,
        deals=facts.deals,
        leads=facts.leads,
    )
    draft.conversation = given.conversation.id
    draft.because(event.channel_reason.code, event.channel_reason.detail)
    for name, reason in event.passed_over:
        draft.because(reason.code, f"{name} was passed over: {reason.detail}")
    wrote = Reason(ReasonCode.MESSAGE_STORED, "wrote the message")
    draft.consider([Candidate(employee=event.employee, chosen=True, reason=wrote)])
    chat = given if event.automatic else claim(draft, given, event.employee)
    messages = _messages(draft, event, chat)
    chat = replace(chat, conversation=_answered(chat, event))
    draft.contact = chat.contact.id if chat.contact else None
    draft.change(PutConversation(conversation=chat.conversation))
    for message in messages:
        draft.change(PutMessage(message=message))
        _plan_send(draft, event, chat, message)
    _write(draft, chat, messages)
    return draft.applied()


def own_message_id(event: MessageWritten, part: int) -> MessageId:
    return MessageId(digest_id("ms", "own", event.account, event.employee, event.key, str(part)))


def _messages(draft: Draft, event: MessageWritten, chat: ChatFacts) -> tuple[Message, ...]:
    parts: list[tuple[str, tuple[Media, ...]]] = [(event.text, ())] if event.text.strip() else []
    parts.extend(("", (media,)) for media in event.media)
    person = draft.facts.directory.by_email(event.employee)
    timeline = timeline_state(draft, chat)
    return tuple(
        Message(
            id=own_message_id(event, place),
            conversation=chat.conversation.id,
            vendor_id=None,
            direction=Direction.OUT,
            occurred_at=event.occurred_at,
            status=MessageStatus.QUEUED,
            text=text,
            media=media,
            author=event.employee,
            author_name=person.name if person else event.employee,
            sent_from="bridge",
            reply_to=event.reply_to,
            timeline=timeline,
            automatic=event.automatic,
        )
        for place, (text, media) in enumerate(parts)
    )


def _answered(chat: ChatFacts, event: MessageWritten) -> Conversation:
    """A machine answers nobody: the mark stays for a person (WS-05)."""
    since = chat.conversation.unanswered_since if event.automatic else None
    return replace(chat.conversation, last_message_at=event.occurred_at, unanswered_since=since)


def _plan_send(draft: Draft, event: MessageWritten, chat: ChatFacts, message: Message) -> None:
    conversation = chat.conversation
    author = draft.facts.directory.by_email(event.employee)
    effect = SendMessage(
        message=message.id,
        key=message.id,
        channel_id=conversation.channel_id,
        messenger=conversation.messenger,
        chat_id=conversation.chat_id,
        chat_kind=conversation.kind,
        text=message.text,
        media=message.media[0] if message.media else None,
        reply_to=message.reply_to,
        author=author.crm_id if author else None,
        automatic=event.automatic,
    )
    draft.plan(conversation.account, effect, conversation.id)


def _write(draft: Draft, chat: ChatFacts, messages: tuple[Message, ...]) -> None:
    write_waiting(draft, chat)
    if messages[0].timeline is TimelineState.WRITTEN:
        write_entries(draft, chat, messages)
