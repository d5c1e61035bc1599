"""`bridge partners`: the programme by command; `bridge explain` of what it decided."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bridge.domain.crm_partners import CrmPartnerAccount, CrmPartnerUser
from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.people import CrmEmployee, Directory
from bridge.domain.programme import PartnerSide
from bridge.store import mirror, partner_leads, partners
from bridge.store.engine import reading, writing
from bridge.store.partners import House
from bridge.store.schema import DECISIONS
from tests.cli.commands import CRM, Installation
from tests.domain.partner_building import (
    CRM_IDS,
    ON,
    PABLO,
    PETRA,
    SIDE,
    SONIA,
    lead,
    offered,
    queued,
    with_user,
)
from tests.web.programme import OFF

LUIS = EmployeeId("luis@acme.example")
NUMBERS = {"001N": CrmId("9001"), "001S": CrmId("9002")}
YAML = """
partners:
  accounts:
    north: {crm_id: '9001', label: North}
    south: {crm_id: '9002', label: South}
  users:
    petra@north.example: {account: north}
    pablo@north.example: {account: north}
    sonia@south.example: {account: south}
  queues:
    q1: {label: One, members: [petra@north.example, pablo@north.example]}
    q2: {label: Two, members: [sonia@south.example]}
  rules:
    - {id: mx, label: Mexico, when: {country: MX, source: Web}, to: {queue: q1}}
    - {id: de, label: Germany, when: {country: DE}, to: {user: sonia@south.example}}
  default_owner: luis@acme.example
"""


def numbered(side: PartnerSide) -> tuple[list[CrmPartnerAccount], list[CrmPartnerUser]]:
    """As the CRM of the example names them: by numbers."""
    accounts = [replace(one, crm_id=NUMBERS[one.crm_id]) for one in side.accounts]
    return accounts, [replace(one, account=NUMBERS[str(one.account)]) for one in side.users]


@pytest.fixture
def agency(house: Installation) -> Installation:
    """The example house with two partners, and leads of each kind."""
    (house.config / "partners.yaml").write_text(YAML)
    house.run("migrate")
    now = datetime.now(UTC)
    people = [CrmEmployee(crm_id=CRM_IDS[PETRA], email=PETRA, name="Petra", active=True)]
    who = CrmEmployee(crm_id=CRM_IDS["marta@acme.example"], email=LUIS, name="Luis", active=True)
    assert SIDE.organisation is not None
    side = House(crm=CRM, organisation=SIDE.organisation, sharing=SIDE.sharing, read_at=now)
    with house.parts() as parts, writing(parts.engine) as db:
        mirror.put_directory(db, CRM, Directory(people=(*people, who), as_of=now), now)
        partners.put_programme(db, ON, now)
        partners.put_house(db, side, now)
        accounts, users = numbered(with_user(PABLO, has_signed_in=False))
        partners.put_accounts(db, accounts, now)
        partners.put_users(db, users, now)
        leads = [lead(1), offered(PETRA, 2), queued(number=3), offered(SONIA, 4)]
        partner_leads.put_leads(db, leads)
    return house


def test_leads_are_listed_and_filtered(agency: Installation) -> None:
    found = agency.json("partners", "leads")["leads"]
    assert {one["id"] for one in found} == {lead(n).id for n in (1, 2, 3, 4)}
    (his,) = agency.json("partners", "leads", "--account", "south")["leads"]
    assert his["id"] == lead(4).id
    assert agency.json("partners", "leads", "--queue", "q1", "--limit", "1")["leads"] != []
    assert "there are no such leads" in agency.run("partners", "leads", "--state", "gone").stdout
    said = agency.run("partners", "leads", "--user", PETRA).stdout
    assert f"{lead(2).id}  offered   with {PETRA}" in said


def test_accounts_users_queues_and_the_report(agency: Installation) -> None:
    """PRM-16, PRM-20."""
    accounts = agency.json("partners", "accounts")["accounts"]
    assert [(one["name"], one["open_leads"]) for one in accounts] == [("north", 1), ("south", 1)]
    said = agency.run("partners", "users", "--account", "north").stdout
    assert f"{PETRA} of north: may get leads" in said
    assert "signed_in: Ask him to sign in to the community once" in said
    queues = {one["name"]: one["waiting"] for one in agency.json("partners", "queues")["queues"]}
    assert queues == {"q1": 1, "q2": 0}
    report = agency.json("partners", "report", "--account", "north")["partners"]
    assert [(one["account"], len(one["leads"])) for one in report] == [("north", 1)]
    assert (
        "did you mean north?"
        in agency.run("partners", "report", "--account", "nort", code=1).stderr
    )


def test_prm_25_a_dry_run_changes_nothing_then_it_is_done_and_undone(agency: Installation) -> None:
    words = ("partners", "assign", lead(1).id, lead(4).id, "--to-user", SONIA)
    before = agency.everything()
    tried = agency.json(*words, "--dry-run", code=1)
    assert agency.everything() == before
    assert [one["refused"] and one["refused"]["code"] for one in tried["results"]] == [
        None,
        "lead.same_owner",
    ]
    done = agency.json(*words, "--no-notify", code=1)
    assert (done["results"], done["dry_run"]) == (tried["results"], False)
    undone = agency.json("partners", "undo", done["batch"])
    assert [one["refused"] for one in undone["results"]] == [None]
    shown = {one["id"]: one["holder"] for one in agency.json("partners", "leads")["leads"]}
    assert shown[lead(1).id]["name"] == "marta@acme.example"
    assert "nothing to undo" in agency.run("partners", "undo", done["batch"], code=1).stderr


def test_a_lead_is_taken_accepted_and_declined(agency: Installation) -> None:
    """PRM-13."""
    taken = agency.json("partners", "take", lead(3).id, "--by", PETRA)["lead"]
    assert (taken["holder"]["name"], taken["state"]) == (PETRA, "accepted")
    late = agency.run("partners", "take", lead(3).id, "--by", PABLO, code=1).stderr
    assert "already taken by somebody else" in late
    assert (
        agency.json("partners", "accept", lead(2).id, "--by", PETRA)["lead"]["state"] == "accepted"
    )
    gone = agency.json("partners", "decline", lead(4).id, "--why", "far", "--by", SONIA)["lead"]
    assert gone["holder"] == {"kind": "queue", "name": "q1"}
    stranger = agency.run("partners", "take", lead(3).id, "--by", LUIS, code=1).stderr
    assert "is no partner's user here" in stranger


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "exactly one"),
        (("--to-user", PETRA, "--by-rules"), "exactly one"),
        (("--to-queue", "nowhere"), "there is no queue nowhere"),
        (("--in-turn", "q1,nowhere"), "nowhere is neither a user nor a queue"),
        (("--to-user", PETRA, "--by", "qa@acme.example"), "may not give out this lead"),
        (("--to-user", PABLO), "has never signed in"),
        (("--to-user", PETRA, "--seen", "7"), "the lead has changed meanwhile"),
    ],
)
def test_a_wrong_order_is_refused_with_the_reason(
    agency: Installation, words: tuple[str, ...], says: str
) -> None:
    refused = agency.run("partners", "assign", lead(1).id, *words, code=1)
    assert says in refused.output + refused.stderr


def test_prm_01_02_03_the_programme_by_command(agency: Installation) -> None:
    said = agency.run("partners", "switch-on", "--confirm", "not reversible", code=1).stderr
    assert "the partner programme is on already" in said
    with agency.parts() as parts, writing(parts.engine) as db:
        partners.put_programme(db, OFF, parts.now())
    shown = agency.run("partners", "programme").stdout
    assert '--confirm "not reversible" --organisation "Acme Production"' in shown
    confirmed = ("partners", "switch-on", "--confirm", "not reversible")
    assert "production organisation" in agency.run(*confirmed, code=1).stderr
    agency.run(*confirmed, "--organisation", "Acme Production")
    found = agency.json("partners", "programme")
    assert (found["is_on"], found["review"]["state"]) == (True, "open")
    seen = str(found["version"])
    assert (
        "changed meanwhile"
        in agency.run("partners", "review", "cancel", "--seen", "0", code=1).stderr
    )
    agency.run("partners", "review", "cancel", "--seen", seen)
    assert agency.json("partners", "programme")["review"]["state"] == "cancelled"


def test_prm_08_10_enabling_is_asked_for(agency: Installation) -> None:
    said = agency.run("partners", "enable", "north", code=1).stderr
    assert "is a partner in the CRM already" in said
    with agency.parts() as parts, writing(parts.engine) as db:
        _, users = numbered(with_user(SONIA, crm_id=None, active=False))
        partners.put_users(db, users, parts.now())
    words = ("partners", "enable", SONIA, "--last-name", "Sol", "--profile", "Partner")
    assert "confirm them first" in agency.run(*words, code=1).stderr
    assert "a task in the CRM" in agency.run(*words, "--confirm").stdout
    assert (
        "is no user in partners.yaml"
        in agency.run("partners", "enable", "x@y.example", code=1).stderr
    )


def last_decision(agency: Installation) -> str:
    with agency.parts() as parts, reading(parts.engine) as db:
        return str(db.scalars(select(DECISIONS.c.id).order_by(DECISIONS.c.id.desc())).first())


HOWS = {
    "manual": ("--to-user", SONIA),
    "queue": ("--to-queue", "q1"),
    "in turn": ("--in-turn", f"q1,{SONIA}"),
    "rules": ("--by-rules",),
}


@pytest.mark.parametrize("how", list(HOWS))
def test_every_way_of_assigning_is_explained_alike_also_why_not(
    agency: Installation, how: str
) -> None:
    """PRM-11, 12, 14, 15: one shape of record, decided again byte for byte."""
    agency.run("partners", "assign", lead(1).id, *HOWS[how])
    event = last_decision(agency)
    found = agency.json("explain", event, "--why-not", PABLO)
    assert found["reproduced"]["same"] is True
    record = found["explanation"]["record"]
    assert record["kind"] == "LeadAssigned"
    assert [one["employee"] for one in record["candidates"] if one["chosen"]] == [record["target"]]
    reasons = {
        "manual": "candidate.not_considered",
        "queue": "candidate.not_considered",
        "in turn": "candidate.not_considered",
        "rules": "partner.never_signed_in",
    }
    assert found["why_not"]["reason"]["code"] in (reasons[how], "decision.not_considered")
    said = agency.run("explain", event).stdout
    assert f"{LUIS} gives the lead to" in said
    assert "Lea 1" not in said  # nothing that the lead says of its person


def test_why_not_tells_of_turns_and_of_those_nobody_asked_for(agency: Installation) -> None:
    agency.run("partners", "assign", lead(1).id, "--in-turn", f"{SONIA},{PETRA}")
    event = last_decision(agency)
    next_one = agency.json("explain", event, "--why-not", PETRA)["why_not"]["reason"]
    assert next_one["code"] == "candidate.not_next_in_turn"
    chosen = agency.json("explain", event, "--why-not", SONIA)["why_not"]["reason"]
    assert "next in turn" in chosen["detail"]
    agency.run("partners", "assign", lead(2).id, "--to-queue", "q2")
    asked = agency.json("explain", last_decision(agency), "--why-not", PETRA)["why_not"]["reason"]
    assert "was not asked for: q2 was" in asked["detail"]
