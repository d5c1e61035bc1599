"""What the doctor sees and mends at Wazzup: the one webhook address of an account (WZ-17)."""

import pytest

from bridge.domain.errors import DeliveryRejected
from bridge.ports import Account
from connectors.wazzup.doctor import WazzupDoctor
from tests.connectors.wazzup.building import WEBHOOK_KEY
from tests.connectors.wazzup.phone import Phone, receiving

ELSEWHERE = "https://crm.acme.example/in/0123456789abcdef0123456789abcdef"
ON = {"messagesAndStatuses": True, "channelsUpdates": True, "templateStatus": True}


@pytest.fixture
def doctor(at_sandbox: Account) -> WazzupDoctor:
    return WazzupDoctor(at_sandbox)


def codes(doctor: WazzupDoctor, public_url: str) -> list[str]:
    return [found.code for found in doctor.examine(public_url)]


def test_an_account_that_posts_nowhere_is_mended(doctor: WazzupDoctor) -> None:
    with receiving() as bridge:
        assert codes(doctor, bridge.url) == ["webhooks_missing"]
        assert len(doctor.fix(bridge.url, take_over=False)) == 1
        assert codes(doctor, bridge.url) == []
        assert doctor.fix(bridge.url, take_over=False) == []


def test_another_address_is_named_without_its_secret_and_stays(
    doctor: WazzupDoctor, phone: Phone
) -> None:
    phone.steer("seed", webhook={"webhooksUri": ELSEWHERE, "subscriptions": ON})
    with receiving() as bridge:
        (found,) = doctor.examine(bridge.url)
        assert found.code == "webhooks_elsewhere"
        assert "crm.acme.example" in found.detail
        assert "0123456789abcdef" not in found.detail
        with pytest.raises(DeliveryRejected, match=r"crm\.acme\.example"):
            doctor.fix(bridge.url, take_over=False)
        assert codes(doctor, bridge.url) == ["webhooks_elsewhere"]


def test_another_address_is_taken_over_when_asked(doctor: WazzupDoctor, phone: Phone) -> None:
    phone.steer("seed", webhook={"webhooksUri": ELSEWHERE, "subscriptions": ON})
    with receiving() as bridge:
        (done,) = doctor.fix(bridge.url, take_over=True)
        assert WEBHOOK_KEY not in done
        assert codes(doctor, bridge.url) == []


def test_our_address_with_too_little_posted_to_it_is_mended(
    doctor: WazzupDoctor, phone: Phone
) -> None:
    with receiving() as bridge:
        address = f"{bridge.url}/hooks/wz/{WEBHOOK_KEY}"
        phone.steer(
            "seed",
            webhook={"webhooksUri": address, "subscriptions": ON | {"channelsUpdates": False}},
        )
        assert codes(doctor, bridge.url) == ["webhooks_incomplete"]
        doctor.fix(bridge.url, take_over=False)
        assert codes(doctor, bridge.url) == []


def test_an_address_that_is_too_long_is_told(doctor: WazzupDoctor) -> None:
    assert codes(doctor, f"https://{'a' * 200}.example") == ["address_too_long"]
