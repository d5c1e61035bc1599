"""What is written into HubSpot when all goes well, and in how many calls."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bridge.domain.effects import (
    ChangeOwner,
    CreateContact,
    SendMessage,
)
from bridge.domain.messaging import Messenger
from bridge.domain.names import MessageId, RecordId
from bridge.domain.records import RecordKind
from bridge.ports import Done, Rejected, RetryAt
from connectors.hubspot import CONNECTOR
from connectors.hubspot.outbound import HubSpotOutbound
from tests.connectors.hubspot.building import (
    LUIS,
    account,
    delivery,
    entry,
    ids_of,
    new_contact,
    new_deal,
    new_lead,
    run_of,
)
from tests.connectors.hubspot.conftest import HubSpotSandbox


def test_records_are_made_before_what_hangs_on_them(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    outbound.deliver(run_of(entry(deal="d1", lead="l1"), new_lead(), new_deal(), new_contact()))
    state = hubspot.state()
    kinds = ("contacts", "deals", "leads", "communications")
    order = [state[kind][0]["seq"] for kind in kinds]
    assert order == sorted(order)


def test_a_contact_carries_name_phone_and_owner(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    """NEW-02."""
    outbound.deliver(run_of(new_contact()))
    (held,) = hubspot.held("contacts")
    assert held["properties"] == {
        "firstname": "Luz",
        "lastname": "Vega Paz",
        "phone": "+34600000001",
        "hubspot_owner_id": "11",
        "bridge_contact_key": "+34600000001",
    }


def test_a_username_goes_where_the_account_says(hubspot: HubSpotSandbox) -> None:
    hubspot.post("seed", {"contacts": [{"properties": {"tg_name": "somebody"}}]})
    outbound = HubSpotOutbound(account(hubspot.url, {"telegram_username_property": "tg_name"}))
    telegram = replace(new_contact(), messenger=Messenger.TELEGRAM)
    outbound.deliver(run_of(telegram, replace(new_contact("r2", "+34600000002"))))
    held = {one["properties"].get("tg_name") for one in hubspot.held("contacts")}
    assert held == {"somebody", "luz", None}


def test_a_deal_stands_in_its_pipeline_and_stage(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    """NEW-06."""
    outbound.deliver(run_of(new_contact(), new_deal()))
    properties = hubspot.held("deals")[0]["properties"]
    assert (properties["pipeline"], properties["dealstage"]) == ("default", "appointmentscheduled")


def test_the_same_client_twice_is_one_contact_one_deal(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    """NEW-08: also when both come in one run, and when the run is delivered again."""
    run = [delivery(new_contact()), delivery(new_contact()), delivery(new_deal())]
    first = ids_of(outbound.deliver(run))
    assert ids_of(outbound.deliver(run)) == first
    assert (len(hubspot.held("contacts")), len(hubspot.held("deals"))) == (1, 1)


def test_a_mixed_run_costs_what_the_manifest_says(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    run = run_of(new_contact(), new_contact("r2", "+34600000002"), new_deal(), entry(deal="d1"))
    before = sum(hubspot.state()["calls"].values())
    outbound.deliver(run)
    assert sum(hubspot.state()["calls"].values()) - before == CONNECTOR.calls(run) == 3


@pytest.mark.parametrize(
    ("kind", "record"),
    [(RecordKind.CONTACT, "r1"), (RecordKind.DEAL, "d1"), (RecordKind.LEAD, "l1")],
)
def test_an_owner_changes(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, kind: RecordKind, record: str
) -> None:
    made = ids_of(outbound.deliver(run_of(new_contact(), new_deal(), new_lead())))
    ids = dict(zip(("r1", "d1", "l1"), made, strict=True))
    change = ChangeOwner(kind=kind, record=RecordId(record), owner=LUIS)
    (outcome,) = outbound.deliver([delivery(change, ids=ids)])
    owners = {one["id"]: one["properties"]["hubspot_owner_id"] for one in hubspot.held(f"{kind}s")}
    assert outcome == Done(vendor_ids={"id": ids[record]})
    assert owners[ids[record]] == LUIS


def test_of_two_owners_for_one_record_the_later_wins(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    """HubSpot refuses an id twice in one call: the second goes after the first."""
    (contact,) = ids_of(outbound.deliver(run_of(new_contact())))
    change = ChangeOwner(kind=RecordKind.CONTACT, record=RecordId("r1"), owner=LUIS)
    run = [delivery(change, "a", {"r1": contact}), delivery(change, "b", {"r1": contact})]
    assert ids_of(outbound.deliver(run)) == [contact, contact]
    assert hubspot.held("contacts")[0]["properties"]["hubspot_owner_id"] == LUIS


def test_a_deal_waits_for_a_contact_that_could_not_be_made_yet(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    hubspot.told("500", "contacts/batch/upsert", times=1)
    _, deal, written = outbound.deliver(run_of(new_contact(), new_deal(), entry()))
    assert isinstance(deal, RetryAt)
    assert isinstance(written, RetryAt)


def test_a_deal_of_a_refused_contact_is_refused(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    nobody = replace(new_contact(), owner=LUIS.__class__("404"))
    contact, deal = outbound.deliver(run_of(nobody, new_deal()))
    assert isinstance(contact, Rejected)
    assert isinstance(deal, Rejected)
    assert hubspot.held("deals") == []


def test_a_message_is_not_for_a_crm(outbound: HubSpotOutbound) -> None:
    message = SendMessage(
        message=MessageId("m"),
        key="k",
        channel_id="c",
        messenger=Messenger.SMS,
        chat_id="1",
        text="x",
    )
    (outcome,) = outbound.deliver(run_of(message))
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "effect_unsupported"


def test_nothing_to_do_is_no_call(outbound: HubSpotOutbound, hubspot: HubSpotSandbox) -> None:
    before = hubspot.state()["calls"]
    assert (len(outbound.deliver([])), len(outbound.find([]))) == (0, 0)
    assert hubspot.state()["calls"] == before


def test_missing_properties_are_made_at_the_first_refusal(hubspot: HubSpotSandbox) -> None:
    """An account fresh from the set-up works without `bridge doctor`."""
    outbound = HubSpotOutbound(account(hubspot.url))
    run = run_of(new_contact(), new_deal(), new_lead())
    assert len(ids_of(outbound.deliver(run))) == 3


def test_the_schema_is_made_once(hubspot: HubSpotSandbox) -> None:
    outbound = HubSpotOutbound(account(hubspot.url))
    made = ("contacts.bridge_contact_key", "deals.bridge_key", "leads.bridge_key")
    assert outbound.ensure_schema() == made
    assert outbound.ensure_schema() == ()


def test_an_account_without_leads_needs_no_property_on_them(hubspot: HubSpotSandbox) -> None:
    hubspot.post("settings", {"leads": False})
    made = ("contacts.bridge_contact_key", "deals.bridge_key")
    assert HubSpotOutbound(account(hubspot.url)).ensure_schema() == made


def test_v3_paths_do_the_same(hubspot: HubSpotSandbox) -> None:
    outbound = HubSpotOutbound(account(hubspot.url, {"api_version": "v3"}))
    run = run_of(new_contact(), new_deal(), new_lead(), entry(deal="d1", lead="l1"))
    assert len(ids_of(outbound.deliver(run))) == 4
    calls = hubspot.state()["calls"]
    assert all("/v3/" in line or "/v4/" in line for line in calls)


def test_dated_paths_are_the_default(outbound: HubSpotOutbound, hubspot: HubSpotSandbox) -> None:
    outbound.deliver(run_of(new_contact()))
    assert all("/2026-09/" in line for line in hubspot.state()["calls"])


def test_a_contact_with_little_known_of_it_is_made_all_the_same(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    stranger = CreateContact(contact=RecordId("r1"), key="telegram:1", name="", owner=None)
    assert len(ids_of(outbound.deliver(run_of(stranger)))) == 1
    assert hubspot.held("contacts")[0]["properties"] == {"bridge_contact_key": "telegram:1"}


def test_two_threads_at_a_fresh_account_both_come_through(hubspot: HubSpotSandbox) -> None:
    """The one that finds the properties just made by the other tries again, too."""
    outbound = HubSpotOutbound(account(hubspot.url))
    people = [[delivery(new_contact(f"r{n}", f"+3460000000{n}"))] for n in range(4)]
    with ThreadPoolExecutor(4) as threads:
        outcomes = [one for each in threads.map(outbound.deliver, people) for one in each]
    assert [type(one) for one in outcomes] == [Done] * 4
    assert len(hubspot.held("contacts")) == 4
