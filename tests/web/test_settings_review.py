"""A change of the YAML on pages: reviewed, saved, kept, taken back; nothing typed is lost."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bridge.domain.errors import ConfigError
from bridge.domain.names import EmployeeId
from bridge.pipeline.changing.drafts import Content, begin
from bridge.policy.editing import AddItem, Edit, MoveItem, Put
from bridge.policy.editing.edits import frozen
from bridge.store.audit import Way, Who
from bridge.store.engine import open_engine
from tests.web.browsing import csrf
from tests.web.configured import ROLES, ROUTING, ConfiguredWorld
from tests.web.world import ANA, LUIS, NORA, QA

MANAGER = Put(("employees", ANA, "role"), "manager")
TO_LUIS = Put(("rules", 0, "to", 0, "employee"), LUIS)
PHONE = "+525512345678"


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> ConfiguredWorld:
    engine = open_engine(sqlite_url)
    return ConfiguredWorld(engine, tmp_path / "config")


def prepared(house: ConfiguredWorld, *edits: Edit, by: EmployeeId = LUIS) -> str:
    who = Who(actor=f"employee:{by}", way=Way.PAGE)
    draft = begin(house.parts, who, Content(edits=edits, address="/settings/people"))
    return f"/settings/review/{draft.id}"


def sends(browser: FlaskClient, address: str, page: str, **fields: str) -> TestResponse:
    """A form as the page has it, with what somebody typed."""
    seen = re.search(r'name="seen" value="(\w+)"', page)
    form = {"csrf": csrf(page), **({"seen": seen[1]} if seen else {}), **fields}
    return browser.post(address, data=form)


def test_a_change_is_seen_saved_and_in_the_history(house: ConfiguredWorld) -> None:
    browser, address = house.signed_in(LUIS), prepared(house, MANAGER)
    page = browser.get(address).text
    assert "role: manager  # since May" in page
    assert "No mistakes were found." in page
    assert "1 test in the files passes." in page
    assert house.text("roles.yaml") == ROLES
    answer = sends(browser, address, page, message="Ana <leads> now")
    assert (answer.status_code, answer.location) == (303, "/settings/changes/2?saved=1")
    assert house.text("roles.yaml") == ROLES.replace("salesperson", "manager", 1)
    saved = browser.get(answer.location).text
    assert "Saved. It is in force everywhere." in saved
    assert "Ana &lt;leads&gt; now" in saved
    assert "Luis Gil" in browser.get("/settings/changes").text
    assert browser.get(address).status_code == 404


def test_undo_is_a_review_of_going_back(house: ConfiguredWorld) -> None:
    browser, address = house.signed_in(LUIS), prepared(house, MANAGER)
    sends(browser, address, browser.get(address).text)
    page = browser.get("/settings/changes/2?saved=1").text
    back = sends(browser, "/settings/changes/1/return", page)
    assert back.status_code == 303
    reviewed = browser.get(back.location).text
    assert "role: salesperson  # since May" in reviewed
    assert sends(browser, back.location, reviewed).status_code == 303
    assert house.text("roles.yaml") == ROLES
    assert [change.back_to for change in house.history] == [1, None, None]


def test_what_moved_meanwhile_is_shown_and_nothing_is_lost(house: ConfiguredWorld) -> None:
    browser, address = house.signed_in(LUIS), prepared(house, MANAGER)
    page = browser.get(address).text
    house.breaks("roles.yaml", ROLES.replace("who may what", "who may do what"))
    house.takes()
    answer = sends(browser, address, page, message="Ana leads now")
    assert answer.status_code == 409
    assert "Somebody changed the files meanwhile" in answer.text
    assert "who may do what" in answer.text
    assert "Ana leads now" in answer.text
    assert sends(browser, address, answer.text).status_code == 303
    assert house.text("roles.yaml").startswith("# who may do what\n")
    assert "role: manager  # since May" in house.text("roles.yaml")


def test_a_rule_of_another_place_by_now_is_not_moved(house: ConfiguredWorld) -> None:
    browser, address = house.signed_in(LUIS), prepared(house, MoveItem(("rules", 1), 0))
    house.breaks("routing.yaml", ROUTING.replace("id: mx", "id: mexico"))
    page = browser.get(address)
    assert page.status_code == 409
    assert "rules was changed by somebody else meanwhile" in page.text


def test_two_admins_at_once(house: ConfiguredWorld) -> None:
    addresses = [prepared(house, MANAGER), prepared(house, Put(("rules", 0, "label"), "Mexico"))]
    browser = house.signed_in(LUIS)
    pages = [browser.get(address).text for address in addresses]
    answers = [sends(browser, a, p) for a, p in zip(addresses, pages, strict=True)]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert sends(browser, addresses[1], answers[1].text).status_code == 303
    assert len(house.history) == 3


def test_what_is_wrong_can_not_be_saved_and_says_where(house: ConfiguredWorld) -> None:
    browser = house.signed_in(LUIS)
    address = prepared(house, Put(("employees", ANA, "role"), "boss"))
    page = browser.get(address)
    assert page.status_code == 200
    assert 'href="/settings/files/roles.yaml#L4"' in page.text
    assert "Mend the mistakes first" in page.text
    assert sends(browser, address, page.text).status_code == 422
    assert house.text("roles.yaml") == ROLES


def test_failing_tests_are_saved_only_when_somebody_says_so(house: ConfiguredWorld) -> None:
    browser, address = house.signed_in(LUIS), prepared(house, TO_LUIS)
    page = browser.get(address).text
    assert "Save it although tests fail" in page
    assert sends(browser, address, page).status_code == 422
    assert sends(browser, address, page, despite_tests="1").status_code == 303


def test_the_effect_names_who_would_have_got_whom(house: ConfiguredWorld) -> None:
    chat = house.writes(PHONE, "hola")
    browser, address = house.signed_in(LUIS), prepared(house, TO_LUIS)
    part = browser.get(f"{address}/effect", headers={"HX-Request": "true"}).text
    assert "1 client would have gone to somebody else." in part
    assert "<html" not in part
    event = re.search(r'href="(/events/\d+)"', part)
    assert event is not None
    assert browser.get(event[1]).status_code == 200
    assert "<html" in browser.get(f"{address}/effect").text
    away = prepared(house, Put(("employees", ANA, "channels"), ("wa-north",)))
    assert f'href="/conversations/{chat}"' in browser.get(f"{away}/effect").text


def test_a_change_without_effect_says_so(house: ConfiguredWorld) -> None:
    house.writes(PHONE, "hola")
    address = prepared(house, Put(("rules", 0, "label"), "Mexico"))
    page = house.signed_in(LUIS).get(f"{address}/effect").text
    assert "Everything would have gone the same way." in page


def test_where_the_folder_is_elsewhere_a_patch_is_offered(house: ConfiguredWorld) -> None:
    address, browser = prepared(house, MANAGER), house.signed_in(LUIS)
    house.path.rename(house.path.with_name("gone"))
    page = browser.get(address).text
    assert "is not on this machine" in page
    patch = browser.get(f"{address}/patch")
    assert patch.mimetype == "text/x-patch"
    assert "+++ b/roles.yaml\n" in patch.text
    assert sends(browser, address, page).status_code == 409


def test_a_change_that_is_discarded_leads_back(house: ConfiguredWorld) -> None:
    address, browser = prepared(house, MANAGER), house.signed_in(LUIS)
    answer = sends(browser, f"{address}/discard", browser.get(address).text)
    assert answer.location == "/settings/people"
    assert browser.get(address).status_code == 404


@pytest.mark.parametrize("who", [ANA, NORA, QA])
def test_who_is_no_manager_saves_nothing(house: ConfiguredWorld, who: EmployeeId) -> None:
    address, browser = prepared(house, MANAGER, by=who), house.signed_in(who)
    token = csrf(browser.get("/account").text)
    seen = browser.get(address)
    assert seen.status_code == (200 if who == QA else 403)
    assert 'name="seen"' not in seen.text
    for where in (address, f"{address}/discard", "/settings/changes/1/return"):
        assert browser.post(where, data={"csrf": token}).status_code == 403
    where = "/settings/files/roles.yaml"
    assert browser.post(where, data={"csrf": token, "text": "a: b"}).status_code == 403
    assert house.text("roles.yaml") == ROLES


def test_a_wrong_token_changes_nothing(house: ConfiguredWorld) -> None:
    address, browser = prepared(house, MANAGER), house.signed_in(LUIS)
    for where in (address, f"{address}/discard", "/settings/changes/1/return"):
        assert browser.post(where, data={"csrf": "0" * 64}).status_code == 403
    assert browser.get(address).status_code == 200


def test_a_draft_is_nobody_elses(house: ConfiguredWorld) -> None:
    address = prepared(house, MANAGER, by=QA)
    assert house.signed_in(LUIS).get(address).status_code == 404


# The files themselves.


def test_a_file_is_shown_with_its_lines_and_edited_as_a_text(house: ConfiguredWorld) -> None:
    browser = house.signed_in(LUIS)
    page = browser.get("/settings/files/roles.yaml").text
    assert '<tr id="L4">' in page
    typed = ROLES.replace("since May", "since <June>").replace("\n", "\r\n")
    answer = sends(browser, "/settings/files/roles.yaml", page, text=typed)
    reviewed = browser.get(answer.location).text
    assert "since &lt;June&gt;" in reviewed
    assert sends(browser, answer.location, reviewed).status_code == 303
    assert (house.path / "roles.yaml").read_bytes() == typed.replace("\r\n", "\n").encode()


def test_a_text_that_is_no_yaml_is_kept_to_be_mended(house: ConfiguredWorld) -> None:
    browser = house.signed_in(LUIS)
    page = browser.get("/settings/files/roles.yaml").text
    answer = sends(browser, "/settings/files/roles.yaml", page, text="employees: [\n")
    reviewed = browser.get(answer.location).text
    assert "not YAML" in reviewed
    again = re.search(r'href="(/settings/files/roles\.yaml\?draft=[\w-]+)"', reviewed)
    assert again is not None
    assert "employees: [" in browser.get(again[1]).text
    assert sends(browser, answer.location, reviewed).status_code == 422


def test_a_file_that_was_broken_by_hand_shows_its_mistake(house: ConfiguredWorld) -> None:
    house.breaks("roles.yaml", ROLES.replace("role: manager", "role: [boss"))
    with suppress(ConfigError):
        house.takes()
    browser = house.signed_in(LUIS)
    told = browser.get("/settings/changes").text
    assert "the last good ones are in force" in told
    assert "<bdi>roles.yaml:8:" in told
    assert str(house.path) not in told
    page = browser.get("/settings/files").text
    assert "roles.yaml:8:" in page
    assert "1 mistake" in page
    assert '<tr id="L8" class="noted">' in browser.get("/settings/files/roles.yaml").text
    review = browser.get(prepared(house, MANAGER))
    assert review.status_code == 409
    assert "roles.yaml" in review.text
    assert browser.get("/conversations").status_code == 200


def test_nothing_typed_is_nothing_to_review(house: ConfiguredWorld) -> None:
    browser = house.signed_in(LUIS)
    page = browser.get("/settings/files/roles.yaml").text
    answer = sends(browser, "/settings/files/roles.yaml", page, text=ROLES)
    assert "You have changed nothing yet." in answer.text


@pytest.mark.parametrize("name", ["../roles.yaml", "schema.json", "%2e%2e", "none.yaml"])
def test_other_files_are_not_there(house: ConfiguredWorld, name: str) -> None:
    assert house.signed_in(LUIS).get(f"/settings/files/{name}").status_code == 404


@pytest.mark.parametrize("name", ["0", "99", "x", "9" * 30, "-1", "²"])
def test_changes_that_are_not_there(house: ConfiguredWorld, name: str) -> None:
    assert house.signed_in(LUIS).get(f"/settings/changes/{name}").status_code == 404


def test_markup_in_the_yaml_stays_text(house: ConfiguredWorld) -> None:
    rule = frozen({"id": "x", "label": "<script>1</script>", "to": [{"employee": LUIS}]})
    browser, address = house.signed_in(LUIS), prepared(house, AddItem(("rules",), rule))
    page = browser.get(address).text
    assert "<script>1" not in page
    answer = sends(browser, address, page, message="<script>1</script>")
    for where in (answer.location, "/settings/changes", "/settings/files/routing.yaml"):
        assert "<script>1" not in browser.get(where).text


def test_the_history_goes_on_page_by_page(house: ConfiguredWorld) -> None:
    for number in range(35):
        house.breaks("roles.yaml", f"{ROLES}# {number}\n")
        house.takes()
    browser = house.signed_in(LUIS)
    page = browser.get("/settings/changes").text
    following = re.search(r'href="(/settings/changes\?cursor=[^"]+)"', page)
    assert following is not None
    assert "Change 36" in page
    assert "Change 1<" in browser.get(following[1]).text
