"""The sandbox answers SOQL as Salesforce does, and refuses what it does not understand."""

from typing import Any
from urllib.parse import quote

import pytest

from connectors.salesforce.sandbox_org import Org
from connectors.salesforce.sandbox_query import Asking
from connectors.salesforce.sandbox_schema import Refused
from connectors.salesforce.sandbox_seed import furnish, seed
from tests.connectors.salesforce.building import ANA, LUIS, QUEUE
from tests.connectors.salesforce.conftest import DATA, QUEUES, USERS, SalesforceSandbox

LUZ, EVA, UMA = "0035g00000000LuAAI", "0035g00000000EvAAI", "0035g00000000UmAAI"
DEAL, WON = "0065g00000000D1AAI", "0065g00000000D2AAI"
CONTACTS = [
    {
        "Id": LUZ,
        "FirstName": "Luz",
        "LastName": "O'Brien",
        "Phone": "+34 600 000 001",
        "OwnerId": ANA,
        "Bridge_Key__c": "Key-1",
    },
    {"Id": EVA, "LastName": "100%_sure", "MobilePhone": "600000002", "OwnerId": LUIS},
    {"Id": UMA, "LastName": "back\\slash", "Description": "long"},
]
DEALS = [
    {"Id": DEAL, "Name": "a", "StageName": "Prospecting", "CloseDate": "2026-12-01", "Amount": 5.0},
    {"Id": WON, "Name": "b", "StageName": "Closed Won", "CloseDate": "2026-12-24", "Amount": 10.0},
]
ROLES = [{"OpportunityId": DEAL, "ContactId": LUZ, "IsPrimary": True}]


@pytest.fixture
def org() -> Org:
    made = Org()
    furnish(made)
    records = {"Contact": CONTACTS, "Opportunity": DEALS, "OpportunityContactRole": ROLES}
    seed(made, {"User": USERS, **QUEUES, **records})
    return made


def asked(org: Org, soql: str, *, with_deleted: bool = False) -> list[dict[str, Any]]:
    return Asking(org, "62.0", with_deleted=with_deleted).answer(soql)[1]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("LastName = 'O\\'Brien'", [LUZ]),
        ("lastname = 'o\\'brien'", [LUZ]),
        ("LastName != 'O\\'Brien'", [EVA, UMA]),
        ("LastName <> 'O\\'Brien' AND FirstName = null", [EVA, UMA]),
        ("LastName LIKE 'o%'", [LUZ]),
        ("LastName LIKE '100\\%\\_%'", [EVA]),
        ("LastName LIKE '100____re'", [EVA]),
        ("LastName LIKE 'back\\\\slash'", [UMA]),
        ("Phone LIKE '%600%001'", [LUZ]),
        ("Phone IN ('+34 600 000 001', 'x') OR MobilePhone IN ('600000002')", [LUZ, EVA]),
        ("Phone NOT IN ('+34 600 000 001')", [EVA, UMA]),
        (f"Id = '{LUZ[:15]}'", [LUZ]),
        (f"Id IN ('{LUZ}', '{UMA[:15]}')", [LUZ, UMA]),
        ("Bridge_Key__c = 'Key-1'", [LUZ]),
        ("Bridge_Key__c = 'key-1'", []),  # its field tells the cases apart
        ("Owner.Name = 'Ana Ruiz'", [LUZ]),
        ("Owner.Email = 'ana@ACME.example'", [LUZ]),
        ("NOT Phone = null", [LUZ]),
        ("(NOT (Phone = null)) OR (NOT MobilePhone = null)", [LUZ, EVA]),
        ("FirstName = null AND (MobilePhone = null OR Phone = null)", [EVA, UMA]),
        ("Id IN (SELECT ContactId FROM OpportunityContactRole WHERE IsPrimary = true)", [LUZ]),
        ("Id NOT IN (SELECT ContactId FROM OpportunityContactRole)", [EVA, UMA]),
        ("CreatedDate > 2020-01-01T00:00:00Z", [LUZ, EVA, UMA]),
        ("SystemModstamp < 2020-01-01T00:00:00+01:00", []),
    ],
)
def test_conditions_find_what_they_say(org: Org, where: str, found: list[str]) -> None:
    records = asked(org, f"SELECT Id FROM Contact WHERE {where}")
    assert [one["Id"] for one in records] == found


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("ORDER BY Amount DESC", [WON, DEAL]),
        ("ORDER BY CloseDate ASC NULLS FIRST, Id", [DEAL, WON]),
        ("ORDER BY Name DESC LIMIT 1", [WON]),
        ("ORDER BY Name LIMIT 1 OFFSET 1", [WON]),
        ("WHERE Amount >= 10", [WON]),
        ("WHERE Amount < 10.5 AND CloseDate <= 2026-12-01", [DEAL]),
        ("WHERE IsClosed = false", [DEAL]),
        ("WHERE IsWon != false", [WON]),
        ("WHERE CreatedById != null LIMIT 0", []),
    ],
)
def test_order_and_limit(org: Org, rest: str, found: list[str]) -> None:
    assert [one["Id"] for one in asked(org, f"SELECT Id FROM Opportunity {rest}")] == found


def test_records_show_what_was_asked_for_and_their_kind(org: Org) -> None:
    soql = f"select Id, name, Owner.Name, Phone from Contact where Id = '{LUZ}'"
    (found,) = asked(org, soql)
    assert found == {
        "attributes": {"type": "Contact", "url": f"/services/data/v62.0/sobjects/Contact/{LUZ}"},
        "Id": LUZ,
        "Name": "Luz O'Brien",
        "Phone": "+34 600 000 001",
        "Owner": {
            "attributes": {"type": "User", "url": f"/services/data/v62.0/sobjects/User/{ANA}"},
            "Name": "Ana Ruiz",
        },
    }


def test_an_owner_of_either_kind_tells_which(org: Org) -> None:
    leads = [{"LastName": "a", "OwnerId": ANA}, {"LastName": "b", "OwnerId": QUEUE}]
    seed(org, {"Lead": [{**one, "Company": "-"} for one in leads]})
    found = asked(org, "SELECT Owner.Type, Owner.Name FROM Lead")
    assert [(one["Owner"]["Type"], one["Owner"]["Name"]) for one in found] == [
        ("User", "Ana Ruiz"),
        ("Queue", "Lead inbox"),
    ]
    (queued,) = asked(org, "SELECT LastName FROM Lead WHERE Owner.Type = 'Queue'")
    assert queued["LastName"] == "b"


def test_children_come_with_their_parents(org: Org) -> None:
    soql = "SELECT Id, (SELECT ContactId FROM OpportunityContactRoles) FROM Opportunity"
    first, second = asked(org, soql)
    roles = first["OpportunityContactRoles"]
    assert (roles["totalSize"], roles["done"]) == (1, True)
    assert [one["ContactId"] for one in roles["records"]] == [LUZ]
    assert second["OpportunityContactRoles"] is None


def test_queues_are_found_by_what_they_hold(org: Org) -> None:
    soql = "SELECT Queue.Id, Queue.Name FROM QueueSobject WHERE SobjectType = 'Lead'"
    assert [one["Queue"]["Name"] for one in asked(org, soql)] == ["Lead inbox"]


def test_counting_gives_no_records(org: Org) -> None:
    assert Asking(org, "62.0").answer("SELECT COUNT() FROM Contact") == (3, [])


def test_what_is_deleted_is_found_by_queryall_alone(org: Org) -> None:
    org.delete(org.records["Contact"][EVA], ANA, LUZ)
    soql = "SELECT Id, IsDeleted, MasterRecordId FROM Contact WHERE LastName LIKE '100%'"
    assert asked(org, soql) == []
    (found,) = asked(org, soql, with_deleted=True)
    assert (found["IsDeleted"], found["MasterRecordId"]) == (True, LUZ)


@pytest.mark.parametrize(
    "soql",
    [
        "",
        "SELECT",
        "SELECT FROM Contact",
        "SELECT Id Contact",
        "SELECT Id FROM Contact WHERE",
        "SELECT Id FROM Contact WHERE LastName",
        "SELECT Id FROM Contact WHERE LastName = ",
        "SELECT Id FROM Contact WHERE LastName = x",
        'SELECT Id FROM Contact WHERE LastName = "x"',
        "SELECT Id FROM Contact WHERE LastName = 'x",
        "SELECT Id FROM Contact WHERE LastName = 'x' OR LastName = 'y' AND Phone = 'z'",
        "SELECT Id FROM Contact WHERE LastName = 'x' AND LastName = 'y' OR Phone = 'z'",
        "SELECT Id FROM Contact WHERE Id IN ()",
        "SELECT Id FROM Contact WHERE LastName = 'x' Phone = 'y'",
        "SELECT Id FROM Contact WHERE (LastName = 'x'",
        "SELECT Id FROM Contact WHERE LastName = 'x')",
        "SELECT Id FROM Contact WHERE LastName = '\\x'",
        "SELECT Id FROM Contact LIMIT -1",
        "SELECT Id FROM Contact LIMIT 1.5",
        "SELECT Id FROM Contact; DELETE FROM Contact",
        "SELECT * FROM Contact",
        "DELETE FROM Contact",
        "SELECT Id FROM Contact WHERE Id IN (SELECT Id, Name FROM Contact)",
    ],
)
def test_what_is_no_soql_is_malformed(org: Org, soql: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(org, soql)
    assert (refused.value.status, refused.value.code) == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM Contact", "INVALID_FIELD"),
        ("SELECT Owner.Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Nope = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact ORDER BY Nope", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Contact", "INVALID_TYPE"),
        # A long text can't be looked for.
        ("SELECT Id FROM Contact WHERE Description = 'long'", "INVALID_FIELD"),
        ("SELECT Id FROM Task WHERE Description LIKE '%mark%'", "INVALID_FIELD"),
        # Literals are of the kind of their field.
        ("SELECT Id FROM Opportunity WHERE CloseDate = '2026-12-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Amount = '5'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE IsClosed = 'true'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE LastName = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE LastName LIKE 5", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE LastName LIKE null", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE Id = '//evil.example'", "INVALID_QUERY_FILTER_OPERATOR"),
        (f"SELECT Id FROM Contact WHERE LastName = '{'x' * 100_000}'", "QUERY_TOO_COMPLICATED"),
    ],
)
def test_what_can_not_be_asked_is_refused_by_name(org: Org, soql: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(org, soql)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_a_field_that_nobody_has_made_is_no_column(org: Org) -> None:
    org.settings.missing_fields = ["Contact.Bridge_Key__c"]
    with pytest.raises(Refused, match="No such column"):
        asked(org, "SELECT Bridge_Key__c FROM Contact")
    assert asked(org, "SELECT Bridge_Key__c FROM Lead") == []


def test_a_new_record_hides_as_long_as_told(org: Org) -> None:
    org.settings.read_lag_seconds = 3600
    assert asked(org, "SELECT Id FROM Contact") == []


def test_many_records_come_in_pages(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(page_size=2)
    salesforce.seed(Contact=[{"LastName": f"c{n}"} for n in range(5)])
    page = salesforce.query("SELECT LastName FROM Contact").json()
    found, sizes = page["records"], [page["totalSize"]]
    while not page["done"]:
        page = salesforce.call("GET", page["nextRecordsUrl"].removeprefix(DATA)).json()
        found += page["records"]
        sizes.append(page["totalSize"])
    assert [one["LastName"] for one in found] == ["c0", "c1", "c2", "c3", "c4"]
    assert sizes == [5, 5, 5]
    assert "nextRecordsUrl" not in page


@pytest.mark.parametrize("locator", ["nope", "01g000000000000AAA-x", "01g000000000000AAA"])
def test_a_page_that_nobody_has_given_out_is_refused(
    salesforce: SalesforceSandbox, locator: str
) -> None:
    answer = salesforce.call("GET", f"/query/{quote(locator)}")
    assert answer.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_a_query_without_a_question_is_refused(salesforce: SalesforceSandbox) -> None:
    assert salesforce.call("GET", "/query").json()[0]["errorCode"] == "MALFORMED_QUERY"
