"""What must be set up at Telegram, and how it is mended."""

from dataclasses import replace
from typing import Any

import pytest
import responses

from bridge.domain.errors import ConfigError, CredentialsInvalid, DeliveryRejected, OutcomeUnknown
from bridge.ports import Account, Ailment
from connectors.telegram.doctor import TelegramDoctor
from connectors.telegram.words import ALLOWED_UPDATES
from tests.connectors.telegram.building import (
    BOT_TOKEN,
    PUBLIC,
    SECRET_TOKEN,
    SECRETS,
    account,
)
from tests.connectors.telegram.phone import BUSINESS, Phone, receiving

ELSEWHERE = "https://other.example/hooks/0123456789abcdefghij?key=x"
API = f"https://api.telegram.org/bot{BOT_TOKEN}"


def doctor(phone: Phone, **options: str) -> TelegramDoctor:
    return TelegramDoctor(replace(account(phone.url), options=options))


def codes(ailments: Any) -> list[str]:
    return [ailment.code for ailment in ailments]


def info(phone: Phone) -> Any:
    return phone.method("getWebhookInfo").body["result"]


def test_a_fresh_bot_is_set_up(phone: Phone) -> None:
    (ailment,) = doctor(phone).examine(PUBLIC)
    assert (ailment.code, ailment.fixable) == ("webhook_missing", True)
    done = doctor(phone).fix(PUBLIC, take_over=False)
    assert done == ["updates now go to https://bridge.example/hooks/tg"]
    assert info(phone)["url"] == "https://bridge.example/hooks/tg"
    assert info(phone)["allowed_updates"] == list(ALLOWED_UPDATES)
    assert info(phone)["max_connections"] == 1
    assert doctor(phone).examine(PUBLIC) == []


def test_a_second_time_nothing_is_done(phone: Phone) -> None:
    doctor(phone).fix(PUBLIC, take_over=False)
    assert doctor(phone).fix(f"{PUBLIC}/", take_over=False) == []


def test_the_secret_reaches_telegram_and_opens_our_door(phone: Phone) -> None:
    with receiving(phone) as receiver:
        phone.method("setWebhook", url=f"{receiver.url}/hooks/tg", secret_token="old")
        doctor(phone).fix(receiver.url, take_over=False)
        phone.eva("Hola")
        phone.settle()
        assert receiver.headers[-1]["x-telegram-bot-api-secret-token"] == SECRET_TOKEN


def test_a_webhook_of_another_is_taken_only_when_asked(phone: Phone) -> None:
    phone.method("setWebhook", url=ELSEWHERE)
    (ailment,) = doctor(phone).examine(PUBLIC)
    assert ailment.code == "webhook_elsewhere"
    assert "other.example/hooks/0123…?…" in ailment.detail
    with pytest.raises(DeliveryRejected) as refused:
        doctor(phone).fix(PUBLIC, take_over=False)
    assert refused.value.code == "webhook_taken"
    assert "0123456789abcdefghij" not in str(refused.value) + ailment.detail
    assert info(phone)["url"] == ELSEWHERE
    assert doctor(phone).fix(PUBLIC, take_over=True)
    assert doctor(phone).examine(PUBLIC) == []


def test_kinds_of_updates_that_are_missing_are_named(phone: Phone) -> None:
    url = "https://bridge.example/hooks/tg"
    phone.method("setWebhook", url=url, allowed_updates=["message"])
    (ailment,) = doctor(phone).examine(PUBLIC)
    assert ailment.code == "updates_missing"
    assert "message_reaction" in ailment.detail
    assert doctor(phone).fix(PUBLIC, take_over=False)
    assert doctor(phone).examine(PUBLIC) == []


def test_telegrams_default_lacks_reactions(phone: Phone) -> None:
    phone.method("setWebhook", url="https://bridge.example/hooks/tg")
    (ailment,) = doctor(phone).examine(PUBLIC)
    assert ailment.detail == "Telegram does not post message_reaction"


def test_a_refused_secret_is_seen_and_mended(phone: Phone) -> None:
    with receiving(phone) as receiver:
        receiver.answers = [401]
        phone.eva("Hola")
        phone.settle()
        (ailment,) = doctor(phone).examine(receiver.url)
        assert (ailment.code, ailment.fixable) == ("secret_wrong", True)
        doctor(phone).fix(receiver.url, take_over=False)
        assert doctor(phone).examine(receiver.url) == []


def test_a_failing_webhook_is_seen(phone: Phone) -> None:
    with receiving(phone) as receiver:
        receiver.answers = [500]
        phone.eva("Hola")
        phone.settle()
        (ailment,) = doctor(phone).examine(receiver.url)
        assert (ailment.code, ailment.fixable) == ("webhook_failing", False)


@responses.activate
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"pending_update_count": 101}, ["updates_waiting"]),
        ({"pending_update_count": 100}, []),
        ({"last_error_date": 1, "last_error_message": "Connection timed out"}, []),
    ],
)
def test_what_waits_is_told_and_what_is_long_past_is_not(
    told: dict[str, Any], expected: list[str]
) -> None:
    result = {"url": f"{PUBLIC}/hooks/tg", "allowed_updates": list(ALLOWED_UPDATES)} | told
    responses.post(f"{API}/getWebhookInfo", json={"ok": True, "result": result})
    assert codes(TelegramDoctor(account()).examine(PUBLIC)) == expected


@responses.activate
def test_an_answer_of_another_shape_is_not_trusted() -> None:
    responses.post(f"{API}/getWebhookInfo", json={"ok": True, "result": {"url": 7}})
    with pytest.raises(OutcomeUnknown):
        TelegramDoctor(account()).examine(PUBLIC)


def test_business_connections_that_are_down_are_told(phone: Phone) -> None:
    told = doctor(phone, business_connections=BUSINESS)
    told.fix(PUBLIC, take_over=False)
    assert told.examine(PUBLIC) == []
    phone.steer("connect", id=BUSINESS, can_reply=False)
    (ailment,) = told.examine(PUBLIC)
    assert ailment.code == "business_connection_down"
    assert f"{BUSINESS}: the bot may not reply" in ailment.detail


@pytest.mark.parametrize("public_url", ["http://bridge.example", "https://bridge.example:5000"])
def test_an_address_that_telegram_does_not_call_is_explained(phone: Phone, public_url: str) -> None:
    with pytest.raises(DeliveryRejected, match="https, on port 443"):
        doctor(phone).fix(public_url, take_over=False)


@pytest.mark.parametrize("token", ["with space", "ü", "a" * 257, "a+b"])
def test_a_secret_that_telegram_does_not_take_is_told_before(phone: Phone, token: str) -> None:
    given = account(phone.url, secret_tokens=(token,))
    with pytest.raises(ConfigError, match="secret_token is 1 to 256") as refused:
        TelegramDoctor(given).fix(PUBLIC, take_over=False)
    assert token not in str(refused.value)


@pytest.mark.parametrize("value", ["0", "101", "many", "", "-1"])
def test_a_wrong_number_of_connections_is_told(phone: Phone, value: str) -> None:
    with pytest.raises(ConfigError, match="max_connections"):
        doctor(phone, max_connections=value).fix(PUBLIC, take_over=False)


def test_more_connections_where_they_are_asked_for(phone: Phone) -> None:
    doctor(phone, max_connections="40").fix(PUBLIC, take_over=False)
    assert info(phone)["max_connections"] == 40


@pytest.mark.parametrize("match", ["/getWebhookInfo", "/setWebhook"])
def test_a_refused_token_stops_it(phone: Phone, match: str) -> None:
    phone.fail("401", match=match)
    with pytest.raises(CredentialsInvalid):
        doctor(phone).fix(PUBLIC, take_over=False)


def test_no_ailment_tells_a_secret(phone: Phone) -> None:
    phone.method("setWebhook", url=ELSEWHERE)
    found: list[Ailment] = list(doctor(phone).examine(PUBLIC))
    assert not any(secret in repr(found) for secret in SECRETS.values())


def test_without_its_secret_there_is_nothing_to_examine() -> None:
    given = Account(name="tg", connector="telegram", secrets={"bot_token": (BOT_TOKEN,)})
    with pytest.raises(ConfigError, match="secret_token"):
        TelegramDoctor(given)
