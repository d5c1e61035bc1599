"""What people see: safe whatever clients write, and with the reason beside it."""

import io
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from bridge.domain.events import MessageDeleted, MessageEdited, MessageReceived
from bridge.domain.messaging import ChatKind, Direction, Media, MediaKind
from bridge.domain.names import ChannelName, ConversationId, EventKey
from bridge.domain.policy import ClientCondition, Rule, Target, When
from tests.web.asking import api
from tests.web.test_pages_signing_in import csrf
from tests.web.world import ANA, BRUNO, LUIS, NORA, NORTH, QA, SALES, WA, World

MARTA, KENJI = "+34600111222", "+34600111333"
EVIL = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", MARTA, ANA, deal_of=ANA)
    return world.writes(MARTA, "hello there")


def every_page(world: World, chat: ConversationId) -> list[str]:
    event = api(world, LUIS).all("/timeline")[0]["event"]
    return [
        "/conversations",
        f"/conversations?q={EVIL}",
        f"/conversations/{chat}",
        "/feed",
        "/feed?all=1",
        f"/events/{event}",
        f"/events/{event}?why_not={EVIL}",
        "/notifications",
        "/dead-letters",
        f"/nowhere/{EVIL}",
        f"/conversations/{EVIL}",
    ]


def test_s14_nothing_that_a_client_or_the_configuration_says_becomes_markup(world: World) -> None:
    sales = replace(world.policy.channels[SALES], label=EVIL)
    rule = Rule(
        id="r1",
        label=EVIL,
        when=When(client=ClientCondition.NEW),
        to=(Target(employee=LUIS),),
    )
    world.policy = replace(
        world.policy, channels={**world.policy.channels, SALES: sales}, rules=(rule,)
    )
    world.client(EVIL, MARTA, LUIS, deal_of=LUIS)
    world.writes(KENJI, EVIL)
    event = MessageReceived(
        event_key=EventKey("evil"),
        occurred_at=world.now,
        account=WA,
        chat=replace(world.chat(MARTA), name=EVIL, username=EVIL),
        message_id="evil",
        text=EVIL,
        media=(
            Media(kind=MediaKind.DOCUMENT, url="javascript:alert(1)", name=EVIL),
            Media(kind=MediaKind.IMAGE, url=f"https://x.example/{EVIL}", name=EVIL),
        ),
    )
    world.happens(event)
    world.arrives(WA, EVIL.encode())
    world.now += timedelta(minutes=1)
    found = api(world, LUIS).all("/conversations")
    for page in every_page(world, found[0]["id"]):
        shown = world.signed_in(LUIS).get(page).text
        assert "<script>alert" not in shown, page
        assert "<img src=x" not in shown, page
        assert 'href="javascript:' not in shown, page
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(\d+)", shown), page


def test_s14_every_page_carries_the_headers_and_no_inline_script_or_style(
    world: World, chat: ConversationId
) -> None:
    for page in (*every_page(world, chat), "/login", "/login/x"):
        answer = world.signed_in(LUIS).get(page)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on[a-z]+=\"", answer.text)


def test_pages_are_kept_by_nobody_and_static_files_come_from_here(world: World) -> None:
    browser = world.signed_in(LUIS)
    page = browser.get("/conversations")
    assert page.headers["Cache-Control"] == "no-store"
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(set(files)) == 3
    for name in files:
        with browser.get(name) as answer:
            assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (
                200,
                "nosniff",
            )
    assert not re.search(r'(?:href|src)="(?:https?:)?//', page.text)


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
    titles = re.findall(r"<strong>(Client \d\d)</strong>", page)
    follow = re.search(r'href="(/conversations\?[^"]*cursor=[^"]*)"', page)
    assert follow is not None
    rest = browser.get(follow[1].replace("&amp;", "&")).text
    titles += re.findall(r"<strong>(Client \d\d)</strong>", rest)
    own = [f"Client {n:02}" for n in reversed(range(35)) if n % 2]
    others = [f"Client {n:02}" for n in reversed(range(35)) if not n % 2]
    assert titles == own + others


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/conversations?cursor=forged", 400),
        ("/feed?cursor=forged", 400),
        ("/feed?from=yesterday", 400),
        ("/conversations/cv_nowhere", 404),
        ("/events/nothing", 404),
        ("/dead-letters/inbox/999", 404),
        ("/nowhere", 404),
    ],
)
def test_an_error_is_a_page_that_says_what_to_do(world: World, address: str, status: int) -> None:
    answer = world.signed_in(LUIS).get(address)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "Go to your conversations" in answer.text


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
    assert shown.count("Good morning") == 1
    assert "on its way" in shown


def test_chn_03_writing_first_leaves_from_the_priority_channel(world: World) -> None:
    world.client("Kenji", KENJI, ANA)
    browser = world.signed_in(ANA)
    page = browser.get("/conversations/new").text
    assert "Your usual WhatsApp channel is <strong>North</strong>" in page
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
    assert (answer.status_code, why in answer.text) == (status, True)
    assert "my long text</textarea>" in answer.text


def test_the_reply_box_names_the_channel_and_why(world: World, chat: ConversationId) -> None:
    page = world.signed_in(ANA).get(f"/conversations/{chat}").text
    assert re.search(r'<option value="wa-sales" selected ?>', page)
    assert "a reply stays on the channel of the chat" in page


def test_a_refused_reply_keeps_what_was_typed_and_says_why(
    world: World, chat: ConversationId
) -> None:
    browser = world.signed_in(ANA)
    form = {"csrf": csrf(browser.get(f"/conversations/{chat}").text)}
    typed = form | {"text": "my long text", "channel": "nowhere"}
    answer = browser.post(f"/conversations/{chat}/reply", data=typed)
    assert answer.status_code == 409
    assert "my long text</textarea>" in answer.text
    assert "there is no channel nowhere" in answer.text


def test_rol_10_quality_control_is_shown_why_instead_of_a_reply_box(
    world: World, chat: ConversationId
) -> None:
    page = world.signed_in(QA).get(f"/conversations/{chat}").text
    assert "quality control reads all chats and writes in none" in page
    assert "<textarea" not in page
    assert "No answer needed" not in page


def test_ws_06_no_answer_needed_takes_the_mark_away(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    page = browser.get(f"/conversations/{chat}").text
    assert "No answer needed" in page
    browser.post(f"/conversations/{chat}/dismiss", data={"csrf": csrf(page)})
    assert "No answer needed" not in browser.get(f"/conversations/{chat}").text


def test_beside_the_conversation_stand_client_owner_deals_and_who_can_see(
    world: World, chat: ConversationId
) -> None:
    page = world.signed_in(LUIS).get(f"/conversations/{chat}").text
    for words in (MARTA, "Deal of Marta", "owns the contact in the CRM", "Who can see this"):
        assert words in page
    assert "owns neither the contact nor an open deal or lead" in page


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
    assert "Edited 1×" in page
    assert "hello there" in page
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


def test_feed_05_long_texts_are_folded(world: World) -> None:
    text = "First line that says it.\n" + "And much more. " * 40
    world.writes(MARTA, text)
    page = world.signed_in(LUIS).get("/feed").text
    assert "<summary>First line that says it.</summary>" in page
    assert page.count("And much more.") == 40


def test_feed_04_the_feed_is_filtered_by_source_channel_person_and_time(
    world: World, chat: ConversationId
) -> None:
    browser = world.signed_in(LUIS)
    tomorrow = f"{world.now + timedelta(days=1):%Y-%m-%dT%H:%M}"
    hits = {"source=wazzup", f"channel={SALES}", f"person={ANA}", f"to={tomorrow}"}
    misses = {"source=crm", f"channel={NORTH}", f"person={QA}", f"from={tomorrow}"}
    for query in hits | misses:
        shown = "hello there" in browser.get(f"/feed?{query}").text
        assert shown is (query in hits), query


def test_why_tells_the_decision_as_a_story(world: World) -> None:
    world.policy = replace(
        world.policy,
        rules=(
            Rule(
                id="mx",
                label="Mexico first",
                when=When(client=ClientCondition.NEW, countries=frozenset({"MX"})),
                to=(Target(employee=LUIS),),
            ),
        ),
    )
    world.writes(MARTA, "hello")
    event = api(world, LUIS).all("/timeline")[0]["event"]
    page = world.signed_in(LUIS).get(f"/events/{event}?why_not={BRUNO}").text
    for words in (
        "Mexico first",
        "did not match",
        "wants MX, was ES",
        "Ana Ruiz",
        "chosen",
        "does not take new clients",
        "Create the deal",
        "waiting",
        "last turn of new_clients",
    ):
        assert words in page, words
    answer = re.search(r'<p class="answer">(.*?)</p>', page, re.DOTALL)
    assert answer is not None
    assert "candidate.gets_no_new_clients" in answer[1]


def test_dead_letters_are_looked_into_and_tried_again(world: World) -> None:
    world.arrives(WA, b"7")
    for _ in range(12):
        world.later(minutes=1)
        world.drain(f"in:{WA}")
    browser = world.signed_in(LUIS)
    page = browser.get("/dead-letters").text
    assert "IndexError" in page
    assert ">7</pre>" in browser.get("/dead-letters/inbox/1").text
    form = {"csrf": csrf(page)}
    assert browser.post("/dead-letters/inbox/1/replay", data=form).status_code == 303
    assert "No dead letters" in browser.get("/dead-letters").text
    world.drain(f"in:{WA}")


@pytest.mark.parametrize("employee", [ANA, QA, NORA])
def test_dead_letters_are_for_managers(world: World, employee: str) -> None:
    browser = world.signed_in(employee)  # type: ignore[arg-type]
    assert browser.get("/dead-letters").status_code == 403
    assert "/dead-letters" not in browser.get("/conversations").text


def test_notifications_are_counted_shown_and_read(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    page = browser.get("/notifications").text
    assert "Your client wrote" in page
    assert '<span class="count">1</span>' in page
    browser.post("/notifications/read", data={"csrf": csrf(page)})
    assert '<span class="count">' not in browser.get("/notifications").text


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


def test_a_form_that_is_too_large_is_refused(world: World) -> None:
    browser = world.signed_in(ANA)
    form = {"csrf": csrf(browser.get("/conversations").text), "text": "x" * 600_000}
    assert browser.post("/conversations/1/reply", data=form).status_code == 413


def test_a_store_that_is_down_is_said_in_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OperationalError("SELECT", {}, ConnectionError())

    browser = world.signed_in(ANA)
    monkeypatch.setattr(world.engine, "connect", broken)
    answer = browser.get("/conversations")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "try again in a few seconds" in answer.text


def test_s16_nobody_writes_a_line_of_the_log(world: World, chat: ConversationId) -> None:
    lines = io.StringIO()
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(lines),
        cache_logger_on_first_use=False,
    )
    evil = 'x\r\n{"event": "forged"}\x1b[31m\u2028forged'
    try:
        ana = api(world, ANA)
        ana.get(f"/conversations/{evil}")
        ana.get("/conversations", q=evil)
        ana.post(f"/conversations/{chat}/messages", {"text": evil})
        world.signed_in(ANA).get(f"/conversations?q={evil}")
    finally:
        structlog.configure(**before)
    logged = lines.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in logged] == ["api"] * 3
    assert "forged" not in lines.getvalue()
    assert MARTA not in lines.getvalue()
