"""HubSpot fails in every way it can: each row learns what became of it, and nothing is doubled."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.names import CrmId
from bridge.ports import (
    AccountDown,
    Done,
    Found,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.hubspot.outbound import HubSpotOutbound
from tests.connectors.hubspot.building import (
    NOW,
    SECRETS,
    account,
    delivery,
    entries,
    entry,
    new_contact,
    new_deal,
    new_lead,
)
from tests.connectors.hubspot.conftest import HubSpotSandbox

CREATE = "communications/batch/create"


@pytest.mark.parametrize(
    ("fault", "more", "seconds"),
    [
        ("429", {}, 10),
        ("429", {"retry_after": "7"}, 7),
        ("403_quota", {}, 3600),
        ("401", {}, None),
    ],
)
def test_an_account_wide_refusal_holds_the_whole_run(
    outbound: HubSpotOutbound,
    hubspot: HubSpotSandbox,
    client: dict[str, str],
    fault: str,
    more: dict[str, Any],
    seconds: int | None,
) -> None:
    hubspot.told(fault, CREATE, **more)
    outcomes = outbound.deliver(entries(client))
    until = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert [type(one) for one in outcomes] == [AccountDown] * 3
    assert {one.until for one in outcomes if isinstance(one, AccountDown)} == {until}
    assert hubspot.held("communications") == []


def test_once_the_account_is_down_nothing_more_is_called(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    hubspot.told("429", "contacts/batch/upsert")
    before = hubspot.calls(CREATE)
    outcomes = outbound.deliver([delivery(new_contact("r2", "+34600000009")), *entries(client)])
    assert [type(one) for one in outcomes] == [AccountDown] * 4
    assert hubspot.calls(CREATE) == before


def test_silence_after_storing_is_unknown(
    hubspot: HubSpotSandbox,
    outbound: HubSpotOutbound,
    client: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.hubspot.client.CALL_TIMEOUT_SECONDS", 0.4)
    hasty = HubSpotOutbound(account(hubspot.url))
    hubspot.told("timeout_after", CREATE, times=1, seconds=1.5)
    run = entries(client)
    assert [type(one) for one in hasty.deliver(run)] == [Unknown] * 3
    assert [type(one) for one in outbound.find(run)] == [Found] * 3


def test_a_lead_that_is_gone_leaves_the_entry_on_the_rest(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    hubspot.post("delete", {"kind": "leads", "id": client["l1"]})
    assert [type(one) for one in outbound.deliver(entries(client))] == [Done] * 3


def test_one_bad_input_of_a_batch_is_refused_alone(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    """HubSpot answers 207: the others go through in the same call."""
    bad = replace(new_contact("r2", "+34600000002"), owner=CrmId("404"))
    run = [delivery(new_contact()), delivery(bad), delivery(new_contact("r3", "+34600000003"))]
    before = hubspot.calls("contacts/batch/upsert")
    first, refused, third = outbound.deliver(run)
    assert (type(first), type(refused), type(third)) == (Done, Rejected, Done)
    assert hubspot.calls("contacts/batch/upsert") == before + 1


def test_a_refusal_names_code_and_property_but_no_client(outbound: HubSpotOutbound) -> None:
    bad = replace(new_contact(), owner=CrmId("404"))
    (refused,) = outbound.deliver([delivery(bad)])
    assert isinstance(refused, Rejected)
    assert "INVALID_OWNER_ID" in refused.detail
    assert "hubspot_owner_id" in refused.detail
    assert "600000001" not in refused.detail
    assert "Luz" not in refused.detail


def test_a_deal_made_before_is_taken_for_the_one_wanted(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    """NEW-08: the unique key refuses a second deal, the first one counts."""
    (again,) = outbound.deliver([delivery(new_deal(), "d", client)])
    assert again == Done(vendor_ids={"id": client["d1"]})
    assert len(hubspot.held("deals")) == 1


def test_a_deal_in_a_stage_that_is_not_there_is_refused(
    outbound: HubSpotOutbound, client: dict[str, str]
) -> None:
    deal = replace(new_deal(), stage="nowhere")
    (refused,) = outbound.deliver([delivery(deal, "other", client)])
    assert isinstance(refused, Rejected)
    assert "dealstage" in refused.detail


def test_a_missing_scope_refuses_the_row_not_the_account(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    hubspot.post("settings", {"leads": False})
    lead, written = outbound.deliver(
        [delivery(new_lead(), "x", client), delivery(entry(), "e", client)]
    )
    assert isinstance(lead, Rejected)
    assert lead.reason == "scope_missing"
    assert isinstance(written, Done)


def test_no_connection_is_surely_not_done() -> None:
    nobody = HubSpotOutbound(account("http://127.0.0.1:9"))
    (outcome,) = nobody.deliver([delivery(new_contact())])
    assert isinstance(outcome, AccountDown)
    assert outcome.until is not None


def test_the_rolling_limit_is_kept_by_the_sandbox_and_understood(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    hubspot.post("settings", {"ten_second_limit": 1})
    outcomes = [outbound.deliver(entries(client, 1))[0] for _ in range(2)]
    down = outcomes[-1]
    assert isinstance(down, AccountDown)
    assert down.until == NOW + timedelta(seconds=10)
    assert "TEN_SECONDLY_ROLLING" in down.cause


def test_no_secret_is_in_any_outcome(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    hubspot.told("401", "communications", times=1)
    hubspot.told("500", "contacts", times=1)
    run = [*entries(client, 1), delivery(new_contact("r5", "+34600000005"))]
    told = repr([*outbound.deliver(run), outbound])
    assert not any(secret in told for secret in SECRETS.values())


def test_what_hangs_on_a_lost_answer_waits(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    hubspot.told("reset", "contacts/batch/upsert", times=1)
    contact, deal = outbound.deliver([delivery(new_contact()), delivery(new_deal(), "d")])
    assert (type(contact), type(deal)) == (Unknown, RetryAt)


def test_a_contact_that_is_there_already_gets_our_key_and_owner(
    hubspot: HubSpotSandbox, outbound: HubSpotOutbound
) -> None:
    """HubSpot's 409 names the contact that stands in the way; it is taken and updated."""
    hubspot.post("seed", {"contacts": [{"id": "51", "properties": {"email": "luz@acme.example"}}]})
    by_email = HubSpotOutbound(account(hubspot.url, {"username_property": "email"}))
    known = replace(new_contact(), username="luz@acme.example")
    assert by_email.deliver([delivery(known)]) == [Done(vendor_ids={"id": "51"})]
    (held,) = hubspot.held("contacts")
    assert held["properties"]["bridge_contact_key"] == known.key
    assert outbound.find([delivery(known)]) == [Found(vendor_ids={"id": "51"})]


@pytest.mark.parametrize("fault", ["500", "500_after", "reset", "reset_after", "html", "429"])
def test_a_property_that_could_not_be_made_is_made_later(
    hubspot: HubSpotSandbox, fault: str
) -> None:
    """What was refused for want of our property is no dead letter."""
    hubspot.told(fault, "POST /crm/properties/", times=1)
    outbound = HubSpotOutbound(account(hubspot.url))
    (first,) = outbound.deliver([delivery(new_contact())])
    (second,) = outbound.deliver([delivery(new_contact())])
    assert isinstance(first, RetryAt | AccountDown)
    assert isinstance(second, Done)
    assert len(hubspot.held("contacts")) == 1


def test_a_property_that_another_process_made_meanwhile_is_used(hubspot: HubSpotSandbox) -> None:
    slower, faster = (HubSpotOutbound(account(hubspot.url)) for _ in range(2))
    hubspot.told("timeout_after", "contacts/batch/upsert", times=1, seconds=0.5)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(slower.deliver, [delivery(new_contact())])
        time.sleep(0.2)  # refused by now, but not told yet
        faster.ensure_schema()
        assert isinstance(waiting.result()[0], Done)


def test_a_taken_key_that_could_not_be_looked_up_is_no_dead_letter(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    hubspot.told("500", "deals/batch/read", times=1)
    again = delivery(new_deal(), "d", client)
    assert isinstance(outbound.deliver([again])[0], Unknown)
    assert outbound.find([again]) == [Found(vendor_ids={"id": client["d1"]})]


@pytest.mark.parametrize(
    ("fault", "found"), [("207_partial", "Absent"), ("207_partial_after", "Found")]
)
def test_of_a_batch_that_failed_in_part_only_the_failed_ones_are_looked_up(
    outbound: HubSpotOutbound,
    hubspot: HubSpotSandbox,
    client: dict[str, str],
    fault: str,
    found: str,
) -> None:
    """R7: a partial answer is read row by row; R8: what is in doubt is looked up."""
    hubspot.told(fault, CREATE, times=1)
    run = entries(client)
    outcomes = outbound.deliver(run)
    assert [type(one) for one in outcomes] == [Done, Unknown, Done]
    assert [type(one).__name__ for one in outbound.find(run[1:2])] == [found]
