"""The settings' pages: each form leads to the review of what was changed, and of nothing else."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event

from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.people import CrmEmployee, Directory
from bridge.ports import ChannelReading
from bridge.store import mirror
from bridge.store.engine import writing
from tests.web.browsing import Fields, fields_of
from tests.web.settings_house import Configured
from tests.web.world import ANA, BRUNO, CRM, LUIS, NORA, NOW, QA, SALES, WA

PAGES = ("people", "channels", "new-clients", "rules", "new-rule", "pools", "notifications")
FORMS: list[tuple[str, Fields, str]] = [
    (
        "/settings/people",
        {f"role:{NORA}": "salesperson"},
        "+  nora@acme.example: {role: salesperson}",
    ),
    (
        "/settings/people",
        {f"new:{LUIS}": "true"},
        "-  luis@acme.example: {role: manager}   # the boss\n"
        "+  luis@acme.example: {role: manager, gets_new_clients: true}   # the boss",
    ),
    (
        "/settings/channels",
        {"label:wa-north": "The north"},
        "-  wa-north: {account: wa-main, messenger: whatsapp, id: ch-north, label: North}\n"
        "+  wa-north: {account: wa-main, messenger: whatsapp, id: ch-north, label: The north}",
    ),
    (
        "/settings/new-clients",
        {"place": '["support", "first"]'},
        "-new_clients: {create: deal, pipeline: default, stage: new}\n"
        "+new_clients: {create: deal, pipeline: support, stage: first}",
    ),
    (
        "/settings/rules",
        {"order[]": ["tg", "mx"]},
        "+  # Telegram is Ana's.\n"
        "+  - {id: tg, when: {messenger: telegram}, to: {employee: ana@acme.example}}\n"
        "-  # Telegram is Ana's.\n"
        "-  - {id: tg, when: {messenger: telegram}, to: {employee: ana@acme.example}}",
    ),
    ("/settings/rules/mx", {"country": "MX, GT"}, "country: [MX, GT]"),
    (
        "/settings/new-rule",
        {"id": "es", "country": "ES", "target:0": '["pool", "north"]', "label": "Spain: all"},
        '+  - {id: es, label: "Spain: all", when: {country: ES}, to: [{pool: north}]}',
    ),
    ("/settings/pools", {f"member:north:{ANA}": "3"}, f"employee: {ANA}, weight: 3"),
    (
        "/settings/pools",
        {"away_who:0": BRUNO, "away_until:0": "2026-12-24"},
        "away: {until: 2026-12-24}",
    ),
    ("/settings/notifications", {"hear_all": "true"}, "managers_hear_all_chats: true"),
]


@pytest.mark.parametrize(("address", "given", "says"), FORMS)
def test_a_form_leads_to_the_review_of_what_was_changed(
    house: Configured, address: str, given: Fields, says: str
) -> None:
    assert says in house.difference(house.sends(address, given))


@pytest.mark.parametrize(
    "address",
    ["/settings/rules/mx", *(f"/settings/{name}" for name in PAGES if "new-r" not in name)],
)
def test_a_form_that_nobody_touched_changes_nothing(house: Configured, address: str) -> None:
    """Also of values that the YAML does not write, which the page shows as they count."""
    answer = house.sends(address, {})
    assert answer.status_code == 200
    assert "You have changed nothing yet." in answer.text


@pytest.mark.parametrize("name", PAGES)
def test_quality_control_looks_and_can_change_nothing(house: Configured, name: str) -> None:
    browser = house.world.signed_in(QA)
    page = browser.get(f"/settings/{name}").text
    assert "Managers change them" in page
    assert "Review the change" not in page
    sent = {"csrf": fields_of(page, "/look")["csrf"]}
    assert browser.post(f"/settings/{name}", data=sent).status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_nobody_else_sees_the_settings(house: Configured, name: str) -> None:
    browser = house.world.signed_in(ANA)
    assert browser.get(f"/settings/{name}").status_code == 403
    assert "/settings/people" not in browser.get("/conversations").text


@pytest.mark.parametrize("name", PAGES)
def test_a_wrong_token_changes_nothing(house: Configured, name: str) -> None:
    answer = house.sends(f"/settings/{name}", {"csrf": "0" * 64})
    assert answer.status_code == 403


def test_a_yaml_broken_by_hand_shows_the_last_good_and_the_place(house: Configured) -> None:
    (house.path / "roles.yaml").write_text("employees:\n  ana@acme.example: {role: boss}\n")
    house.takes()
    for name in PAGES:
        page = house.page(f"/settings/{name}")
        assert "The YAML is broken" in page
        assert "roles.yaml:2:28" in page
        assert "Review the change" not in page
    assert "luis@acme.example" in house.page("/settings/people")


@pytest.mark.parametrize(
    ("address", "given", "words"),
    [
        ("/settings/new-clients", {"owe_limit": "many"}, "A whole number from 0 to 1000."),
        ("/settings/new-rule", {"id": "mx", "label": "<b>Mine</b>"}, "&lt;b&gt;Mine&lt;/b&gt;"),
        ("/settings/pools", {f"member:north:{ANA}": "-5"}, 'value="-5"'),
        ("/settings/people", {f"role:{NORA}": "", f"new:{NORA}": "true"}, "Choose a role first"),
        ("/settings/people", {f"role:{ANA}": "boss"}, "Choose one of the roles."),
    ],
)
def test_what_was_typed_stays_beside_what_is_wrong(
    house: Configured, address: str, given: Fields, words: str
) -> None:
    answer = house.sends(address, given)
    assert answer.status_code == 422
    assert words in answer.text
    assert fields_of(answer.text, address)["was"] == fields_of(house.page(address), address)["was"]


@pytest.mark.parametrize("typed", ["\u202e\u2066", "👩\u200d👩\u200d👧", "x" * 10_000, '"]}{[', ""])
def test_a_label_of_any_text_becomes_that_very_label(house: Configured, typed: str) -> None:
    answer = house.sends("/settings/rules/mx", {"label": typed})
    edits = house.draft(answer).content.edits
    assert [getattr(edit, "value", "") for edit in edits] == [typed]


def test_rol_04_update_crm_data_asks_the_crm_later(house: Configured) -> None:
    browser = house.world.signed_in(LUIS)
    sent = fields_of(browser.get("/settings/people").text, "/settings/people/refresh")
    answer = browser.post("/settings/people/refresh", data={**sent, "back": "clients"})
    assert answer.headers["Location"] == "/settings/new-clients?asked=1"
    with writing(house.world.engine) as db:
        assert mirror.waiting_refreshes(db, f"mirror:{CRM}")


def test_rol_03_everybody_of_the_crm_is_there_once_and_who_left_is_marked(
    house: Configured,
) -> None:
    people = (
        CrmEmployee(crm_id="o1", email=ANA, name="Ana Ruiz", active=False),  # type: ignore[arg-type]
        CrmEmployee(crm_id="o8", email=NORA, name="Nora Sanz", active=False),  # type: ignore[arg-type]
        CrmEmployee(crm_id="o9", email=NORA, name="Nora Sanz", active=True),  # type: ignore[arg-type]
    )
    with writing(house.world.engine) as db:
        later = NOW + timedelta(minutes=1)
        mirror.put_directory(db, CRM, Directory(people=people, as_of=later), later)
    page = house.page("/settings/people")
    assert page.count(f'name="role:{NORA}"') == 1
    assert page.count("Archived in the CRM") == 1
    assert page.count("Not in the CRM") == 3  # Bruno, Luis, QA
    assert page.index(f"role:{BRUNO}") < page.index(f"role:{NORA}")


def test_people_are_found_by_name_and_by_having_a_role(house: Configured) -> None:
    assert f"role:{ANA}" in house.page("/settings/people?q=RUIZ")
    assert f'name="role:{BRUNO}"' not in house.page("/settings/people?q=RUIZ")
    assert f'name="role:{ANA}"' not in house.page("/settings/people?show=without")
    assert "Nobody fits" in house.page("/settings/people?q=%00nobody")


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999", "²"])
def test_a_page_that_is_not_there_is_the_nearest_one(house: Configured, page: str) -> None:
    assert f'name="role:{ANA}"' in house.page(f"/settings/people?page={page}")


def test_rol_15_a_preset_is_shown_before_anything_counts(house: Configured) -> None:
    browser = house.world.signed_in(LUIS)
    tried = house.sends("/settings/people", {"do": "preset:classic"}, browser)
    assert tried.status_code == 200
    assert "The table shows what the team" in tried.text
    fields = fields_of(tried.text, "/settings/people")
    assert (fields[f"role:{NORA}"], fields[f"role:{LUIS}"]) == ("salesperson", "manager")
    answer = browser.post("/settings/people", data={**fields, "do": "review"})
    assert "+  nora@acme.example:" in house.difference(answer)


def test_many_are_filled_in_at_once_and_nothing_counts_yet(house: Configured) -> None:
    given: Fields = {"do": "many", "pick[]": [ANA, NORA], "many_role": "manager", "many_new": ""}
    answer = house.sends("/settings/people", given)
    assert "Filled in for 2 people" in answer.text
    fields = fields_of(answer.text, "/settings/people")
    assert (fields[f"role:{ANA}"], fields[f"role:{NORA}"]) == ("manager", "manager")
    assert fields[f"new:{ANA}"] == "true"


def test_new_06_a_stage_is_picked_from_the_crm_as_last_read(house: Configured) -> None:
    page = house.page("/settings/new-clients")
    assert "Support → First contact" in page
    assert "CRM read" in page


def test_a_stage_that_the_crm_does_not_know_stays_chosen(house: Configured) -> None:
    with writing(house.world.engine) as db:
        mirror.put_pipelines(db, CRM, [], NOW)
    page = house.page("/settings/new-clients")
    assert "default / new (not in the CRM as last read)" in page
    assert fields_of(page, "/settings/new-clients")["place"] == '["default", "new"]'
    typed: Fields = {"typed_pipeline": "p9", "typed_stage": "s9"}
    said = house.difference(house.sends("/settings/new-clients", typed))
    assert "pipeline: p9, stage: s9" in said


def test_chn_01_a_channel_that_stopped_says_from_where_messages_leave(house: Configured) -> None:
    _reports(house, "ch-north", ChannelState.DISABLED)
    page = house.page("/settings/channels")
    assert "until then first messages leave from another channel" in page
    assert "Now from Sales." in page


def test_a_reported_channel_is_named_and_added(house: Configured) -> None:
    _reports(house, "ch-new", ChannelState.ACTIVE)
    browser = house.world.signed_in(LUIS)
    fields = fields_of(browser.get("/settings/channels").text, "/settings/channels/add")
    again = browser.post("/settings/channels/add", data={**fields, "name": "wa-sales"})
    assert again.status_code == 422
    assert "There is a channel of this name already" in again.text
    answer = browser.post("/settings/channels/add", data={**fields, "name": "wa-new"})
    assert "id: ch-new" in house.difference(answer)


def _reports(house: Configured, channel: str, state: ChannelState) -> None:
    reading = ChannelReading(channel_id=channel, messenger=Messenger.WHATSAPP, state=state)
    with writing(house.world.engine) as db:
        mirror.put_channels(db, WA, [reading], NOW)


def test_rules_go_up_and_down_before_anything_counts(house: Configured) -> None:
    answer = house.sends("/settings/rules", {"do": "up:tg"})
    fields = fields_of(answer.text, "/settings/rules")
    assert fields["order[]"] == ["tg", "mx"]
    assert "another order than the one that counts" in answer.text


@pytest.mark.parametrize(("order", "who"), [(["mx", "tg"], BRUNO), (["tg", "mx"], ANA)])
def test_a_question_is_answered_by_the_order_as_it_stands(
    house: Configured, order: list[str], who: str
) -> None:
    path = house.path / "routing.yaml"
    text = path.read_text().replace("{messenger: telegram}", "{country: MX}")
    path.write_text(text.replace("{pool: north}", f"{{employee: {BRUNO}}}"))
    house.takes()
    given: Fields = {"order[]": order, "do": "try", "try_country": "mx", "try_channel": SALES}
    answer = house.sends("/settings/rules", given)
    said = answer.text.split('id="answer"')[1].split("</div>")[0]
    assert who in said.split("</p>")[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"try_country": "XX"}, "XX"),
        ({"try_channel": "gone"}, "gone"),
        ({"try_owner": "nobody"}, "nobody"),
    ],
)
def test_a_question_that_makes_no_sense_says_why(
    house: Configured, given: Fields, words: str
) -> None:
    answer = house.sends("/settings/rules", {**given, "do": "try"})
    assert answer.status_code == 200
    assert words in answer.text.split("No answer")[1]


def test_a_rule_is_tried_as_it_is_typed(house: Configured) -> None:
    given: Fields = {"target:0": f'["employee", "{LUIS}"]', "do": "try", "try_country": "MX"}
    answer = house.sends("/settings/rules/mx", given)
    assert LUIS in answer.text.split('id="answer"')[1].split("</p>")[0]
    assert fields_of(answer.text, "/settings/rules/mx")["target:0"] == f'["employee", "{LUIS}"]'


def test_a_rule_that_is_gone_is_not_found_and_not_written_over_another(house: Configured) -> None:
    assert house.world.signed_in(LUIS).get("/settings/rules/gone").status_code == 404
    browser = house.world.signed_in(LUIS)
    fields = fields_of(browser.get("/settings/rules/mx").text, "/settings/rules/mx")
    text = (house.path / "routing.yaml").read_text()
    (house.path / "routing.yaml").write_text(text.replace("id: mx", "id: mexico"))
    house.takes()
    answer = browser.post("/settings/rules/mx", data={**fields, "label": "Mine"})
    assert answer.status_code == 422
    assert 'value="Mine"' in answer.text


def test_a_rule_is_removed_by_review(house: Configured) -> None:
    browser = house.world.signed_in(LUIS)
    address = "/settings/rules/tg/remove"
    fields = fields_of(browser.get("/settings/rules/tg").text, address)
    assert "-  - {id: tg" in house.difference(browser.post(address, data=fields))


def test_shares_stand_beside_those_who_have_them(house: Configured) -> None:
    page = house.page("/settings/pools")
    assert "Takes clients" in page
    assert "Mexico" in page


@pytest.fixture
def elsewhere(house: Configured) -> Iterator[Configured]:
    moved = house.path.rename(house.path.with_name("moved"))
    yield house
    moved.rename(house.path)


def test_a_folder_on_another_machine_is_shown_and_not_changed(elsewhere: Configured) -> None:
    page = elsewhere.page("/settings/people")
    assert "on another machine" in page
    assert f'name="role:{ANA}"' in page
    assert "Review the change" not in page


@pytest.mark.parametrize("was", ["{", "[1]", '{"a": []}'])
def test_what_is_no_form_of_ours_is_refused(house: Configured, was: str) -> None:
    assert house.sends("/settings/people", {"was": was}).status_code == 400


def _asked_of_the_store(house: Configured, address: str) -> int:
    asked: list[str] = []

    def note(*given: object) -> None:
        asked.append(str(given[2]))

    browser = house.world.signed_in(LUIS)
    event.listen(house.world.engine, "before_cursor_execute", note)
    try:
        assert browser.get(address).status_code == 200
    finally:
        event.remove(house.world.engine, "before_cursor_execute", note)
    return len(asked)


@pytest.mark.parametrize("address", ["/welcome", *(f"/settings/{name}" for name in PAGES)])
def test_a_page_asks_the_store_no_more_with_more_rows(house: Configured, address: str) -> None:
    few = _asked_of_the_store(house, address)
    people = "".join(f"  p{n}@acme.example: {{role: manager}}\n" for n in range(60))
    roles, routing = house.path / "roles.yaml", house.path / "routing.yaml"
    roles.write_text(roles.read_text() + people)
    rules = "".join(f"  - {{id: r{n}, to: {{pool: pool{n}}}}}\n" for n in range(30))
    pools = "".join(f"  pool{n}: [p{n}@acme.example]\n" for n in range(30))
    routing.write_text(routing.read_text().replace("pools:\n", f"{rules}pools:\n{pools}"))
    house.takes()
    assert house.page("/settings/people").count('name="role:') == 50
    assert _asked_of_the_store(house, address) == few
