"""Numbers as charts and files: everybody's or one's own, never a formula, never another's."""

import csv
import io
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from bridge.domain.messaging import Direction, MessageStatus
from bridge.domain.names import ConversationId, EmployeeId, MessageId
from bridge.domain.records import Message
from bridge.pipeline.counting import count
from bridge.store.engine import writing
from bridge.store.records import put_messages
from bridge.web.charts import Part, Series, bar, columns, strip
from tests.web.world import ANA, BRUNO, LUIS, NOW, QA, WA, World

MARTA, JUAN = "+34600111222", "+34600333444"


@pytest.fixture
def chats(any_world: World) -> tuple[ConversationId, ConversationId]:
    """Ana's client, who writes a formula, and Bruno's; both answered."""
    any_world.client("Marta", MARTA, ANA)
    any_world.client("Juan", JUAN, BRUNO)
    found = any_world.writes(MARTA, "=HYPERLINK(1)"), any_world.writes(JUAN, "hola")
    for chat, by in zip(found, (ANA, BRUNO), strict=True):
        answer = Message(
            id=MessageId(f"ms_{by}"),
            conversation=chat,
            vendor_id=f"v_{by}",
            direction=Direction.OUT,
            occurred_at=NOW + timedelta(minutes=3),
            status=MessageStatus.FAILED if by == BRUNO else MessageStatus.READ,
            author=by,
            text=f"answer of {by}",
            error="not on WhatsApp" if by == BRUNO else "",
        )
        with writing(any_world.engine) as db:
            put_messages(db, {answer.id: WA}, [answer])
    any_world.later(minutes=10)
    count(any_world.parts)
    return found


def rows(world: World, who: EmployeeId, what: str) -> list[dict[str, str]]:
    answer = world.signed_in(who).get(f"/numbers/export?what={what}&days=7")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


Chats = tuple[ConversationId, ConversationId]


def test_a_manager_sees_everybody(any_world: World, chats: Chats) -> None:
    page = any_world.signed_in(LUIS).get("/numbers?days=7").text
    assert all(word in page for word in ("Ana Ruiz", "not on WhatsApp", "<svg"))


def test_a_salesperson_sees_himself(any_world: World, chats: Chats) -> None:
    page = any_world.signed_in(ANA).get("/numbers").text
    assert "Your numbers" in page
    assert not any(word in page for word in ("Bruno", "not on WhatsApp", "By team"))


def test_of_nothing_at_all_it_says_so(any_world: World) -> None:
    for who in (LUIS, QA, ANA):
        assert "No messages in this time" in any_world.signed_in(who).get("/numbers").text


def test_files_hold_what_their_reader_may_read(any_world: World, chats: Chats) -> None:
    assert [row["text"] for row in rows(any_world, LUIS, "messages")] == [
        "'=HYPERLINK(1)",
        "hola",
        f"answer of {ANA}",
        f"answer of {BRUNO}",
    ]
    mine = rows(any_world, ANA, "messages")
    assert {row["conversation"] for row in mine} == {chats[0]}
    assert [row["person"] for row in rows(any_world, QA, "answers")] == [ANA]
    assert rows(any_world, ANA, "answers")[0]["seconds"] == "180"
    assert rows(any_world, BRUNO, "answers") == []
    assert [row["direction"] for row in rows(any_world, ANA, "volume")] == ["out"]
    assert sum(int(row["messages"]) for row in rows(any_world, LUIS, "volume")) == 4


def test_files_go_on_over_many_batches(
    any_world: World, chats: Chats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.web.number_files._BATCH", 1)
    assert len(rows(any_world, LUIS, "messages")) == 4
    assert len(rows(any_world, LUIS, "answers")) == 1


@pytest.mark.parametrize("query", ["days=8", "days=x", "what=secrets&days=7"])
def test_a_wrong_question_is_refused(world: World, query: str) -> None:
    assert world.signed_in(LUIS).get(f"/numbers/export?{query}").status_code == 400


def test_a_chart_is_sound_svg_whatever_names_say() -> None:
    evil = "<script>\"'&"
    drawn = columns("c", evil, evil, [evil, "b"], [Series(name=evil, tone="a", values=[3, 0])])
    strips = strip(evil, [Part(tone="a", amount=1, said=evil), Part(tone="b", amount=0, said="")])
    for one in (drawn, strips, bar(evil, 0.5)):
        assert "<script>" not in one
        assert "style" not in one
        ElementTree.fromstring(str(one))


@pytest.mark.parametrize("most", [0, 1, 3, 4, 5, 9, 10, 11, 99, 101, 12_345, 999_999])
def test_no_column_leaves_its_chart(most: int) -> None:
    drawn = str(columns("c", "t", "d", ["a"], [Series(name="s", tone="a", values=[most])]))
    heights = [float(found) for found in re.findall(r'height="([\d.]+)"', drawn)]
    assert all(0 <= height <= 182 for height in heights)
    words = [int(found) for found in re.findall(r">(\d+)</text>", drawn)]
    assert max(words) >= most
    assert words[:5] == sorted(set(words[:5]))


def test_nothing_makes_no_bar() -> None:
    assert strip("nothing", [Part(tone="a", amount=0, said="")]) == ""
    assert "width" in bar("more than all", 1.5)
