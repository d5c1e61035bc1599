"""Reading and writing in a conversation: what was said before, searches, files, templates, and a
colleague who answers at the same moment."""

from playwright.sync_api import FilePayload, Page, expect

from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import ConversationId
from bridge.pipeline.noting import NoteRequest, note
from bridge.pipeline.refusals import Sent
from bridge.pipeline.send import SendRequest, send
from bridge.ports import ChannelReading, TemplateReading
from bridge.store.engine import reading, writing
from bridge.store.listing import messages_of
from bridge.store.mirror import put_channels
from bridge.store.templates import put_templates
from tests.browser.conftest import KENJI, MARTA, Window
from tests.web.world import ANA, LUIS, SALES, WA, World

REPLY = "Your answer"


def say(house: World, many: int, phone: str = MARTA) -> ConversationId:
    for number in range(many):
        chat = house.writes(phone, f"message {number:02}")
        house.later(seconds=1)
    return chat


def answers(house: World, chat: ConversationId, text: str) -> None:
    """Luis does, from another window."""
    sent = send(house.parts, SendRequest(employee=LUIS, conversation=chat, text=text))
    assert isinstance(sent, Sent)


def notes(house: World, chat: ConversationId, text: str) -> None:
    assert note(house.parts, NoteRequest(employee=ANA, conversation=chat, text=text)) is None


def shown(page: Page) -> list[str]:
    return page.locator("#messages .bubble .text").all_inner_texts()


def a_file(name: str, size: int) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": b"%PDF-1.4 " + b"x" * size}


def test_what_was_said_before_comes_by_scrolling_and_nothing_jumps(
    house: World, window: Window
) -> None:
    chat = say(house, 75)
    answers(house, chat, "all right")
    page = window(f"/conversations/{chat}")
    expect(page.locator("#messages")).to_contain_text("message 74")
    expect(page.locator("#messages")).not_to_contain_text("message 30")
    scroller = page.locator("#talk-scroll")
    first = page.locator("#messages .bubble").first.get_attribute("id")
    scroller.evaluate("one => { one.scrollTop = 0; }")
    expect(page.locator("#messages")).to_contain_text("message 20")
    expect(page.locator(f"#{first}")).to_be_in_viewport()
    scroller.evaluate("one => { one.scrollTop = 0; }")
    expect(page.locator("#messages")).to_contain_text("message 00")
    every = [f"message {number:02}" for number in range(75)]
    assert shown(page) == [*every, "all right"]
    expect(page.locator("#messages .day:visible")).to_have_count(1)
    house.writes(MARTA, "the newest of all")
    expect(page.locator("#messages")).to_contain_text("the newest of all")
    assert shown(page) == [*every, "all right", "the newest of all"]
    page.get_by_role("button", name="New messages").click()
    expect(page.get_by_text("the newest of all").last).to_be_in_viewport()


def test_a_conversation_opens_at_what_nobody_has_answered(house: World, window: Window) -> None:
    chat = say(house, 5)
    answers(house, chat, "one moment")
    house.later(seconds=1)
    say(house, 25)
    for width in (390, 1440):
        page = window(f"/conversations/{chat}", width=width)
        expect(page.get_by_text("Not answered yet")).to_be_in_viewport()
        expect(page.get_by_text("message 24").last).not_to_be_in_viewport()
        page.get_by_role("button", name="To the latest").click()
        expect(page.locator(".bubble").last).to_be_in_viewport()
    page.get_by_label(REPLY).fill("Here I am")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages")).to_contain_text("Here I am")
    expect(page.get_by_text("Not answered yet")).to_have_count(0)


def test_a_search_goes_along_with_typing_and_leaves_the_conversation_open(
    house: World, window: Window
) -> None:
    chat, other = house.writes(MARTA, "about the quetzal"), house.writes(KENJI, "good morning")
    notes(house, other, "wants a parrot")
    page = window(f"/conversations/{chat}")
    page.get_by_label(REPLY).fill("half a sentence")
    page.get_by_role("searchbox").press_sequentially("parrot")
    expect(page.locator("a.chat")).to_have_count(1)
    expect(page.locator("a.chat mark")).to_have_text("parrot")
    expect(page.locator("a.chat")).to_contain_text("Note:")
    expect(page.get_by_role("heading", level=1)).to_have_text("Marta")
    expect(page.get_by_label(REPLY)).to_have_value("half a sentence")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("a.chat:focus")).to_contain_text("Kenji")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kenji")
    expect(page.locator(".note.shown")).to_be_in_viewport()
    page.get_by_role("searchbox").fill("nobody says this")
    expect(page.get_by_text("Nothing fits these filters")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    expect(page.locator("a.chat")).to_have_count(2)


def test_filters_add_up_and_keep_the_search(house: World, window: Window) -> None:
    house.writes(MARTA, "about the quetzal")
    page = window("/conversations?q=quetzal")
    page.get_by_role("link", name="My clients").click()
    page.get_by_role("link", name="Failed", exact=True).click()
    asked = page.url.partition("?")[2]
    assert set(asked.split("&")) == {"q=quetzal", "mine=1", "failed=1"}
    page.get_by_role("link", name="Failed", exact=True).click()
    expect(page.locator("a.chat")).to_have_count(1)


def test_a_long_list_goes_on_in_place_and_holds_nobody_twice(house: World, window: Window) -> None:
    for number in range(40):
        phone = f"+346009900{number:02}"
        house.client(f"Client {number:02}", phone, ANA)
        house.writes(phone, "hello")
        house.later(seconds=1)
    page = window("/conversations")
    expect(page.locator("#chats > li > a.chat")).to_have_count(30)
    page.get_by_role("link", name="Show more").click()
    expect(page.locator("#chats > li > a.chat")).to_have_count(40)
    house.writes(MARTA, "the newest of all")
    expect(page.locator("#chats > li > a.chat").first).to_contain_text("Marta")
    expect(page.locator("a.chat")).to_have_count(40)
    page.get_by_role("link", name="Show more").click()
    expect(page.locator("#chats > li > a.chat")).to_have_count(41)
    expect(page.get_by_role("link", name="Show more")).to_have_count(0)


def test_a_file_is_named_taken_away_and_refused_before_it_is_sent(
    house: World, window: Window
) -> None:
    chat = house.writes(MARTA, "hello there")
    page = window(f"/conversations/{chat}")
    page.locator("#reply input[type=file]").set_input_files(a_file("offer.pdf", 2000))
    expect(page.locator("#attached")).to_contain_text("offer.pdf")
    page.get_by_role("button", name="Take the file away").click()
    expect(page.locator("#attached")).to_be_hidden()
    page.locator("#reply input[type=file]").evaluate("one => { one.dataset.most = '1000'; }")
    page.locator("#reply input[type=file]").set_input_files(a_file("film.pdf", 2000))
    expect(page.get_by_role("alert").filter(has_text="This file is larger")).to_be_visible()
    page.get_by_label(REPLY).fill("see the file")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_label(REPLY)).to_have_value("see the file")
    with reading(house.engine) as db:
        assert len(messages_of(db, chat, None, 9)) == 1


def test_a_picture_is_pasted_and_a_refused_reply_keeps_its_file(
    house: World, window: Window
) -> None:
    chat = house.writes(MARTA, "hello there")
    page = window(f"/conversations/{chat}")
    page.get_by_label(REPLY).evaluate(
        """box => {
          const given = new DataTransfer();
          given.items.add(new File(["abc"], "pasted.png", { type: "image/png" }));
          const pasted = { clipboardData: given, bubbles: true, cancelable: true };
          box.dispatchEvent(new ClipboardEvent("paste", pasted));
        }"""
    )
    expect(page.locator("#attached")).to_contain_text("pasted.png")
    page.get_by_label(REPLY).fill("x" * 20_001)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Not sent:")).to_be_visible()
    expect(page.locator("#attached")).to_contain_text("pasted.png")
    kept = page.locator("#reply input[type=file]").evaluate("one => one.files[0].name")
    assert kept == "pasted.png"


def test_each_value_of_a_template_has_its_field(house: World, window: Window) -> None:
    """WS-04: it reads beside them as the client will see it."""
    chat = house.writes(MARTA, "hello there")
    texts = {"greeting": "Hola {{1}}, su pedido {{2}} va en camino", "thanks": "Gracias"}
    with writing(house.engine) as db:
        channel = ChannelReading(
            channel_id=house.policy.channels[SALES].id,
            messenger=Messenger.WHATSAPP,
            state=ChannelState.ACTIVE,
            window_hours=24,
        )
        put_channels(db, WA, [channel], house.parts.now())
        kept = [
            TemplateReading(
                template_id=name,
                name=name,
                language="es",
                text=text,
                usable=True,
                places=text.count("{{"),
                category="utility",
            )
            for name, text in texts.items()
        ]
        put_templates(db, WA, kept, house.parts.now())
    page = window(f"/conversations/{chat}", width=390)
    page.get_by_text("Send a template", exact=True).click()
    page.get_by_label("Template", exact=True).select_option(f"{SALES}|thanks")
    expect(page.get_by_label("Value 1")).to_have_count(0)
    page.get_by_label("Template", exact=True).select_option(f"{SALES}|greeting")
    page.get_by_label("Value 1").fill("Marta")
    page.get_by_label("Value 2").fill("4711")
    expect(page.locator("#template-preview")).to_contain_text("Hola Marta, su pedido 4711 va")
    page.get_by_role("button", name="Send the template").click()
    expect(page.locator(".bubble.out")).to_contain_text("Hola Marta, su pedido 4711 va en camino")


def test_two_who_answer_at_the_same_moment_see_each_other(house: World, window: Window) -> None:
    """What the other said stands there before and after one's own is sent; nothing is lost."""
    chat = house.writes(MARTA, "is it in stock?")
    page = window(f"/conversations/{chat}")
    page.get_by_label(REPLY).fill("Yes, twelve of them")
    answers(house, chat, "I am looking")
    expect(page.locator(".bubble.out")).to_have_count(1)
    expect(page.locator(".bubble.out")).to_contain_text("Luis Gil")
    expect(page.get_by_label(REPLY)).to_have_value("Yes, twelve of them")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble.out")).to_have_count(2)
    house.later(seconds=1)
    answers(house, chat, "Ana was quicker")
    expect(page.locator(".bubble.out")).to_have_count(3)
    assert shown(page) == [
        "is it in stock?", "I am looking", "Yes, twelve of them", "Ana was quicker"
    ]  # fmt: skip


def test_strange_texts_stay_within_the_page_and_addresses_lead_away_safely(
    house: World, window: Window
) -> None:
    chat = house.writes(MARTA, "x" * 1100)
    for text in ("see https://acme.example/a.", "W" * 10_000, "\u202eevil\u202c 👨‍👩‍👧‍👦", " \n "):
        house.later(seconds=1)
        house.writes(MARTA, text)
    for width in (390, 1440):
        page = window(f"/conversations/{chat}", width=width)
        expect(page.get_by_text("Show all 10000 characters")).to_be_visible()
        link = page.get_by_role("link", name="https://acme.example/a")
        expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
        wide = "() => document.documentElement.scrollWidth <= window.innerWidth"
        assert page.evaluate(wide)
        inner = "one => one.scrollWidth <= one.clientWidth"
        assert page.locator("#talk-scroll").evaluate(inner)


def test_the_feed_and_its_reasons_are_read_without_a_script(house: World, window: Window) -> None:
    """FEED-04, FEED-05: filters, folded texts, why, and why not a colleague."""
    chat = house.writes(MARTA, "word " * 300)
    page = window("/feed", scripts=False, width=390)
    expect(page.locator(".entry")).to_have_count(1)
    page.locator(".entry details.fold summary").click()
    expect(page.locator(".entry p.text")).to_be_visible()
    page.locator(".feed-filters summary").click()
    page.get_by_label("Channel").select_option("wa-north")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No entry fits these filters.")).to_be_visible()
    page.get_by_role("link", name="Show everything").click()
    page.get_by_role("link", name="Contact").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Marta")
    page.get_by_role("link", name="Why?").first.click()
    expect(page.get_by_role("heading", name="What was decided")).to_be_visible()
    page.get_by_label("Colleague").select_option(label="Bruno Paz")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("#why-not .answer")).to_contain_text("Bruno Paz")
    page.get_by_role("link", name="Marta").click()
    assert chat in page.url
