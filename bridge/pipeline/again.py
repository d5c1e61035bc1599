"""A message of ours that failed, or of which nobody knows whether it arrived: what a person does
about it. Both are decided in one transaction with the late report that may settle it meanwhile."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bridge.domain import templates
from bridge.domain.draft import Draft
from bridge.domain.events import SendMarked
from bridge.domain.facts import ChatFacts
from bridge.domain.messaging import Direction, MessageStatus
from bridge.domain.names import ChannelName, ConversationId, EmployeeId, EventKey, MessageId
from bridge.domain.pieces import Piece, split
from bridge.domain.reasons import Reason, ReasonCode
from bridge.domain.records import Message
from bridge.domain.sending import Letter
from bridge.domain.statuses import on_marked
from bridge.domain.templates import MessageTemplate
from bridge.pipeline.commit import Decided
from bridge.pipeline.desk import Desk
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.ledger import stored_event, stored_facts
from bridge.pipeline.parts import Parts
from bridge.pipeline.refusals import Refusal, Sent, refusal
from bridge.pipeline.send import SendRequest, own_event, sent_before
from bridge.store import decisions
from bridge.store.deciding import deciding
from bridge.store.outbox import State
from bridge.store.records import messages_by_id
from bridge.store.sends import SendState, behind, send_state


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainRequest:
    """`key` makes it idempotent. `channel` is another one than the default."""

    employee: EmployeeId
    conversation: ConversationId
    message: MessageId
    key: str = ""
    channel: ChannelName | None = None


def send_again(parts: Parts, request: AgainRequest) -> Sent | Refusal:
    """A new message in place of one that failed, or whose outcome nobody knows, and of those that
    waited for it; the old one stays in the chat and says so."""
    with deciding(parts.engine) as db:
        desk = Desk(parts, db, parts.active(), request.employee)
        key = request.key or secrets.token_hex(12)
        event_key = EventKey(f"send:{request.employee}:{key}")
        answer = sent_before(desk, event_key) or _again(desk, request, event_key, key)
    for name in sorted(desk.filled):
        parts.bell.ring(name)
    return answer


def mark_sent(parts: Parts, request: AgainRequest) -> Refusal | None:
    """A person knows that a message of unknown outcome has arrived; what waited for it goes on."""
    with deciding(parts.engine) as db:
        desk = Desk(parts, db, parts.active(), request.employee)
        event_key = EventKey(f"marked:{request.employee}:{request.key or request.message}")
        if decisions.by_key(desk.db, desk.policy.accounts, event_key) is not None:
            return None
        refused = _mark(desk, request, event_key)
    for name in sorted(desk.filled):
        parts.bell.ring(name)
    return refused


def _mark(desk: Desk, request: AgainRequest, event_key: EventKey) -> Refusal | None:
    chat = desk.open(request.conversation)
    if isinstance(chat, Refusal):
        return chat
    message = _message(desk, request)
    if isinstance(message, Refusal):
        return message
    if message.resent_as is not None:
        return refusal(ReasonCode.REQUEST_CONFLICT, _REPLACED, 409)
    if message.status is not MessageStatus.UNKNOWN:
        return refusal(ReasonCode.REQUEST_CONFLICT, _SETTLED, 409)
    state = send_state(desk.db, message.id)
    if state is None or state.state not in (State.UNKNOWN, State.DROPPED, State.DEAD):
        return refusal(ReasonCode.REQUEST_CONFLICT, _AT_WORK, 409)
    event = SendMarked(
        event_key=event_key,
        occurred_at=desk.facts.now,
        account=chat.conversation.account,
        employee=request.employee,
        conversation=request.conversation,
        message=message.id,
    )
    _carry_out(desk, event)
    for account in (chat.conversation.account, desk.policy.crm):
        desk.filled |= {lane(Way.OUT, account)} if account else set()
    return None


def _carry_out(desk: Desk, event: SendMarked) -> None:
    unit = desk.unit(event)
    facts = unit.facts(event)
    decision = on_marked(Draft(event, facts, desk.policy), event)
    unit.apply(decision)
    decided = Decided(
        decision=decision,
        event=stored_event(event),
        facts=stored_facts(facts),
        message=event.message,
    )
    desk.write(unit, [decided])


def _again(desk: Desk, request: AgainRequest, event_key: EventKey, key: str) -> Sent | Refusal:
    chat = desk.open(request.conversation)
    if isinstance(chat, Refusal):
        return chat
    message = _message(desk, request)
    if isinstance(message, Refusal):
        return message
    refused = _not_again(message, send_state(desk.db, message.id))
    if refused is not None:
        return refused
    waiting = messages_by_id(desk.db, behind(desk.db, message.id))
    older = (message, *sorted(waiting.values(), key=lambda one: one.part))
    known = _template(desk, chat, message)
    if isinstance(known, Refusal):
        return known
    choice = desk.choose(chat, request.channel, desk.around(chat, known))
    if choice.channel is None:
        return Refusal(reason=choice.reason, status=409)
    there = desk.on_channel(chat, choice.channel)
    if isinstance(there, Refusal):
        return there
    wanted = SendRequest(employee=request.employee, automatic=message.automatic)
    event = own_event(event_key, there.conversation, desk, wanted)
    letter = Letter(
        employee=desk.employee,
        event=replace(event, reply_to=message.reply_to),
        key=key,
        chat=there,
        pieces=_pieces(desk, there, older),
        again=older,
    )
    account = chat.conversation.account
    return desk.send(letter, choice, [(account, old) for old in older])


def _message(desk: Desk, request: AgainRequest) -> Message | Refusal:
    """A message of ours in this conversation."""
    found = messages_by_id(desk.db, [request.message]).get(request.message)
    if found is None or found.conversation != request.conversation:
        return refusal(ReasonCode.REQUEST_NOT_FOUND, "there is no such message here", 404)
    if found.direction is not Direction.OUT or found.sent_from != "bridge":
        detail = "it was not sent by the bridge: only what left from here can be sent again"
        return refusal(ReasonCode.REQUEST_CONFLICT, detail, 409)
    return found


def _not_again(message: Message, state: SendState | None) -> Refusal | None:
    """Why a second copy must not leave."""
    detail = ""
    if message.resent_as is not None:
        detail = _REPLACED
    elif message.wiped_at is not None:
        detail = "what it said is kept no longer: write it anew"
    elif message.status not in (MessageStatus.FAILED, MessageStatus.UNKNOWN):
        detail = _SETTLED
    elif state is not None and state.is_at_work:
        detail = _AT_WORK
    return refusal(ReasonCode.REQUEST_CONFLICT, detail, 409) if detail else None


def _template(desk: Desk, chat: ChatFacts, message: Message) -> MessageTemplate | Refusal | None:
    if message.template is None:
        return None
    found = templates.find(message.template, desk.templates(chat))
    return Refusal(reason=found, status=422) if isinstance(found, Reason) else found


def _pieces(desk: Desk, chat: ChatFacts, older: Sequence[Message]) -> tuple[Piece, ...]:
    """As they were, shorter where the channel takes less than the one before."""
    whole = "\n".join(old.text for old in older)
    most = desk.carriage(chat.conversation, whole).max_text
    return tuple(piece for old in older for piece in _pieces_of(old, most))


def _pieces_of(old: Message, most: int) -> Iterator[Piece]:
    media = old.media[0] if old.media else None
    if media is None and old.template is None:
        yield from (Piece(text=text) for text in split(old.text, most))
    else:
        yield Piece(text=old.text, media=media, template=old.template)


_REPLACED = "it has been sent again already: see the newer message"
_SETTLED = "its outcome is known by now: look at the message again"
_AT_WORK = "the bridge is still at it, and asks the messenger itself: try again in a moment"
