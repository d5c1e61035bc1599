"""Notes for colleagues, and "no answer needed" taken back: decided here, from a page."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge import codec
from bridge.domain.changes import AddNote
from bridge.domain.effects import WriteNote
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.policy import Retention
from bridge.domain.records import CrmKind
from bridge.pipeline.dismiss import dismiss, take_back
from bridge.pipeline.noting import NoteRequest, note
from bridge.pipeline.refusals import Refusal
from bridge.pipeline.retention import forget
from bridge.store import chats, counted, notes
from bridge.store.engine import reading, writing
from bridge.store.schema import DECISIONS, OUTBOX
from tests.web.asking import api
from tests.web.browsing import csrf
from tests.web.world import ANA, BRUNO, LUIS, OWNER, QA, World

MARTA = "+34600111222"
SAID = "Pays late: ask for half in advance"


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", MARTA, ANA, deal_of=ANA)
    return world.writes(MARTA, "hello there")


def send(world: World, chat: ConversationId, who: EmployeeId, text: str, key: str = "") -> int:
    browser = world.signed_in(who)
    form = {"csrf": csrf(browser.get("/conversations").text), "note": text, "key": key}
    return browser.post(f"/conversations/{chat}/note", data=form).status_code


def kept(world: World, chat: ConversationId) -> list[str]:
    with reading(world.engine) as db:
        return [one.text for one in notes.notes_of(db, chat, None, None, 10)]


def planned(world: World) -> list[WriteNote]:
    with reading(world.engine) as db:
        rows = db.scalars(select(OUTBOX.c.effect).where(OUTBOX.c.kind == "WriteNote"))
        return [codec.decode(WriteNote, bytes(row)) for row in rows]


def waits(world: World, chat: ConversationId) -> object:
    with reading(world.engine) as db:
        return chats.chat_facts(db, [chat])[chat].conversation.unanswered_since


def test_a_note_is_kept_once_and_written_into_the_crm_in_its_writers_name(
    world: World, chat: ConversationId
) -> None:
    for _ in range(2):
        assert send(world, chat, ANA, f"  {SAID} ", key="one") == 303
    assert kept(world, chat) == [SAID]
    [effect] = planned(world)
    assert (effect.kind, effect.record) == (CrmKind.CONTACT, f"c-{MARTA}")
    assert (effect.text, effect.author) == (SAID, OWNER[ANA])


def test_a_note_is_never_sent_to_the_client(world: World, chat: ConversationId) -> None:
    send(world, chat, ANA, SAID)
    with reading(world.engine) as db:
        kinds = set(db.scalars(select(OUTBOX.c.kind)))
    assert "SendMessage" not in kinds
    assert SAID not in str(api(world, ANA).get(f"/conversations/{chat}/messages").json)


def test_a_note_about_somebody_the_crm_does_not_know_stays_here(world: World) -> None:
    stranger = world.writes("+34600111999", "who are you")
    with writing(world.engine) as db:
        unlinked = chats.chat_facts(db, [stranger])[stranger].conversation
        assert unlinked.contact is not None
    world.policy = replace(world.policy, crm=None)
    assert send(world, stranger, LUIS, SAID) == 303
    assert (kept(world, stranger), planned(world)) == ([SAID], [])


@pytest.mark.parametrize(("who", "status"), [(QA, 403), (BRUNO, 404)])
def test_rol_10_who_may_not_write_may_not_note(
    world: World, chat: ConversationId, who: EmployeeId, status: int
) -> None:
    assert send(world, chat, who, SAID) == status
    assert kept(world, chat) == []


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 10_001], ids=["empty", "blank", "long"])
def test_a_note_that_says_nothing_or_too_much_is_refused(
    world: World, chat: ConversationId, text: str
) -> None:
    assert send(world, chat, ANA, text) == 422
    assert kept(world, chat) == []


def test_a_note_in_a_conversation_that_is_not_there(world: World) -> None:
    request = NoteRequest(employee=LUIS, conversation=ConversationId("cv_none"), text=SAID)
    refused = note(world.parts, request)
    assert isinstance(refused, Refusal)
    assert refused.status == 404


def test_no_reason_and_no_record_of_a_note_holds_its_text(
    world: World, chat: ConversationId
) -> None:
    send(world, chat, ANA, SAID)
    with reading(world.engine) as db:
        records = db.scalars(select(DECISIONS.c.record).where(DECISIONS.c.kind == "NoteAdded"))
        assert [SAID in bytes(record).decode() for record in records] == [False]


def test_notes_are_erased_with_the_client_and_counted_before(
    world: World, chat: ConversationId
) -> None:
    send(world, chat, ANA, SAID)
    luis = api(world, LUIS)
    assert (
        luis.post(f"/conversations/{chat}/erase", {"only_try": True}).json["report"]["notes"] == 1
    )
    luis.post(f"/conversations/{chat}/erase")
    assert kept(world, chat) == []
    with reading(world.engine) as db:
        events = db.scalars(select(DECISIONS.c.event).where(DECISIONS.c.kind == "NoteAdded"))
        assert list(events) == [None]
        effects = db.scalars(select(OUTBOX.c.effect).where(OUTBOX.c.kind == "WriteNote"))
        assert [SAID in bytes(one).decode() for one in effects] == [False]


def test_notes_are_kept_no_longer_than_messages(world: World, chat: ConversationId) -> None:
    send(world, chat, ANA, SAID)
    world.policy = replace(world.policy, retention=Retention(messages=timedelta(days=30)))
    world.later(days=29)
    forget(world.parts)
    assert kept(world, chat) == [SAID]
    world.later(days=2)
    forget(world.parts)
    assert kept(world, chat) == []


def test_a_transaction_that_breaks_leaves_neither_note_nor_effect(
    world: World, chat: ConversationId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(db: object, given: list[AddNote]) -> None:
        if given:
            raise ConnectionError("the store is gone")

    monkeypatch.setattr(notes, "add", broken)
    request = NoteRequest(employee=ANA, conversation=chat, text=SAID, key="one")
    with pytest.raises(ConnectionError):
        note(world.parts, request)
    monkeypatch.undo()
    assert (kept(world, chat), planned(world)) == ([], [])
    assert note(world.parts, request) is None
    assert (kept(world, chat), len(planned(world))) == ([SAID], 1)


def test_ws_06_no_answer_needed_is_taken_back(world: World, chat: ConversationId) -> None:
    since = waits(world, chat)
    world.later(minutes=1)
    browser = world.signed_in(ANA)
    form = {"csrf": csrf(browser.get("/conversations").text)}
    browser.post(f"/conversations/{chat}/dismiss", data=form)
    assert waits(world, chat) is None
    world.later(minutes=1)
    assert browser.post(f"/conversations/{chat}/undismiss", data=form).status_code == 303
    assert waits(world, chat) == since


def test_what_an_older_dismissal_settled_stays_settled(world: World, chat: ConversationId) -> None:
    dismiss(world.parts, ANA, chat)
    world.later(minutes=1)
    dismiss(world.parts, ANA, chat)
    world.later(minutes=1)
    world.writes(MARTA, "and another thing")
    asked = waits(world, chat)
    world.later(minutes=1)
    dismiss(world.parts, ANA, chat)
    world.later(minutes=1)
    assert take_back(world.parts, ANA, chat) is None
    assert waits(world, chat) == asked


def test_what_was_taken_back_ended_no_wait(world: World, chat: ConversationId) -> None:
    """Of answer times: the client waited on."""
    dismiss(world.parts, ANA, chat)
    first = world.now
    world.later(minutes=1)
    world.writes(MARTA, "and another thing")
    world.later(minutes=1)
    dismiss(world.parts, ANA, chat)
    world.later(minutes=1)
    take_back(world.parts, ANA, chat)
    with reading(world.engine) as db:
        assert counted.dismissals(db, [chat])[chat] == (first,)


@pytest.mark.parametrize(("who", "status"), [(QA, 403), (BRUNO, 404)])
def test_rol_10_who_may_not_write_takes_nothing_back(
    world: World, chat: ConversationId, who: EmployeeId, status: int
) -> None:
    dismiss(world.parts, ANA, chat)
    refused = take_back(world.parts, who, chat)
    assert isinstance(refused, Refusal)
    assert (refused.status, waits(world, chat)) == (status, None)


def test_there_is_nothing_to_take_back_where_nobody_dismissed(
    world: World, chat: ConversationId
) -> None:
    since = waits(world, chat)
    assert take_back(world.parts, ANA, chat) is None
    assert waits(world, chat) == since


def test_an_answer_given_meanwhile_stays_an_answer(world: World, chat: ConversationId) -> None:
    dismiss(world.parts, ANA, chat)
    world.later(minutes=1)
    browser = world.signed_in(ANA)
    form = {"csrf": csrf(browser.get("/conversations").text), "text": "Here you are"}
    browser.post(f"/conversations/{chat}/reply", data=form)
    refused = take_back(world.parts, ANA, chat)
    assert isinstance(refused, Refusal)
    assert (refused.status, waits(world, chat)) == (409, None)
