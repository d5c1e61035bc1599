"""Resellers' clients on pages: the table, one client, every action by form, import with preview."""

import base64
import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.domain.reselling.building import SARA
from tests.web.asking import Api, api
from tests.web.browsing import csrf
from tests.web.reselling import add, adds_up, as_user, browser_of, kept, with_resellers
from tests.web.test_client_files import GOOD
from tests.web.world import ANA, LUIS, QA, World


@pytest.fixture
def rita(world: World) -> Api:
    return as_user(with_resellers(world))


@pytest.fixture
def browser(world: World, rita: Api) -> FlaskClient:
    return browser_of(world)


def text_of(answer: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def sends(browser: FlaskClient, page: str, action: str, **fields: Any) -> TestResponse:
    """A form of this page, as it stands there, with these fields filled in."""
    shown = browser.get(page).text
    found = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', shown, re.S)
    assert found is not None, f"{page} has no form for {action}"
    hidden = dict(re.findall(r'name="(csrf|key|seen)" value="([^"]*)"', found[1]))
    names = set(re.findall(r'name="([^"]+)"', found[1]))
    assert set(fields) <= names, f"{action} has no fields {set(fields) - names}"
    return browser.post(action, data={**hidden, **fields})


def deeds(browser: FlaskClient, client: str) -> set[str]:
    """What the client's page lets one do."""
    page = browser.get(f"/clients/{client}").text
    return set(re.findall(rf'action="/clients/{client}/([a-z-]+)"', page))


def test_the_table_has_every_column_and_the_actions_of_the_status(
    world: World, rita: Api, browser: FlaskClient
) -> None:
    """RSL-01 to RSL-08."""
    client = add(rita, legal_name="Papeles & Co")
    forever = add(rita, legal_name="Sin Fin", plan="forever")
    page = text_of(browser.get("/clients"))
    for head in ("Legal name", "Plan", "Units", "Status", "Created", "Valid until", "Actions"):
        assert head in page
    line = "Papeles &amp; Co Basic 100 of 100 active Mar 4, 2026 Mar 4, 2027 365 days left Edit Add"
    assert line in page
    assert "Sin Fin Forever 50 of 50 active Mar 4, 2026 without an end Edit" in page
    assert deeds(browser, client["id"]) == {"add-units", "edit", "renew", "sign-in-as", "suspend"}
    rita.post(f"/clients/{forever['id']}/suspend")
    assert deeds(browser, forever["id"]) == {"activate", "archive", "edit", "renew", "sign-in-as"}
    rita.post(f"/clients/{forever['id']}/archive")
    assert deeds(browser, forever["id"]) == {"unarchive"}
    assert "Sin Fin" not in browser.get("/clients").text
    assert "Sin Fin" in browser.get("/clients?archived=1").text


def test_a_client_is_added_changed_and_archived_by_forms(
    world: World, browser: FlaskClient
) -> None:
    """RSL-09, RSL-12, RSL-16, RSL-17, RSL-19, RSL-21 to RSL-24."""
    made = sends(browser, "/clients/new", "/clients/new", legal_name="Nuevo SA", plan="basic")
    assert made.status_code == 303
    path = made.location.removesuffix("?done=add")
    name = path.rpartition("/")[2]

    def does(action: str, **fields: Any) -> str:
        answer = sends(browser, path, f"{path}/{action}", **fields)
        told = f"{path}?done={action}"
        assert (answer.status_code, answer.location) == (303, told), text_of(answer)
        client = kept(world, name)
        return f"{client.status(world.now)} {client.balance} {client.shown_plan}"

    assert "renames his plan to custom" in text_of(browser.get(path))
    assert does("add-units", units="50") == "active 150 Basic"
    edited = {"legal_name": "Nuevo SA", "email": "a@nuevo.example", "new_service": "users"}
    assert does("edit", **edited, new_value="3") == "active 150 custom"
    assert kept(world, name).services == {"users": 3}
    assert does("renew", plan="pro") == "active 500 Pro"
    assert does("suspend", why="does not pay") == "suspended 500 Pro"
    assert does("archive") == "suspended 500 Pro"
    assert does("unarchive") == "suspended 500 Pro"
    assert does("activate") == "active 500 Pro"
    page = text_of(browser.get(path))
    assert "Client suspended" in page
    assert "added +50 150" in page
    assert adds_up(world)


def test_services_are_edited_field_by_field(world: World, rita: Api, browser: FlaskClient) -> None:
    client = add(rita)
    path = f"/clients/{client['id']}"
    fields = {"legal_name": client["legal_name"], "service.smtp_mail": "yes"}
    sends(browser, path, f"{path}/edit", **fields, **{"service.companies": ""})
    assert kept(world, client["id"]).services == {"smtp_mail": True}
    wrong = sends(browser, path, f"{path}/edit", **{**fields, "service.smtp_mail": "maybe"})
    assert (wrong.status_code, "A service is yes, no" in text_of(wrong)) == (422, True)


@pytest.mark.parametrize(
    ("deed", "undo", "said"),
    [
        ("suspend", "activate", "The client is suspended: he can use nothing."),
        ("archive", "unarchive", "The client is in the archive."),
    ],
)
def test_what_can_be_taken_back_is_offered_to_be_right_afterwards(
    world: World, rita: Api, browser: FlaskClient, deed: str, undo: str, said: str
) -> None:
    """RSL-22 to RSL-24: by one button, and only while it can be done."""
    client = add(rita)
    path = f"/clients/{client['id']}"
    if deed == "archive":
        rita.post(f"{path}/suspend")
    before = kept(world, client["id"])
    answer = sends(browser, path, f"{path}/{deed}")
    assert answer.headers["Location"] == f"{path}?done={deed}"
    shown = browser.get(answer.headers["Location"])
    assert said in text_of(shown)
    assert re.search(rf'class="alert alert-success undo".*?{path}/{undo}"', shown.text, re.DOTALL)
    back = sends(browser, f"{path}?done={deed}", f"{path}/{undo}")
    assert back.status_code == 303
    after = kept(world, client["id"])
    assert (after.is_suspended, after.is_archived) == (before.is_suspended, before.is_archived)
    late = browser.get(f"{path}?done={deed}").text
    assert 'class="alert alert-success undo"' not in late
    assert "Unheard" not in text_of(browser.get(f"{path}?done=Unheard"))


def test_the_table_is_sorted_and_counted(rita: Api, browser: FlaskClient) -> None:
    """RSL-01, RSL-04, RSL-27: what is asked for wrongly is refused."""
    few = add(rita, legal_name="Zeta", plan="forever")
    add(rita, legal_name="alfa")
    rita.post(f"/clients/{few['id']}/use", {"id": "1", "units": 48})

    def first(sort: str) -> str:
        page = browser.get(f"/clients?sort={sort}").text
        assert ("All (2)" in page, "To follow up (1)" in page) == (True, True)
        found = re.search(r"data-row><strong><bdi>(\w+)<", page)
        assert found is not None
        return found[1]

    assert [first(sort) for sort in ("", "newest", "name", "units", "ends")] == [
        *("alfa", "alfa", "alfa", "Zeta", "alfa")
    ]
    assert browser.get("/clients?sort=color").status_code == 400
    found = [one["legal_name"] for one in rita.all("/clients", sort="units", limit=1)]
    assert found == ["Zeta", "alfa"]


@pytest.mark.parametrize("action", ["add-units", "renew", "suspend", "edit"])
def test_a_double_click_does_it_once(
    world: World, rita: Api, browser: FlaskClient, action: str
) -> None:
    """RSL-19, RSL-22: on every button."""
    client = add(rita)
    path = f"/clients/{client['id']}"
    fields = {
        "add-units": {"units": "5"},
        "renew": {"plan": "pro"},
        "suspend": {},
        "edit": {"legal_name": "Otro"},
    }[action]
    shown = browser.get(path).text
    key = re.search(r'name="key" value="(\w+)"', shown)
    assert key is not None
    form = {"csrf": csrf(shown), "key": key[1], "seen": "1", **fields}
    answers = [browser.post(f"{path}/{action}", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert kept(world, client["id"]).version == 2
    assert len(rita.all(f"{path}/ledger")) == {"add-units": 2, "renew": 3}.get(action, 1)


def test_a_new_client_is_added_once_by_a_double_click(rita: Api, browser: FlaskClient) -> None:
    shown = browser.get("/clients/new").text
    key = re.search(r'name="key" value="(\w+)"', shown)
    assert key is not None
    form = {"csrf": csrf(shown), "key": key[1], "legal_name": "Uno", "plan": "basic"}
    places = {browser.post("/clients/new", data=form).location for _ in range(2)}
    assert len(places) == 1
    browser.post("/clients/new", data={**form, "legal_name": "Dos"})
    assert len(rita.all("/clients")) == 2


def test_who_comes_second_sees_what_changed_meanwhile(
    world: World, rita: Api, browser: FlaskClient
) -> None:
    """Two admins at once: old and new of each field, and nothing is lost."""
    client = add(rita)
    path = f"/clients/{client['id']}"
    shown = browser.get(path).text
    api(world, LUIS).patch(path, {"contact_name": "Paco"})
    form = {"csrf": csrf(shown), "key": "k", "seen": "1", "units": "5"}
    late = browser.post(f"{path}/add-units", data=form)
    assert late.status_code == 409
    page = text_of(late)
    assert "Somebody else was faster" in page
    assert "contact name the house – Paco" in page
    assert kept(world, client["id"]).balance == 100
    assert sends(browser, path, f"{path}/add-units", units="5").status_code == 303


@pytest.mark.parametrize(
    ("action", "fields", "status", "said"),
    [
        ("add-units", {"units": "0"}, 422, "Units are a whole number"),
        ("add-units", {"units": "-1"}, 422, "Units are a whole number"),
        ("add-units", {"units": "1.5"}, 422, "Is no whole number"),
        ("add-units", {"units": "9" * 29}, 422, "Units are a whole number"),
        ("add-units", {"units": ""}, 422, "Is no whole number"),
        ("add-units", {"units": "٣"}, 422, "Is no whole number"),
        ("renew", {"plan": "other"}, 422, "no such plan"),
        ("archive", {}, 409, "The client is active"),
        ("edit", {"legal_name": ""}, 422, "The legal name is missing"),
        ("edit", {"legal_name": "A", "units": "7"}, 422, "Units are not changed by an edit"),
        ("suspend", {"seen": "x"}, 422, "Is no whole number"),
    ],
)
def test_wrong_input_is_told_on_the_page(
    world: World,
    rita: Api,
    browser: FlaskClient,
    action: str,
    fields: dict[str, str],
    status: int,
    said: str,
) -> None:
    """RSL-18, RSL-20, RSL-21, RSL-24: and changes nothing."""
    client = add(rita)
    path = f"/clients/{client['id']}"
    form = {"csrf": csrf(browser.get(path).text), "key": "k", **fields}
    answer = browser.post(f"{path}/{action}", data=form)
    assert (answer.status_code, said in text_of(answer)) == (status, True), text_of(answer)
    assert kept(world, client["id"]).version == 1


def test_a_form_from_elsewhere_does_nothing(world: World, rita: Api, browser: FlaskClient) -> None:
    client = add(rita)
    answer = browser.post(f"/clients/{client['id']}/suspend", data={"csrf": "x", "key": "k"})
    assert answer.status_code == 403
    assert (
        browser.post(
            f"/clients/{client['id']}/explode",
            data={"csrf": csrf(browser.get("/clients/new").text)},
        ).status_code
        == 404
    )
    assert kept(world, client["id"]).version == 1


def test_who_is_near_the_end_is_listed_with_what_to_offer(world: World, rita: Api) -> None:
    """RSL-26, RSL-27."""
    few = add(rita, legal_name="Pocos", plan="forever")
    add(rita, legal_name="Pronto", plan="pro")
    add(rita, legal_name="Tranquilo")
    rita.post(f"/clients/{few['id']}/use", {"id": "1", "units": 48})
    world.later(days=20)
    browser = browser_of(world)
    page = text_of(browser.get("/clients?near_end=1"))
    assert "Clients near the end" in page
    assert "Tranquilo" not in page
    assert re.search(r"Pronto Pro 500 of 500 active [^%]{,80} Offer renewal Edit", page)
    assert re.search(r"Pocos Forever 2 of 50 active [^%]{,80} Offer units Edit", page)
    assert "offer him units" in text_of(browser.get(f"/clients/{few['id']}"))


def test_quality_control_looks_and_a_salesperson_finds_nothing(world: World, rita: Api) -> None:
    client = add(rita)
    path = f"/clients/{client['id']}"
    looks = world.signed_in(QA)
    assert client["legal_name"] in looks.get("/clients").text
    assert deeds(looks, client["id"]) == set()
    assert looks.get("/clients/new").status_code == 404
    ana = world.signed_in(ANA)
    assert client["legal_name"] not in ana.get("/clients").text
    assert ana.get(path).status_code == 404


def test_a_manager_acts_for_every_reseller(world: World, rita: Api) -> None:
    luis = world.signed_in(LUIS)
    made = sends(luis, "/clients/new", "/clients/new", reseller="sur", legal_name="S", plan="other")
    assert made.status_code == 303
    path = made.location.removesuffix("?done=add")
    linked = sends(luis, path, f"{path}/link", kind="company", crm_id="901")
    assert linked.status_code == 303
    assert "company 901" in text_of(luis.get(path))
    assert browser_of(world).get(path).status_code == 404
    assert "901" not in text_of(browser_of(world, SARA).get(path))


def previews(browser: FlaskClient, content: bytes) -> TestResponse:
    form = {
        "csrf": csrf(browser.get("/clients/import").text),
        "file": (io.BytesIO(content), "clients.csv"),
    }
    return browser.post("/clients/import", data=form)


def imports(browser: FlaskClient, preview: TestResponse, **more: str) -> TestResponse:
    names = ("csrf", "step", "reseller", "carried")
    found = [re.search(rf'name="{name}" value="([^"]*)"', preview.text) for name in names]
    form = {name: one[1] for name, one in zip(names, found, strict=True) if one is not None}
    return browser.post("/clients/import", data={**form, **more})


def test_an_import_is_seen_before_it_is_done(rita: Api, browser: FlaskClient) -> None:
    preview = previews(browser, GOOD.encode())
    page = text_of(preview)
    assert "Preview: 3 would be added, 0 can't be, 0 were imported before." in page
    assert "2 Papeles Uno would be added" in page
    assert rita.all("/clients") == []
    assert "3 added" in text_of(imports(browser, preview))
    assert len(rita.all("/clients")) == 3
    assert "3 were imported before" in text_of(imports(browser, preview))
    assert len(rita.all("/clients")) == 3


def test_of_a_long_file_the_wrong_rows_stand_first(rita: Api, browser: FlaskClient) -> None:
    """By their numbers in the file; the others are counted."""
    lines = [f"Client {number},basic" for number in range(300)]
    lines[290] = "Wrong,nosuch"
    content = "\n".join(["legal_name,plan", *lines, ""]).encode()
    preview = previews(browser, content)
    rows = re.findall(r'<td class="number">(\d+)</td>', preview.text)
    assert rows == ["292", *(str(number) for number in range(2, 52))]
    assert "249 more rows are not shown here." in text_of(preview)


def test_wrong_rows_stop_an_import_unless_the_right_ones_are_asked_for(
    rita: Api, browser: FlaskClient
) -> None:
    preview = previews(browser, b"legal_name,plan\nUno,basic\n<b>Dos</b>,unknown\n")
    page = text_of(preview)
    assert "1 would be added, 1 can't be" in page
    assert "refused plan no such plan; known: basic, pro, forever" in page
    assert "<b>Dos" not in preview.text
    stopped = imports(browser, preview)
    assert "Nothing was imported: 1 row can't be" in text_of(stopped)
    assert rita.all("/clients") == []
    assert "1 added, 0 were imported before, 1 refused" in text_of(
        imports(browser, preview, only_right="yes")
    )
    assert [one["legal_name"] for one in rita.all("/clients")] == ["Uno"]


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"name\nUno\n", 422, "known: legal_name, plan"),
        (b"", 422, "The file is empty"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 600, 422, "old .xls"),
    ],
)
def test_a_file_that_can_not_be_taken_says_why(
    browser: FlaskClient, content: bytes, status: int, said: str
) -> None:
    answer = previews(browser, content)
    assert (answer.status_code, said in text_of(answer)) == (status, True)


def test_what_the_preview_carries_is_as_suspect_as_a_file(browser: FlaskClient) -> None:
    token = csrf(browser.get("/clients/import").text)
    odd = browser.post("/clients/import", data={"csrf": token, "carried": "%%%"})
    assert odd.status_code == 422
    large = base64.b64encode(b"x" * (1024 * 1024 + 1)).decode()
    assert browser.post("/clients/import", data={"csrf": token, "carried": large}).status_code in (
        413,
        422,
    )


def test_the_list_is_taken_along_as_it_is_narrowed(rita: Api, browser: FlaskClient) -> None:
    add(rita, legal_name="Uno")
    add(rita, legal_name="Dos", plan="pro")
    found = browser.get("/clients/export?plan=pro")
    assert (found.mimetype, "Dos" in found.text, "Uno" in found.text) == ("text/csv", True, False)
    assert browser.get("/clients/export?format=xlsx").data.startswith(b"PK")
    assert browser.get("/clients/export?format=pdf").status_code == 400
    assert browser.get("/clients?status=unknown").status_code == 400
