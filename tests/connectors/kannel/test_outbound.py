"""Sending: what goes to smsbox, and what its answers mean."""

from dataclasses import replace
from datetime import timedelta

import pytest
import responses
from requests import PreparedRequest

from bridge.domain.effects import ChangeOwner, SendMessage
from bridge.domain.errors import ConfigError, CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.events import MessageStatusChanged
from bridge.domain.messaging import Media, MediaKind, MessageStatus, Template
from bridge.domain.names import CrmId, RecordId
from bridge.domain.records import RecordKind
from bridge.ports import AccountDown, CannotTell, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.kannel.doctor import KannelDoctor
from connectors.kannel.outbound import KannelOutbound, message_id
from connectors.kannel.reader import KannelReader
from connectors.kannel.words import is_plain, most_letters, places
from tests.connectors.kannel.building import (
    CLIENT,
    NOW,
    NUMBER,
    PASSWORD,
    PATH_SECRET,
    account,
    delivery,
    sending,
)
from tests.connectors.kannel.phone import Phone, Receiver

NOBODY = "http://127.0.0.1:1"
SENDSMS = "http://127.0.0.1:13013/cgi-bin/sendsms"
HOOK = "https://bridge.example/hooks/sms"
FILE = Media(kind=MediaKind.IMAGE, url="https://files.example/a.png")


def deliver(outbound: KannelOutbound, *effects: SendMessage) -> list[Outcome]:
    return list(outbound.deliver([delivery(effect) for effect in effects]))


def test_a_text_is_sent_once_and_its_reports_bear_its_id(
    outbound: KannelOutbound, phone: Phone, bridge: Receiver
) -> None:
    (outcome,) = deliver(outbound, sending("¿Qué tal?"))
    phone.settle()
    (sent,) = phone.sent
    assert (sent["sender"], sent["receiver"], sent["text"]) == (NUMBER, CLIENT, "¿Qué tal?")
    events = [event for event in bridge.events() if isinstance(event, MessageStatusChanged)]
    assert [event.status for event in events] == [MessageStatus.SENT, MessageStatus.DELIVERED]
    assert outcome == Done(vendor_ids={"id": events[0].message_id})


def test_a_phone_that_is_gone_is_told(
    outbound: KannelOutbound, phone: Phone, bridge: Receiver
) -> None:
    phone.steer("seed", absent=[CLIENT])
    deliver(outbound, sending())
    phone.settle()
    assert [e.status for e in bridge.events() if isinstance(e, MessageStatusChanged)] == [
        MessageStatus.SENT,
        MessageStatus.FAILED,
    ]


def asked(effect: SendMessage, hook: str = HOOK, **options: str) -> PreparedRequest:
    with responses.RequestsMock() as mock:
        mock.post(SENDSMS, body="0: Accepted for delivery", status=202)
        deliver(KannelOutbound(account(hook_url=hook, options=options)), effect)
        return mock.calls[0].request


def test_all_is_told_by_headers_and_nothing_in_the_address() -> None:
    sent = asked(sending("ñ"), username="acme")
    told = {k.lower(): v for k, v in sent.headers.items() if k.lower().startswith("x-kannel")}
    assert sent.url == SENDSMS
    assert sent.body == "ñ".encode()
    assert told == {
        "x-kannel-username": "acme",
        "x-kannel-password": PASSWORD,
        "x-kannel-to": CLIENT,
        "x-kannel-from": NUMBER,
        "x-kannel-coding": "0",
        "x-kannel-dlr-mask": "31",
        "x-kannel-dlr-url": f"{HOOK}/{PATH_SECRET}?key={message_id(sending())}"
        "&dlr=%d&when=%T&smsc=%i&answer=%A",
    }


def test_reports_may_come_by_another_address_or_not_at_all() -> None:
    near = asked(sending(), callback_url="http://10.0.0.5:8000/hooks/sms/").headers
    assert near["x-kannel-dlr-url"].startswith(f"http://10.0.0.5:8000/hooks/sms/{PATH_SECRET}?")
    assert "x-kannel-dlr-url" not in asked(sending(), hook="").headers


def test_a_percent_of_our_address_is_none_of_kannels_codes() -> None:
    given = asked(sending(), hook="https://b.example/hooks/a%20b").headers
    assert given["x-kannel-dlr-url"].startswith("https://b.example/hooks/a%%20b/")


@pytest.mark.parametrize(
    ("chat_id", "to"), [("34600000001", CLIENT), (CLIENT, CLIENT), ("7275", "7275")]
)
def test_a_chat_becomes_a_number(chat_id: str, to: str) -> None:
    assert asked(sending(chat_id=chat_id)).headers["x-kannel-to"] == to


@pytest.mark.parametrize(
    ("text", "plain", "count"),
    [
        ("Hola @ £ ñ à Ω", True, 14),
        ("{}[]~^|\\€", True, 18),
        ("ó", False, 1),
        ("Привет", False, 6),
        ("😀", False, 2),
        ("`", False, 1),
        ("\t", False, 1),
        ("", True, 0),
    ],
)
def test_the_coding_is_chosen_by_the_letters(text: str, plain: bool, count: int) -> None:
    assert (is_plain(text), places(text)) == (plain, count)


@pytest.mark.parametrize(("text", "coding"), [("ñ", "0"), ("ó", "2"), ("😀", "2")])
def test_what_gsm_does_not_have_goes_as_unicode(text: str, coding: str) -> None:
    assert asked(sending(text)).headers["x-kannel-coding"] == coding


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (replace(sending(""), media=FILE), "text_only"),
        (replace(sending(), media=FILE), "text_only"),
        (replace(sending(), template=Template(name="x", language="es")), "text_only"),
        (sending(""), "text_only"),
        (sending("x" * 1531), "text_too_long"),
        (sending("€" * 766), "text_too_long"),
        (sending("ó" * 671), "text_too_long"),
        (sending(chat_id="+34 600"), "address_invalid"),
        (sending(chat_id="+34\r\nX-Kannel-To: 1"), "address_invalid"),
        (sending(chat_id=""), "address_invalid"),
        (sending(channel_id="é"), "address_invalid"),
    ],
)
def test_what_is_no_sms_is_refused_without_a_call(effect: SendMessage, reason: str) -> None:
    (outcome,) = deliver(KannelOutbound(account(NOBODY)), effect)
    assert isinstance(outcome, Rejected)
    assert outcome.reason == reason


@pytest.mark.parametrize("text", ["x" * 1530, "€" * 765, "ó" * 670])
def test_the_longest_text_passes(outbound: KannelOutbound, text: str) -> None:
    (outcome,) = deliver(outbound, sending(text))
    assert isinstance(outcome, Done)


def test_an_effect_that_is_not_a_message_is_refused(outbound: KannelOutbound) -> None:
    owner = ChangeOwner(kind=RecordKind.CONTACT, record=RecordId("r"), owner=CrmId("7"))
    (outcome,) = outbound.deliver([replace(delivery(sending()), effect=owner)])
    assert outcome == Rejected(reason="effect_unsupported", detail="kannel does not do ChangeOwner")


def answered(status: int, body: str = "", **headers: str) -> Outcome:
    with responses.RequestsMock() as mock:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        mock.post(SENDSMS, body=body, status=status, headers=named)
        (outcome,) = deliver(KannelOutbound(account()), sending())
    return outcome


@pytest.mark.parametrize("body", ["0: Accepted for delivery", "3: Queued for later delivery"])
def test_taken_is_done(body: str) -> None:
    assert isinstance(answered(202, body), Done)


@pytest.mark.parametrize(
    ("status", "body"),
    [(202, ""), (202, "<html>"), (200, "0: Accepted"), (500, ""), (502, ""), (503, "<html>")],
)
def test_r4_what_is_not_clearly_taken_or_refused_is_unknown(status: int, body: str) -> None:
    assert isinstance(answered(status, body), Unknown)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_password_holds_the_account(status: int) -> None:
    outcome = answered(status, "Authorization failed for sendsms")
    assert isinstance(outcome, AccountDown)
    assert outcome.until is None


@pytest.mark.parametrize(
    ("status", "seconds", "headers"),
    [(503, 15, {}), (429, 15, {}), (429, 60, {"retry_after": "60"})],
)
def test_a_busy_gateway_is_waited_for(status: int, seconds: int, headers: dict[str, str]) -> None:
    outcome = answered(status, "Temporal failure, try again later.", **headers)
    assert isinstance(outcome, AccountDown)
    assert outcome.until == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [408, 423, 425])
def test_a_passing_status_is_tried_again(status: int) -> None:
    assert isinstance(answered(status), RetryAt)


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        ("Sender missing and no global set, rejected", "global-sender"),
        ("Number(s) has/have been denied by white- and/or black-lists.", "black or white"),
        ("Garbage 'to' field +34600000001, rejected.", "smsbox log"),
    ],
)
def test_a_refusal_says_what_to_do_and_no_number(body: str, advice: str) -> None:
    outcome = answered(400, body)
    assert isinstance(outcome, Rejected)
    assert advice in outcome.detail
    assert CLIENT not in repr(outcome)


@pytest.mark.parametrize(
    "fault", ["500", "500_after", "reset", "reset_after", "html", "html_after"]
)
def test_r4_an_unclear_answer_is_unknown_and_the_rest_is_not_tried(
    outbound: KannelOutbound, phone: Phone, fault: str
) -> None:
    phone.fail(fault)
    first, second = deliver(outbound, sending("one"), sending("two"))
    assert isinstance(first, Unknown)
    assert isinstance(second, AccountDown)
    assert len(phone.sent) == (1 if fault.endswith("after") else 0)


def test_r4_silence_is_unknown_and_cannot_be_looked_up(phone: Phone) -> None:
    outbound = KannelOutbound(account(phone.url, options={"call_timeout_seconds": "0.2"}))
    phone.fail("timeout_after", seconds=1.0)
    (outcome,) = deliver(outbound, sending())
    (found,) = outbound.find([delivery(sending())])
    assert isinstance(outcome, Unknown)
    assert isinstance(found, CannotTell)


def test_nobody_there_is_surely_not_sent() -> None:
    (outcome,) = deliver(KannelOutbound(account(NOBODY)), sending())
    assert isinstance(outcome, AccountDown)
    assert outcome.until == NOW + timedelta(seconds=15)


def test_s14_no_outcome_tells_password_number_or_text(phone: Phone) -> None:
    told = repr(
        deliver(KannelOutbound(account(phone.url, password="wrong-one")), sending("secret words"))
    )
    told += repr(deliver(KannelOutbound(account(NOBODY)), sending("secret words")))
    for word in (PASSWORD, PATH_SECRET, "wrong-one", CLIENT, "secret words"):
        assert word not in told


@pytest.mark.parametrize("password", ["a b", "é", "x\ny"])
def test_a_password_that_no_header_can_hold_stops_at_the_start(password: str) -> None:
    with pytest.raises(ConfigError, match="password"):
        KannelReader(account(password=password))


@pytest.mark.parametrize("secret", ["a/b", "a%20", "a?b", "ключ"])
def test_a_path_secret_that_no_address_can_hold_stops_at_the_start(secret: str) -> None:
    with pytest.raises(ConfigError, match="path_secret"):
        KannelOutbound(account(secrets=(secret,)))


def test_the_doctor_asks_for_the_numbers(phone: Phone) -> None:
    (found,) = KannelDoctor(account(phone.url)).examine("https://bridge.example")
    assert (found.code, found.fixable) == ("numbers_unnamed", False)
    named = KannelDoctor(account(phone.url, options={"numbers": NUMBER}))
    assert named.examine("https://bridge.example") == []
    assert named.fix("https://bridge.example", take_over=False) == []
    assert phone.sent == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [("401", CredentialsInvalid), ("500", OutcomeUnknown), ("html", OutcomeUnknown)],
)
def test_the_doctor_tells_who_else_answers(
    phone: Phone, fault: str, error: type[Exception]
) -> None:
    phone.fail(fault)
    with pytest.raises(error):
        KannelDoctor(account(phone.url)).examine("https://bridge.example")


def test_the_doctor_tells_that_nobody_answers() -> None:
    with pytest.raises(DeliveryTransient):
        KannelDoctor(account(NOBODY)).examine("https://bridge.example")


@pytest.mark.parametrize("letter", ["a", "{", "ж", "😀"])
def test_as_many_letters_as_are_promised_fit_in_one_message(letter: str) -> None:
    text = letter * most_letters(letter * 5_000)
    most = 10 * (153 if is_plain(text) else 67)
    assert most - 2 < places(text) <= most
