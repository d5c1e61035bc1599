"""Resellers' clients by API: lists, every action, conflicts, doubles, wrong input."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.store.engine import reading
from bridge.store.feed import FeedWanted, feed_rows
from bridge.store.keys import Scope
from tests.domain.reselling.building import RITA, SARA
from tests.web.asking import Api, api, service
from tests.web.reselling import PAPELES, add, adds_up, as_user, kept, with_resellers
from tests.web.world import ANA, LUIS, QA, World


@pytest.fixture
def rita(world: World) -> Api:
    return as_user(with_resellers(world))


def names(asker: Api, **query: Any) -> list[str]:
    return [one["legal_name"] for one in asker.all("/clients", limit=2, **query)]


def test_a_client_with_a_plan_is_active_and_shown_with_every_column(
    world: World, rita: Api
) -> None:
    """RSL-02, RSL-03, RSL-04, RSL-05, RSL-06, RSL-07, RSL-09."""
    made = add(rita, email=" Compras@Papeles.example ", phone="+52 55 1234 5678", reference="P-1")
    assert rita.get(f"/clients/{made['id']}").json == made
    assert made | {"id": "", "services": {}, "actions": []} == {
        "id": "",
        "reseller": "norte",
        "legal_name": "Papeles del Norte SA",
        "contact_name": "",
        "email": "compras@papeles.example",
        "phone": "+525512345678",
        "reference": "P-1",
        "plan": "basic",
        "plan_name": "Basic",
        "is_custom": False,
        "units": 100,
        "services": {},
        "status": "active",
        "hint": None,
        "created_at": "2026-03-04T15:06:08Z",
        "valid_until": "2027-03-04",
        "is_archived": False,
        "actions": [],
        "version": 1,
        "crm": None,
    }
    assert add(rita, plan="forever")["valid_until"] is None


def test_each_action_is_offered_in_its_status_and_done(world: World, rita: Api) -> None:
    """RSL-08, RSL-16 to RSL-24: the whole life of a client."""
    client = add(rita)
    path = f"/clients/{client['id']}"
    open_ = ["edit", "add_units", "renew", "suspend", "sign_in_as"]
    assert client["actions"] == open_

    def does(action: str, body: Any = None) -> tuple[str, int, str]:
        asked = rita.patch(path, body) if action == "edit" else rita.post(f"{path}/{action}", body)
        assert asked.status == 200, asked.json
        assert asked.json["changed"]
        now = asked.json["client"]
        return now["status"], now["units"], now["plan_name"]

    assert does("edit", {"services": {"extra_users": 2}}) == ("active", 100, "custom")
    assert does("add-units", {"units": 50}) == ("active", 150, "custom")
    assert does("use", {"id": "cfdi-1", "units": 150}) == ("exhausted", 0, "custom")
    assert does("renew", {"plan": "pro"}) == ("active", 500, "Pro")
    assert does("suspend", {"why": "does not pay"}) == ("suspended", 500, "Pro")
    shown = rita.get(path).json["actions"]
    assert shown == ["edit", "renew", "activate", "archive", "sign_in_as"]
    assert does("archive") == ("suspended", 500, "Pro")
    assert rita.get(path).json["actions"] == ["unarchive"]
    assert does("unarchive") == ("suspended", 500, "Pro")
    assert does("activate") == ("active", 500, "Pro")
    assert [one["movement"] for one in rita.all(f"{path}/ledger", limit=2)] == [
        "granted",
        "used",
        "added",
        "granted",
    ]
    assert adds_up(world)


def test_the_ledger_says_who_and_what_was_left(world: World, rita: Api) -> None:
    """RSL-04."""
    client = add(rita)
    path = f"/clients/{client['id']}"
    rita.post(f"{path}/use", {"id": "cfdi-1", "units": 3})
    api(world, LUIS).post(f"{path}/add-units", {"units": 10})
    told = [(one["units"], one["left"], one["by"]) for one in rita.all(f"{path}/ledger")]
    assert told == [(10, 107, "the house"), (-3, 97, RITA), (100, 100, RITA)]
    ours = api(world, LUIS).all(f"{path}/ledger")
    assert ours[0]["by"] == LUIS
    assert all(one["event"] for one in ours)


def test_a_list_is_narrowed_and_paged(world: World, rita: Api) -> None:
    """RSL-05, RSL-24, RSL-26, RSL-27."""
    low = add(rita, legal_name="Few Units", plan="forever")
    gone = add(rita, legal_name="In The Archive")
    add(rita, legal_name="Plenty Pro", plan="pro")
    add(rita, legal_name="Plenty 50%_off", reference="R-7")
    rita.post(f"/clients/{low['id']}/use", {"id": "1", "units": 46})
    rita.post(f"/clients/{gone['id']}/suspend")
    rita.post(f"/clients/{gone['id']}/archive")
    assert names(rita) == ["Plenty 50%_off", "Plenty Pro", "Few Units"]
    assert names(rita, archived="true") == ["In The Archive"]
    assert names(rita, plan="pro") == ["Plenty Pro"]
    assert names(rita, q="plenty") == ["Plenty 50%_off", "Plenty Pro"]
    assert names(rita, q="%") == names(rita, q="r-7") == ["Plenty 50%_off"]
    assert names(rita, status="suspended") == []
    assert names(rita, archived="true", status="suspended") == ["In The Archive"]
    assert names(rita, near_end="true") == names(rita, hint="offer_units") == ["Few Units"]
    world.later(days=20)
    assert names(rita, hint="offer_renewal") == ["Plenty Pro"]
    assert names(rita, near_end="true") == ["Plenty Pro", "Few Units"]
    assert rita.get("/clients", hint="offer_renewal").items[0]["hint"] == "offer_renewal"
    world.later(days=20)
    assert names(rita, status="expired") == ["Plenty Pro"]


def test_a_cursor_is_good_for_its_own_list(world: World, rita: Api) -> None:
    for number in range(3):
        add(rita, legal_name=f"Client {number}")
    cursor = rita.get("/clients", limit=1).json["next"]
    assert rita.get("/clients", limit=1, cursor=cursor).items[0]["legal_name"] == "Client 1"
    assert rita.get("/clients", cursor=cursor, plan="basic").status == 400


def test_the_house_sees_all_resellers_and_a_reseller_only_his(world: World, rita: Api) -> None:
    """RSL-01."""
    add(rita, legal_name="Norte's")
    sara = as_user(world, SARA)
    other = add(sara, legal_name="Sur's", plan="other")
    assert (names(rita), names(sara)) == (["Norte's"], ["Sur's"])
    for asker in (api(world, LUIS), api(world, QA), service(world)):
        assert names(asker) == ["Sur's", "Norte's"]
        assert names(asker, reseller="sur") == ["Sur's"]
    assert names(rita, reseller="sur") == []
    assert names(api(world, ANA)) == []
    assert rita.get(f"/clients/{other['id']}").reason == "request.not_found"


def test_plans_are_those_of_ones_own_list(world: World, rita: Api) -> None:
    """RSL-21."""
    mine = rita.get("/plans").items
    assert [(one["plan"], one["units"], one["validity"]) for one in mine] == [
        ("basic", 100, "12mo"),
        ("pro", 500, "30d"),
        ("forever", 50, None),
    ]
    assert rita.get("/plans", reseller="sur").status == 404
    assert len(api(world, LUIS).get("/plans").items) == 4
    assert api(world, LUIS).get("/plans", reseller="sur").items[0]["name"] == "Other"
    assert api(world, ANA).get("/plans").items == []


def test_two_admins_at_once_the_second_is_told_what_changed_meanwhile(
    world: World, rita: Api
) -> None:
    """RSL-16: old and new of every field; what the house's people did is the house's."""
    client = add(rita)
    path, seen = f"/clients/{client['id']}", client["version"]
    api(world, LUIS).patch(path, {"email": "nuevo@papeles.example", "seen": seen})
    late = rita.post(f"{path}/add-units", {"units": 5, "seen": seen})
    assert (late.status, late.reason) == (409, "request.conflict")
    assert "edited by the house" in late.json["detail"]
    [change] = late.json["meanwhile"]
    assert (change["what"], change["by"], change["version"]) == ("edited", "the house", 2)
    assert change["fields"] == [
        {"field": "email", "old": "", "new": "nuevo@papeles.example"},
        {"field": "plan", "old": "Basic", "new": "custom"},
    ]
    assert rita.get(path).json["units"] == 100
    assert rita.post(f"{path}/add-units", {"units": 5, "seen": 2}).json["client"]["units"] == 105
    told = api(world, LUIS).post(f"{path}/suspend", {"seen": 2}).json["meanwhile"]
    assert [one["by"] for one in told] == [RITA]


def test_a_double_click_does_it_once(world: World, rita: Api) -> None:
    """RSL-19, RSL-22: one key, one deed; and a day later still."""
    path = f"/clients/{add(rita)['id']}"
    first = rita.post(f"{path}/add-units", {"units": 5}, key="click")
    again = rita.post(f"{path}/add-units", {"units": 5}, key="click")
    assert first.json == again.json
    assert kept(world, path.rpartition("/")[2]).balance == 105
    world.later(days=2)
    late = rita.post(f"{path}/add-units", {"units": 5}, key="click")
    assert (late.status, late.json["client"]["units"]) == (200, 105)
    assert rita.post(f"{path}/add-units", {"units": 6}, key="click").reason == "request.conflict"


def test_a_client_is_added_once_under_one_key(world: World, rita: Api) -> None:
    made = [rita.post("/clients", PAPELES, key="k").json["client"]["id"] for _ in range(2)]
    assert made[0] == made[1]
    assert len(names(rita)) == 1


def test_a_use_counts_once_by_its_id_and_per_client(world: World, rita: Api) -> None:
    """RSL-04, RSL-10: whatever the key of the request; another client's is another use."""
    one, other = add(rita), add(rita, legal_name="Other")
    for key in ("a", "b", None):
        rita.post(f"/clients/{one['id']}/use", {"id": "cfdi-1", "units": 40}, key=key)
    assert kept(world, one["id"]).balance == 60
    rita.post(f"/clients/{other['id']}/use", {"id": "cfdi-1", "units": 40})
    assert kept(world, other["id"]).balance == 60
    refused = rita.post(f"/clients/{one['id']}/use", {"id": "cfdi-2", "units": 61})
    assert (refused.status, refused.reason) == (409, "client_plan.units_too_few")
    assert kept(world, one["id"]).balance == 60
    assert adds_up(world)


def test_a_service_tells_of_use_in_its_own_name_and_acts_for_a_manager(
    world: World, rita: Api
) -> None:
    path = f"/clients/{add(rita)['id']}"
    stamper = service(world)
    assert stamper.post(f"{path}/use", {"id": "1"}).json["client"]["units"] == 99
    assert stamper.post(f"{path}/suspend").json["field"] == "$.employee"
    assert stamper.post(f"{path}/suspend", {"employee": ANA}).status == 404
    assert stamper.post(f"{path}/suspend", {"employee": LUIS}).json["changed"]
    by = [one["by"] for one in api(world, LUIS).all(f"{path}/ledger")]
    assert by == ["crm-sync", RITA]


def test_what_is_so_already_changes_nothing_and_leaves_no_entry(world: World, rita: Api) -> None:
    """RSL-17, RSL-22: no rename, no second line of the feed."""
    client = add(rita)
    path = f"/clients/{client['id']}"
    same = rita.patch(path, {"legal_name": client["legal_name"], "services": client["services"]})
    assert (same.json["changed"], same.json["client"]["plan_name"]) == (False, "Basic")
    assert rita.post(f"{path}/suspend").json["changed"]
    assert not rita.post(f"{path}/suspend").json["changed"]
    with reading(world.engine) as db:
        about = FeedWanted(subject=f"client:{client['id']}")
        kinds = [row.kind for row in feed_rows(db, about, None, 10)]
    assert kinds == ["ClientSuspended", "ClientAdded"]


def test_an_edit_keeps_what_it_leaves_out(world: World, rita: Api) -> None:
    """RSL-16: also where nobody says what he had looked at."""
    client = add(rita, email="a@b.example", contact_name="Paco", reference="P-1")
    changed = rita.patch(f"/clients/{client['id']}", {"phone": "5512345678"}).json["client"]
    told = {name: changed[name] for name in ("email", "contact_name", "phone", "reference")}
    assert told == {
        "email": "a@b.example",
        "contact_name": "Paco",
        "phone": "5512345678",
        "reference": "P-1",
    }
    assert changed["services"] == client["services"]
    assert changed["plan_name"] == "custom"


def test_a_manager_says_which_record_of_the_crm_a_client_is(world: World, rita: Api) -> None:
    path = f"/clients/{add(rita)['id']}"
    link = {"kind": "company", "id": "901"}
    assert rita.post(f"{path}/link", link).reason == "principal.wrong_kind"
    assert api(world, LUIS).post(f"{path}/link", link).json["client"]["crm"] == {
        "kind": "company",
        "crm_id": "901",
    }
    assert rita.get(path).json["crm"] is None
    half = {"kind": "company", "id": None}
    assert api(world, LUIS).post(f"{path}/link", half).json["field"] == "$.id"
    none = {"kind": None, "id": None}
    assert api(world, LUIS).post(f"{path}/link", none).json["client"]["crm"] is None


WRONG: tuple[tuple[str, Any, int, str], ...] = (
    ("add-units", {"units": 0}, 422, "client_plan.units_invalid"),
    ("add-units", {"units": -1}, 422, "client_plan.units_invalid"),
    ("add-units", {"units": 1.5}, 422, "request.invalid"),
    ("add-units", {"units": True}, 422, "request.invalid"),
    ("add-units", {"units": "5"}, 422, "request.invalid"),
    ("add-units", {"units": 10**9 + 1}, 422, "client_plan.units_invalid"),
    ("add-units", {"units": 10**30}, 422, "client_plan.units_invalid"),
    ("add-units", {"units": None}, 422, "request.invalid"),
    ("add-units", {}, 422, "request.invalid"),
    ("use", {"id": "1", "units": 0}, 422, "client_plan.units_invalid"),
    ("use", {"id": "1", "units": -3}, 422, "client_plan.units_invalid"),
    ("use", {"id": "", "units": 1}, 422, "request.invalid"),
    ("use", {"units": 1}, 422, "request.invalid"),
    ("use", {"id": "1", "units": 101}, 409, "client_plan.units_too_few"),
    ("renew", {"plan": "other"}, 422, "client_plan.plan_unknown"),
    ("renew", {"plan": ""}, 422, "client_plan.plan_unknown"),
    ("renew", {}, 422, "request.invalid"),
    ("archive", {}, 409, "client_plan.still_active"),
    ("suspend", {"seen": 7}, 409, "request.conflict"),
    ("suspend", {"sen": 1}, 422, "request.invalid"),
    ("suspend", {"why": "x" * 501}, 422, "request.invalid"),
    ("edit", {"units": 5}, 422, "client_plan.units_not_edited"),
    ("edit", {"legal_name": " "}, 422, "client_plan.details_invalid"),
    ("edit", {"email": "no address"}, 422, "client_plan.details_invalid"),
    ("edit", {"phone": "call me"}, 422, "client_plan.details_invalid"),
    ("edit", {"services": {"Smtp": True}}, 422, "client_plan.details_invalid"),
    ("edit", {"services": {"users": -1}}, 422, "client_plan.details_invalid"),
    ("edit", {"services": {"users": 1.5}}, 422, "request.invalid"),
    ("edit", {"reference": "cl_mine"}, 422, "client_plan.details_invalid"),
    ("edit", {"reference": "TAKEN"}, 409, "client_plan.reference_taken"),
)


@pytest.mark.parametrize(("action", "body", "status", "reason"), WRONG)
def test_wrong_input_is_told_and_changes_nothing(
    rita: Api, world: World, action: str, body: Any, status: int, reason: str
) -> None:
    """RSL-18, RSL-20, RSL-21, RSL-24."""
    add(rita, reference="TAKEN")
    client = add(rita)
    path = f"/clients/{client['id']}"
    asked = rita.patch(path, body) if action == "edit" else rita.post(f"{path}/{action}", body)
    assert (asked.status, asked.reason) == (status, reason), asked.json
    assert rita.get(path).json == client


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"plan": "basic"}, 422, "request.invalid"),
        ({**PAPELES, "legal_name": ""}, 422, "client_plan.details_invalid"),
        ({**PAPELES, "legal_name": "x" * 201}, 422, "client_plan.details_invalid"),
        ({**PAPELES, "legal_name": "tab\tbed"}, 422, "client_plan.details_invalid"),
        ({**PAPELES, "plan": "other"}, 422, "client_plan.plan_unknown"),
        ({**PAPELES, "reseller": "sur"}, 404, "request.not_found"),
        ({**PAPELES, "reseller": "nobody"}, 404, "request.not_found"),
        ({**PAPELES, "units": 5}, 422, "request.invalid"),
        ({**PAPELES, "employee": LUIS}, 403, "request.forbidden"),
    ],
)
def test_a_client_who_can_not_be_added_is_not(
    rita: Api, body: Any, status: int, reason: str
) -> None:
    asked = rita.post("/clients", body)
    assert (asked.status, asked.reason) == (status, reason), asked.json
    assert names(rita) == []


def test_who_may_add_for_several_says_for_whom(world: World, rita: Api) -> None:
    luis = api(world, LUIS)
    asked = luis.post("/clients", PAPELES)
    assert (asked.status, asked.json["field"]) == (422, "$.reseller")
    assert "norte, sur" in asked.json["detail"]
    assert luis.post("/clients", {**PAPELES, "reseller": "norte"}).status == 201


@pytest.mark.parametrize("status", ["suspended", "expired"])
def test_a_client_without_access_uses_nothing(world: World, rita: Api, status: str) -> None:
    """RSL-11, RSL-12: blocked at once."""
    client = add(rita)
    path = f"/clients/{client['id']}"
    if status == "suspended":
        rita.post(f"{path}/suspend")
    else:
        world.later(days=366)
    asked = rita.post(f"{path}/use", {"id": "1"})
    assert (asked.status, asked.reason) == (409, f"client_plan.{status}")
    assert rita.get(path).json["units"] == 100


def test_units_for_a_suspended_client_wait_for_his_activation(rita: Api) -> None:
    """RSL-14, RSL-15: units are refused with what to do, a renewal is not."""
    path = f"/clients/{add(rita)['id']}"
    rita.post(f"{path}/suspend")
    asked = rita.post(f"{path}/add-units", {"units": 5})
    assert (asked.status, asked.reason) == (409, "client_plan.suspended")
    assert "activate him first" in asked.json["detail"]
    assert rita.post(f"{path}/renew", {"plan": "pro"}).json["client"]["status"] == "suspended"


def test_in_the_archive_only_the_way_out_is_open(rita: Api) -> None:
    """RSL-24."""
    path = f"/clients/{add(rita)['id']}"
    rita.post(f"{path}/suspend")
    rita.post(f"{path}/archive")
    for action, body in (("renew", {"plan": "pro"}), ("activate", {}), ("use", {"id": "1"})):
        assert rita.post(f"{path}/{action}", body).reason == "client_plan.archived"
    assert not rita.post(f"{path}/archive").json["changed"]
    assert rita.post(f"{path}/unarchive").json["changed"]


def test_who_only_reads_changes_nothing(world: World, rita: Api) -> None:
    """Quality control; somebody without a scope; a salesperson, who sees no client at all."""
    client = add(rita)
    path = f"/clients/{client['id']}"
    assert api(world, QA).post(f"{path}/suspend").reason == "role.quality_control"
    assert api(world, QA).get(path).json["actions"] == []
    assert api(world, ANA).post(f"{path}/suspend").reason == "request.not_found"
    only_reads = Api(world, world.key(f"reseller:{RITA}", Scope.READ))
    assert only_reads.post(f"{path}/suspend").reason == "principal.scope_missing"
    assert kept(world, client["id"]).version == 1


def test_a_client_is_as_of_now_wherever_it_is_asked_from(world: World, rita: Api) -> None:
    """RSL-11: valid until the last moment of the last day, in the reseller's time zone."""
    path = f"/clients/{add(rita, plan='pro')['id']}"
    last = datetime(2026, 4, 4, tzinfo=UTC)  # the day before counts whole
    world.now = last - timedelta(seconds=1)
    assert rita.get(path).json["status"] == "active"
    world.now = last
    assert rita.get(path).json["status"] == "expired"
