"""Collections and composite calls of the sandbox: in part, as a whole, or not at all."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.connectors.salesforce.building import ANA, LUIS
from tests.connectors.salesforce.conftest import DATA, SalesforceSandbox


def contact(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Contact"}, "LastName": "Vega", **fields}


def task(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Task"}, "Subject": "x", **fields}


def collected(
    org: SalesforceSandbox,
    records: Sequence[Any],
    method: str = "POST",
    place: str = "",
    *,
    all_or_none: bool = False,
) -> Any:
    body = {"allOrNone": all_or_none, "records": records}
    answer = org.call(method, f"/composite/sobjects{place}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def codes(results: Sequence[Mapping[str, Any]]) -> list[str]:
    return ["" if one["success"] else one["errors"][0]["statusCode"] for one in results]


def test_each_record_has_its_own_result_in_order(salesforce: SalesforceSandbox) -> None:
    results = collected(salesforce, [contact(), task(Subject="x" * 256), task(), contact(Nope=1)])
    assert codes(results) == ["", "STRING_TOO_LONG", "", "INVALID_FIELD"]
    assert [one["id"][:3] for one in results if one["success"]] == ["003", "00T"]
    assert [len(salesforce.held(name)) for name in ("Contact", "Task")] == [1, 1]


def test_all_or_none_is_none_when_one_fails(salesforce: SalesforceSandbox) -> None:
    results = collected(salesforce, [contact(), task(Nope=1), task()], all_or_none=True)
    halted = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert codes(results) == [halted, "INVALID_FIELD", halted]
    assert salesforce.held("Contact") == salesforce.held("Task") == []


def test_records_are_changed_together(salesforce: SalesforceSandbox) -> None:
    made = [one["id"] for one in collected(salesforce, [contact(), contact()])]
    changes = [{"attributes": {"type": "Contact"}, "id": one, "OwnerId": ANA} for one in made]
    wrong = {"attributes": {"type": "Contact"}, "id": "0035g00000NobodAAB", "OwnerId": ANA}
    no_id = {"attributes": {"type": "Contact"}, "OwnerId": ANA}
    results = collected(salesforce, [*changes, wrong, no_id], "PATCH")
    assert codes(results) == ["", "", "INVALID_CROSS_REFERENCE_KEY", "MISSING_ARGUMENT"]
    assert [one["OwnerId"] for one in salesforce.held("Contact")] == [ANA, ANA]


def test_an_upsert_of_many_makes_each_once(salesforce: SalesforceSandbox) -> None:
    place = "/Contact/Bridge_Key__c"
    keyed = [contact(Bridge_Key__c=f"k-{n}") for n in range(3)]
    first = collected(salesforce, keyed, "PATCH", place)
    second = collected(salesforce, keyed, "PATCH", place)
    assert [one["created"] for one in (*first, *second)] == [True] * 3 + [False] * 3
    assert [one["id"] for one in first] == [one["id"] for one in second]
    wrong = [contact(Bridge_Key__c="k"), contact(Bridge_Key__c="k"), contact(), task()]
    results = collected(salesforce, wrong, "PATCH", place)
    assert codes(results) == [
        "DUPLICATE_VALUE",
        "DUPLICATE_VALUE",
        "MISSING_ARGUMENT",
        "INVALID_TYPE",
    ]
    assert len(salesforce.held("Contact")) == 3


def test_records_are_deleted_together(salesforce: SalesforceSandbox) -> None:
    made = [one["id"] for one in collected(salesforce, [contact(), contact()])]
    answer = salesforce.call("DELETE", f"/composite/sobjects?ids={','.join(made)},nope")
    assert codes(answer.json()) == ["", "", "INVALID_CROSS_REFERENCE_KEY"]
    assert salesforce.held("Contact") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"records": [contact()] * 201}, "EXCEEDED_ID_LIMIT"),
        ({"records": [contact(), task()] * 6}, "LIMIT_EXCEEDED"),
        ({"records": "x"}, "JSON_PARSER_ERROR"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
def test_a_collection_that_is_none_is_refused_as_a_whole(
    salesforce: SalesforceSandbox, body: Any, code: str
) -> None:
    answer = salesforce.call("POST", "/composite/sobjects", body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert salesforce.held("Contact") == []


def test_two_hundred_records_in_ten_runs_pass(salesforce: SalesforceSandbox) -> None:
    records = [kind() for _ in range(5) for kind in (contact, task) for _ in range(20)]
    assert codes(collected(salesforce, records)) == [""] * 200


@pytest.mark.parametrize("record", [{"LastName": "x"}, {"attributes": {"type": "Nope"}}, 5, None])
def test_a_record_without_a_kind_is_refused_alone(
    salesforce: SalesforceSandbox, record: Any
) -> None:
    assert collected(salesforce, [record, contact()])[1]["success"] is True
    assert len(salesforce.held("Contact")) == 1


def test_duplicates_in_a_collection_are_told_without_their_names(
    salesforce: SalesforceSandbox,
) -> None:
    collected(salesforce, [contact(Phone="+34600000001")])
    salesforce.settings(duplicate_rules={"Contact": "block"})
    (result,) = collected(salesforce, [contact(Phone="+34600000001")])
    assert result["errors"][0].keys() == {"statusCode", "message", "fields"}
    assert codes([result]) == ["DUPLICATES_DETECTED"]


@pytest.mark.parametrize(("fault", "held"), [("207_partial", 2), ("207_partial_after", 4)])
def test_a_part_can_fail_with_or_without_being_done(
    salesforce: SalesforceSandbox, fault: str, held: int
) -> None:
    salesforce.told(fault, "/composite/sobjects")
    results = collected(salesforce, [contact()] * 4)
    assert codes(results) == ["", "UNKNOWN_EXCEPTION"] * 2
    assert len(salesforce.held("Contact")) == held


def part(reference: str, method: str, url: str, body: Any = None, **headers: str) -> Any:
    told = {"httpHeaders": {k.replace("_", "-"): v for k, v in headers.items()}} if headers else {}
    whole = {"referenceId": reference, "method": method, "url": f"{DATA}{url}", **told}
    return whole if body is None else {**whole, "body": body}


def composed(
    org: SalesforceSandbox, parts: Sequence[Any], *, all_or_none: bool = True, **headers: str
) -> list[Any]:
    body = {"allOrNone": all_or_none, "compositeRequest": parts}
    answer = org.call("POST", "/composite", body, **headers)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["compositeResponse"]
    return found


NEW_DEAL = {"Name": "Vega", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
ROLE = {"OpportunityId": "@{deal.id}", "ContactId": "@{contact.id}", "IsPrimary": True}


def parts(**deal: Any) -> list[Any]:
    return [
        part("contact", "POST", "/sobjects/Contact", {"LastName": "Vega"}),
        part("deal", "POST", "/sobjects/Opportunity", {**NEW_DEAL, **deal}),
        part("role", "POST", "/sobjects/OpportunityContactRole", ROLE),
    ]


def test_later_parts_build_on_earlier_ones(salesforce: SalesforceSandbox) -> None:
    found = composed(salesforce, parts())
    assert [one["httpStatusCode"] for one in found] == [201, 201, 201]
    assert [one["referenceId"] for one in found] == ["contact", "deal", "role"]
    (role,) = salesforce.held("OpportunityContactRole")
    assert (role["ContactId"], role["OpportunityId"]) == (
        found[0]["body"]["id"],
        found[1]["body"]["id"],
    )
    assert salesforce.state()["calls_today"] == 1


def test_a_part_that_fails_takes_all_with_it(salesforce: SalesforceSandbox) -> None:
    found = composed(salesforce, parts(StageName="Nope"))
    assert [one["httpStatusCode"] for one in found] == [400, 400, 400]
    assert [one["body"][0]["errorCode"] for one in found] == [
        "PROCESSING_HALTED",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "PROCESSING_HALTED",
    ]
    assert salesforce.held("Contact") == salesforce.held("Opportunity") == []


def test_or_only_those_that_need_it(salesforce: SalesforceSandbox) -> None:
    found = composed(salesforce, parts(StageName="Nope"), all_or_none=False)
    assert [one["httpStatusCode"] for one in found] == [201, 400, 400]
    assert found[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert len(salesforce.held("Contact")) == 1


def test_what_was_found_can_be_written(salesforce: SalesforceSandbox) -> None:
    composed(salesforce, parts())
    asked = "/query?q=SELECT+Id+FROM+Contact"
    found = composed(
        salesforce,
        [
            part("found", "GET", asked),
            part("owner", "PATCH", "/sobjects/Contact/@{found.records[0].Id}", {"OwnerId": LUIS}),
        ],
    )
    assert [one["httpStatusCode"] for one in found] == [200, 204]
    assert found[1]["body"] is None
    assert salesforce.held("Contact")[0]["OwnerId"] == LUIS


def test_headers_count_for_the_part_that_bears_them(salesforce: SalesforceSandbox) -> None:
    salesforce.settings(assignment_rule_owner=LUIS)
    lead = {"LastName": "Vega", "Company": "-", "OwnerId": ANA}
    composed(
        salesforce,
        [
            part("a", "POST", "/sobjects/Lead", lead),
            part("b", "POST", "/sobjects/Lead", lead, Sforce_Auto_Assign="FALSE"),
        ],
        Sforce_Auto_Assign="FALSE",
    )
    assert [one["OwnerId"] for one in salesforce.held("Lead")] == [LUIS, ANA]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([], "JSON_PARSER_ERROR"),
        ("x", "JSON_PARSER_ERROR"),
        ([part(f"r{n}", "GET", "/limits") for n in range(26)], "LIMIT_EXCEEDED"),
        ([part(f"r{n}", "GET", "/query?q=x") for n in range(6)], "LIMIT_EXCEEDED"),
        ([part("a", "GET", "/limits")] * 2, "INVALID_FIELD"),
        ([part("a b", "GET", "/limits")], "INVALID_FIELD"),
        ([part("a", "GET", "/limits", Authorization="Bearer x")], "INVALID_FIELD"),
        ([{"method": "GET", "url": "/x"}], "JSON_PARSER_ERROR"),
    ],
)
def test_a_composite_call_that_is_none_is_refused_as_a_whole(
    salesforce: SalesforceSandbox, given: Any, code: str
) -> None:
    answer = salesforce.call("POST", "/composite", {"compositeRequest": given})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_part_may_not_leave_the_api(salesforce: SalesforceSandbox) -> None:
    outside = {"referenceId": "a", "method": "GET", "url": "/services/oauth2/userinfo"}
    (found,) = composed(salesforce, [outside])
    assert found["httpStatusCode"] == 404
