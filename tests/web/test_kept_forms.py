"""A session that ended in mid-form: nothing typed is lost, and nobody sends it for another."""

import re
from html import unescape
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.domain.names import ConversationId, EmployeeId
from bridge.store.engine import reading, writing
from bridge.store.sessions import end_sessions_of
from tests.web.browsing import csrf, link
from tests.web.world import ANA, LUIS, World

PHONE = "+34600111222"
TEXT = "Good morning,\r\n\u202eمرحبا\u202c <b>&amp;</b> 👩‍👩‍👧 \"quoted\" 'twice'"


@pytest.fixture
def chat(world: World) -> ConversationId:
    world.client("Marta", PHONE, ANA, deal_of=ANA)
    return world.writes(PHONE, "hello")


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def messages(world: World, chat: ConversationId) -> str:
    return world.signed_in(LUIS).get(f"/conversations/{chat}").text


def typed(world: World, browser: FlaskClient, chat: ConversationId) -> dict[str, str]:
    token = csrf(browser.get(f"/conversations/{chat}").text)
    return {"csrf": token, "key": "c89fb8f018607f60d1d433052e8744ed", "text": TEXT}


def signs_in(world: World, browser: FlaskClient, who: EmployeeId) -> None:
    token = link(world, who)
    form = {"csrf": csrf(browser.get(f"/login/{token}").text)}
    assert browser.post(f"/login/{token}", data=form).status_code == 303


def ends(world: World, who: EmployeeId = ANA) -> None:
    with writing(world.engine) as db:
        end_sessions_of(db, f"employee:{who}", world.now)


def reply(browser: FlaskClient, chat: ConversationId, data: dict[str, str]) -> TestResponse:
    return browser.post(f"/conversations/{chat}/reply", data=data)


def shown(page: str) -> str:
    found = re.search(r"<textarea[^>]*readonly>\n(.*?)</textarea>", page, re.S)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize("way", ["ended", "idle", "over"])
def test_what_was_typed_comes_back_and_is_sent_after_signing_in(
    world: World, chat: ConversationId, way: str
) -> None:
    browser = world.signed_in(ANA)
    data = typed(world, browser, chat)
    {"ended": lambda: ends(world), "idle": lambda: world.later(hours=4)}.get(
        way, lambda: world.later(hours=12)
    )()
    kept = reply(browser, chat, data)
    assert (kept.status_code, shown(kept.text)) == (401, TEXT)
    assert kept.text.count("<textarea") == 1  # what the page carries along is not shown
    assert "<b>" not in kept.text
    again = hidden(kept.text)
    assert again["text"] == TEXT
    assert "csrf" not in again
    still = reply(browser, chat, again)
    assert (still.status_code, hidden(still.text)) == (401, again)
    signs_in(world, browser, ANA)
    assert reply(browser, chat, again).status_code == 303
    assert "Good morning" in messages(world, chat)


def test_a_form_of_the_session_before_is_shown_once_more_and_then_sent(
    world: World, chat: ConversationId
) -> None:
    """He signed in again in another tab, and then sent what lay open in the first one."""
    browser = world.signed_in(ANA)
    data = typed(world, browser, chat)
    signs_in(world, browser, ANA)
    kept = reply(browser, chat, data)
    assert (kept.status_code, shown(kept.text)) == (401, TEXT)
    assert "Look at it once more" in kept.text
    assert reply(browser, chat, hidden(kept.text)).status_code == 303


def test_after_signing_out_as_well(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    data = typed(world, browser, chat)
    browser.post("/logout", data={"csrf": data["csrf"]})
    assert reply(browser, chat, data).status_code == 401


def test_another_person_does_not_send_it(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    data = typed(world, browser, chat)
    ends(world)
    kept = hidden(reply(browser, chat, data).text)
    signs_in(world, browser, LUIS)
    refused = reply(browser, chat, kept)
    assert (refused.status_code, "somebody else" in refused.text) == (403, True)
    assert "Good morning" not in refused.text
    assert reply(browser, chat, data).status_code == 403
    assert "Good morning" not in messages(world, chat)


@pytest.mark.parametrize("changed", ["text", "more", "address", "seal", "time"])
def test_only_what_was_kept_is_sent_on(world: World, chat: ConversationId, changed: str) -> None:
    browser = world.signed_in(ANA)
    data = typed(world, browser, chat)
    ends(world)
    kept = hidden(reply(browser, chat, data).text)
    signs_in(world, browser, ANA)
    address = f"/conversations/{chat}/reply"
    match changed:
        case "text":
            kept["text"] = "another text"
        case "more":
            kept["channel"] = "wa-north"
        case "seal":
            kept["kept"] = kept["kept"][:-4] + "AAAA"
        case "time":
            world.later(hours=12)
            signs_in(world, browser, ANA)
        case _:
            address = f"/conversations/{chat}/dismiss"
    assert browser.post(address, data=kept).status_code in (401, 403)
    assert "another text" not in messages(world, chat)


def test_he_still_has_to_be_allowed_to(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    data = typed(world, browser, chat)
    ends(world)
    kept = hidden(reply(browser, chat, data).text)
    world.client("Marta", PHONE, LUIS, deal_of=LUIS)
    signs_in(world, browser, ANA)
    assert reply(browser, chat, kept).status_code in (403, 404)


@pytest.mark.parametrize("csrf_token", ["", "0" * 64, "é"])
def test_a_form_that_was_never_shown_here_is_not_kept(
    world: World, chat: ConversationId, csrf_token: str
) -> None:
    """Another site can't have its own text kept, to be sent with one click."""
    browser = world.signed_in(ANA)
    browser.get("/conversations")
    ends(world)
    answer = reply(browser, chat, {"csrf": csrf_token, "text": "not typed here"})
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/login")
    bare = world.app.test_client()
    assert reply(bare, chat, {"csrf": csrf_token, "text": "x"}).status_code == 303


def test_nothing_of_it_is_stored(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    data = typed(world, browser, chat)
    ends(world)
    reply(browser, chat, data)
    with reading(world.engine) as db:
        assert "Good morning" not in "\n".join(db.connection.iterdump())


def test_a_file_has_to_be_chosen_again_and_it_is_said(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    data = typed(world, browser, chat)
    ends(world)
    sent = {**data, "file": (BytesIO(b"%PDF"), "offer.pdf")}
    kept = browser.post(
        f"/conversations/{chat}/reply", data=sent, content_type="multipart/form-data"
    )
    assert "choose yours again" in kept.text
    assert 'type="file" name="file"' in kept.text
    assert 'enctype="multipart/form-data"' in kept.text
    assert "%PDF" not in kept.text


def test_ten_thousand_characters_are_kept_whole(world: World, chat: ConversationId) -> None:
    browser = world.signed_in(ANA)
    data = {**typed(world, browser, chat), "text": "ñ" * 10_000}
    ends(world)
    assert hidden(reply(browser, chat, data).text)["text"] == "ñ" * 10_000


def test_a_script_is_given_the_page_to_put_in_place_of_its_own(
    world: World, chat: ConversationId
) -> None:
    browser = world.signed_in(ANA)
    data = typed(world, browser, chat)
    ends(world)
    kept = browser.post(f"/conversations/{chat}/reply", data=data, headers={"HX-Request": "true"})
    assert (kept.status_code, kept.headers["HX-Retarget"]) == (200, "body")
    assert kept.headers["HX-Reselect"] == "#main"
    assert shown(kept.text) == TEXT


def test_a_part_that_a_page_asks_for_leaves_the_page_as_it_is(world: World) -> None:
    answer = world.app.test_client().get("/conversations", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#news")
    assert "Your session has ended" in answer.text
    assert "HX-Redirect" not in answer.headers
