"""The partner programme by API: its switch and review, accounts, users, queues, pickers, report."""

import csv
import io
from dataclasses import replace

import pytest

from bridge.domain.crm_partners import Openness, Organisation, SharingReview, SharingSetting
from bridge.domain.names import EmployeeId
from bridge.domain.partner_leads import How, LeadState
from bridge.domain.programme import PartnerSide
from bridge.store import partners
from bridge.store.engine import writing
from tests.domain.partner_building import (
    CARL,
    CORA,
    MARTA,
    PABLO,
    PETRA,
    Q1,
    Q2,
    Q3,
    SIDE,
    SONIA,
    lead,
    offered,
    queued,
    with_user,
)
from tests.web.programme import OFF, api, programme, stored
from tests.web.world import ANA, QA, World

SHARING = SharingReview(
    settings=(
        SharingSetting(kind=Openness.RULE, name="All cases", about="Case", open_to="Partners"),
    ),
    unread=("Look at the folders of reports yourself",),
)
OPEN_SIDE = replace(SIDE, sharing=SHARING)
SANDBOX = replace(SIDE, organisation=Organisation(id="00D", name="Acme Dev", is_sandbox=True))
TYPED = {"confirmation": "not reversible", "organisation": "Acme Production"}


@pytest.mark.parametrize(
    ("side", "body", "status", "reason"),
    [
        (SIDE, TYPED | {"confirmation": ""}, 422, "programme.unconfirmed"),
        (SIDE, TYPED | {"organisation": ""}, 422, "programme.production_unconfirmed"),
        (SIDE, TYPED | {"organisation": "acme"}, 422, "programme.production_unconfirmed"),
        (SIDE, {}, 422, "request.invalid"),
        (SIDE, TYPED, 200, ""),
        (SANDBOX, {"confirmation": "Not reversible"}, 200, ""),
    ],
)
def test_prm_01_02_03_it_is_switched_on_knowingly(
    world: World, side: PartnerSide, body: dict[str, str], status: int, reason: str
) -> None:
    """A production organisation is named a second time."""
    programme(world, programme=OFF, side=side)
    marta = api(world, MARTA)
    asked = marta.get("/partners/programme").json
    assert (asked["is_on"], asked["confirmation"]) == (False, "not reversible")
    assert asked["names_organisation"] is (side is SIDE)
    answered = marta.post("/partners/programme/switch-on", body)
    assert (answered.status, answered.json.get("reason", "")) == (status, reason)
    assert marta.get("/partners/programme").json["is_on"] is (status == 200)


def test_prm_01_before_it_is_on_no_partner_gets_a_lead(world: World) -> None:
    programme(world, lead(), programme=OFF)
    marta = api(world, MARTA)
    where = f"/partners/leads/{lead().id}/assign"
    refused = marta.post(where, {"to": {"user": PETRA}})
    assert (refused.status, refused.reason) == (409, "programme.off")
    asked = marta.post("/partners/accounts/north/enable")
    assert (asked.status, asked.reason) == (409, "programme.off")


def test_prm_02_there_is_no_way_back_and_no_second_time(world: World) -> None:
    programme(world)
    marta = api(world, MARTA)
    off = marta.post("/partners/programme/switch-off")
    assert (off.status, off.reason) == (409, "programme.irreversible")
    on = marta.post("/partners/programme/switch-on", TYPED)
    assert (on.status, on.reason) == (409, "programme.already_on")


@pytest.mark.parametrize(("changed", "state"), [(True, "finished"), (False, "cancelled")])
def test_prm_04_the_review_lists_what_is_open_and_ends_once(
    world: World, changed: bool, state: str
) -> None:
    programme(world, programme=OFF, side=OPEN_SIDE)
    marta = api(world, MARTA)
    shown = marta.post("/partners/programme/switch-on", TYPED).json
    assert shown["review"]["state"] == "open"
    assert [one["name"] for one in shown["review"]["settings"]] == ["All cases"]
    assert shown["review"]["unread"] == list(SHARING.unread)
    late = marta.post("/partners/programme/review", {"changed": changed, "seen": 0})
    assert (late.status, late.reason) == (409, "request.changed_since")
    ending = {"changed": changed, "seen": shown["version"]}
    ended = marta.post("/partners/programme/review", ending).json
    assert (ended["review"]["state"], ended["review"]["ended_by"]) == (state, MARTA)
    again = marta.post("/partners/programme/review", ending | {"seen": ended["version"]})
    assert (again.status, again.reason) == (409, "programme.review_over")


@pytest.mark.parametrize(
    ("who", "status"), [(MARTA, 200), (QA, 200), (CORA, 404), (ANA, 404), (PETRA, 403)]
)
def test_the_programme_is_for_those_who_see_all(world: World, who: EmployeeId, status: int) -> None:
    programme(world)
    assert api(world, who).get("/partners/programme").status == status


def test_prm_05_06_accounts_with_their_channel_managers_and_open_leads(world: World) -> None:
    closed = replace(offered(PETRA, 3), state=LeadState.CLOSED)
    programme(world, offered(PETRA, 1), offered(PABLO, 2), closed)
    shown = {one["name"]: one for one in api(world, MARTA).get("/partners/accounts").items}
    assert {name: one["channel_manager"] for name, one in shown.items()} == {
        "north": CORA,
        "south": CARL,
    }
    assert [shown[x]["open_leads"] for x in ("north", "south")] == [2, 0]
    assert [x["name"] for x in api(world, CORA).get("/partners/accounts").items] == ["north"]
    assert api(world, ANA).get("/partners/accounts").items == []


def test_prm_08_an_account_is_enabled_by_the_crms_admin_who_is_asked_once(world: World) -> None:
    north, south = SIDE.accounts
    programme(world, side=replace(SIDE, accounts=(replace(north, is_partner=False), south)))
    marta = api(world, MARTA)
    shown = {one["name"]: one for one in marta.get("/partners/accounts").items}
    assert shown["north"]["against"]["code"] == "partner.account_not_enabled"
    assert [shown[x]["can_be_enabled"] for x in ("north", "south")] == [True, False]
    asked = marta.post("/partners/accounts/north/enable").json
    assert (asked["enabling"]["asked_by"], asked["enabling"]["done_at"]) == (MARTA, None)
    already = marta.post("/partners/accounts/south/enable")
    assert (already.status, already.reason) == (409, "partner.already_enabled")
    assert marta.post("/partners/accounts/nowhere/enable").status == 404


DETAILS = {
    "first_name": "Petra",
    "last_name": "Paz",
    "email": PETRA,
    "profile": "Partner Community",
    "confirmed": True,
}


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({}, 200, None),
        ({"confirmed": False}, 422, "partner.details_unconfirmed"),
        ({"profile": ""}, 422, "partner.details_unconfirmed"),
        ({"last_name": " "}, 422, "partner.details_unconfirmed"),
    ],
)
def test_prm_09_10_a_user_is_enabled_with_confirmed_details_and_no_password(
    world: World, changes: dict[str, object], status: int, reason: str | None
) -> None:
    programme(world, side=with_user(PETRA, crm_id=None, active=False))
    marta = api(world, MARTA)
    answered = marta.post(f"/partners/users/{PETRA}/enable", DETAILS | changes)
    assert (answered.status, answered.json.get("reason")) == (status, reason)
    shown = {one["user"]: one for one in marta.get("/partners/users").items}[PETRA]
    assert (shown["enabling"] is not None) is (status == 200)
    assert "password" not in str(shown).lower()
    refused = marta.post(f"/partners/users/{PETRA}/enable", DETAILS | {"password": "x"})
    assert (refused.status, refused.json["field"]) == (422, "$.password")
    assert marta.post("/partners/users/nobody@north.example/enable", DETAILS).status == 404


PRECONDITIONS = (
    ({"is_member": False}, "member", "partner.not_community_member"),
    ({"is_published": False}, "published", "partner.community_not_published"),
    ({"active": False}, "active", "partner.inactive"),
    ({"has_signed_in": False}, "signed_in", "partner.never_signed_in"),
)


@pytest.mark.parametrize(("changes", "name", "code"), PRECONDITIONS)
def test_prm_18_19_20_what_a_user_still_needs_is_told_with_what_to_do(
    world: World, changes: dict[str, bool], name: str, code: str
) -> None:
    programme(world, lead(), side=with_user(PETRA, **changes))
    marta = api(world, MARTA)
    shown = {one["user"]: one for one in marta.get("/partners/users", account="north").items}
    assert set(shown) == {PETRA, PABLO}
    failing = [x for x in shown[PETRA]["preconditions"] if x["holds"] is False]
    assert [one["name"] for one in failing] == [name]
    assert failing[0]["to_do"]
    assert shown[PETRA]["against"]["code"] == code
    assert shown[PABLO]["against"] is None
    picked = marta.get("/partners/candidates", kind="partner_user").json
    assert PETRA not in [one["id"] for one in picked["candidates"]]
    assert {one["id"]: one["reason"]["code"] for one in picked["not_offered"]} == {PETRA: code}
    given = marta.post(f"/partners/leads/{lead().id}/assign", {"to": {"user": PETRA}})
    assert (given.status, given.reason) == (422, code)


def test_prm_17_the_picker_offers_the_chosen_kind_alone(world: World) -> None:
    programme(world, offered(PETRA), queued(Q1, 2))
    marta = api(world, MARTA)

    def offers(kind: str, asking: EmployeeId = MARTA, **query: str) -> list[str]:
        found = api(world, asking).get("/partners/candidates", kind=kind, **query).json
        assert {one["kind"] for one in found["candidates"]} <= {kind}
        return [one["id"] for one in found["candidates"]]

    assert offers("partner_user") == [PETRA, PABLO, SONIA]
    assert offers("queue") == [Q1, Q2, Q3]
    assert set(offers("employee")) == {MARTA, CORA, CARL}
    assert offers("partner_user", CORA) == [PETRA, PABLO]
    assert (offers("queue", CORA), offers("employee", CORA)) == ([Q1], [CORA])
    assert offers("partner_user", ANA) == []
    api(world, PETRA).post(f"/partners/leads/{lead().id}/decline", {"why": "no"})
    assert offers("partner_user", lead=lead().id) == [PABLO, SONIA]
    assert marta.get("/partners/candidates", kind="robot").status == 422
    assert marta.get("/partners/candidates", kind="queue", lead="pl_x").status == 404


def test_prm_12_queues_with_their_members_and_waiting_leads(world: World) -> None:
    programme(world, queued(Q1, 1), queued(Q1, 2), queued(Q3, 3), offered(PETRA, 4))

    def shown(who: EmployeeId) -> dict[str, tuple[list[str], int]]:
        found = api(world, who).get("/partners/queues").items
        return {one["name"]: (one["members"], one["waiting"]) for one in found}

    assert shown(MARTA) == {Q1: ([PETRA, PABLO], 2), Q2: ([SONIA], 0), Q3: ([PETRA, SONIA], 1)}
    assert shown(SONIA) == {Q2: ([SONIA], 0), Q3: ([SONIA], 1)}  # nobody of another partner
    assert shown(CORA) == {Q1: ([PETRA, PABLO], 2), Q3: ([PETRA], 1)}
    assert shown(ANA) == {}


def test_prm_16_the_report_says_who_works_on_what(world: World) -> None:
    programme(
        world,
        offered(PETRA, 1),
        offered(PABLO, 2, how=How.ROUND_ROBIN, state=LeadState.ACCEPTED),
        offered(SONIA, 3, how=How.RULE, rule="mx"),
        replace(offered(SONIA, 4), state=LeadState.CONVERTED),
        queued(Q1, 5),
    )
    found = api(world, MARTA).get("/partners/report").json
    assert found["is_whole"] is True
    rows = {
        partner["account"]: {
            (x["lead"], x["owner"], x["how"], x["state"], x["rule"]) for x in partner["leads"]
        }
        for partner in found["partners"]
    }
    assert rows == {
        "north": {
            (lead(1).id, PETRA, "manual", "offered", ""),
            (lead(2).id, PABLO, "round_robin", "accepted", ""),
        },
        "south": {(lead(3).id, SONIA, "rule", "offered", "mx")},
    }
    assert [x["channel_manager"] for x in found["partners"]] == [CORA, CARL]
    mine = api(world, CORA).get("/partners/report").json["partners"]
    assert [one["account"] for one in mine] == ["north"]
    assert api(world, CORA).get("/partners/report", account="south").status == 404


def test_prm_16_the_report_as_a_table_has_no_formula(world: World) -> None:
    evil = replace(offered(PETRA).summary, name="=cmd|' /C calc'!A0")
    programme(world, replace(offered(PETRA), summary=evil))
    key = world.key(f"employee:{MARTA}")
    answer = world.app.test_client().get(
        "/api/v1/partners/report?format=csv", headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.mimetype == "text/csv"
    (row,) = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert (row["account"], row["owner"], row["how"]) == ("north", PETRA, "manual")
    assert row["name"].startswith("'=")


def test_prm_20_a_user_who_is_deactivated_after_it_was_offered_can_still_be_relieved(
    world: World,
) -> None:
    programme(world, offered(PETRA))
    with writing(world.engine) as db:
        partners.put_users(db, with_user(PETRA, active=False).users, world.now)
    marta = api(world, MARTA)
    where = f"/partners/leads/{lead().id}/assign"
    assert marta.post(where, {"to": {"user": PABLO}}).status == 200
    back = marta.post(where, {"to": {"user": PETRA}})
    assert (back.status, back.reason) == (422, "partner.inactive")
    assert stored(world, lead()).holder.name == PABLO
