"""Support staff: from the mark in the list to the answer, and why it came to whom (FEED-04)."""

import re

from playwright.sync_api import Locator, expect

from bridge.cli.calls import call
from tests.browser.demo import RunningDemo
from tests.browser.reader import Reader

ANA = "ana@acme.example"
_OWNER_ID = "101"  # Ana's in the demo's CRM
_SALES, _NORTH = "Sales", "North"


def tell(reader: Reader, demo: RunningDemo) -> None:
    client, word = f"Nora Vidal {reader.mark}", f"lamp{reader.mark}"
    _writes(demo, client, f"346000{reader.number}110", f"Do you still have the {word} in blue?")
    reader.enter(demo.login(ANA))
    _finds_what_waits(reader, client, word)
    _answers(reader)
    _leaves_a_note(reader)
    _asks_why(reader, client, word)


def _writes(demo: RunningDemo, client: str, phone: str, text: str) -> None:
    """A client of Ana's with a deal, who is in the CRM already."""
    first, _, last = client.partition(" ")
    owned = {"hubspot_owner_id": _OWNER_ID}
    deal = {"dealname": "Reading lamps", "pipeline": "default", "dealstage": "appointmentscheduled"}
    contact = {"firstname": first, "lastname": last, "phone": f"+{phone}", **owned}
    seed = {
        "contacts": [{"id": phone[-6:], "properties": contact}],
        "deals": [
            {"id": f"2{phone[-6:]}", "properties": {**deal, **owned}, "contacts": [phone[-6:]]}
        ],
    }
    call("POST", f"{demo.crm}/_sandbox/seed", seed)
    with demo.parts() as parts:
        channels = parts.active().policy.channels.values()
    channel = next(one.id for one in channels if one.label == _SALES)
    message = {"channelId": channel, "chatId": phone, "name": client, "text": text}
    call("POST", f"{demo.messenger}/_sandbox/incoming", message)


def _finds_what_waits(reader: Reader, client: str, word: str) -> None:
    page = reader.page
    line = page.locator("a.chat").filter(has_text=client)
    expect(line).to_be_visible()  # by itself: the list is live
    expect(line).to_contain_text(reader.said("Needs your answer"))
    reader.looks("list")
    quick = page.get_by_role("navigation", name=reader.said("Quick filters"), exact=True)
    reader.link("Needs your answer", quick).click()
    page.wait_for_url("**mark=red**")
    expect(line).to_be_visible()
    page.get_by_role("searchbox", name=reader.said("Search"), exact=True).fill(word)
    reader.button("Search", page.get_by_role("search")).click()
    expect(line.locator("mark.found")).to_have_text(word)
    expect(page.locator("a.chat")).to_have_count(1)
    reader.looks("found")
    line.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(client)


def _answers(reader: Reader) -> None:
    page = reader.page
    hint = page.locator("#reply-hint")
    expect(hint).to_contain_text(reader.said("Leaves from %(channel)s:", channel=_SALES))
    chosen = page.locator("#reply select[name=channel]")
    expect(chosen.locator("option")).to_have_text([re.compile(_SALES), re.compile(_NORTH)])
    reader.field("Your answer").fill("Yes, seven of them. Shall I keep one for you?")
    reader.looks("conversation")
    reader.button("Send").click()
    bubble = page.locator(".bubble.out")
    expect(bubble).to_contain_text("Shall I keep one for you?")
    delivered = "|".join(reader.said(word) for word in ("delivered", "read"))
    expect(bubble.locator(".status")).to_have_text(re.compile(delivered))
    expect(page.locator("#talk-bar .waiting.red")).to_have_count(0)


def _leaves_a_note(reader: Reader) -> None:
    note = reader.page.locator("details").filter(has=reader.page.locator("form#note"))
    note.locator("summary").click()
    note.locator("textarea").fill("Wants an invoice for his company.")
    reader.button("Keep the note").click()
    expect(reader.page.locator("article.note")).to_contain_text("Wants an invoice")
    reader.looks("answered")


def _asks_why(reader: Reader, client: str, word: str) -> None:
    page = reader.page
    reader.go_to("Activity")
    page.wait_for_url("**/feed")
    entry = page.locator("li.entry").filter(has_text=word)
    expect(entry).to_contain_text(client)
    reader.looks("activity")
    reader.link("Why?", entry).click()
    drawer = page.get_by_role("dialog", name=reader.said("Why it went so"), exact=True)
    expect(drawer.get_by_role("heading", level=1)).to_contain_text("Ana Acme")
    reader.looks("why")
    answer = _asks_about(reader, drawer, "bruno@acme.example")
    expect(answer).to_contain_text("Bruno Acme")
    expect(answer.locator(".because")).not_to_be_empty()
    reader.looks("why-not")
    reader.button("Close", drawer).click()
    expect(drawer).to_have_count(0)


def _asks_about(reader: Reader, drawer: Locator, colleague: str) -> Locator:
    reader.field("Colleague", drawer).select_option(colleague)
    reader.button("Ask", drawer).click()
    answer = drawer.locator(".answer")
    answer.scroll_into_view_if_needed()
    return answer
