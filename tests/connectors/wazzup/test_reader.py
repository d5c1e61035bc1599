"""Channels as Wazzup lists them; of clients and deals it knows nothing."""

import pytest
import responses

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import CrmId
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.wazzup.reader import WazzupReader
from connectors.wazzup.words import TRANSPORTS
from tests.connectors.wazzup.building import account

URL = "https://api.wazzup24.com/v3/channels"


def test_channels_as_the_vendors_page_shows_them() -> None:
    listed = [
        {"channelId": "c-1", "transport": "whatsapp", "plainId": "79865784457", "state": "active"},
        {"channelId": "c-2", "transport": "wapi", "plainId": 7, "state": "qridle", "name": "WABA"},
        {"channelId": "c-3", "transport": "instagram", "plainId": None, "state": "notEnoughMoney"},
        {"channelId": "c-4", "transport": "fax"},
    ]
    with responses.RequestsMock() as vendor:
        vendor.get(URL, json=listed)
        found = WazzupReader(account()).channels()
    assert list(found) == [
        ChannelReading(
            channel_id="c-1",
            messenger=Messenger.WHATSAPP,
            state=ChannelState.ACTIVE,
            plain_id="79865784457",
            detail="active",
        ),
        ChannelReading(
            channel_id="c-2",
            messenger=Messenger.WHATSAPP,
            state=ChannelState.UNREACHABLE,
            plain_id="7",
            name="WABA",
            detail="qridle",
            window_hours=24,
            max_text=1024,
        ),
        ChannelReading(
            channel_id="c-3",
            messenger=Messenger.INSTAGRAM,
            state=ChannelState.UNPAID,
            detail="notEnoughMoney",
            window_hours=168,
            can_write_first=False,
        ),
        ChannelReading(channel_id="c-4", messenger=Messenger.OTHER, state=ChannelState.UNKNOWN),
    ]


def test_the_stand_in_lists_channels_that_the_reader_understands(at_sandbox: Account) -> None:
    found = WazzupReader(at_sandbox).channels()
    assert len(found) == 8
    assert {channel.messenger for channel in found} == set(TRANSPORTS.values())


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "{}", CredentialsInvalid),
        (403, '{"error": "FORBIDDEN"}', CredentialsInvalid),
        (404, "", OutcomeUnknown),
        (429, "{}", DeliveryTransient),
        (500, "{}", OutcomeUnknown),
        (200, "<html>", OutcomeUnknown),
        (200, "{}", OutcomeUnknown),
        (200, '[{"transport": "whatsapp"}]', OutcomeUnknown),
    ],
)
def test_every_failure_has_one_of_our_names(status: int, body: str, error: type[Exception]) -> None:
    with responses.RequestsMock() as vendor:
        vendor.get(URL, status=status, body=body)
        with pytest.raises(error, match="wazzup: GET /v3/channels"):
            WazzupReader(account()).channels()


def test_no_connection_is_transient() -> None:
    with pytest.raises(DeliveryTransient):
        WazzupReader(account("http://127.0.0.1:1")).channels()


def test_a_messenger_has_no_crm_records() -> None:
    reader = WazzupReader(account("http://127.0.0.1:1"))
    ids = [CrmId("1")]
    assert list(reader.contacts_by_identity([IdentityQuery(), IdentityQuery()])) == [(), ()]
    assert [*reader.employees(), *reader.pipelines()] == []
    assert [*reader.contacts(ids), *reader.deals(ids), *reader.leads(ids)] == []
    assert [*reader.deals_of(ids), *reader.leads_of(ids)] == []
