"""The list of conversations, one conversation, the reply, and writing first."""

import re
from dataclasses import replace

import pytest

from bridge.domain.events import MessageDeleted, MessageEdited, MessageReceived
from bridge.domain.messaging import ChatKind, Direction
from bridge.domain.names import ChannelName, ConversationId, EventKey
from tests.web.browsing import csrf
from tests.web.world import ANA, BRUNO, LUIS, NORTH, QA, SALES, WA, World

MARTA, KENJI = "+34600111222", "+34600111333"


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", MARTA, ANA, deal_of=ANA)
    return world.writes(MARTA, "hello there")


def test_the_list_shows_own_chats_first_with_mark_owner_channel_and_last_message(
    world: World,
) -> None:
    world.client("Marta", MARTA, ANA)
    world.client("Ines", "+34600111444", LUIS)
    world.writes("+34600111444", "own but older")
    world.later(minutes=5)
    world.writes(MARTA, "newer of somebody else")
    page = world.signed_in(LUIS).get("/conversations").text
    places = [page.index(w) for w in ("Your clients", "Ines", "Other conversations", "Marta")]
    assert places == sorted(places)
    assert page.index("mark red") < page.index("mark grey")
    for words in ("own but older", "newer of somebody else", "Sales · WhatsApp", "Ana Ruiz"):
        assert words in page
    assert re.search(r">\d\d:\d\d UTC</time>", page)


def test_the_list_is_filtered_and_searched(world: World, chat: ConversationId) -> None:
    world.writes(KENJI, "in the north", channel=NORTH)
    browser = world.signed_in(LUIS)
    assert "Marta" in browser.get("/conversations?q=there").text
    assert "in the north" not in browser.get("/conversations?q=there").text
    assert "Marta" not in browser.get(f"/conversations?channel={NORTH}").text
    assert "Nothing fits these filters" in browser.get("/conversations?q=nobody").text


def test_the_list_goes_on_page_by_page_own_chats_first(world: World) -> None:
    for number in range(35):
        phone = f"+3460055{number:04}"
        world.client(f"Client {number:02}", phone, LUIS if number % 2 else ANA)
        world.writes(phone, "hi")
        world.later(minutes=1)
    browser = world.signed_in(LUIS)
    page = browser.get("/conversations").text
    titles = re.findall(r"<strong><bdi>(Client \d\d)</bdi></strong>", page)
    follow = re.search(r'href="(/conversations\?[^"]*cursor=[^"]*)"', page)
    assert follow is not None
    rest = browser.get(follow[1].replace("&amp;", "&")).text
    titles += re.findall(r"<strong><bdi>(Client \d\d)</bdi></strong>", rest)
    own = [f"Client {n:02}" for n in reversed(range(35)) if n % 2]
    others = [f"Client {n:02}" for n in reversed(range(35)) if not n % 2]
    assert titles == own + others


def test_rol_06_a_chat_of_somebody_else_is_no_page(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(BRUNO)
    missing = browser.get("/conversations/cv_nowhere")
    theirs = browser.get(f"/conversations/{chat}")
    assert (theirs.status_code, theirs.text) == (404, missing.text)
    form = {"csrf": csrf(browser.get("/conversations").text), "text": "hi"}
    assert browser.post(f"/conversations/{chat}/reply", data=form).status_code == 404
    assert browser.post(f"/conversations/{chat}/dismiss", data=form).status_code == 404


def test_a_reply_is_sent_once_however_often_the_form_is(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    page = browser.get(f"/conversations/{chat}").text
    key = re.search(r'name="key" value="(\w+)"', page)
    assert key is not None
    form = {"csrf": csrf(page), "key": key[1], "text": "Good morning", "channel": SALES}
    for _ in range(2):
        answer = browser.post(f"/conversations/{chat}/reply", data=form)
        assert answer.headers["Location"] == f"/conversations/{chat}#latest"
    shown = browser.get(f"/conversations/{chat}").text
    assert shown.count('<p class="text" dir="auto">Good morning</p>') == 1
    assert "on its way" in shown


def test_chn_03_writing_first_leaves_from_the_priority_channel(world: World) -> None:
    world.client("Kenji", KENJI, ANA)
    browser = world.signed_in(ANA)
    page = browser.get("/conversations/new").text
    assert "Your usual WhatsApp channel is North." in page
    form = {"csrf": csrf(page), "phone": KENJI, "messenger": "whatsapp", "text": "Good morning"}
    answer = browser.post("/conversations/new", data=form)
    assert answer.status_code == 303
    shown = browser.get(answer.headers["Location"]).text
    assert ("Good morning" in shown, "WhatsApp · North" in shown) == (True, True)


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"phone": "twelve"}, 422, "a phone in international form"),
        ({"messenger": "pigeon"}, 422, "a phone in international form"),
        ({"channel": "nowhere"}, 409, "there is no channel nowhere"),
        ({"phone": MARTA}, 403, "owns neither the contact nor an open deal or lead"),
    ],
)
def test_a_first_message_that_is_refused_keeps_what_was_typed(
    world: World, change: dict[str, str], status: int, why: str
) -> None:
    world.client("Marta", MARTA, BRUNO)
    browser = world.signed_in(ANA)
    form = {"csrf": csrf(browser.get("/conversations/new").text), "text": "my long text"}
    given = form | {"phone": KENJI, "messenger": "whatsapp"} | change
    answer = browser.post("/conversations/new", data=given)
    assert (answer.status_code, why in answer.text.lower()) == (status, True)
    assert "my long text</textarea>" in answer.text


def test_the_reply_box_names_the_channel_and_why(world: World, chat: ConversationId) -> None:
    page = world.signed_in(ANA).get(f"/conversations/{chat}").text
    assert re.search(r'<option value="wa-sales" selected ?>', page)
    assert "A reply stays on the channel of the chat" in page


def test_a_refused_reply_keeps_what_was_typed_and_says_why(
    world: World, chat: ConversationId
) -> None:
    browser = world.signed_in(ANA)
    form = {"csrf": csrf(browser.get(f"/conversations/{chat}").text)}
    typed = form | {"text": "my long text", "channel": "nowhere"}
    answer = browser.post(f"/conversations/{chat}/reply", data=typed)
    assert answer.status_code == 409
    assert "my long text</textarea>" in answer.text
    assert "There is no channel nowhere" in answer.text


def test_rol_10_quality_control_is_shown_why_instead_of_a_reply_box(
    world: World, chat: ConversationId
) -> None:
    page = world.signed_in(QA).get(f"/conversations/{chat}").text
    assert "Quality control reads all chats and writes in none" in page
    assert 'name="text"' not in page
    assert "/dismiss" not in page


def test_ws_06_no_answer_needed_takes_the_mark_away(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    page = browser.get(f"/conversations/{chat}").text
    assert "No answer needed" in page
    browser.post(f"/conversations/{chat}/dismiss", data={"csrf": csrf(page)})
    assert f"/conversations/{chat}/dismiss" not in browser.get(f"/conversations/{chat}").text


def test_beside_the_conversation_stand_client_owner_deals_and_who_can_see(
    world: World, chat: ConversationId
) -> None:
    page = world.signed_in(LUIS).get(f"/conversations/{chat}").text
    for words in (MARTA, "Deal of Marta", "Owns the contact in the CRM", "Who can see this"):
        assert words in page
    assert "Owns neither the contact nor an open deal or lead" in page


def test_edited_and_deleted_messages_say_so(world: World, chat: ConversationId) -> None:
    common = {"occurred_at": world.now, "account": WA, "direction": Direction.IN}
    world.happens(
        MessageEdited(
            event_key=EventKey("e1"),
            message_id="m-1",
            text="hello again",
            **common,  # type: ignore[arg-type]
        )
    )
    page = world.signed_in(ANA).get(f"/conversations/{chat}").text
    assert "Edited once" in page
    assert "hello there" not in page
    assert "hello there" in world.signed_in(LUIS).get(f"/conversations/{chat}").text
    world.happens(
        MessageDeleted(event_key=EventKey("e2"), message_id="m-1", **common)  # type: ignore[arg-type]
    )
    assert "Deleted <time" in world.signed_in(ANA).get(f"/conversations/{chat}").text


def test_earlier_messages_are_a_page_away(world: World, chat: ConversationId) -> None:
    for number in range(40):
        world.writes(MARTA, f"message {number:02}")
    browser = world.signed_in(ANA)
    page = browser.get(f"/conversations/{chat}").text
    assert ("message 39" in page, "hello there" in page) == (True, False)
    earlier = re.search(r'href="([^"]*cursor=[^"]*)"', page)
    assert earlier is not None
    assert "hello there" in browser.get(earlier[1]).text


def test_group_chats_and_unnamed_channels_have_their_page(world: World) -> None:
    group = world.writes("12036304", "hello all", kind=ChatKind.GROUP)
    event = MessageReceived(
        event_key=EventKey("u1"),
        occurred_at=world.now,
        account=WA,
        chat=replace(world.chat(MARTA), channel_id="ch-unnamed"),
        message_id="u1",
        text="from nowhere",
    )
    world.happens(event)
    browser = world.signed_in(LUIS)
    assert "group chat" in browser.get(f"/conversations/{group}").text
    unnamed = ChannelName(f"{WA}:ch-unnamed")
    assert unnamed in browser.get("/conversations").text
