"""Timeline entries: where they stand, what they cost, how they change."""

from dataclasses import replace

from bridge.domain.effects import (
    UpdateTimelineEntry,
)
from bridge.domain.messaging import Messenger
from bridge.domain.names import MessageId
from bridge.ports import Done, Rejected
from connectors.hubspot.outbound import HubSpotOutbound, calls_of
from tests.connectors.hubspot.building import (
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


def test_a_new_client_becomes_contact_deal_lead_and_entry_of_one_run(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    """NEW-04, FEED-03: the effects of one run build on each other."""
    run = run_of(entry(deal="d1", lead="l1"), new_lead(), new_deal(), new_contact())
    outcomes = outbound.deliver(run)
    written, lead, deal, contact = ids_of(outcomes)
    (held,) = hubspot.held("communications")
    assert held["id"] == written
    assert held["associations"] == {"contacts": [contact], "deals": [deal], "leads": [lead]}
    assert hubspot.held("deals")[0]["associations"]["contacts"] == [contact]
    assert hubspot.held("leads")[0]["associations"]["contacts"] == [contact]


def test_a_hundred_entries_are_one_call(outbound: HubSpotOutbound, hubspot: HubSpotSandbox) -> None:
    (contact,) = ids_of(outbound.deliver(run_of(new_contact())))
    run = [delivery(entry(f"m{n}"), f"e{n}", {"r1": contact}) for n in range(100)]
    before = sum(hubspot.state()["calls"].values())
    assert len(ids_of(outbound.deliver(run))) == 100
    assert sum(hubspot.state()["calls"].values()) - before == calls_of(run) == 1


def test_a_hundred_entries_with_leads_are_two_calls(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    contact, lead = ids_of(outbound.deliver(run_of(new_contact(), new_lead())))
    ids = {"r1": contact, "l1": lead}
    run = [delivery(entry(f"m{n}", lead="l1"), f"e{n}", ids) for n in range(100)]
    before = sum(hubspot.state()["calls"].values())
    assert len(ids_of(outbound.deliver(run))) == 100
    assert sum(hubspot.state()["calls"].values()) - before == calls_of(run) == 2
    assert all(one["associations"]["leads"] == [lead] for one in hubspot.held("communications"))


def test_an_edit_rewrites_the_same_entry(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    (contact, written) = ids_of(outbound.deliver(run_of(new_contact(), entry())))
    update = UpdateTimelineEntry(
        message=MessageId("m1"), entry=entry(text="a las 5"), note="edited"
    )
    outcomes = outbound.deliver([delivery(update, "u", {"r1": contact, "m1": written})])
    (held,) = hubspot.held("communications")
    assert outcomes == [Done(vendor_ids={"id": written})]
    assert "<em>(edited)</em>" in held["properties"]["hs_communication_body"]
    assert "a las 5" in held["properties"]["hs_communication_body"]


def test_other_channels_become_notes_where_hubspot_refuses_them(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    hubspot.post("settings", {"custom_channel": False})
    (contact,) = ids_of(outbound.deliver(run_of(new_contact())))
    telegram = entry("m1", messenger=Messenger.TELEGRAM)
    run = [delivery(one, f"k{n}", {"r1": contact}) for n, one in enumerate((telegram, entry("m2")))]
    noted, written = ids_of(outbound.deliver(run))
    assert noted == f"note:{hubspot.held('notes')[0]['id']}"
    assert written == hubspot.held("communications")[0]["id"]
    assert hubspot.held("notes")[0]["associations"]["contacts"] == [contact]


def test_what_became_a_note_is_one_at_once_the_next_time_and_can_be_edited(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    hubspot.post("settings", {"custom_channel": False})
    (contact,) = ids_of(outbound.deliver(run_of(new_contact())))
    telegram = entry("m1", messenger=Messenger.TELEGRAM)
    (noted,) = ids_of(outbound.deliver([delivery(telegram, "a", {"r1": contact})]))
    tried = hubspot.calls("communications/batch/create")
    second = replace(telegram, message=MessageId("m2"))
    outbound.deliver([delivery(second, "b", {"r1": contact})])
    update = UpdateTimelineEntry(message=MessageId("m1"), entry=telegram, note="edited")
    outcomes = outbound.deliver([delivery(update, "u", {"r1": contact, "m1": noted})])
    assert hubspot.calls("communications/batch/create") == tried
    assert outcomes == [Done(vendor_ids={"id": noted})]
    assert "(edited)" in hubspot.held("notes")[0]["properties"]["hs_note_body"]


def test_notes_are_linked_with_leads_too(hubspot: HubSpotSandbox) -> None:
    outbound = HubSpotOutbound(account(hubspot.url, {"other_channels": "note"}))
    telegram = entry(lead="l1", messenger=Messenger.TELEGRAM)
    outbound.deliver(run_of(new_contact(), new_lead(), telegram))
    assert len(hubspot.held("notes")[0]["associations"]["leads"]) == 1
    assert hubspot.calls("communications/batch/create") == 0


def test_a_record_without_an_id_is_left_out_of_an_entry(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox
) -> None:
    (contact,) = ids_of(outbound.deliver(run_of(new_contact())))
    outbound.deliver([delivery(entry(deal="d1", lead="l1"), ids={"r1": contact})])
    assert hubspot.held("communications")[0]["associations"] == {"contacts": [contact]}


def test_an_entry_of_no_known_record_is_refused(outbound: HubSpotOutbound) -> None:
    (outcome,) = outbound.deliver(run_of(entry()))
    assert isinstance(outcome, Rejected)
    assert outcome.reason == "record_missing"
