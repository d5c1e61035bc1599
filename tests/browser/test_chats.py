"""A conversation as it is worked in: by keys, live, taken away, refused, and without any script."""

from dataclasses import replace

from playwright.sync_api import expect

from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.policy import Distribution
from bridge.pipeline.refusals import Sent
from bridge.pipeline.send import SendRequest, send
from bridge.store.engine import reading
from bridge.store.listing import messages_of
from tests.browser.conftest import KENJI, MARTA, Window
from tests.web.world import BRUNO, World

STRANGER = "+34600111999"
REPLY = "Your answer"


def texts(house: World, chat: ConversationId) -> list[str]:
    with reading(house.engine) as db:
        return [message.text for _, message in reversed(messages_of(db, chat, None, 50))]


def answers(house: World, who: EmployeeId, chat: ConversationId) -> None:
    sent = send(house.parts, SendRequest(employee=who, conversation=chat, text="I take it"))
    assert isinstance(sent, Sent)


def test_keys_move_open_answer_and_dismiss(house: World, window: Window) -> None:
    chat = house.writes(MARTA, "hello there")
    house.later(seconds=1)
    house.writes(KENJI, "the newer one")
    page = window("/conversations")
    page.keyboard.press("j")
    expect(page.locator("a.chat:focus")).to_contain_text("Kenji")
    page.keyboard.press("j")
    expect(page.locator("a.chat:focus")).to_contain_text("Marta")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Marta")
    expect(page.locator("a.chat[aria-current]")).to_contain_text("Marta")
    page.keyboard.press("r")
    page.keyboard.type("jk? Good morning")
    expect(page.get_by_label(REPLY)).to_have_value("jk? Good morning")
    page.keyboard.press("Control+Enter")
    bubble = page.locator(".bubble.out").filter(has_text="Good morning")
    expect(bubble).to_contain_text("on its way")
    expect(page.get_by_label(REPLY)).to_have_value("")
    expect(page.get_by_label(REPLY)).to_be_focused()
    assert texts(house, chat) == ["hello there", "jk? Good morning"]
    page.locator("a.chat").filter(has_text="Kenji").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kenji")
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_keys_are_listed_and_can_be_switched_off(house: World, window: Window) -> None:
    house.writes(MARTA, "hello there")
    page = window("/conversations")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("No answer needed")
    keys.get_by_role("checkbox").uncheck()
    keys.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator("a.chat:focus")).to_have_count(0)


def test_what_comes_appears_where_one_reads_and_takes_nothing_away(
    house: World, window: Window
) -> None:
    for number in range(25):
        chat = house.writes(MARTA, f"message {number:02}\n" * 6)
        house.later(seconds=1)
    page = window(f"/conversations/{chat}")
    page.get_by_label(REPLY).fill("half a sent")
    house.writes(MARTA, "the newest of all")
    expect(page.locator("#messages")).to_contain_text("the newest of all")
    expect(page.get_by_label(REPLY)).to_have_value("half a sent")
    expect(page.get_by_label(REPLY)).to_be_focused()
    expect(page.locator("#chats")).to_contain_text("the newest of all")
    scroller = page.locator("#talk-scroll")
    scroller.evaluate("one => { one.scrollTop = 40; }")
    house.later(seconds=1)
    house.writes(MARTA, "one more")
    expect(page.get_by_role("button", name="New messages")).to_be_visible()
    assert scroller.evaluate("one => one.scrollTop") == 40
    page.get_by_role("button", name="New messages").click()
    expect(page.get_by_text("one more").last).to_be_in_viewport()
    expect(page.get_by_role("button", name="New messages")).to_be_hidden()


def test_ws_10_a_client_taken_away_while_open_is_said_and_nothing_more_is_shown(
    house: World, window: Window
) -> None:
    new = replace(house.policy.new_clients, distribution=Distribution.FIRST_TO_ANSWER)
    bruno = replace(house.policy.employee(BRUNO), gets_new_clients=True)
    house.policy = replace(
        house.policy, new_clients=new, employees={**house.policy.employees, BRUNO: bruno}
    )
    chat = house.writes(STRANGER, "is anybody there")
    page = window(f"/conversations/{chat}")
    expect(page.locator("#messages")).to_contain_text("is anybody there")
    page.get_by_label(REPLY).fill("I was just about to")
    answers(house, BRUNO, chat)
    expect(page.get_by_role("heading", level=1)).to_have_text("Bruno Paz has this client now.")
    expect(page.get_by_label("What you had written")).to_have_value("I was just about to")
    expect(page.get_by_label(REPLY)).to_have_count(0)
    expect(page.get_by_text("is anybody there")).to_have_count(0)


def test_a_double_click_sends_once_and_a_refusal_keeps_the_text(
    house: World, window: Window
) -> None:
    chat = house.writes(MARTA, "hello there")
    page = window(f"/conversations/{chat}")
    page.get_by_label(REPLY).fill("only once")
    page.get_by_role("button", name="Send", exact=True).dblclick()
    expect(page.locator(".bubble.out")).to_have_count(1)
    page.get_by_label(REPLY).fill("x" * 20_001)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Not sent:")).to_be_visible()
    expect(page.get_by_label(REPLY)).to_have_value("x" * 20_001)
    assert texts(house, chat) == ["hello there", "only once"]


def test_what_was_typed_comes_back_after_a_look_elsewhere(house: World, window: Window) -> None:
    chat, other = house.writes(MARTA, "hello there"), house.writes(KENJI, "hi")
    page = window(f"/conversations/{chat}")
    page.get_by_label(REPLY).fill("half a sentence")
    page.locator("a.chat").filter(has_text="Kenji").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kenji")
    expect(page.get_by_label(REPLY)).to_have_value("")
    assert other in page.url
    page.locator("a.chat").filter(has_text="Marta").click()
    expect(page.get_by_label(REPLY)).to_have_value("half a sentence")


def test_without_a_script_everything_is_done_all_the_same(house: World, window: Window) -> None:
    chat = house.writes(MARTA, "hello there")
    page = window("/conversations", scripts=False, width=390)
    page.get_by_role("link", name="Marta").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Marta")
    page.get_by_role("button", name="No answer needed").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="No answer needed")).to_be_visible()
    page.get_by_label(REPLY).fill("   ")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Not sent:")).to_be_visible()
    page.get_by_label(REPLY).fill("Good morning")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".bubble.out")).to_contain_text("Good morning")
    page.get_by_text("Note for colleagues").first.click()
    page.get_by_label("Note for colleagues").fill("Pays late")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".note")).to_contain_text("Pays late")
    assert texts(house, chat) == ["hello there", "Good morning"]


def test_a_reply_from_an_earlier_place_leads_to_the_end_and_stays_there(
    house: World, window: Window
) -> None:
    for number in range(35):
        chat = house.writes(MARTA, f"message {number:02}")
        house.later(seconds=1)
    with reading(house.engine) as db:
        early = messages_of(db, chat, None, 50)[-2][1]
    page = window(f"/conversations/{chat}?at={early.id}")
    expect(page.locator("#messages")).to_contain_text("message 01")
    expect(page.locator("#messages")).not_to_contain_text("message 34")
    page.get_by_label(REPLY).fill("to the point")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble.out")).to_contain_text("to the point")
    house.later(seconds=1)
    house.writes(MARTA, "thank you")
    expect(page.locator("#messages")).to_contain_text("thank you")
    expect(page.locator("#messages")).to_contain_text("to the point")
    assert "at=" not in page.url
