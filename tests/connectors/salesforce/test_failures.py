"""When Salesforce refuses, breaks off or is not there: what surely was not done, what may be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.effects import ChangeOwner, Effect
from bridge.domain.names import RecordId
from bridge.domain.records import RecordKind
from bridge.ports import (
    AccountDown,
    Delivery,
    Done,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.salesforce.outbound import SalesforceOutbound
from tests.connectors.salesforce.building import (
    ANA,
    NOW,
    SECRETS,
    account,
    delivery,
    entry,
    ids_of,
    new_contact,
    new_deal,
    run_of,
)
from tests.connectors.salesforce.conftest import SalesforceSandbox

WRITES = "(POST|PATCH) /services/data/"
Ids = dict[str, str]


@pytest.fixture
def outbound(salesforce: SalesforceSandbox) -> SalesforceOutbound:
    return SalesforceOutbound(account(salesforce.url))


@pytest.fixture
def ids(outbound: SalesforceOutbound) -> Ids:
    run = run_of(new_contact(), new_deal())
    return dict(zip(("r1", "d1"), ids_of(outbound.deliver(run)), strict=True))


def change_owner() -> ChangeOwner:
    return ChangeOwner(kind=RecordKind.CONTACT, record=RecordId("r1"), owner=ANA)


def everything(ids: Ids) -> list[Delivery]:
    effects: tuple[Effect, ...] = (
        new_contact("r9", "+34600000009"),
        new_deal("d9"),
        change_owner(),
        entry("m9", deal="d1"),
    )
    return [delivery(one, f"e{n}", ids) for n, one in enumerate(effects)]


@pytest.mark.parametrize("fault", ["500", "500_after", "html", "reset"])
def test_a_broken_answer_leaves_all_in_doubt(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids, fault: str
) -> None:
    """R8: neither done nor surely not done."""
    salesforce.told(fault, WRITES)
    outcomes = outbound.deliver(everything(ids))
    assert all(isinstance(one, Unknown) for one in outcomes)


def test_a_call_that_lasts_too_long_leaves_all_in_doubt(salesforce: SalesforceSandbox) -> None:
    options = {"call_timeout_seconds": "1"}
    outbound = SalesforceOutbound(account(salesforce.url, options))
    salesforce.told("timeout_after", WRITES)
    (outcome,) = outbound.deliver([delivery(new_contact())])
    assert isinstance(outcome, Unknown)


def test_a_quota_that_is_used_up_holds_the_account_until_it_is_worth_another_look(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    """It comes as 403, with no word of when."""
    salesforce.settings(daily_limit=1)
    before = sum(salesforce.state()["calls"].values())
    outcomes = outbound.deliver(everything(ids))
    assert all(isinstance(one, AccountDown) and one.until for one in outcomes)
    assert sum(salesforce.state()["calls"].values()) == before + 1


def test_a_token_that_expires_in_the_middle_of_a_run_is_replaced_once(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    """R7: at any call of it, with what came before done and not done again."""
    salesforce.settings(token_calls=2)
    salesforce.post("expire")
    before = salesforce.state()["logins"]["done"]
    assert all(isinstance(one, Done) for one in outbound.deliver(everything(ids)))
    assert salesforce.state()["logins"]["done"] > before + 1
    counts = [len(salesforce.held(name)) for name in ("Contact", "Opportunity", "Task")]
    assert counts == [2, 2, 1]


def test_the_header_that_keeps_the_owner_goes_with_the_second_try(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    """PX-01, where simple-salesforce would drop it: a token dies, and the rule takes the lead."""
    salesforce.settings(assignment_rule_owner="0055g00000UseLuAAJ")
    salesforce.post("expire")
    outbound.deliver([delivery(new_contact("r5", "+5", with_lead=True))])
    assert salesforce.held("Lead")[0]["OwnerId"] == ANA


def test_tokens_that_are_always_refused_pause_the_account(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    salesforce.settings(refuse_tokens=True)
    outcomes = outbound.deliver(everything(ids))
    assert all(isinstance(one, AccountDown) and one.until is None for one in outcomes)
    assert all(secret not in repr(outcomes) for secret in SECRETS.values())


def test_nothing_is_sent_once_the_run_may_be_anothers(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    """R2: asked right before each call that writes, not only at first."""
    answers = iter([True, True])
    asked: Callable[[], bool] = lambda: next(answers, False)  # noqa: E731
    before = salesforce.state()["calls"]
    run = [replace(one, still_ours=asked) for one in everything(ids)]
    first, *others = outbound.deliver(run)
    assert isinstance(first, Done)
    assert all(isinstance(one, RetryAt) for one in others)
    writes = {
        line: count - before.get(line, 0)
        for line, count in salesforce.state()["calls"].items()
        if not line.startswith("GET") and count != before.get(line, 0)
    }
    assert writes == {"POST /services/data/v62.0/composite/sobjects": 1}


def test_the_last_calls_of_the_day_are_kept_for_clients_and_owners(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    for _ in range(100):
        salesforce.call("GET", "/limits")
    salesforce.settings(daily_limit=sum(salesforce.state()["calls"].values()) + 5)
    outbound.deliver([delivery(change_owner(), ids=ids)])
    outcomes = outbound.deliver(everything(ids)[2:])
    assert isinstance(outcomes[0], Done)
    assert isinstance(outcomes[1], RetryAt)
    assert outcomes[1].when == NOW + timedelta(minutes=15)
    salesforce.settings(daily_limit=100_000)

    def later(minutes: int) -> Outcome:
        when = NOW + timedelta(minutes=minutes)
        (outcome,) = outbound.deliver([replace(everything(ids)[3], now=when)])
        return outcome

    assert isinstance(later(14), RetryAt)
    assert isinstance(later(15), Done)
    assert isinstance(later(16), Done)


@pytest.mark.parametrize(
    ("settings", "reason", "told"),
    [
        ({"missing_fields": ["Contact.Bridge_Key__c"]}, "field_missing", "org metadata"),
        ({"required_fields": ["Contact.Email"]}, "field_required", "Email"),
        ({"validation": {"Contact": "Luz is not welcome"}}, "validation_rule", "validation rule"),
        ({"read_only": ["Contact"]}, "permission_missing", "permission set"),
    ],
)
def test_a_refusal_says_what_a_person_does_and_nothing_of_the_client(
    salesforce: SalesforceSandbox,
    outbound: SalesforceOutbound,
    settings: dict[str, object],
    reason: str,
    told: str,
) -> None:
    salesforce.settings(**settings)
    (outcome,) = outbound.deliver([delivery(new_contact())])
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason
    assert told in outcome.detail
    assert not any(word in outcome.detail for word in ("Luz", "Vega", "600"))


def test_a_field_that_is_missing_costs_one_call_however_many_wait(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound, ids: Ids
) -> None:
    before = salesforce.calls("composite/sobjects")
    salesforce.settings(missing_fields=["Task.Bridge_Message_Key__c"])
    run = [delivery(entry(f"m{n}"), f"e{n}", ids) for n in range(50)]
    outcomes = outbound.deliver(run)
    assert {o.reason for o in outcomes if isinstance(o, Rejected)} == {"field_missing"}
    assert salesforce.calls("composite/sobjects") == before + 1


def test_a_unique_field_that_is_not_ours_is_told_and_not_tried_for_ever(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    """What stands in our key's way has to bear it; else it is another field of the org."""
    (made,) = ids_of(outbound.deliver([delivery(new_contact())]))
    salesforce.told("500", "GET .*/query/", 1)
    (unsure,) = outbound.deliver([delivery(new_contact())])
    assert not isinstance(unsure, Done)
    assert ids_of(outbound.deliver([delivery(new_contact())])) == [made]


def test_converted_leads_that_can_not_be_asked_for_hold_the_run(
    salesforce: SalesforceSandbox, outbound: SalesforceOutbound
) -> None:
    (lead,) = ids_of(outbound.deliver([delivery(new_contact(with_lead=True))]))
    salesforce.told("500", "GET .*/query/", 1)
    change = ChangeOwner(kind=RecordKind.LEAD, record=RecordId("l1"), owner=ANA)
    (outcome,) = outbound.deliver([delivery(change, ids={"l1": lead})])
    assert isinstance(outcome, AccountDown)
