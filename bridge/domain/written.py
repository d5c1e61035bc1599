"""What follows from a message that an employee wrote and that may leave."""

from collections.abc import Iterator
from dataclasses import replace

from bridge.domain.changes import DropSend, PutConversation, PutMessage
from bridge.domain.claiming import claim
from bridge.domain.decisions import Candidate, Decision
from bridge.domain.draft import Draft
from bridge.domain.effects import SendMessage
from bridge.domain.events import MessageWritten
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction, MessageStatus
from bridge.domain.names import MessageId, digest_id
from bridge.domain.pieces import Piece
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Conversation, Message, TimelineState
from bridge.domain.timeline import timeline_state, write_entries, write_waiting


def on_written(draft: Draft, event: MessageWritten) -> Decision:
    """A send for each piece, in order and each only once the one before has left; a claim, an
    entry."""
    facts = draft.facts
    given = ChatFacts(
        conversation=event.conversation,
        contact=facts.contact,
        deals=facts.deals,
        leads=facts.leads,
    )
    draft.conversation = given.conversation.id
    _explain(draft, event)
    chat = given if event.automatic else claim(draft, given, event.employee)
    messages = _messages(draft, event, chat)
    chat = replace(chat, conversation=_answered(chat, event))
    draft.contact = chat.contact.id if chat.contact else None
    draft.change(PutConversation(conversation=chat.conversation))
    _take_the_place(draft, event, messages)
    before: MessageId | None = None
    for message in messages:
        draft.change(PutMessage(message=message))
        _plan_send(draft, event, chat, message, before)
        before = message.id
    _write(draft, chat, messages)
    return draft.applied()


def own_message_id(event: MessageWritten, part: int) -> MessageId:
    return MessageId(digest_id("ms", "own", event.account, event.employee, event.key, str(part)))


def pieces_in(event: MessageWritten) -> tuple[Piece, ...]:
    """As they were cut; of an event that was stored before letters were cut, text and files."""
    if event.pieces:
        return event.pieces
    text = (Piece(text=event.text),) if event.text.strip() else ()
    return (*text, *(Piece(media=media) for media in event.media))


def _explain(draft: Draft, event: MessageWritten) -> None:
    draft.because(event.channel_reason.code, event.channel_reason.detail)
    for name, reason in event.passed_over:
        draft.because(reason.code, f"{name} was passed over: {reason.detail}")
    if (count := len(pieces_in(event))) > 1:
        detail = f"the messenger does not take it at once: {count} messages, one after the other"
        draft.because(ReasonCode.MESSAGE_SPLIT, detail)
    if event.again:
        detail = f"sent again by {event.employee}: {len(event.again)} that did not get through"
        draft.because(ReasonCode.MESSAGE_AGAIN, detail)
    wrote = Reason(ReasonCode.MESSAGE_STORED, "wrote the message")
    draft.consider([Candidate(employee=event.employee, chosen=True, reason=wrote)])


def _take_the_place(draft: Draft, event: MessageWritten, messages: tuple[Message, ...]) -> None:
    """The ones before stay in the chat, name what was sent instead, and never leave by themselves
    any more."""
    for place, old in enumerate(event.again):
        new = messages[min(place, len(messages) - 1)]
        draft.change(PutMessage(message=_replaced(old, new.id)), DropSend(message=old.id))


def _replaced(old: Message, new: MessageId) -> Message:
    """What had only waited for the one before it has never left."""
    waited = old.status is MessageStatus.QUEUED
    status = MessageStatus.FAILED if waited else old.status
    return replace(old, resent_as=new, status=status)


def _messages(draft: Draft, event: MessageWritten, chat: ChatFacts) -> tuple[Message, ...]:
    return tuple(_made(draft, event, chat))


def _made(draft: Draft, event: MessageWritten, chat: ChatFacts) -> Iterator[Message]:
    pieces, timeline = pieces_in(event), timeline_state(draft, chat)
    person = draft.facts.directory.by_email(event.employee)
    again = dict(enumerate(old.id for old in event.again))
    for place, piece in enumerate(pieces):
        yield Message(
            id=own_message_id(event, place),
            conversation=chat.conversation.id,
            vendor_id=None,
            direction=Direction.OUT,
            occurred_at=event.occurred_at,
            status=MessageStatus.QUEUED,
            text=piece.text,
            media=() if piece.media is None else (piece.media,),
            author=event.employee,
            author_name=person.name if person else event.employee,
            sent_from="bridge",
            reply_to=event.reply_to,
            timeline=timeline,
            automatic=event.automatic,
            template=piece.template,
            part=place + 1,
            parts=len(pieces),
            again_of=again.get(place),
        )


def _answered(chat: ChatFacts, event: MessageWritten) -> Conversation:
    """A machine answers nobody: the mark stays for a person (WS-05)."""
    since = chat.conversation.unanswered_since if event.automatic else None
    return replace(chat.conversation, last_message_at=event.occurred_at, unanswered_since=since)


def _plan_send(
    draft: Draft,
    event: MessageWritten,
    chat: ChatFacts,
    message: Message,
    before: MessageId | None,
) -> None:
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
        template=message.template,
        reply_to=message.reply_to if before is None else None,
        author=author.crm_id if author else None,
        automatic=event.automatic,
        after=before,
    )
    draft.plan(conversation.account, effect, conversation.id)


def _write(draft: Draft, chat: ChatFacts, messages: tuple[Message, ...]) -> None:
    write_waiting(draft, chat)
    if messages[0].timeline is TimelineState.WRITTEN:
        write_entries(draft, chat, messages)
