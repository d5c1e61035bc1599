"""What became of deliveries whose answer got lost."""

import pytest

from bridge.domain.messaging import Messenger
from bridge.ports import (
    Absent,
    CannotTell,
    Done,
    Found,
    Unknown,
)
from connectors.hubspot.outbound import HubSpotOutbound
from tests.connectors.hubspot.building import (
    delivery,
    entries,
    entry,
    new_contact,
    new_deal,
    new_lead,
)
from tests.connectors.hubspot.conftest import HubSpotSandbox

CREATE = "communications/batch/create"


@pytest.mark.parametrize("fault", ["500_after", "reset_after", "html_after"])
def test_a_lost_answer_is_unknown_and_then_found_with_its_leads(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str], fault: str
) -> None:
    hubspot.told(fault, CREATE, times=1)
    run = entries(client)
    assert [type(one) for one in outbound.deliver(run)] == [Unknown] * 3
    held = hubspot.held("communications")
    assert outbound.find(run) == [Found(vendor_ids={"id": one["id"]}) for one in held]
    linked = [one["associations"]["leads"] for one in hubspot.held("communications")]
    assert linked == [[client["l1"]]] * 3


@pytest.mark.parametrize("fault", ["500", "reset", "html"])
def test_what_was_never_stored_is_absent_and_goes_again(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str], fault: str
) -> None:
    hubspot.told(fault, CREATE, times=1)
    run = entries(client)
    assert [type(one) for one in outbound.deliver(run)] == [Unknown] * 3
    assert outbound.find(run) == [Absent()] * 3
    assert [type(one) for one in outbound.deliver(run)] == [Done] * 3
    assert len(hubspot.held("communications")) == 3


def test_a_look_up_that_fails_can_t_tell(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    hubspot.told("500", "batch/read")
    run = [
        *entries(client, 1),
        delivery(new_contact(), ids=client),
        delivery(new_deal(), "d", client),
        delivery(new_lead(), "l", client),
    ]
    assert [type(one) for one in outbound.find(run)] == [CannotTell] * 4


def test_records_are_found_by_their_key_though_search_lags(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    hubspot.post("settings", {"search_lag_seconds": 60})
    run = [
        delivery(new_contact(), ids=client),
        delivery(new_deal(), "d", client),
        delivery(new_lead(), "l", client),
        delivery(new_contact("r9", "+34600000099"), ids=client),
        delivery(new_deal(), "another", client),
        delivery(new_lead(), "another", client),
    ]
    there = [Found(vendor_ids={"id": client[one]}) for one in ("r1", "d1", "l1")]
    assert outbound.find(run) == [*there, Absent(), Absent(), Absent()]


def test_notes_are_found_too(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    hubspot.post("settings", {"custom_channel": False})
    run = [delivery(entry(messenger=Messenger.TELEGRAM), ids=client)]
    hubspot.told("500_after", "notes/batch/create", times=1)
    assert [type(one) for one in outbound.deliver(run)] == [Unknown]
    (note,) = hubspot.held("notes")
    assert outbound.find(run) == [Found(vendor_ids={"id": f"note:{note['id']}"})]


def test_entries_that_could_not_be_linked_with_leads_are_linked_by_the_look_up(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    """FEED-03, and no second entry for it."""
    hubspot.told("429", "leads/communications/batch/associate", times=1)
    run = entries(client)
    assert [type(one) for one in outbound.deliver(run)] == [Unknown] * 3
    assert [type(one) for one in outbound.find(run)] == [Found] * 3
    held = hubspot.held("communications")
    assert [one["associations"]["leads"] for one in held] == [[client["l1"]]] * 3


def test_a_contact_with_more_entries_than_can_be_looked_through_is_left_to_a_person(
    outbound: HubSpotOutbound, client: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outbound.deliver(entries(client))
    monkeypatch.setattr("connectors.hubspot.lookup.MAX_ENTRIES_READ", 2)
    newest, oldest, absent = outbound.find(
        [delivery(entry(one), ids=client) for one in ("m2", "m0", "never")]
    )
    assert (type(newest), type(oldest), type(absent)) == (Found, CannotTell, CannotTell)


def test_a_long_history_is_read_page_by_page(
    outbound: HubSpotOutbound, client: dict[str, str]
) -> None:
    for start in range(0, 600, 100):
        run = [delivery(entry(f"x{n}"), f"x{n}", client) for n in range(start, start + 100)]
        outbound.deliver(run)
    assert [type(one) for one in outbound.find([delivery(entry("x0"), ids=client)])] == [Found]


def test_an_entry_whose_records_are_all_unknown_can_t_be_told(outbound: HubSpotOutbound) -> None:
    assert [type(one) for one in outbound.find([delivery(entry())])] == [CannotTell]


def test_an_entry_on_a_deal_alone_is_found_by_the_deal(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    run = [delivery(entry(contact=None, deal="d1"), ids=client)]
    outbound.deliver(run)
    (held,) = hubspot.held("communications")
    assert outbound.find(run) == [Found(vendor_ids={"id": held["id"]})]


def test_an_entry_on_a_lead_alone_is_found_by_the_lead(
    outbound: HubSpotOutbound, hubspot: HubSpotSandbox, client: dict[str, str]
) -> None:
    run = [delivery(entry(contact=None, lead="l1"), ids=client)]
    outbound.deliver(run)
    (held,) = hubspot.held("communications")
    assert held["associations"] == {"leads": [client["l1"]]}
    assert outbound.find(run) == [Found(vendor_ids={"id": held["id"]})]
