"""Sending: what goes to Twilio, and what comes back."""

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
import responses

from bridge.domain.effects import ChangeOwner, SendMessage
from bridge.domain.errors import ConfigError
from bridge.domain.messaging import Media, MediaKind, Messenger, Template
from bridge.domain.names import CrmId, RecordId
from bridge.domain.records import RecordKind
from bridge.ports import AccountDown, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.twilio.outbound import APART, TwilioOutbound
from connectors.twilio.reader import TwilioReader
from tests.connectors.twilio.building import (
    CLIENT,
    NOW,
    NUMBER,
    SENDER,
    SID,
    TOKEN,
    account,
    delivery,
    sending,
)
from tests.connectors.twilio.phone import Phone

FILE = Media(kind=MediaKind.DOCUMENT, url="https://files.example/plan.pdf", name="plan.pdf")
PLACE = Media(kind=MediaKind.LOCATION, url="geo:40.4,-3.7", name="Sol")
NOBODY = "http://127.0.0.1:1"
CONTENT = f"HX{'a' * 32}"
API = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"


def deliver(outbound: TwilioOutbound, *effects: SendMessage) -> list[Outcome]:
    return list(outbound.deliver([delivery(effect) for effect in effects]))


def on_whatsapp(text: str = "Buenas", chat_id: str = CLIENT) -> SendMessage:
    return sending(text, channel_id=SENDER, messenger=Messenger.WHATSAPP, chat_id=chat_id)


def test_a_text_is_sent_once(outbound: TwilioOutbound, phone: Phone) -> None:
    (outcome,) = deliver(outbound, sending())
    (sent,) = phone.sent
    assert outcome == Done(vendor_ids={"id": sent["sid"]})
    assert (sent["sender"], sent["receiver"], sent["body"]) == (NUMBER, CLIENT, "Buenas")


@pytest.mark.parametrize(
    ("channel_id", "messenger", "chat_id", "addresses"),
    [
        (NUMBER, Messenger.SMS, "34600000001", (NUMBER, CLIENT)),
        (NUMBER, Messenger.SMS, "72345", (NUMBER, "72345")),
        (SENDER, Messenger.WHATSAPP, CLIENT, (SENDER, f"whatsapp:{CLIENT}")),
        (NUMBER, Messenger.WHATSAPP, "34600000001", (SENDER, f"whatsapp:{CLIENT}")),
        (SENDER, Messenger.WHATSAPP, "US.1349120865", (SENDER, "whatsapp:US.1349120865")),
        (SENDER, Messenger.WHATSAPP, f"whatsapp:{CLIENT}", (SENDER, f"whatsapp:{CLIENT}")),
    ],
)
def test_chat_and_channel_become_addresses(
    outbound: TwilioOutbound,
    phone: Phone,
    channel_id: str,
    messenger: Messenger,
    chat_id: str,
    addresses: tuple[str, str],
) -> None:
    effect = sending(channel_id=channel_id, messenger=messenger, chat_id=chat_id)
    deliver(outbound, effect)
    (sent,) = phone.sent
    assert (sent["sender"], sent["receiver"]) == addresses


def test_a_messaging_service_sends_from_its_pool(outbound: TwilioOutbound, phone: Phone) -> None:
    deliver(outbound, sending(channel_id=f"MG{'e' * 32}"))
    assert phone.sent[0]["sender"] == NUMBER


def test_each_message_asks_for_its_status_where_the_bridge_is_known(phone: Phone) -> None:
    hook = "https://bridge.example/hooks/tw"
    deliver(TwilioOutbound(account(phone.url, hook_url=hook)), sending("one"))
    deliver(TwilioOutbound(account(phone.url)), sending("two"))
    assert [sent["callback"] for sent in phone.sent] == [hook, ""]


def test_a_file_goes_by_its_link_and_a_place_as_a_place(
    outbound: TwilioOutbound, phone: Phone
) -> None:
    deliver(outbound, replace(sending(""), media=FILE), replace(on_whatsapp(""), media=PLACE))
    assert [(sent["body"], sent["media"]) for sent in phone.sent] == [("", [FILE.url]), ("Sol", [])]


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (replace(sending("both"), media=FILE), "text_or_file"),
        (sending(""), "text_or_file"),
        (replace(sending(""), media=Media(kind=MediaKind.IMAGE)), "file_without_link"),
        (replace(sending(""), media=Media(kind=MediaKind.IMAGE, url="/x")), "file_without_link"),
        (replace(sending(""), media=PLACE), "location_unsupported"),
        (sending("x" * 1601), "text_too_long"),
        (sending(chat_id=""), "address_invalid"),
        (sending(chat_id="+34&To=1"), "address_invalid"),
        (sending(chat_id="+34\n600"), "address_invalid"),
        (sending(channel_id="https://x"), "address_invalid"),
    ],
)
def test_what_twilio_cannot_take_is_refused_without_a_call(
    effect: SendMessage, reason: str
) -> None:
    (outcome,) = deliver(TwilioOutbound(account(NOBODY)), effect)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason


def test_an_effect_that_is_not_a_message_is_refused(outbound: TwilioOutbound) -> None:
    owner = ChangeOwner(kind=RecordKind.CONTACT, record=RecordId("r"), owner=CrmId("7"))
    (outcome,) = outbound.deliver([replace(delivery(sending()), effect=owner)])
    assert outcome == Rejected(reason="effect_unsupported", detail="twilio does not do ChangeOwner")


def templated(name: str, language: str = "es", *values: str) -> SendMessage:
    return replace(on_whatsapp(), template=Template(name=name, language=language, values=values))


def test_a_template_goes_by_its_id_with_its_values(outbound: TwilioOutbound, phone: Phone) -> None:
    text = "Hola {{1}}, el {{2}}"
    phone.steer("seed", contents=[{"sid": CONTENT, "name": "cita", "language": "es", "body": text}])
    deliver(outbound, templated(CONTENT, "es", "Eva", 'lunes "1"'))
    assert (phone.sent[0]["body"], phone.sent[0]["content_sid"]) == (
        'Hola Eva, el lunes "1"',
        CONTENT,
    )


def test_a_template_that_was_read_before_needs_no_look_up(
    outbound: TwilioOutbound, phone: Phone
) -> None:
    """Two of one name can't be told apart but by the id."""
    named = {"name": "cita", "language": "es", "body": "Hola"}
    phone.steer("seed", contents=[{**named, "sid": CONTENT}, named])
    by_id = Template(id=CONTENT, name="cita", language="es")
    (outcome,) = deliver(outbound, replace(on_whatsapp(), template=by_id))
    assert isinstance(outcome, Done)
    assert phone.sent[0]["content_sid"] == CONTENT


def test_a_template_may_be_named_by_name_and_language(
    outbound: TwilioOutbound, phone: Phone
) -> None:
    named = [{"name": "cita", "language": code, "body": code} for code in ("es", "en")]
    phone.steer("seed", contents=named)
    first, second = deliver(outbound, templated("cita"), templated("cita", "en"))
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert [sent["body"] for sent in phone.sent] == ["es", "en"]


def test_a_template_that_was_approved_later_is_found_too(
    outbound: TwilioOutbound, phone: Phone
) -> None:
    (before,) = deliver(outbound, templated("cita"))
    phone.steer("seed", contents=[{"name": "cita", "language": "es", "body": "x"}])
    (after,) = deliver(outbound, templated("cita"))
    assert isinstance(before, Rejected)
    assert before.reason == "template_unknown"
    assert isinstance(after, Done)


def test_a_name_that_two_templates_bear_is_refused(outbound: TwilioOutbound, phone: Phone) -> None:
    phone.steer("seed", contents=[{"name": "cita", "language": "es", "body": b} for b in "ab"])
    (outcome,) = deliver(outbound, templated("cita"))
    assert isinstance(outcome, Rejected)
    assert phone.sent == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [("401", AccountDown), ("429", AccountDown), ("500", RetryAt), ("html", RetryAt)],
)
def test_where_the_templates_cannot_be_read_nothing_is_sent(
    outbound: TwilioOutbound, phone: Phone, fault: str, expected: type[Outcome]
) -> None:
    phone.fail(fault, match="ContentAndApprovals")
    (outcome,) = deliver(outbound, templated("cita"))
    assert isinstance(outcome, expected)
    assert phone.sent == []


def test_the_same_words_to_the_same_client_go_apart(outbound: TwilioOutbound, phone: Phone) -> None:
    """R4: a look-up could not tell the second from the first."""
    first, again, other = deliver(outbound, sending("ok"), sending("ok", key="k-2"), sending("no"))
    assert isinstance(first, Done)
    assert again == RetryAt(when=NOW + APART, reason="twilio: the same words went just now")
    assert isinstance(other, Done)
    (later,) = outbound.deliver([delivery(sending("ok", key="k-2"), now=NOW + APART)])
    assert isinstance(later, Done)
    assert [sent["body"] for sent in phone.sent] == ["ok", "no", "ok"]


def test_what_was_refused_may_go_again_at_once(outbound: TwilioOutbound, phone: Phone) -> None:
    phone.fail("429")
    (first,) = deliver(outbound, sending("ok"))
    (again,) = deliver(outbound, sending("ok"))
    assert isinstance(first, AccountDown)
    assert isinstance(again, Done)


@pytest.mark.parametrize(
    "fault", ["500", "500_after", "reset", "reset_after", "html", "html_after"]
)
def test_r4_an_unclear_answer_is_unknown_and_the_rest_is_not_tried(
    outbound: TwilioOutbound, phone: Phone, fault: str
) -> None:
    phone.fail(fault)
    first, second = deliver(outbound, sending("one"), sending("two"))
    assert isinstance(first, Unknown)
    assert isinstance(second, AccountDown)
    assert second.until is not None
    assert len(phone.sent) == (1 if fault.endswith("after") else 0)


def test_r4_silence_is_unknown(phone: Phone) -> None:
    outbound = TwilioOutbound(account(phone.url, options={"call_timeout_seconds": "0.2"}))
    phone.fail("timeout_after", seconds=1.0)
    (outcome,) = deliver(outbound, sending())
    assert isinstance(outcome, Unknown)


def test_nobody_there_is_surely_not_sent() -> None:
    (outcome,) = deliver(TwilioOutbound(account(NOBODY)), sending())
    assert isinstance(outcome, AccountDown)
    assert outcome.until == NOW + timedelta(seconds=15)


@responses.activate
def test_the_form_is_what_twilio_asks_for() -> None:
    asked = responses.post(API, json={"sid": "SM1"}, status=201)
    (outcome,) = deliver(TwilioOutbound(account()), sending("ñ & €"))
    sent = asked.calls[0].request
    assert outcome == Done(vendor_ids={"id": "SM1"})
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent.body == "To=%2B34600000001&From=%2B14155550100&Body=%C3%B1+%26+%E2%82%AC"
    assert sent.headers["Authorization"].startswith("Basic ")


@responses.activate
@pytest.mark.parametrize("body", ["{}", '{"sid": ""}', '{"sid": 5}', "[]", "<html>", ""])
def test_r4_an_answer_without_a_sid_is_unknown(body: str) -> None:
    responses.post(API, body=body, status=201)
    (outcome,) = deliver(TwilioOutbound(account()), sending())
    assert isinstance(outcome, Unknown)


def test_s14_no_outcome_tells_token_number_or_text(phone: Phone) -> None:
    outbound = TwilioOutbound(account(phone.url, tokens=("wrong-token-0001",)))
    told = repr(deliver(outbound, sending("secret words")))
    told += repr(deliver(TwilioOutbound(account(phone.url)), sending(chat_id="+34000")))
    told += repr(deliver(TwilioOutbound(account(NOBODY)), sending("secret words")))
    for word in (TOKEN, "wrong-token-0001", CLIENT, "+34000", "secret words", SID):
        assert word not in told


@pytest.mark.parametrize(
    ("secret", "value"),
    [
        ("account_sid", "AC/../x"),
        ("account_sid", "AC x"),
        ("account_sid", "ÄC"),
        ("account_sid", "AC1\n"),
        ("auth_token", "é"),
        ("auth_token", "x\ny"),
    ],
)
def test_a_mistyped_secret_stops_at_the_start(secret: str, value: str) -> None:
    given = account()
    with pytest.raises(ConfigError, match="account_sid or auth_token"):
        TwilioReader(replace(given, secrets={**given.secrets, secret: (value,)}))


@responses.activate
def test_a_templates_values_are_json_by_number() -> None:
    asked = responses.post(API, json={"sid": "SM1"}, status=201)
    deliver(TwilioOutbound(account()), templated(CONTENT, "es", "á", "b"))
    form = dict(parse_qsl(str(asked.calls[0].request.body)))
    assert form["ContentSid"] == CONTENT
    assert json.loads(form["ContentVariables"]) == {"1": "á", "2": "b"}
    assert "Body" not in form
