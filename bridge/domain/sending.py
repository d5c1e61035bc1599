"""A message that an employee writes in the bridge: may he, from which channel, in which pieces."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bridge.domain.access import Access, access
from bridge.domain.changes import PutMessage
from bridge.domain.channels import ChannelChoice, Standing, Wish, pick_channel
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import MessageSent, MessageWritten
from bridge.domain.facts import ChannelFacts, ChatFacts, Facts
from bridge.domain.messaging import ChatKind, Messenger, Template
from bridge.domain.names import ChannelName
from bridge.domain.people import Employee
from bridge.domain.pieces import MAX_TEXT as MAX_TEXT
from bridge.domain.pieces import Carriage, Piece, is_blank, pieces_of
from bridge.domain.policy import Policy
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Message
from bridge.domain.templates import MessageTemplate, rendered
from bridge.domain.written import on_written, own_message_id, pieces_in

# Elsewhere a chat has a name of its own, by which nobody else can address the client.
BY_NUMBER = frozenset({Messenger.WHATSAPP, Messenger.VIBER, Messenger.SMS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Not sent; `reason` goes to the writer as it is."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A message on its way: the decision to carry out, and the input that gives it again.

    What the messenger does not take at once is several messages, the text first.
    """

    decision: Decision
    event: MessageWritten
    facts: Facts

    @property
    def messages(self) -> tuple[Message, ...]:
        own = {own_message_id(self.event, n) for n in range(len(pieces_in(self.event)))}
        put = (c.message for c in self.decision.changes if isinstance(c, PutMessage))
        return tuple(message for message in put if message.id in own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be sent. `key` is unique per message: the same one twice is sent once.

    `template` comes with the one that is known by that name. `again` are messages of ours that
    did not arrive and that this letter takes the place of, one for each of `pieces`.
    """

    employee: Employee
    event: MessageSent  # the message as it will have been sent
    key: str
    chat: ChatFacts
    requested: ChannelName | None = None
    template: Template | None = None
    known: MessageTemplate | None = None
    pieces: tuple[Piece, ...] = ()
    again: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What else the choice looks at: how the client stands on other channels, what may be sent."""

    there: Mapping[ChannelName, Standing] = field(default_factory=dict)
    template: MessageTemplate | None = None
    templates: tuple[MessageTemplate, ...] = ()


NOTHING_AROUND = Around()


def choose(
    employee: Employee,
    chat: ChatFacts,
    requested: ChannelName | None,
    facts: Facts,
    policy: Policy,
    states: Mapping[ChannelName, ChannelFacts],
    around: Around = NOTHING_AROUND,
) -> tuple[Access, ChannelChoice]:
    """Whether he may write in this chat, and the channel that a message would leave from."""
    granted = access(employee, chat, facts.directory, policy, facts.now)
    wish = wish_of(employee, chat, requested, around)
    return granted, pick_channel(wish, policy, states, facts.now)


def wish_of(
    employee: Employee, chat: ChatFacts, requested: ChannelName | None, around: Around
) -> Wish:
    conversation = chat.conversation
    free = is_first(chat) and conversation.kind is ChatKind.DIRECT
    return Wish(
        employee=employee,
        messenger=conversation.messenger,
        chat_channel=None if free else conversation.channel,
        requested=requested,
        last_inbound_at=conversation.last_inbound_at,
        wishes=conversation.wishes,
        kind=conversation.kind,
        by_number=conversation.messenger in BY_NUMBER and conversation.chat_id.isdecimal(),
        there=around.there,
        template=around.template,
        templates=around.templates,
    )


def is_first(chat: ChatFacts) -> bool:
    """Nobody has written in this chat yet: whoever does chooses the channel freely."""
    return chat.conversation.last_message_at is None


def decide_send(
    letter: Letter,
    choice: ChannelChoice,
    facts: Facts,
    policy: Policy,
    carriage: Carriage | None = None,
) -> Sending | Refused:
    """The decision to send; the chat is on the chosen channel already."""
    pieces = _pieces(letter, carriage or Carriage())
    if isinstance(pieces, Refused):
        return pieces
    event = letter.event
    written = MessageWritten(
        event_key=event.event_key,
        occurred_at=event.occurred_at,
        account=event.account,
        employee=letter.employee.id,
        key=letter.key,
        conversation=letter.chat.conversation,
        reply_to=event.reply_to,
        channel_reason=choice.reason,
        passed_over=choice.tried,
        automatic=event.automatic,
        pieces=pieces,
        again=letter.again,
    )
    chat = letter.chat
    known = replace(facts, contact=chat.contact, deals=chat.deals, leads=chat.leads)
    decision = on_written(Draft(written, known, policy), written)
    return Sending(decision=decision, event=written, facts=known)


def _pieces(letter: Letter, carriage: Carriage) -> tuple[Piece, ...] | Refused:
    if letter.pieces:
        return letter.pieces
    event, template = letter.event, letter.template
    if template is not None and letter.known is not None:
        return _of_template(letter, template, letter.known)
    if is_blank(event.text) and not event.media:
        detail = "there is no text and no file: write something that can be seen"
        return Refused(reason=Reason(ReasonCode.MESSAGE_EMPTY, detail))
    if len(event.text) > MAX_TEXT:
        detail = (
            f"the text has {len(event.text)} characters, a letter at most {MAX_TEXT}: "
            "send it as a file, or in parts"
        )
        return Refused(reason=Reason(ReasonCode.MESSAGE_TOO_LONG, detail))
    return pieces_of(event.text, event.media, carriage)


def _of_template(
    letter: Letter, template: Template, known: MessageTemplate
) -> tuple[Piece, ...] | Refused:
    if letter.event.text or letter.event.media:
        detail = "a template holds its own text: send the text or file as a message of its own"
        return Refused(reason=Reason(ReasonCode.REQUEST_INVALID, detail))
    named = replace(template, id=known.template_id, name=known.name, language=known.language)
    return (Piece(text=rendered(known, template.values), template=named),)
