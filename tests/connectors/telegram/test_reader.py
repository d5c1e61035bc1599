"""What can be read of Telegram: the bot, and the business connections that are named."""

import pytest

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.messaging import ChannelState, Messenger
from bridge.domain.names import CrmId
from bridge.ports import ChannelReading, IdentityQuery
from connectors.telegram.reader import TelegramReader
from tests.connectors.telegram.building import account
from tests.connectors.telegram.phone import BUSINESS, Phone

URL = "https://bridge.example/hooks/tg"
BOT = ChannelReading(
    channel_id="bot",
    messenger=Messenger.TELEGRAM,
    state=ChannelState.ACTIVE,
    plain_id="@acme_bot",
    name="Acme",
    can_write_first=False,
)


def reader(phone: Phone, connections: str = "") -> TelegramReader:
    return TelegramReader(account(phone.url, business_connections=connections))


def test_the_bot_is_a_channel_once_it_posts_somewhere(phone: Phone) -> None:
    assert reader(phone).channels() == ()
    phone.method("setWebhook", url=URL)
    assert reader(phone).channels() == [BOT]


def test_a_business_connection_is_one_where_it_is_named(phone: Phone) -> None:
    phone.method("setWebhook", url=URL)
    _, channel = reader(phone, f" {BUSINESS},,{BUSINESS} ").channels()
    assert channel == ChannelReading(
        channel_id=BUSINESS,
        messenger=Messenger.TELEGRAM,
        state=ChannelState.ACTIVE,
        name="Ana",
        detail="connected",
        window_hours=24,
        can_write_first=False,
    )


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"can_reply": False}, ChannelState.BLOCKED),
        ({"is_enabled": False}, ChannelState.DISABLED),
    ],
)
def test_its_state_is_told(phone: Phone, change: dict[str, bool], state: ChannelState) -> None:
    phone.method("setWebhook", url=URL)
    phone.steer("connect", id=BUSINESS, **change)
    assert reader(phone, BUSINESS).channels()[1].state is state


def test_one_that_telegram_does_not_know_is_off_and_hides_no_other(phone: Phone) -> None:
    phone.method("setWebhook", url=URL)
    channels = reader(phone, f"gone,{BUSINESS}").channels()
    assert [channel.state for channel in channels] == [
        ChannelState.ACTIVE,
        ChannelState.DISABLED,
        ChannelState.ACTIVE,
    ]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", CredentialsInvalid),
        ("429", DeliveryTransient),
        ("500", OutcomeUnknown),
        ("html", OutcomeUnknown),
        ("reset", DeliveryTransient),
    ],
)
def test_a_failure_is_told_by_what_to_do(phone: Phone, fault: str, error: type[Exception]) -> None:
    phone.fail(fault, match="/getWebhookInfo")
    with pytest.raises(error):
        reader(phone).channels()


def test_a_token_of_no_bot_is_refused(phone: Phone) -> None:
    with pytest.raises(CredentialsInvalid):
        TelegramReader(account(phone.url, bot_token="1:another")).channels()


def test_telegram_has_no_clients_of_its_own(phone: Phone) -> None:
    told = reader(phone)
    one = [CrmId("1")]
    assert list(told.contacts_by_identity([IdentityQuery(phones=("+1",))])) == [()]
    assert [*told.employees(), *told.pipelines(), *told.deals_of(one), *told.leads_of(one)] == []
    assert (told.contacts(one), told.deals(one), told.leads(one)) == ({}, {}, {})
