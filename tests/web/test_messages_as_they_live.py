"""Edits, deletions, reactions and answers on the page, by the API and in searches."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.domain.events import MessageDeleted, MessageEdited, MessageReacted, MessageReceived
from bridge.domain.messaging import Direction
from bridge.domain.names import ConversationId, EmployeeId, EventKey
from bridge.domain.policy import OnDelete, Timeline
from tests.web.asking import api
from tests.web.world import ANA, LUIS, QA, WA, World

MARTA = "+34600111222"


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", MARTA, ANA)
    where = world.writes(MARTA, "first words")
    world.happens(about(world, MessageEdited, text="second words", direction=Direction.IN))
    return where


def about(world: World, kind: Any, number: str = "m-1", **more: Any) -> Any:
    """Something that happens to a message of Marta's."""
    common = {"account": WA, "occurred_at": world.now, "chat": world.chat(MARTA)}
    key = EventKey(f"{kind.__name__}:{number}:{more.get('emoji', '')}")
    return kind(event_key=key, message_id=number, **common, **more)


def redacts(world: World) -> None:
    world.policy = replace(world.policy, timeline=Timeline(on_delete=OnDelete.REDACT))


def said(world: World, who: EmployeeId, chat: ConversationId) -> list[Any]:
    return list(reversed(api(world, who).all(f"/conversations/{chat}/messages")))


@pytest.mark.parametrize(("who", "earlier"), [(ANA, []), (LUIS, ["first words"])])
def test_earlier_texts_are_for_managers(
    world: World, chat: ConversationId, who: EmployeeId, earlier: list[str]
) -> None:
    """On every surface; that it was edited everybody sees."""
    [message] = said(world, who, chat)
    [line] = api(world, who).all("/conversations")
    [entry] = api(world, who).all("/timeline", conversation=chat)
    for found in (message, line["last_message"], entry["message"]):
        assert (found["text"], found["edits"]) == ("second words", earlier)
        assert found["times_edited"] == 1
    for address in (f"/conversations/{chat}", "/feed"):
        page = world.signed_in(who).get(address).text
        assert "Edited " in page
    page = world.signed_in(who).get(f"/conversations/{chat}").text
    assert ("first words" in page) is bool(earlier)


@pytest.mark.parametrize(("who", "sees"), [(ANA, False), (LUIS, True), (QA, True)])
@pytest.mark.parametrize("redacted", [True, False])
def test_what_was_taken_back_is_shown_as_the_house_wants_it(
    world: World, chat: ConversationId, who: EmployeeId, sees: bool, redacted: bool
) -> None:
    if redacted:
        redacts(world)
    world.happens(about(world, MessageDeleted, direction=Direction.IN))
    visible = sees or not redacted
    [message] = said(world, who, chat)
    assert (message["text"], message["deleted_at"] is not None) == (
        "second words" if visible else "",
        True,
    )
    browser = world.signed_in(who)
    for address in (f"/conversations/{chat}", "/feed"):
        assert ("second words" in browser.get(address).text) is visible
    assert "second words" not in browser.get("/conversations").text
    found = api(world, who).all("/conversations", q="second words")
    # The index of words keeps nothing of what is redacted: it is read in its chat by those who may.
    assert len(found) == (0 if redacted else 1)
    export = api(world, who).get(f"/conversations/{chat}/export").json
    assert [m["message"]["text"] for m in export["messages"]] == [message["text"]]


def test_reactions_are_shown_and_no_more(world: World, chat: ConversationId) -> None:
    before = api(world, ANA).all("/conversations"), api(world, ANA).all("/notifications")
    world.happens(about(world, MessageReacted, emoji="🎉"))
    [message] = said(world, ANA, chat)
    assert [(r["emoji"], r["direction"]) for r in message["reactions"]] == [("🎉", "in")]
    assert "🎉" in world.signed_in(ANA).get(f"/conversations/{chat}").text
    after = api(world, ANA).all("/conversations"), api(world, ANA).all("/notifications")
    before[0][0]["last_message"]["reactions"] = message["reactions"]
    assert after == before
    world.happens(about(world, MessageReacted, emoji=""))
    assert said(world, ANA, chat)[0]["reactions"] == []


@pytest.mark.parametrize("answers_first", [True, False])
def test_an_answer_quotes_what_it_answers_once_that_is_there(
    world: World, answers_first: bool
) -> None:
    world.client("Marta", MARTA, ANA)
    chat = world.writes(MARTA, "zero")
    events = [
        about(world, MessageReceived, "q", text="this one?"),
        about(world, MessageReceived, "a", text="yes, that", reply_to="q"),
    ]
    for event in reversed(events) if answers_first else events:
        world.happens(event)
    found = {m["text"]: m["answers"] for m in said(world, ANA, chat)}
    assert found["yes, that"]["text"] == "this one?"
    assert found["this one?"] is None
    assert '<blockquote class="quoted">' in world.signed_in(ANA).get(f"/conversations/{chat}").text


def test_what_stands_in_another_chat_is_not_quoted(world: World) -> None:
    """ROL-06: of a chat that is not his nobody hears by an answer."""
    world.client("Marta", MARTA, ANA)
    world.client("Ines", "+34600111333", LUIS)
    world.writes("+34600111333", "a secret")
    world.happens(about(world, MessageReceived, "a", text="so?", reply_to="m-1"))
    [chat] = [one["id"] for one in api(world, ANA).all("/conversations")]
    [message] = said(world, ANA, chat)
    assert (message["answers"]["message"], message["answers"]["text"]) == (None, "")
    page = world.signed_in(ANA).get(f"/conversations/{chat}").text
    assert "Answers a message that is not here" in page
    assert "a secret" not in page


def test_a_message_of_nothing_is_shown_as_such(world: World) -> None:
    world.client("Marta", MARTA, ANA)
    chat = world.writes(MARTA, "")
    assert said(world, ANA, chat)[0]["text"] == ""
    for address in (f"/conversations/{chat}", "/feed"):
        assert "(empty message)" in world.signed_in(ANA).get(address).text
