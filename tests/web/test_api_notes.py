"""Notes and "an answer is needed" by API: as on the page, for the same people."""

from typing import Any

import pytest

from bridge.domain.names import ConversationId, EmployeeId
from bridge.store.keys import Scope
from tests.web.asking import Api, api
from tests.web.test_api_export import fetched, rows
from tests.web.test_notes import MARTA, SAID, kept, planned, waits
from tests.web.world import ANA, BRUNO, LUIS, OWNER, QA, World


@pytest.fixture
def chat(any_world: World) -> ConversationId:
    any_world.client("Marta", MARTA, ANA, deal_of=ANA)
    return any_world.writes(MARTA, "hello there")


def test_a_note_is_kept_once_and_read_by_who_reads_the_chat(
    any_world: World, chat: ConversationId
) -> None:
    ana = api(any_world, ANA)
    for _ in range(2):
        assert ana.post(f"/conversations/{chat}/notes", {"text": SAID}, key="one").status == 201
    any_world.later(minutes=1)
    assert ana.post(f"/conversations/{chat}/notes", {"text": "second"}).status == 201
    for who in (ANA, LUIS, QA):
        found = api(any_world, who).all(f"/conversations/{chat}/notes", limit=1)
        assert [(one["author"], one["text"]) for one in found] == [(ANA, "second"), (ANA, SAID)]
    assert [effect.author for effect in planned(any_world)] == [OWNER[ANA], OWNER[ANA]]


@pytest.mark.parametrize(("who", "status"), [(QA, 403), (BRUNO, 404)])
@pytest.mark.parametrize("what", ["notes", "undismiss"])
def test_rol_10_who_may_not_write_may_not(
    any_world: World, chat: ConversationId, who: EmployeeId, status: int, what: str
) -> None:
    api(any_world, ANA).post(f"/conversations/{chat}/dismiss")
    body = {"text": SAID} if what == "notes" else {}
    assert api(any_world, who).post(f"/conversations/{chat}/{what}", body).status == status
    assert (kept(any_world, chat), waits(any_world, chat)) == ([], None)


def test_rol_06_a_colleague_finds_no_notes(any_world: World, chat: ConversationId) -> None:
    api(any_world, ANA).post(f"/conversations/{chat}/notes", {"text": SAID})
    assert api(any_world, BRUNO).get(f"/conversations/{chat}/notes").status == 404


def test_a_service_says_for_whom_it_notes(any_world: World, chat: ConversationId) -> None:
    service = Api(any_world, any_world.key("service", Scope.SEND, Scope.READ))
    path = f"/conversations/{chat}/notes"
    assert service.post(path, {"text": SAID}).status == 422
    assert service.post(path, {"text": SAID, "employee": BRUNO}).status == 404
    assert service.post(path, {"text": SAID, "employee": QA}).status == 403
    assert service.post(path, {"text": SAID, "employee": ANA}).status == 201
    assert kept(any_world, chat) == [SAID]


@pytest.mark.parametrize(
    "body", [{}, {"text": " "}, {"text": "x" * 10_001}, {"text": "a\x00b"}, {"text": 7}]
)
def test_a_note_that_says_nothing_or_too_much_is_refused(
    world: World, body: dict[str, Any]
) -> None:
    world.client("Marta", MARTA, ANA)
    chat = world.writes(MARTA, "hello there")
    assert api(world, ANA).post(f"/conversations/{chat}/notes", body).status == 422
    assert kept(world, chat) == []


def test_ws_06_no_answer_needed_is_taken_back(any_world: World, chat: ConversationId) -> None:
    since = waits(any_world, chat)
    ana = api(any_world, ANA)
    ana.post(f"/conversations/{chat}/dismiss")
    any_world.later(minutes=1)
    assert ana.post(f"/conversations/{chat}/undismiss").status == 200
    assert waits(any_world, chat) == since


def test_an_answer_given_meanwhile_stays_an_answer(any_world: World, chat: ConversationId) -> None:
    ana = api(any_world, ANA)
    ana.post(f"/conversations/{chat}/dismiss")
    any_world.later(minutes=1)
    ana.post(f"/conversations/{chat}/messages", {"text": "Here you are"})
    assert ana.post(f"/conversations/{chat}/undismiss").status == 409


def test_notes_are_in_the_export_where_they_were_written(
    any_world: World, chat: ConversationId
) -> None:
    ana = api(any_world, ANA)
    any_world.later(minutes=1)
    ana.post(f"/conversations/{chat}/notes", {"text": "=1+1 in advance"})
    any_world.later(minutes=1)
    any_world.writes(MARTA, "still there?")
    whole = ana.get(f"/conversations/{chat}/export").json
    assert [(one["author"], one["text"]) for one in whole["notes"]] == [(ANA, "=1+1 in advance")]
    told = [
        (row["direction"], row["text"]) for row in rows(fetched(any_world, ANA, chat, format="csv"))
    ]
    assert told == [("in", "hello there"), ("note", "'=1+1 in advance"), ("in", "still there?")]
    later = {"from": any_world.now.isoformat()}
    assert ana.get(f"/conversations/{chat}/export", **later).json["notes"] == []
