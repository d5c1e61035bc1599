"""The work list: what managers decide about clients, on the page and by the API."""

import re

import pytest

from bridge.domain.names import ConversationId, EmployeeId
from bridge.store.keys import Scope
from tests.web.asking import api, service
from tests.web.browsing import csrf
from tests.web.world import ANA, BRUNO, LUIS, QA, World

PHONE = "+34600111222"


@pytest.fixture
def asked(any_world: World) -> tuple[World, ConversationId]:
    """A client whose number two contacts of the CRM have has written."""
    any_world.client("Clara One", PHONE, ANA)
    twin = any_world.crm.contacts_known[0]
    any_world.client("Clara Two", "+34600999888", BRUNO)
    other = any_world.crm.contacts_known.pop()
    any_world.crm.contacts_known.append(
        type(twin)(crm_id=other.crm_id, name=other.name, owner=other.owner, phones=(PHONE,))
    )
    return any_world, any_world.writes(PHONE, "whose am I?")


def test_managers_see_both_candidates(asked: tuple[World, ConversationId]) -> None:
    world, where = asked
    [one] = api(world, LUIS).all("/work/ambiguous", limit=1)
    assert (one["conversation"], one["question"], one["contact"]) == (where, "ambiguous", None)
    assert {x["name"] for x in one["candidates"]} == {"Clara One", "Clara Two"}


@pytest.mark.parametrize("who", [ANA, BRUNO, QA])
def test_nobody_else_sees_or_says_anything(
    asked: tuple[World, ConversationId], who: EmployeeId
) -> None:
    world, where = asked
    theirs = api(world, who)
    assert theirs.get("/work/ambiguous").status == 403
    assert theirs.get("/merges").status == 403
    assert theirs.post(f"/conversations/{where}/client", {"contact": None}).status == 403
    page = world.signed_in(who).get("/work")
    assert (page.status_code, "Clara" in page.text) == (403, False)


def test_a_choice_settles_the_question(asked: tuple[World, ConversationId]) -> None:
    world, where = asked
    luis = api(world, LUIS)
    [one] = luis.all("/work/ambiguous")
    chosen = next(x for x in one["candidates"] if x["name"] == "Clara Two")
    body = {"contact": chosen["crm_id"], "why": "she said so"}
    assert luis.post(f"/conversations/{where}/client", body).status == 200
    assert luis.all("/work/ambiguous") == []
    assert luis.get(f"/conversations/{where}").json["contact"]["id"] == chosen["id"]
    assert api(world, BRUNO).get(f"/conversations/{where}").status == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/conversations/{id}/client", {}, 422),
        ("/conversations/{id}/client", {"contact": "nobody"}, 404),
        ("/conversations/{id}/client", {"contact": "\x00"}, 404),
        ("/conversations/cv_none/client", {"contact": None}, 404),
        ("/contacts/nobody/merge", {"into": "nobody"}, 404),
        ("/merges/mg_none/undo", {}, 404),
    ],
)
def test_a_wrong_word_is_refused(
    asked: tuple[World, ConversationId], path: str, body: dict[str, object], status: int
) -> None:
    world, where = asked
    assert api(world, LUIS).post(path.format(id=where), body).status == status


def test_a_service_names_the_manager_it_acts_for(asked: tuple[World, ConversationId]) -> None:
    world, where = asked
    desk = service(world, Scope.ADMIN, Scope.READ)
    body = {"contact": None}
    said = [body, {**body, "employee": ANA}, {**body, "employee": LUIS}]
    answers = [desk.post(f"/conversations/{where}/client", one).status for one in said]
    assert answers == [422, 403, 200]


def test_contacts_are_joined_and_parted(any_world: World) -> None:
    first = any_world.client("Clara One", PHONE, ANA)
    second = any_world.client("Clara Two", "+34600999888", BRUNO)
    any_world.writes(PHONE, "one")
    where = any_world.writes("+34600999888", "two")
    luis = api(any_world, LUIS)
    assert luis.post(f"/contacts/{second}/merge", {"into": first, "why": "same"}).status == 200
    assert api(any_world, BRUNO).get(f"/conversations/{where}").status == 404
    [merge] = luis.all("/merges", limit=1)
    assert (merge["survivor"], merge["absorbed"], merge["by"], merge["conversations"]) == (
        first,
        second,
        LUIS,
        [where],
    )
    assert luis.post(f"/merges/{merge['id']}/undo").status == 200
    assert luis.post(f"/merges/{merge['id']}/undo").status == 409
    assert api(any_world, BRUNO).get(f"/conversations/{where}").status == 200


def test_the_page_does_all_of_it(asked: tuple[World, ConversationId]) -> None:
    world, where = asked
    browser = world.signed_in(LUIS)
    page = browser.get("/work").text
    assert ("Clara One" in page, "Clara Two" in page) == (True, True)
    contact = re.search(r'name="contact" value="([^"]+)"', page)
    key = re.search(r'name="key" value="([0-9a-f]+)"', page)
    assert contact is not None
    assert key is not None
    form = {"csrf": csrf(page), "key": key[1], "contact": contact[1], "why": "her voice"}
    answer = browser.post(f"/conversations/{where}/client", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/work")
    assert "Nothing to decide" in browser.get("/work").text
    empty = {"csrf": csrf(page), "key": key[1]}
    assert browser.post(f"/conversations/{where}/client", data=empty).status_code == 422
    assert "The same person as the contact" in browser.get(f"/conversations/{where}").text
