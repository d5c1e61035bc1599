"""What people put on messages. It is shown, and nothing follows from it: nobody is told of it, no
answer is due, and the CRM's entry stays as it is."""

from dataclasses import replace

from bridge.domain.changes import NameReaction, PutMessage
from bridge.domain.conversations import chat_of_message
from bridge.domain.decisions import Decision
from bridge.domain.draft import Draft
from bridge.domain.events import MessageDeleted, MessageReacted
from bridge.domain.parking import park
from bridge.domain.reasons import ReasonCode
from bridge.domain.records import Message, Reaction

MAX_REACTIONS = 500
"""Of one message; older ones are forgotten."""


def on_reacted(draft: Draft, event: MessageReacted) -> Decision:
    found = draft.facts.message
    if found is None:
        return park(draft, event)
    chat_of_message(draft, found)
    if event.reaction_id:
        draft.change(NameReaction(reaction_id=event.reaction_id, message=found.id))
    reacted = replace(found, reactions=_with(found.reactions, _reaction(event)))
    if reacted == found:
        return draft.ignored(ReasonCode.MESSAGE_REACTED, "a later reaction of his is known")
    draft.change(PutMessage(message=reacted))
    done = "is shown on the message" if event.emoji else "taken back"
    draft.because(ReasonCode.MESSAGE_REACTED, f"a reaction: {done}")
    return draft.applied()


def on_taken_back(draft: Draft, event: MessageDeleted, found: Message) -> Decision:
    """What was deleted is a reaction to this message."""
    chat_of_message(draft, found)
    kept = tuple(_without(found.reactions, event.message_id))
    if kept == found.reactions:
        return draft.ignored(ReasonCode.MESSAGE_REACTED, "another reaction has taken its place")
    draft.change(PutMessage(message=replace(found, reactions=kept)))
    draft.because(ReasonCode.MESSAGE_REACTED, "a reaction: taken back")
    return draft.applied()


def shown(message: Message) -> tuple[Reaction, ...]:
    """Those that still stand."""
    return tuple(reaction for reaction in message.reactions if _stands(reaction))


def _stands(reaction: Reaction) -> bool:
    return bool(reaction.emoji) and not reaction.taken_back


def _reaction(event: MessageReacted) -> Reaction:
    return Reaction(
        emoji=event.emoji,
        at=event.occurred_at,
        direction=event.direction,
        by=event.by,
        name=event.author_name,
        id=event.reaction_id,
        key=event.event_key,
        number=event.number,
        beside=event.beside,
    )


def _with(known: tuple[Reaction, ...], new: Reaction) -> tuple[Reaction, ...]:
    """One of each person, the latest, also when he has taken it back: an older one may be late."""
    if new.beside:
        before = [one for one in known if one.id == new.id]
        kept = known if before else (*known, new)
    else:
        his = [one for one in known if _is_of(one, new)]
        latest = max([*his, new], key=_time)
        kept = (*(one for one in known if one not in his), latest)
    return tuple(sorted(kept, key=_time))[-MAX_REACTIONS:]


def _without(known: tuple[Reaction, ...], reaction_id: str) -> list[Reaction]:
    left = [one for one in known if one.id != reaction_id or not one.beside]
    return [replace(one, taken_back=True) if one.id == reaction_id else one for one in left]


def _is_of(one: Reaction, other: Reaction) -> bool:
    return not one.beside and (one.direction, one.by) == (other.direction, other.by)


def _time(one: Reaction) -> tuple[float, int, bool, str]:
    """Put on and taken back within a second, it is taken back."""
    return one.at.timestamp(), one.number, not one.emoji, one.key
