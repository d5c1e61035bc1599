"""What managers have to decide about clients, and which contacts were joined."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from bridge.domain.facts import ChatFacts
from bridge.domain.merging import Merge
from bridge.domain.names import ConversationId, RecordId
from bridge.domain.records import ClientState, Contact
from bridge.store import chats, identities
from bridge.store.feed import contact_ids
from bridge.web.problems import conflict, not_found


class Question(StrEnum):
    AMBIGUOUS = "ambiguous"  # several contacts fit, and none was guessed
    DUPLICATE = "duplicate"  # what the client is known by is two contacts'


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    chat: ChatFacts
    question: Question
    candidates: tuple[Contact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPlace:
    """Where the list goes on."""

    at: datetime
    id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePlace:
    at: datetime
    id: str


def open_questions(db: Connection, after: WorkPlace | None, limit: int) -> tuple[OpenQuestion, ...]:
    """The newest first. Only for managers: the candidates are named."""
    position = None if after is None else (after.at, after.id)
    found = identities.undecided(db, position, limit)
    facts = chats.chat_facts(db, [x.id for x in found])
    people = chats.contacts_by_id(db, {y for x in found for y in x.candidates})
    return tuple(
        OpenQuestion(
            chat=facts[x.id],
            question=(
                Question.AMBIGUOUS if x.client is ClientState.AMBIGUOUS else Question.DUPLICATE
            ),
            candidates=tuple(people[y] for y in x.candidates if y in people),
        )
        for x in found
    )


def place_after(found: tuple[OpenQuestion, ...], limit: int) -> WorkPlace | None:
    if len(found) <= limit:
        return None
    last = found[limit - 1].chat.conversation
    return None if last.last_message_at is None else WorkPlace(at=last.last_message_at, id=last.id)


def merges(db: Connection, after: MergePlace | None, limit: int) -> tuple[Merge, ...]:
    return identities.merges_before(db, None if after is None else (after.at, after.id), limit)


def merge_place_after(found: tuple[Merge, ...], limit: int) -> MergePlace | None:
    if len(found) <= limit:
        return None
    return MergePlace(at=found[limit - 1].at, id=found[limit - 1].id)


def contact_named(db: Connection, name: str) -> RecordId:
    """By our id or the CRM's; Problem 404 for none, 409 for several."""
    found = contact_ids(db, name) if name and "\x00" not in name else frozenset()
    if not found:
        raise not_found("contact")
    if len(found) > 1:
        raise conflict("several contacts go by this id: give the bridge's own")
    return next(iter(found))
