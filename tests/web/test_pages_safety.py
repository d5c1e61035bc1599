"""Pages are safe whatever clients write, admins configure or visitors send (S14, S16)."""

import io
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from bridge.domain.events import MessageReceived
from bridge.domain.messaging import Media, MediaKind
from bridge.domain.names import ConversationId, EventKey
from bridge.domain.policy import ClientCondition, Rule, Target, When
from tests.web.asking import api
from tests.web.browsing import csrf
from tests.web.world import ANA, LUIS, SALES, WA, World

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
        "/deliveries",
        "/rotation",
        f"/deliveries?account={EVIL}",
        "/operations",
        "/operations/audit",
        f"/operations/audit?person={EVIL}",
        "/numbers",
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
    assert {name.rpartition(".")[2][:3] for name in files} == {"css", "js?", "svg"}
    for name in {name.partition("#")[0] for name in files}:
        with browser.get(name) as answer:
            found = (answer.status_code, answer.headers["X-Content-Type-Options"])
            assert found == (200, "nosniff")
            assert "immutable" in answer.headers["Cache-Control"]
    assert not re.search(r'(?:href|src)="(?:https?:)?//', page.text)


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
    assert "Go to where you begin" in answer.text


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
    # A thread of the process may have something to say of its own in the meantime.
    logged = [json.loads(line)["event"] for line in lines.getvalue().splitlines()]
    assert logged.count("api") == 3
    assert "forged" not in lines.getvalue()
    assert MARTA not in lines.getvalue()
