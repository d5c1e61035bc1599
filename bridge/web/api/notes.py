"""/conversations/{id}/notes: what colleagues noted for each other, and "an answer is needed"."""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.names import ConversationId, EmployeeId
from bridge.payload import storable
from bridge.pipeline.dismiss import take_back
from bridge.pipeline.noting import NoteRequest, note
from bridge.pipeline.send import Refusal
from bridge.store import notes
from bridge.store.engine import reading
from bridge.store.keys import Scope
from bridge.store.notes import Note
from bridge.web.api.acting import Actor, acting_employee, refused
from bridge.web.api.conversations import check_readable
from bridge.web.api.paging import go_on, start
from bridge.web.api.routing import Call, Page, Paging, get, write
from bridge.web.api.shapes import Done
from bridge.web.chatview import open_chat
from bridge.web.problems import invalid
from bridge.web.viewer import Viewer


class NewNote(Actor, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For colleagues who may read the conversation; the client never sees it."""

    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteShape:
    id: str
    at: datetime
    author: EmployeeId
    author_name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    before: int


def list_all(call: Call, query: Paging) -> Page[NoteShape]:
    name = ConversationId(call.path["id"])
    of = f"notes {name}"
    begin = start(call, query, _Place, of)
    with reading(call.site.parts.engine) as db:
        eyes = call.viewer(db)
        open_chat(db, eyes, name)
        found = notes.page(db, name, begin.before if begin else None, query.limit + 1)
    kept = found[: query.limit]
    more = _Place(before=kept[-1].id) if len(found) > query.limit else None
    return Page(items=note_shapes(eyes, kept), next=go_on(call, more, of))


def add(call: Call, body: NewNote) -> Done:
    employee = acting_employee(call, body.employee)
    check_readable(call, employee, call.path["id"])
    if storable(body.text) != body.text:
        raise invalid("holds a character that is none (NUL, half a pair)", field="$.text")
    wanted = NoteRequest(
        employee=employee.id,
        conversation=ConversationId(call.path["id"]),
        text=body.text,
        key=call.key,
    )
    answer = note(call.site.parts, wanted)
    if isinstance(answer, Refusal):
        raise refused(answer)
    return Done()


def say_answer_needed(call: Call, body: Actor) -> Done:
    employee = acting_employee(call, body.employee)
    check_readable(call, employee, call.path["id"])
    answer = take_back(call.site.parts, employee.id, ConversationId(call.path["id"]))
    if isinstance(answer, Refusal):
        raise refused(answer)
    return Done()


def note_shapes(viewer: Viewer, found: tuple[Note, ...]) -> tuple[NoteShape, ...]:
    names = {person.email: person.name for person in viewer.directory.people}
    return tuple(
        NoteShape(
            id=str(one.id),
            at=one.at,
            author=one.author,
            author_name=names.get(one.author, ""),
            text=one.text,
        )
        for one in found
    )


ROUTES = (
    get(
        "/conversations/{id}/notes",
        list_all,
        Paging,
        Page[NoteShape],
        "What colleagues noted in a conversation for each other, the newest first",
    ),
    write(
        "POST",
        "/conversations/{id}/notes",
        add,
        NewNote,
        Done,
        "Notes something for colleagues, and in the CRM where that takes notes",
        Scope.SEND,
        status=201,
    ),
    write(
        "POST",
        "/conversations/{id}/undismiss",
        say_answer_needed,
        Actor,
        Done,
        'Takes "no answer needed" back: the mark is as old as it was',
        Scope.SEND,
    ),
)
