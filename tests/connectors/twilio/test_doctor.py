"""What the doctor sees and mends at Twilio: where numbers and senders post to."""

import pytest

from bridge.domain.errors import CredentialsInvalid, DeliveryRejected, OutcomeUnknown
from bridge.ports import Account
from connectors.twilio.doctor import TwilioDoctor
from tests.connectors.twilio.building import NUMBER, SENDER, account
from tests.connectors.twilio.phone import Phone

PUBLIC = "https://bridge.example"
HOOK = f"{PUBLIC}/hooks/tw"
DEMO = "https://demo.twilio.com/welcome/sms/reply"


@pytest.fixture
def doctor(at_sandbox: Account) -> TwilioDoctor:
    return TwilioDoctor(at_sandbox)


def codes(doctor: TwilioDoctor) -> list[str]:
    return [found.code for found in doctor.examine(PUBLIC)]


def hooks(phone: Phone) -> dict[str, str]:
    return {channel["address"]: channel["hook"] for channel in phone.state["channels"]}


def test_channels_that_post_nowhere_are_mended(doctor: TwilioDoctor, phone: Phone) -> None:
    assert codes(doctor) == ["webhooks_missing", "webhooks_missing"]
    assert len(doctor.fix(PUBLIC, take_over=False)) == 2
    assert hooks(phone) == {NUMBER: HOOK, SENDER: HOOK}
    assert codes(doctor) == []
    assert doctor.fix(PUBLIC, take_over=False) == []


def test_twilios_own_demo_is_nobodys(doctor: TwilioDoctor, phone: Phone) -> None:
    phone.steer("seed", channels=[{"address": "+14155550199", "hook": DEMO}])
    doctor.fix(PUBLIC, take_over=False)
    assert hooks(phone)["+14155550199"] == HOOK


@pytest.mark.parametrize("address", ["+14155550199", "whatsapp:+14155550199"])
def test_another_address_is_named_without_its_secret_and_stays(
    doctor: TwilioDoctor, phone: Phone, address: str
) -> None:
    elsewhere = "https://crm.acme.example/in/0123456789abcdef?key=s3cret"
    phone.steer("seed", channels=[{"address": address, "hook": elsewhere}])
    found = next(one for one in doctor.examine(PUBLIC) if one.code == "webhooks_elsewhere")
    assert "crm.acme.example" in found.detail
    assert "0123456789abcdef" not in found.detail
    with pytest.raises(DeliveryRejected, match=r"crm\.acme\.example") as refused:
        doctor.fix(PUBLIC, take_over=False)
    assert "s3cret" not in str(refused.value)
    assert set(hooks(phone).values()) == {"", elsewhere}
    doctor.fix(PUBLIC, take_over=True)
    assert set(hooks(phone).values()) == {HOOK}


def test_how_often_twilio_tries_is_left_as_it_is(phone: Phone) -> None:
    phone.steer("seed", channels=[{"address": "+14155550199", "hook": f"{HOOK}#rc=2&rp=all"}])
    doctor = TwilioDoctor(account(phone.url, options={"channels": "+14155550199"}))
    assert codes(doctor) == []
    assert doctor.fix(PUBLIC, take_over=False) == []


def test_our_address_called_in_another_way_is_mended_without_asking(phone: Phone) -> None:
    phone.steer("seed", channels=[{"address": "+14155550199", "hook": HOOK, "method": "GET"}])
    doctor = TwilioDoctor(account(phone.url, options={"channels": "+14155550199"}))
    assert codes(doctor) == ["webhooks_elsewhere"]
    assert len(doctor.fix(PUBLIC, take_over=False)) == 1
    assert codes(doctor) == []


def test_an_application_that_answers_for_a_number_counts(
    doctor: TwilioDoctor, phone: Phone
) -> None:
    phone.steer(
        "seed", channels=[{"address": "+14155550199", "hook": HOOK, "application": f"AP{'1' * 32}"}]
    )
    assert "webhooks_elsewhere" in codes(doctor)
    doctor.fix(PUBLIC, take_over=True)
    assert codes(doctor) == []


def test_option_channels_leaves_other_numbers_alone(phone: Phone) -> None:
    phone.steer("seed", channels=[{"address": "+14155550199", "hook": "https://x.example"}])
    doctor = TwilioDoctor(account(phone.url, options={"channels": f"{NUMBER}, {SENDER}"}))
    assert len(doctor.fix(PUBLIC, take_over=False)) == 2
    assert codes(doctor) == []
    assert hooks(phone)["+14155550199"] == "https://x.example"


def test_a_channel_that_the_account_does_not_have_is_told(phone: Phone) -> None:
    doctor = TwilioDoctor(account(phone.url, options={"channels": "+1999"}))
    (found,) = doctor.examine(PUBLIC)
    assert (found.code, found.fixable) == ("channel_missing", False)
    assert doctor.fix(PUBLIC, take_over=False) == []


def test_wrong_credentials_are_told(phone: Phone) -> None:
    with pytest.raises(CredentialsInvalid):
        TwilioDoctor(account(phone.url, tokens=("wrong",))).examine(PUBLIC)


def test_a_refusal_of_the_change_is_told(doctor: TwilioDoctor, phone: Phone) -> None:
    phone.fail("500", match="POST .*IncomingPhoneNumbers")
    with pytest.raises(OutcomeUnknown, match="HTTP 500"):
        doctor.fix(PUBLIC, take_over=False)
