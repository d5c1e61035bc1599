"""Whose client somebody is: the work list, the choice, contacts joined and parted."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.merging import Merge
from bridge.domain.names import ConversationId, EmployeeId, RecordId
from bridge.pipeline import whose
from bridge.pipeline.send import Refusal
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.web import worklist
from bridge.web.api.acting import Actor, acting_employee, refused
from bridge.web.api.conversations import ContactShape, shape_of_contact
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Page, Paging, get, write
from bridge.web.api.shapes import Done
from bridge.web.chatview import title_of
from bridge.web.worklist import MergePlace, OpenQuestion, Question, WorkPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionShape:
    """`ambiguous`: several contacts fit and the chat is none's yet; `duplicate`: it is `contact`'s,
    but what the client is known by is another's as well."""

    conversation: ConversationId
    title: str
    question: Question
    contact: RecordId | None
    candidates: tuple[ContactShape, ...]
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeShape:
    """`by` of null: the CRM joined them. `conversations` are those that moved."""

    id: str
    survivor: RecordId
    absorbed: RecordId
    at: datetime
    by: EmployeeId | None
    why: str
    conversations: tuple[ConversationId, ...]
    undone_at: datetime | None
    undone_by: EmployeeId | None


class Choice(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`contact` is our id or the CRM's; null: none of those who fit, a new client. `why` is kept
    with the decision."""

    contact: str | None
    why: str = ""


class Joining(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`into` is the contact that stays, by our id or the CRM's."""

    into: str
    why: str = ""


class Parting(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    why: str = ""


def list_questions(call: Call, query: Paging) -> Page[QuestionShape]:
    of = "ambiguous"
    with reading(call.site.parts.engine) as db:
        found = worklist.open_questions(db, start(call, query, WorkPlace, of), query.limit + 1)
    items = tuple(_question(one) for one in found[: query.limit])
    return Page(items=items, next=go_on(call, worklist.place_after(found, query.limit), of))


def list_merges(call: Call, query: Paging) -> Page[MergeShape]:
    of = "merges"
    with reading(call.site.parts.engine) as db:
        found = worklist.merges(db, start(call, query, MergePlace, of), query.limit + 1)
    items = tuple(_merge(one) for one in found[: query.limit])
    return Page(items=items, next=go_on(call, worklist.merge_place_after(found, query.limit), of))


def choose(call: Call, body: Choice) -> Done:
    with reading(call.site.parts.engine) as db:
        contact = None if body.contact is None else worklist.contact_named(db, body.contact)
    word = _word(call, body, body.why)
    name = ConversationId(call.path["id"])
    return _done(whose.choose(call.site.parts, word, name, contact))


def join(call: Call, body: Joining) -> Done:
    with reading(call.site.parts.engine) as db:
        absorbed = worklist.contact_named(db, call.path["id"])
        survivor = worklist.contact_named(db, body.into)
    word = _word(call, body, body.why)
    return _done(whose.join(call.site.parts, word, survivor, absorbed))


def part(call: Call, body: Parting) -> Done:
    return _done(whose.part(call.site.parts, _word(call, body, body.why), call.path["id"]))


def _word(call: Call, body: Actor, why: str) -> whose.Word:
    employee = acting_employee(call, body.employee)
    return whose.Word(employee=employee.id, why=why, key=call.key)


def _done(answer: Refusal | None) -> Done:
    if answer is not None:
        raise refused(answer)
    return Done()


def _question(one: OpenQuestion) -> QuestionShape:
    conversation = one.chat.conversation
    return QuestionShape(
        conversation=conversation.id,
        title=title_of(one.chat),
        question=one.question,
        contact=conversation.contact,
        candidates=tuple(shape_of_contact(contact) for contact in one.candidates),
        last_message_at=conversation.last_message_at,
    )


def _merge(one: Merge) -> MergeShape:
    return MergeShape(
        id=one.id,
        survivor=one.survivor,
        absorbed=one.absorbed,
        at=one.at,
        by=one.by,
        why=one.why,
        conversations=one.conversations,
        undone_at=one.undone_at,
        undone_by=one.undone_by,
    )


ROUTES = (
    get(
        "/work/ambiguous",
        list_questions,
        Paging,
        Page[QuestionShape],
        "Chats of which a manager has to say whose they are, with the contacts that fit",
        Scope.ADMIN,
    ),
    get(
        "/merges",
        list_merges,
        Paging,
        Page[MergeShape],
        "Contacts that were joined, by the CRM or by a manager, the newest first",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/conversations/{id}/client",
        choose,
        Choice,
        Done,
        "Says whose client this is; what waits is written to his timeline",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/contacts/{id}/merge",
        join,
        Joining,
        Done,
        "Joins this contact to another; entries in the CRM stay where they are",
        Scope.ADMIN,
    ),
    write(
        "POST",
        "/merges/{id}/undo",
        part,
        Parting,
        Done,
        "Parts two contacts again: each gets back what was his",
        Scope.ADMIN,
    ),
)
