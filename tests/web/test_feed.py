"""The feed of somebody: whose it is, how it is narrowed, what is new, and how far it looks."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event as sql

from bridge.domain.errors import ConfigError
from bridge.domain.events import MessageDeleted, MessageEdited, MessageReceived
from bridge.domain.messaging import Direction, Media, MediaKind
from bridge.domain.names import ConversationId, CrmId, EmployeeId, EventKey
from bridge.domain.records import ContactState, RecordKind
from bridge.store import records
from bridge.store.engine import reading, writing
from bridge.store.feed import contacts_named
from bridge.web import feed
from tests.web.asking import api
from tests.web.world import ANA, BRUNO, CRM, LUIS, NORTH, QA, TELEGRAM, WA, World

MARTA, KENJI = "+34600111222", "+34600111333"
NUMBERS = re.compile(r'data-event="(\d+)"|id="e(\d+)"')


@pytest.fixture
def chats(any_world: World) -> dict[str, ConversationId]:
    """Marta is Ana's, with a deal; Kenji Bruno's, with a lead; he writes on another messenger."""
    any_world.client("Marta", MARTA, ANA, deal_of=ANA)
    any_world.lead(any_world.client("Kenji", KENJI, BRUNO), BRUNO)
    marta = any_world.writes(MARTA, "from Marta")
    any_world.later(days=1)
    kenji = any_world.writes(KENJI, "from Kenji", channel=TELEGRAM)
    return {"marta": marta, "kenji": kenji}


def page(world: World, address: str, reader: EmployeeId = LUIS) -> str:
    answer = world.signed_in(reader).get(address)
    assert answer.status_code == 200, address
    return answer.text


OF_MARTA = (
    f"/contacts/rc_{MARTA}",
    f"/contacts/c-{MARTA}",
    f"/deals/rd_{MARTA}",
    f"/deals/d-{MARTA}",
    f"/feed?contact=rc_%2B{MARTA[1:]}",
    f"/feed?deal=d-%2B{MARTA[1:]}",
)


@pytest.mark.parametrize("address", OF_MARTA)
def test_a_feed_of_somebody_has_a_head_and_nothing_of_others(
    any_world: World, chats: dict[str, ConversationId], address: str
) -> None:
    shown = page(any_world, address)
    assert "from Marta" in shown
    assert "from Kenji" not in shown
    assert "Ana Ruiz" in shown
    assert f"/conversations/{chats['marta']}#latest" in shown


def test_the_feed_of_a_lead(any_world: World, chats: dict[str, ConversationId]) -> None:
    shown = page(any_world, f"/leads/l-rc_{KENJI}")
    assert "from Kenji" in shown
    assert "from Marta" not in shown
    assert ">A lead</bdi></h1>" in shown


@pytest.mark.parametrize(
    ("address", "reader", "status"),
    [
        (f"/contacts/rc_{MARTA}", ANA, 200),
        (f"/contacts/rc_{MARTA}", BRUNO, 404),
        (f"/deals/rd_{MARTA}", BRUNO, 404),
        (f"/leads/l-rc_{KENJI}", ANA, 404),
        (f"/feed/export?contact=rc_%2B{KENJI[1:]}", ANA, 404),
        (f"/contacts/rc_{MARTA}", QA, 200),
        ("/contacts/nobody", LUIS, 404),
        (f"/leads/d-{MARTA}", LUIS, 404),
        ("/contacts/%00", LUIS, 404),
        ("/feed?messenger=smoke", LUIS, 400),
        ("/feed?new=x", LUIS, 400),
        ("/feed?new=99999999999999999999", LUIS, 400),
        ("/feed?from=0001-01-01T00:00&to=9999-12-31T23:59", LUIS, 200),
    ],
)
def test_what_is_not_there_or_not_for_somebody_is_refused(
    world: World, address: str, reader: EmployeeId, status: int
) -> None:
    """ROL-06."""
    world.client("Marta", MARTA, ANA, deal_of=ANA)
    world.lead(world.client("Kenji", KENJI, BRUNO), BRUNO)
    world.writes(MARTA, "from Marta")
    world.writes(KENJI, "from Kenji")
    assert world.signed_in(reader).get(address).status_code == status


def test_feed_04_several_sources_are_ticked_at_once(
    any_world: World, chats: dict[str, ConversationId]
) -> None:
    shown = page(any_world, "/feed?source=crm&source=wazzup")
    assert "from Marta" in shown
    assert re.search(r'name="source" value="crm" checked', shown)
    assert re.search(r'name="source" value="wazzup" checked', shown)
    assert "from Marta" not in page(any_world, "/feed?source=crm")
    luis = api(any_world, LUIS)
    assert len(luis.all("/timeline", source="crm,wazzup")) == 2
    assert luis.all("/timeline", source="crm,telegram") == []


def test_the_feed_is_narrowed_by_messenger(
    any_world: World, chats: dict[str, ConversationId]
) -> None:
    shown = page(any_world, "/feed?messenger=telegram")
    assert "from Kenji" in shown
    assert "from Marta" not in shown
    luis = api(any_world, LUIS)
    assert [e["message"]["text"] for e in luis.all("/timeline", messenger="whatsapp")] == [
        "from Marta"
    ]
    assert luis.get("/timeline", messenger="smoke").status == 422


def test_times_and_days_are_those_of_the_reader(world: World) -> None:
    """15:06 in UTC is the next day in Auckland."""
    world.writes(MARTA, "from Marta")
    browser = world.signed_in(LUIS)
    browser.set_cookie("bridge_zone", "Pacific/Auckland")
    assert "from Marta" in browser.get("/feed?from=2026-03-05T04:00&to=2026-03-05T05:00").text
    assert "from Marta" not in browser.get("/feed?from=2026-03-04T15:00&to=2026-03-04T16:00").text
    for hours, day in ((10, "Today"), (15, "Yesterday")):
        world.later(hours=hours)
        browser = world.signed_in(LUIS)
        browser.set_cookie("bridge_zone", "Pacific/Auckland")
        assert f'<h2 class="part">{day}</h2>' in browser.get("/feed").text


def test_a_day_that_goes_on_is_not_named_twice(world: World) -> None:
    for number in range(31):
        world.writes(MARTA, f"message {number}")
    browser = world.signed_in(LUIS)
    first = browser.get("/feed").text
    more = re.search(r'<p class="more"><a class="btn" href="([^"]+)"', first)
    assert more is not None
    second = browser.get(more[1].replace("&amp;", "&")).text
    assert 'class="part">Today' in first
    assert 'class="part visually-hidden">Today' in second
    assert "message 0" in second
    assert "message 0<" not in first


def test_new_entries_are_counted_and_not_shown_by_themselves(
    any_world: World, chats: dict[str, ConversationId]
) -> None:
    luis, bruno = any_world.signed_in(LUIS), any_world.signed_in(BRUNO)
    shown = luis.get("/feed?messenger=whatsapp").text
    [asks] = re.findall(r'id="feed-new" data-live hx-get="([^"]+)"', shown)
    asks = asks.replace("&amp;", "&")
    assert "new entr" not in luis.get(asks).text
    any_world.writes(MARTA, "more from Marta")
    any_world.writes(MARTA, "even more")
    any_world.writes(KENJI, "more from Kenji", channel=TELEGRAM)
    told = luis.get(asks).text
    assert "2 new entries" in told
    assert 'href="/feed?messenger=whatsapp"' in told
    assert "from Marta" not in told
    assert "new entr" not in bruno.get(asks).text


def test_what_is_filtered_is_taken_as_a_file(
    any_world: World, chats: dict[str, ConversationId]
) -> None:
    shown = page(any_world, f"/contacts/rc_{MARTA}?source=wazzup")
    files = [a.replace("&amp;", "&") for a in re.findall(r'href="(/feed/export[^"]+)"', shown)]
    browser = any_world.signed_in(LUIS)
    table = browser.get(files[0])
    rows = list(csv.DictReader(io.StringIO(table.text.lstrip("\ufeff"))))
    assert [(row["client"], row["text"], row["target"]) for row in rows] == [
        ("Marta", "from Marta", ANA)
    ]
    assert "attachment" in table.headers["Content-Disposition"]
    [entry] = json.loads(browser.get(files[1]).data)
    assert (entry["message"]["text"], entry["conversation"]) == ("from Marta", chats["marta"])


def test_a_file_says_so_when_it_would_hold_too_much(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.web.feed_export.MOST_ENTRIES", 2)
    for number in range(4):
        world.writes(MARTA, f"message {number}")
    refused = world.signed_in(LUIS).get("/feed/export")
    assert refused.status_code == 422
    assert "narrow it with" in refused.text


def test_a_page_looks_at_a_bounded_part_and_says_where_to_look_on(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_LOOKS", (2, 3))
    any_world.writes(KENJI, "the only one there", channel=NORTH)
    any_world.later(minutes=1)
    for number in range(8):
        any_world.writes(MARTA, f"message {number}")
    luis = api(any_world, LUIS)
    first = luis.get("/timeline", channel=NORTH).json
    assert first["items"] == []
    assert first["next"] is not None
    assert [e["message"]["text"] for e in luis.all("/timeline", channel=NORTH)] == [
        "the only one there"
    ]
    assert len(luis.all("/timeline", limit=3)) == 9
    assert "Older entries may" in page(any_world, f"/feed?channel={NORTH}")


def test_what_came_late_stands_where_it_happened(any_world: World) -> None:
    any_world.writes(MARTA, "first")
    any_world.later(hours=2)
    any_world.writes(MARTA, "second")
    late = MessageReceived(
        event_key=EventKey("late"),
        occurred_at=any_world.now - timedelta(hours=1),
        account=WA,
        chat=any_world.chat(KENJI),
        message_id="late",
        text="in between",
    )
    any_world.happens(late)
    said = [e["message"]["text"] for e in api(any_world, LUIS).all("/timeline", limit=1)]
    assert said == ["second", "in between", "first"]


def test_a_deleted_contact_still_has_its_feed(world: World) -> None:
    contact = world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "from Marta")
    with writing(world.engine) as db:
        [known] = contacts_named(db, contact)
        records.put_contacts(db, CRM, [replace(known, state=ContactState.DELETED)])
    shown = page(world, f"/contacts/{contact}")
    assert "deleted in the CRM" in shown
    assert "from Marta" in shown
    with reading(world.engine) as db:
        assert contacts_named(db, "nobody") == ()


def test_the_crm_is_linked_where_its_connector_knows_the_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = world.client("Marta", MARTA, ANA)
    world.writes(MARTA, "from Marta")
    assert "Open in the CRM" not in page(world, f"/contacts/{contact}")
    made = world._connector("crm")

    def address(account: object, kind: RecordKind, record: CrmId) -> str:
        return f"https://crm.example/{kind}/{record}"

    monkeypatch.setattr(
        world.parts.vendors, "connector", lambda account: replace(made, record_page=address)
    )
    assert f'href="https://crm.example/contact/c-{MARTA}"' in page(world, f"/contacts/{contact}")
    monkeypatch.setattr(
        world.parts.vendors,
        "connector",
        lambda account: replace(made, record_page=lambda *a: "javascript:alert(1)"),
    )
    assert "javascript:" not in page(world, f"/contacts/{contact}")

    def gone(account: object) -> None:
        raise ConfigError("no such connector")

    monkeypatch.setattr(world.parts.vendors, "connector", gone)
    assert "Open in the CRM" not in page(world, f"/contacts/{contact}")


ODD_TEXTS = (
    "<script>alert(1)</script>",
    "\u202eevil\u202c \u200f\u200e",
    "👨‍👩‍👧‍👦🏳️‍🌈",
    "x" * 10_000,
    "",
    " \n ",
)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_are_shown_and_harm_nothing(world: World, text: str) -> None:
    """Each text has a direction of its own; nothing at all is said to be nothing."""
    world.writes(MARTA, text)
    shown = page(world, "/feed")
    event = api(world, LUIS).all("/timeline")[0]["event"]
    for one in (shown, page(world, f"/events/{event}")):
        assert "<script>alert" not in one
        assert ("(empty message)" in one) is (not text.strip())
        assert ('dir="auto"' in one) is bool(text.strip())
        assert ('<details class="fold">' in one) is (len(text) > 1000)


def test_feed_06_edits_deletions_and_files_are_told(world: World) -> None:
    event = MessageReceived(
        event_key=EventKey("with-file"),
        occurred_at=world.now,
        account=WA,
        chat=world.chat(MARTA),
        message_id="with-file",
        text="see here",
        media=(Media(kind=MediaKind.DOCUMENT, url="https://files.example/a.pdf", name="a.pdf"),),
    )
    world.happens(event)
    shown = page(world, "/feed")
    assert "a.pdf" in shown
    edit = MessageEdited(
        event_key=EventKey("edit"),
        occurred_at=world.now,
        account=WA,
        message_id="with-file",
        direction=Direction.IN,
        text="look here",
    )
    world.happens(edit)
    assert "Edited once" in page(world, "/feed")
    gone = MessageDeleted(
        event_key=EventKey("gone"),
        occurred_at=world.now,
        account=WA,
        message_id="with-file",
        direction=Direction.IN,
    )
    world.happens(gone)
    assert "This message was deleted." in page(world, "/feed")


def test_the_same_number_of_questions_however_many_entries(world: World) -> None:
    asked: list[str] = []

    def count(*_: object) -> None:
        asked.append("")

    for number in range(3):
        world.writes(f"+3460011{number:04}", "hello")
    browser = world.signed_in(LUIS)
    browser.get("/feed")
    sql.listen(world.engine, "before_cursor_execute", count)
    browser.get("/feed")
    few, asked[:] = len(asked), []
    sql.remove(world.engine, "before_cursor_execute", count)
    for number in range(3, 25):
        world.writes(f"+3460011{number:04}", "hello")
    sql.listen(world.engine, "before_cursor_execute", count)
    browser.get("/feed")
    assert len(asked) == few
