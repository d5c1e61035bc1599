"""The partner programme by API: leads given out, taken, accepted, declined, listed."""

from dataclasses import replace

import pytest

from bridge.domain.names import EmployeeId
from bridge.domain.partner_leads import How, LeadState
from tests.domain.partner_building import (
    CARL,
    CORA,
    MARTA,
    PABLO,
    PETRA,
    Q1,
    Q2,
    Q3,
    SONIA,
    employee,
    lead,
    offered,
    partner,
    queued,
)
from tests.web.asking import service
from tests.web.programme import api, programme, stored
from tests.web.world import ANA, NORA, QA, World

TAKERS = (PETRA, PABLO)


def ids(found: list[dict[str, str]]) -> set[str]:
    return {one["id"] for one in found}


def test_prm_11_a_lead_is_given_by_hand_and_the_answer_shows_the_new_owner(world: World) -> None:
    """PRM-23: read back it has the new owner."""
    programme(world, lead())
    marta = api(world, MARTA)
    given = marta.post(f"/partners/leads/{lead().id}/assign", {"to": {"user": PETRA}})
    assert given.status == 200
    shown = marta.get(f"/partners/leads/{lead().id}").json
    assert shown == given.json["lead"]
    assert (shown["holder"], shown["how"], shown["by"], shown["written"]["state"]) == (
        {"kind": "partner", "name": PETRA},
        "manual",
        MARTA,
        "pending",
    )


def test_prm_24_it_is_in_his_inbox_as_new_without_any_mail(world: World) -> None:
    programme(world, lead())
    body = {"to": {"user": PETRA}, "notify": False}
    api(world, MARTA).post(f"/partners/leads/{lead().id}/assign", body)
    petra = api(world, PETRA)
    (shown,) = petra.all("/partners/leads", new=True)
    assert (shown["id"], shown["state"], shown["is_new"]) == (lead().id, "offered", True)
    assert api(world, SONIA).all("/partners/leads") == []


@pytest.mark.parametrize(
    ("to", "holder", "how"),
    [
        ({"user": SONIA.upper()}, partner(SONIA), How.MANUAL),
        ({"queue": Q2}, queued(Q2).holder, How.MANUAL),
        ({"round_robin": [Q3, Q2]}, queued(Q3).holder, How.ROUND_ROBIN),
        ({"round_robin": [SONIA, PETRA]}, partner(SONIA), How.ROUND_ROBIN),
        ({"employee": MARTA}, employee(MARTA), How.MANUAL),
        ({"rules": True}, employee(MARTA), How.DEFAULT),
    ],
)
def test_prm_12_14_15_each_of_the_ways_to_give_one_out(
    world: World, to: dict[str, object], holder: object, how: How
) -> None:
    programme(world, offered(PABLO))
    given = api(world, MARTA).post(f"/partners/leads/{lead().id}/assign", {"to": to})
    assert given.status == 200, given.json
    now = stored(world, lead())
    assert (now.holder, now.how) == (holder, how)


def test_prm_13_of_two_who_take_one_gets_it_and_the_other_hears_it_is_taken(world: World) -> None:
    programme(world, queued())
    first, second = (api(world, who).post(f"/partners/leads/{lead().id}/take") for who in TAKERS)
    assert (first.status, first.json["lead"]["holder"]["name"]) == (200, PETRA)
    assert (second.status, second.reason) == (409, "lead.already_taken")
    assert "already taken" in second.json["detail"]
    assert stored(world, lead()).holder == partner(PETRA)


def test_prm_13_who_is_no_member_is_told_there_is_none(world: World) -> None:
    programme(world, queued())
    refused = api(world, SONIA).post(f"/partners/leads/{lead().id}/take")
    assert refused.status == 404
    assert stored(world, lead()).state is LeadState.QUEUED


def test_a_lead_is_accepted_once_and_declined_with_a_reason(world: World) -> None:
    """PX-05."""
    programme(world, offered(PETRA, 1), offered(PETRA, 2))
    petra = api(world, PETRA)
    accepted = petra.post(f"/partners/leads/{lead(1).id}/accept")
    assert accepted.json["lead"]["state"] == "accepted"
    again = petra.post(f"/partners/leads/{lead(1).id}/accept")
    assert (again.status, again.reason) == (409, "lead.not_offered")
    silent = petra.post(f"/partners/leads/{lead(2).id}/decline", {"why": "  "})
    assert (silent.status, silent.reason) == (422, "request.why_missing")
    declined = petra.post(f"/partners/leads/{lead(2).id}/decline", {"why": "too far"})
    assert declined.json == {"lead": None}  # it has gone on, to the default owner
    assert stored(world, lead(2)).holder == employee(MARTA)
    back = api(world, MARTA).post(f"/partners/leads/{lead(2).id}/assign", {"to": {"user": PETRA}})
    assert (back.status, back.reason) == (422, "partner.declined_before")


def test_two_admins_at_once_the_second_hears_what_changed(world: World) -> None:
    programme(world, lead())
    marta = api(world, MARTA)
    where = f"/partners/leads/{lead().id}/assign"
    assert marta.post(where, {"to": {"user": PETRA}, "seen": 1}).status == 200
    second = marta.post(where, {"to": {"user": SONIA}, "seen": 1})
    assert (second.status, second.reason) == (409, "request.changed_since")
    assert PETRA in second.json["detail"]
    assert stored(world, lead()).holder == partner(PETRA)


def test_the_same_idempotency_key_does_it_once(world: World) -> None:
    programme(world, queued())
    petra = api(world, PETRA)
    first, again = (petra.post(f"/partners/leads/{lead().id}/take", key="k1") for _ in range(2))
    assert first.json == again.json
    assert stored(world, lead()).version == first.json["lead"]["version"]


def test_prm_25_bulk_each_lead_has_its_own_result_a_dry_run_does_nothing_and_undo(
    world: World,
) -> None:
    leads = [lead(n) for n in range(1, 26)]
    leads[3] = offered(SONIA, 4)
    leads[7] = replace(lead(8), state=LeadState.CLOSED)
    programme(world, *leads)
    marta = api(world, MARTA)
    body = {"leads": [one.id for one in leads], "to": {"user": SONIA}}
    tried = marta.post("/partners/leads/assign", body | {"dry_run": True}).json
    assert (tried["batch"], stored(world, leads[0]).holder) == ("", employee(MARTA))
    done = marta.post("/partners/leads/assign", body).json
    assert tried["results"] == done["results"]
    refused = {one["lead"]: one["refused"]["code"] for one in done["results"] if one["refused"]}
    assert refused == {leads[3].id: "lead.same_owner", leads[7].id: "lead.ended"}
    assert len(marta.all("/partners/leads", user=SONIA)) == 24
    moved = f"/partners/leads/{leads[0].id}/assign"
    assert marta.post(moved, {"to": {"user": PETRA}}).status == 200
    undone = marta.post(f"/partners/batches/{done['batch']}/undo").json
    assert [one["refused"] for one in undone["results"]] == [None] * 22
    assert stored(world, leads[1]).holder == employee(MARTA)
    assert stored(world, leads[0]).holder == partner(PETRA)
    assert marta.post(f"/partners/batches/{done['batch']}/undo").status == 404


def test_bulk_refuses_the_leads_that_changed_since_they_were_seen(world: World) -> None:
    programme(world, lead(1), lead(2, version=4))
    body = {
        "leads": [lead(1).id, lead(2).id],
        "to": {"user": SONIA},
        "seen": {lead(1).id: 1, lead(2).id: 3},
    }
    done = api(world, MARTA).post("/partners/leads/assign", body).json["results"]
    assert [one["refused"] and one["refused"]["code"] for one in done] == [
        None,
        "request.changed_since",
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "$.to"),
        ({"to": {}}, "$.to"),
        ({"to": {"user": PETRA, "queue": Q1}}, "$.to"),
        ({"to": {"round_robin": ["nowhere", Q1]}}, "$.to"),
        ({"to": {"round_robin": [f"q{n}" for n in range(99)]}}, "$.to"),
        ({"to": {"user": 7}}, "$.to.user"),
        ({"to": {"user": PETRA}, "seen": 1.5}, "$.seen"),
        ({"to": {"user": PETRA}, "colour": "red"}, "$.colour"),
    ],
)
def test_a_wrong_order_names_the_field(world: World, body: dict[str, object], field: str) -> None:
    programme(world, lead())
    refused = api(world, MARTA).post(f"/partners/leads/{lead().id}/assign", body)
    assert (refused.status, refused.json["field"]) == (422, field)
    assert stored(world, lead()) == lead()


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ({"user": "stranger@north.example"}, "partner.unknown"),
        ({"user": ANA}, "partner.unknown"),
        ({"queue": "nowhere"}, "queue.unknown"),
        ({"employee": QA}, "candidate.role_cannot_write"),
        ({"employee": PETRA}, "candidate.role_cannot_write"),
    ],
)
def test_who_can_get_none_is_refused_with_the_reason(
    world: World, to: dict[str, str], code: str
) -> None:
    programme(world, lead())
    refused = api(world, MARTA).post(f"/partners/leads/{lead().id}/assign", {"to": to})
    assert (refused.status, refused.reason) == (422, code)


@pytest.mark.parametrize(("leads", "status"), [([], 422), (["x"] * 201, 422), (["x"], 200)])
def test_bulk_takes_up_to_two_hundred(world: World, leads: list[str], status: int) -> None:
    """More are refused, never cut off; a lead that is not there has its own result."""
    programme(world)
    body = {"leads": leads, "to": {"user": SONIA}}
    done = api(world, MARTA).post("/partners/leads/assign", body)
    assert done.status == status
    results = done.json.get("results", [])
    assert [one["refused"]["code"] for one in results] == ["lead.unknown"] * (status == 200)


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (MARTA, {1, 2, 3, 4, 5}),
        (QA, {1, 2, 3, 4, 5}),
        (CORA, {1, 3, 5}),
        (CARL, {2, 4, 5}),
        (PETRA, {1, 3, 5}),
        (PABLO, {3}),
        (SONIA, {2, 4, 5}),
        (ANA, set()),
        (NORA, set()),
    ],
)
def test_prm_07_each_sees_the_leads_that_are_his_business(
    world: World, who: EmployeeId, seen: set[int]
) -> None:
    leads = {
        1: offered(PETRA, 1),
        2: offered(SONIA, 2),
        3: queued(Q1, 3),
        4: queued(Q2, 4),
        5: queued(Q3, 5),
    }
    programme(world, *leads.values())
    asking = api(world, who)
    assert ids(asking.all("/partners/leads", limit=2)) == {leads[n].id for n in seen}
    for number, one in leads.items():
        expected = 200 if number in seen else 404
        assert asking.get(f"/partners/leads/{one.id}").status == expected


def test_leads_are_filtered(world: World) -> None:
    closed = replace(offered(PETRA, 4), state=LeadState.CLOSED)
    programme(world, offered(PETRA, 1), offered(SONIA, 2), queued(Q1, 3), closed)
    marta = api(world, MARTA)
    found = {
        query: ids(marta.all("/partners/leads", **dict([query.split("=")])))
        for query in (
            "account=north",
            f"user={PETRA}",
            f"queue={Q1}",
            "state=closed",
            "all=true",
            "state=queued",
            "account=nowhere",
        )
    }
    one, two, three, four = (lead(n).id for n in (1, 2, 3, 4))
    assert found == {
        "account=north": {one},
        f"user={PETRA}": {one},
        f"queue={Q1}": {three},
        "state=closed": {four},
        "all=true": {one, two, three, four},
        "state=queued": {three},
        "account=nowhere": set(),
    }
    assert ids(api(world, SONIA).all("/partners/leads", user=PETRA)) == set()
    assert api(world, PETRA).get("/partners/leads", cursor="forged").status == 400


def test_who_gave_it_and_who_passed_is_not_for_other_partners(world: World) -> None:
    """A partner is told of nobody of another partner, and of no rule of the house."""
    from_petra = queued(Q3, 1)
    programme(world, offered(PETRA, 1, rule="mx", by=MARTA))
    api(world, PETRA).post(f"/partners/leads/{from_petra.id}/decline", {"why": "our secret"})
    api(world, MARTA).post(f"/partners/leads/{from_petra.id}/assign", {"to": {"user": SONIA}})
    shown = {
        who: api(world, who).get(f"/partners/leads/{from_petra.id}").json
        for who in (MARTA, CARL, SONIA)
    }
    assert [one["user"] for one in shown[MARTA]["passed"]] == [PETRA]
    assert shown[CARL]["passed"] == shown[SONIA]["passed"] == []
    assert (shown[SONIA]["by"], shown[SONIA]["rule"], shown[SONIA]["written"]) == ("", "", None)
    assert PETRA not in str(shown[SONIA])
    assert "our secret" not in str(shown[CARL])


def test_a_service_names_whom_it_acts_for(world: World) -> None:
    programme(world, queued(), lead(2))
    program = service(world)
    where = f"/partners/leads/{queued().id}/take"
    assert program.post(where).json["field"] == "$.user"
    assert program.post(where, {"user": MARTA}).json["field"] == "$.user"
    assert program.post(where, {"user": PETRA}).json["lead"]["holder"]["name"] == PETRA
    given = program.post(
        f"/partners/leads/{lead(2).id}/assign", {"to": {"user": PETRA}, "employee": MARTA}
    )
    assert given.json["lead"]["by"] == MARTA
    named = api(world, PABLO).post(where, {"user": PETRA})
    assert (named.status, named.reason) == (403, "request.forbidden")


@pytest.mark.parametrize("what", ["take", "accept"])
def test_employees_do_not_act_for_partners(world: World, what: str) -> None:
    programme(world, queued())
    refused = api(world, MARTA).post(f"/partners/leads/{queued().id}/{what}")
    assert (refused.status, refused.reason) == (403, "principal.wrong_kind")


def test_a_channel_manager_gives_to_his_own_partners_alone(world: World) -> None:
    programme(world, offered(PETRA))
    cora = api(world, CORA)
    where = f"/partners/leads/{lead().id}/assign"
    assert cora.post(where, {"to": {"user": SONIA}}).status == 403
    assert cora.post(where, {"to": {"queue": Q3}}).status == 403
    assert cora.post(where, {"to": {"user": PABLO}}).status == 200
    assert api(world, CARL).post(where, {"to": {"user": SONIA}}).status == 404
