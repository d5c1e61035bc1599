"""Whatever an org answers, a reader gives what it promises, or one of the three errors."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.names import CrmId
from bridge.ports import Account, IdentityQuery
from connectors.http import HttpAnswer
from connectors.salesforce.answers import Usage, usage_of
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.doctor import SalesforceDoctor
from connectors.salesforce.ids import long_id
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.staff import queues
from tests.connectors.salesforce.building import ANA, QUEUE, account

LUZ, PIA, DEAL = (CrmId(long_id(f"{one}5g00000Luz00")) for one in ("003", "00Q", "006"))
IDS = (LUZ, PIA, DEAL, ANA, QUEUE)
TOLD = (CredentialsInvalid, DeliveryTransient, OutcomeUnknown)
GOOD = {
    **{name: LUZ for name in ("Id", "ContactId", "ConvertedContactId", "MasterRecordId")},
    **{name: ANA for name in ("OwnerId", "UserOrGroupId")},
    **{name: QUEUE for name in ("QueueId", "GroupId")},
    **{name: "Luz" for name in ("Name", "Status", "ApiName", "MasterLabel", "StageName")},
    **{name: False for name in ("IsConverted", "IsClosed", "IsActive")},
    "OpportunityId": DEAL,
    "Phone": "+34600000001",
    "MobilePhone": None,
    "CreatedDate": "2026-11-22T10:00:00.000+0000",
    "Bridge_Key__c": "k",
    "Email": "luz@acme.example",
    "UserType": "Standard",
    "Profile": {"Name": "Sales"},
    "SobjectType": "Lead",
    "Queue": {"Name": "Lead inbox"},
}
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=20),
    st.sampled_from([*IDS, "//evil.example"]),
    st.just([]),
)
RECORDS = st.lists(
    st.dictionaries(st.sampled_from(sorted(GOOD)), ODD, max_size=3).map(
        lambda odd: {**GOOD, **odd}
    ),
    max_size=4,
)

READS: tuple[Callable[[Account], object], ...] = (
    lambda of: SalesforceReader(of).employees(),
    lambda of: SalesforceReader(of).pipelines(),
    lambda of: SalesforceReader(of).contacts([*IDS]),
    lambda of: SalesforceReader(of).deals([*IDS]),
    lambda of: SalesforceReader(of).leads([*IDS]),
    lambda of: SalesforceReader(of).deals_of([*IDS]),
    lambda of: SalesforceReader(of).leads_of([*IDS]),
    lambda of: SalesforceReader(of).contacts_by_identity(
        [IdentityQuery(phones=("+34600000001",), key="k")]
    ),
    queues,
    lambda of: SalesforceDoctor(of).examine("https://bridge.example"),
)


def error_of(call: Callable[[], object]) -> type[Exception] | None:
    try:
        call()
    except Exception as error:
        return type(error)
    return None


@pytest.mark.parametrize("read", READS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_odd_answer_is_one_of_three_errors(
    monkeypatch: pytest.MonkeyPatch, data: st.DataObject, read: Callable[[Account], object]
) -> None:
    def answered(client: SalesforceClient, soql: str, deleted: bool = False) -> list[Any]:
        return data.draw(RECORDS)

    def described(*_: object) -> Any:
        raise OutcomeUnknown("not asked for here")

    monkeypatch.setattr(SalesforceClient, "query", answered)
    monkeypatch.setattr(SalesforceClient, "read", described)
    monkeypatch.setattr(SalesforceClient, "user_info", described)
    assert error_of(lambda: read(account("http://127.0.0.1:1"))) in (None, *TOLD)


def test_who_is_in_a_group_that_was_not_asked_for_is_in_no_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [[GOOD], [GOOD | {"GroupId": "00G5g00000Odd00EAJ"}]]

    def answered(client: SalesforceClient, soql: str, deleted: bool = False) -> list[Any]:
        return answers.pop(0)

    monkeypatch.setattr(SalesforceClient, "query", answered)
    (queue,) = queues(account("http://127.0.0.1:1"))
    assert (queue.crm_id, queue.members, answers) == (QUEUE, (), [])


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/5000", Usage(used=18, allowed=5000)),
        (
            "api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)",
            Usage(used=25, allowed=5000),
        ),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("api-usage=many", None),
        ("api-usage=1/0", Usage(used=1, allowed=0)),
        ("", None),
    ],
)
def test_the_calls_used_are_read_from_the_header(header: str, usage: Usage | None) -> None:
    answer = HttpAnswer(status=200, headers={"sforce-limit-info": header}, body=b"")
    assert usage_of(answer) == usage


def test_an_org_that_allows_no_call_has_used_all() -> None:
    assert (Usage(used=1, allowed=0).share, Usage(used=1, allowed=4).share) == (1.0, 0.25)
