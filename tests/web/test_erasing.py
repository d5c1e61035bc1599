"""A client who asks to be forgotten, by API and page: managers only, and said beforehand."""

import pytest

from bridge.domain.names import ConversationId, EmployeeId
from tests.web.asking import api
from tests.web.browsing import csrf
from tests.web.world import ANA, LUIS, QA, World

SAID = "Quetzalcoatl was here"


@pytest.fixture
def chat(world: World) -> ConversationId:
    return world.writes("+34600111999", SAID)


def test_a_manager_sees_what_would_go_and_then_it_goes(world: World, chat: ConversationId) -> None:
    luis = api(world, LUIS)
    tried = luis.post(f"/conversations/{chat}/erase", {"only_try": True}).json
    assert (tried["only_tried"], tried["report"]["messages"]) == (True, 1)
    assert luis.get(f"/conversations/{chat}/messages").items[0]["text"] == SAID
    assert luis.get("/erasures").items == []
    done = luis.post(f"/conversations/{chat}/erase").json
    assert (done["only_tried"], done["report"]) == (False, tried["report"])
    assert any("keeps its own copy" in line for line in done["left"])
    [message] = luis.get(f"/conversations/{chat}/messages").items
    assert message["text"] == ""
    assert message["wiped_at"]
    [kept] = luis.get("/erasures").items
    assert (kept["asked_by"], kept["report"]) == (LUIS, done["report"])


def test_on_a_page_it_is_shown_first_and_has_to_be_meant(
    world: World, chat: ConversationId
) -> None:
    browser = world.signed_in(LUIS)
    assert f"/conversations/{chat}/erase" in browser.get(f"/conversations/{chat}").text
    page = browser.get(f"/conversations/{chat}/erase").text
    assert "1 message with its text" in page
    token = csrf(page)
    unsure = browser.post(f"/conversations/{chat}/erase", data={"csrf": token})
    assert unsure.status_code == 422
    assert SAID in browser.get(f"/conversations/{chat}").text
    done = browser.post(f"/conversations/{chat}/erase", data={"csrf": token, "sure": "yes"})
    assert done.status_code == 303
    after = browser.get(f"/conversations/{chat}").text
    assert SAID not in after
    assert "What it said is kept no longer." in after


@pytest.mark.parametrize(("who", "status"), [(ANA, 403), (QA, 403)])
def test_nobody_else_may(world: World, chat: ConversationId, who: EmployeeId, status: int) -> None:
    """ROL-10"""
    assert api(world, who).post(f"/conversations/{chat}/erase").status == status
    browser = world.signed_in(who)
    page = browser.get(f"/conversations/{chat}")
    assert f"/conversations/{chat}/erase" not in page.text
    form = {"csrf": csrf(browser.get("/conversations").text), "sure": "yes"}
    assert browser.get(f"/conversations/{chat}/erase").status_code in (403, 404)
    assert browser.post(f"/conversations/{chat}/erase", data=form).status_code in (403, 404)
    assert api(world, LUIS).get(f"/conversations/{chat}/messages").items[0]["text"] == SAID


def test_a_conversation_that_is_not_there(world: World) -> None:
    assert api(world, LUIS).post("/conversations/cv_none/erase").status == 404
    assert world.signed_in(LUIS).get("/conversations/cv_none/erase").status_code == 404
