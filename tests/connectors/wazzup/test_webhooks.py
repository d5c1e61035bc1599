"""Setting the subscription: one address per account, never taken over by accident (WZ-17)."""

from collections.abc import Iterator

import pytest
import responses

from bridge.domain.errors import ConfigError, DeliveryRejected, OutcomeUnknown
from bridge.ports import Account
from connectors.wazzup.webhooks import Subscription, WazzupWebhooks, shown
from tests.connectors.wazzup.building import API_KEY, SECRETS, WEBHOOK_KEY, account
from tests.connectors.wazzup.phone import Phone, Receiver, receiving

URL = "https://api.wazzup24.com/v3/webhooks"


@pytest.fixture
def bridge() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_wz_01_subscribing_tests_the_address_and_sets_the_switches(
    at_sandbox: Account, bridge: Receiver
) -> None:
    found = WazzupWebhooks(at_sandbox).subscribe(bridge.url)
    assert found == Subscription(
        address=f"{bridge.url}/hooks/wz/{WEBHOOK_KEY}", messages=True, channels=True, templates=True
    )
    assert found.is_wanted
    assert bridge.bodies == [{"test": True}]


def test_subscribing_again_changes_nothing(at_sandbox: Account, bridge: Receiver) -> None:
    webhooks = WazzupWebhooks(at_sandbox)
    assert webhooks.subscribe(bridge.url) == webhooks.subscribe(f"{bridge.url}/")
    assert len(bridge.bodies) == 1


def test_wz_17_another_address_is_not_taken_over(
    at_sandbox: Account, phone: Phone, bridge: Receiver
) -> None:
    other = "https://crm.example/in/wazzup/0123456789abcdef0123?token=hidden"
    phone.steer("seed", webhook={"webhooksUri": other})
    with pytest.raises(DeliveryRejected, match=r"https://crm\.example/in/wazzup") as refused:
        WazzupWebhooks(at_sandbox).subscribe(bridge.url)
    assert refused.value.code == "webhook_taken"
    assert "hidden" not in str(refused.value)
    assert "0123456789abcdef" not in str(refused.value)
    assert phone.call("GET", "/v3/webhooks").body["webhooksUri"] == other


def test_wz_17_another_address_is_taken_over_when_asked(
    at_sandbox: Account, phone: Phone, bridge: Receiver
) -> None:
    phone.steer("seed", webhook={"webhooksUri": "https://crm.example/in"})
    found = WazzupWebhooks(at_sandbox).subscribe(bridge.url, take_over=True)
    assert found.address.startswith(bridge.url)


@pytest.mark.parametrize("old", ["/hooks/wz", "/hooks/wz/old-key", "/hooks/wz?key=old-key"])
def test_wz_17_our_own_address_with_an_old_key_is_replaced(
    at_sandbox: Account, phone: Phone, bridge: Receiver, old: str
) -> None:
    phone.steer("seed", webhook={"webhooksUri": f"{bridge.url}{old}"})
    assert WazzupWebhooks(at_sandbox).subscribe(bridge.url).is_wanted


@pytest.mark.parametrize("old", ["/hooks/wz2", "/hooks/other/key"])
def test_wz_17_another_accounts_address_is_not_ours(
    at_sandbox: Account, phone: Phone, bridge: Receiver, old: str
) -> None:
    phone.steer("seed", webhook={"webhooksUri": f"{bridge.url}{old}"})
    with pytest.raises(DeliveryRejected, match="take that address over"):
        WazzupWebhooks(at_sandbox).subscribe(bridge.url)


def test_switches_that_are_wrong_are_mended(
    at_sandbox: Account, phone: Phone, bridge: Receiver
) -> None:
    wrong = {"messagesAndStatuses": True, "contactsAndDealsCreation": True}
    address = f"{bridge.url}/hooks/wz/{WEBHOOK_KEY}"
    phone.steer("seed", webhook={"webhooksUri": address, "subscriptions": wrong})
    found = WazzupWebhooks(at_sandbox).subscribe(bridge.url)
    assert (found.creation, found.channels, found.templates) == (False, True, True)


def test_wz_01_an_address_that_does_not_answer_is_explained(
    at_sandbox: Account, bridge: Receiver
) -> None:
    bridge.answers.append(404)
    with pytest.raises(DeliveryRejected, match="is the bridge running") as refused:
        WazzupWebhooks(at_sandbox).subscribe(bridge.url)
    assert refused.value.code == "testPostNotPassed"
    assert not any(secret in str(refused.value) for secret in SECRETS.values())


def test_an_address_that_is_no_url_is_explained(at_sandbox: Account) -> None:
    with pytest.raises(DeliveryRejected, match="must be a full https URL"):
        WazzupWebhooks(at_sandbox).subscribe("bridge.example")


def test_an_address_that_is_too_long_is_refused_before_the_call() -> None:
    webhooks = WazzupWebhooks(account("http://127.0.0.1:1"))
    with pytest.raises(ConfigError, match="Wazzup takes 200") as refused:
        webhooks.subscribe(f"https://{'a' * 180}.example")
    assert WEBHOOK_KEY not in str(refused.value)


def test_a_key_is_written_so_that_it_can_be_read_back() -> None:
    webhooks = WazzupWebhooks(account(webhook_keys=("a/b c",)))
    assert webhooks.address("https://b.example/") == "https://b.example/hooks/wz/a%2Fb%20c"


@pytest.mark.parametrize(
    "switches",
    [
        {"messagesAndStatuses": "true", "channelsUpdates": "true", "templateStatus": "true"},
        {"messagesAndStatuses": True, "channelsUpdates": True, "wabaTemplatesStatus": True},
    ],
)
def test_trap_7_switches_are_read_in_both_spellings(switches: dict[str, object]) -> None:
    with responses.RequestsMock() as vendor:
        vendor.get(URL, json={"webhooksUri": "https://x.example/", "subscriptions": switches})
        assert WazzupWebhooks(account()).current().is_wanted


@pytest.mark.parametrize("body", [{}, {"webhooksUri": None}, {"webhooksUri": "", "x": 1}])
def test_an_account_that_posts_nowhere(body: object) -> None:
    with responses.RequestsMock() as vendor:
        vendor.get(URL, json=body)
        assert WazzupWebhooks(account()).current() == Subscription(address="")


def test_an_answer_of_another_shape_is_uncertain() -> None:
    with responses.RequestsMock() as vendor:
        vendor.get(URL, json=[])
        with pytest.raises(OutcomeUnknown):
            WazzupWebhooks(account()).current()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://u:pass@h.example:8443/a?k=v", "https://h.example/a?…"),
        (f"https://h.example/{API_KEY}", "https://h.example/apik…"),
        ("http://[broken", "an address that is no URL"),
    ],
)
def test_an_address_is_shown_without_secrets(address: str, expected: str) -> None:
    assert shown(address) == expected
