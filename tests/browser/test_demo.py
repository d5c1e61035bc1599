"""The demo as a newcomer sees it, in a real browser: from the first sign-in to Ctrl-C."""

import re
import time
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.conftest import SeenBy
from tests.browser.demo import RunningDemo
from tests.browser.eyes import Eyes, eyes_on
from tests.cli.running import ENDS_SECONDS

ANA, BRUNO, LUIS, QA = (f"{name}@acme.example" for name in ("ana", "bruno", "luis", "qa"))
PATIENCE = 120_000  # milliseconds; the whole round of clients takes half of it
REPLY = "Your answer"
PAGES = (
    "/conversations",
    "/conversations/new",
    "/feed",
    "/feed?all=1",
    "/notifications",
    "/dead-letters",
    "/deliveries",
)


def chat_of(eyes: Eyes, client: str) -> Locator:
    """The client's line in the list of conversations, once it is there."""
    eyes.open("/conversations")
    line = eyes.page.locator("a.chat").filter(has_text=client)
    expect(line).to_have_count(1, timeout=PATIENCE)
    return line


def open_chat(eyes: Eyes, client: str) -> None:
    chat_of(eyes, client).click()
    expect(eyes.page.get_by_role("heading", level=1)).to_contain_text(client)


def in_crm(eyes: Eyes, demo: RunningDemo, client: str, text: str) -> str:
    """The CRM's card of a client once it shows the text."""
    card = eyes.page.locator("article").filter(has=eyes.page.get_by_role("heading", name=client))
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        eyes.page.goto(f"{demo.crm}/")
        if card.filter(has_text=text).count():
            return card.inner_text()
        time.sleep(0.5)
    raise AssertionError(f"the CRM shows no such entry: {eyes.page.inner_text('body')}")


def test_the_printed_link_signs_in_once(demo: RunningDemo, browser: Browser) -> None:
    with eyes_on(browser, demo.url) as eyes:
        eyes.sign_in(demo.links["salesperson"])
        expect(eyes.page.locator(".me")).to_contain_text("Salesperson")
    with eyes_on(browser, demo.url) as late:
        late.page.goto(demo.links["salesperson"])
        late.page.get_by_role("button", name="Sign in").click()
        expect(late.page.get_by_text("was used already")).to_be_visible()
        assert late.open("/conversations") == 200
        assert late.page.url == f"{demo.url}/login"
        expect(late.page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


def test_a_known_clients_message_is_his_owners_and_stands_in_the_crm(
    demo: RunningDemo, seen_by: SeenBy
) -> None:
    """ROL-04, TML-01."""
    eyes = seen_by(LUIS)
    expect(chat_of(eyes, "Marta Ruiz")).to_contain_text("Ana Acme")
    open_chat(eyes, "Marta Ruiz")
    said = "Is the offer from last week still valid?"
    expect(eyes.page.locator(".bubble.in").filter(has_text=said).first).to_be_visible()
    eyes.page.get_by_role("link", name="Why?").first.click()
    story = eyes.page.get_by_role("dialog", name="Why it went so").locator(".story")
    expect(story.get_by_role("heading", level=1)).to_have_text(
        "The client goes to Ana Acme, who is the owner in the CRM."
    )
    expect(story).to_contain_text(f"{ANA} owns the deal")
    card = in_crm(eyes, demo, "Marta Ruiz", said)
    assert re.search("WHATS_?APP", card)
    assert "Office chairs" in card


def test_a_stranger_becomes_contact_and_deal_in_turn_and_the_page_says_why(
    demo: RunningDemo, seen_by: SeenBy
) -> None:
    """NEW-02, NEW-04, FEED-04."""
    eyes = seen_by(LUIS)
    open_chat(eyes, "Anna Keller")
    eyes.page.get_by_role("link", name="Why?").first.click()
    story = eyes.page.locator(".story")
    expect(story.get_by_role("heading", level=1)).to_contain_text("turn")
    expect(story).to_contain_text("distribution.in_turn")
    expect(
        story.get_by_role("listitem").filter(has_text="Mexico goes north").first
    ).to_contain_text("does not fit")
    chosen = story.get_by_role("listitem").filter(has=eyes.page.get_by_text("chosen", exact=True))
    expect(chosen).to_have_count(1)
    given_to = chosen.locator(".person").get_attribute("title")
    colleague = next(one for one in (ANA, BRUNO) if one != given_to)
    story.get_by_label("Colleague").select_option(colleague)
    story.get_by_role("button", name="Ask").click()
    expect(story.locator(".answer")).to_contain_text("turn")
    card = in_crm(eyes, demo, "Anna Keller", "Deal: ")
    assert str(given_to).partition("@")[0].capitalize() in card


def test_the_owner_answers_and_the_crm_names_him(demo: RunningDemo, seen_by: SeenBy) -> None:
    """CHN-03, TML-02."""
    eyes = seen_by(ANA)
    open_chat(eyes, "Marta Ruiz")
    eyes.page.get_by_label(REPLY).fill("It is valid until Friday, Marta.")
    eyes.page.get_by_role("button", name="Send").click()
    bubble = eyes.page.locator(".bubble.out").filter(has_text="until Friday")
    expect(bubble).to_contain_text("Ana Acme")
    expect(bubble.locator(".status")).to_have_text(re.compile("delivered|read"), timeout=PATIENCE)
    entry = in_crm(eyes, demo, "Marta Ruiz", "until Friday").partition("until Friday")[0]
    assert "Ana Acme" in entry.rpartition("WHATS")[2]


def test_a_salesperson_sees_no_client_of_a_colleague(seen_by: SeenBy) -> None:
    """ROL-05, ROL-06."""
    manager, ana = seen_by(LUIS), seen_by(ANA)
    address = str(chat_of(manager, "Jonas Weber").get_attribute("href")).partition("#")[0]
    expect(chat_of(ana, "Marta Ruiz")).to_be_visible()
    expect(ana.page.get_by_text("Jonas Weber")).to_have_count(0)
    assert ana.open(address) == 404
    assert ana.take_refused() == [(404, address)]
    expect(ana.page.get_by_text("Jonas")).to_have_count(0)


def test_quality_control_reads_all_and_is_told_why_it_cannot_write(seen_by: SeenBy) -> None:
    """ROL-10."""
    eyes = seen_by(QA)
    for client in ("Marta Ruiz", "Jonas Weber"):
        open_chat(eyes, client)
        expect(eyes.page.locator(".bubble").first).to_be_visible()
        expect(eyes.page.get_by_label(REPLY)).to_have_count(0)
        expect(eyes.page.locator(".alert")).to_contain_text("You can't write here: Quality")


def test_nothing_lies_among_the_dead_letters(seen_by: SeenBy) -> None:
    eyes = seen_by(LUIS)
    eyes.open("/dead-letters")
    expect(eyes.page.get_by_role("heading", name="No dead letters")).to_be_visible()


@pytest.mark.parametrize("text", ["   ", "x" * 20_001], ids=["empty", "overlong"])
def test_what_cannot_be_sent_is_refused_with_a_reason_and_kept(seen_by: SeenBy, text: str) -> None:
    eyes = seen_by(ANA)
    open_chat(eyes, "Marta Ruiz")
    eyes.page.get_by_label(REPLY).fill(text)
    eyes.page.get_by_role("button", name="Send").click()
    expect(eyes.page.get_by_role("alert")).to_contain_text("Not sent:")
    expect(eyes.page.get_by_label(REPLY)).to_have_value(text)
    assert [status for status, _ in eyes.take_refused()] == [422]
    eyes.page.goto(eyes.page.url)
    expect(eyes.page.get_by_label(REPLY)).to_have_value("")


def test_a_tab_left_open_after_signing_out_keeps_what_was_written(
    demo: RunningDemo, browser: Browser
) -> None:
    with eyes_on(browser, demo.url) as eyes:
        eyes.sign_in(demo.login(ANA))
        open_chat(eyes, "Marta Ruiz")
        other = eyes.page.context.new_page()
        other.goto(demo.url)
        other.get_by_role("button", name="Sign out").click()
        expect(other.get_by_role("heading", name="You are signed out")).to_be_visible()
        eyes.page.get_by_label(REPLY).fill("too late")
        eyes.page.get_by_role("button", name="Send").click()
        expect(eyes.page.get_by_role("heading", level=1)).to_have_text("Not sent yet, and not lost")
        expect(eyes.page.get_by_label("What you wrote")).to_have_value("too late")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_its_window_and_names_what_can_be_used(
    seen_by: SeenBy, scheme: str, width: int, tmp_path: Path
) -> None:
    eyes = seen_by(LUIS)
    chat = str(chat_of(eyes, "Marta Ruiz").get_attribute("href")).partition("#")[0]
    eyes.open("/feed")
    event = str(eyes.page.get_by_role("link", name="Why?").first.get_attribute("href"))
    eyes.look(scheme, width)
    for number, path in enumerate((*PAGES, chat, event)):
        assert eyes.open(path) == 200
        assert (path, eyes.overflow(), eyes.unnamed()) == (path, 0, [])
        assert eyes.is_dark() is (scheme == "dark")
        assert eyes.page.screenshot(path=tmp_path / f"{number}.png")
    eyes.look("light", 1280)


def test_the_reply_box_and_its_button_are_reached_by_tab(seen_by: SeenBy) -> None:
    eyes = seen_by(ANA)
    open_chat(eyes, "Marta Ruiz")
    eyes.page.evaluate("scrollTo(0, 0)")
    reached = []
    for _ in range(200):
        eyes.page.keyboard.press("Tab")
        reached.append(eyes.focused())
        if reached[-1] == "Send":
            break
    assert reached[-1] == "Send"
    assert "text" in reached


def test_the_watch_over_a_page_sees_what_its_policy_forbids(
    demo: RunningDemo, browser: Browser
) -> None:
    with eyes_on(browser, demo.url) as eyes:
        eyes.open("/login")
        assert eyes.trouble == []
        eyes.page.evaluate("document.body.setAttribute('style', 'color: red')")
        eyes.page.evaluate("console.error('seen')")
        assert "Content Security Policy" in eyes.trouble[0]
        assert eyes.trouble[-1] == "seen"


def test_the_doctor_finds_the_demo_well(demo: RunningDemo) -> None:
    told = demo.command("doctor")
    assert (told.returncode, "WRONG" in told.stdout) == (0, False), told.stdout


def test_a_partner_and_a_reseller_sign_in_by_the_printed_links(
    demo: RunningDemo, browser: Browser
) -> None:
    """PRM-24, RSL-01: leads wait, are offered and accepted; clients and renewals are there."""
    with eyes_on(browser, demo.url) as eyes:
        eyes.page.goto(demo.links["partner"])
        eyes.page.get_by_role("button", name="Sign in").click()
        eyes.page.wait_for_url("**/inbox")
        for section in ("queued", "accepted"):
            leads = eyes.page.locator(f"#{section} li.lead")
            expect(leads.first).to_be_visible(timeout=PATIENCE)
        assert (eyes.unnamed(), eyes.overflow()) == ([], 0)
    with eyes_on(browser, demo.url) as eyes:
        eyes.page.goto(demo.links["reseller"])
        eyes.page.get_by_role("button", name="Sign in").click()
        eyes.page.wait_for_load_state()
        assert eyes.open("/clients") == 200
        states = eyes.page.locator("#client-rows")
        for word in ("active", "exhausted", "expired", "suspended"):
            expect(states).to_contain_text(word)
        assert eyes.open("/renewals") == 200
        expect(eyes.page.locator("#renewal-rows tr").first).to_be_visible(timeout=PATIENCE)


def test_ctrl_c_ends_it_all_and_the_terminal_stayed_quiet(demo: RunningDemo) -> None:
    """The last test here: it ends the demo."""
    every = demo.processes()
    assert len(every) >= 5
    began = time.monotonic()
    demo.interrupt()
    assert (demo.process.returncode, time.monotonic() - began < ENDS_SECONDS) == (0, True)
    assert psutil.wait_procs(every, timeout=30)[1] == []
    assert not demo.house.alive()
    assert '"event"' not in demo.house.log("up")
