"""R4: what became of a message without an answer. Found only where nothing else can be meant."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import responses

from bridge.domain.effects import SendMessage
from bridge.domain.messaging import Media, MediaKind, Messenger
from bridge.ports import CannotTell, Found
from connectors.twilio.outbound import TwilioOutbound
from tests.connectors.twilio.building import (
    CLIENT,
    NUMBER,
    SENDER,
    SID,
    account,
    delivery,
    sending,
)
from tests.connectors.twilio.phone import Phone

API = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"
FILE = Media(kind=MediaKind.IMAGE, url="https://files.example/a.png")


def moment() -> datetime:
    return datetime.now(UTC)


def find(outbound: TwilioOutbound, effect: SendMessage, since: datetime | None) -> object:
    (found,) = outbound.find([delivery(effect, now=moment(), in_doubt_since=since)])
    return found


@pytest.mark.parametrize("fault", ["500_after", "reset_after", "html_after"])
@pytest.mark.parametrize(
    "effect",
    [
        sending("¿Qué tal?\nEva & co"),
        sending(channel_id=SENDER, messenger=Messenger.WHATSAPP),
        replace(sending(""), media=FILE),
        sending(channel_id=f"MG{'e' * 32}"),
    ],
)
def test_what_went_without_an_answer_is_found(
    outbound: TwilioOutbound, phone: Phone, fault: str, effect: SendMessage
) -> None:
    phone.fail(fault)
    since = moment()
    outbound.deliver([delivery(effect, now=since)])
    assert find(outbound, effect, since) == Found(vendor_ids={"id": phone.sent[0]["sid"]})


def test_what_did_not_go_is_never_called_absent(outbound: TwilioOutbound, phone: Phone) -> None:
    """Twilio may show it late, and has no key that would make a second try harmless."""
    phone.fail("reset")
    since = moment()
    outbound.deliver([delivery(sending(), now=since)])
    assert isinstance(find(outbound, sending(), since), CannotTell)


def found_among(
    *listed: dict[str, Any],
    made: timedelta = timedelta(),
    ahead: timedelta = timedelta(),
    effect: SendMessage | None = None,
) -> object:
    """Of a list of messages that differ so from the one that was sent, each made that much after
    the attempt began; Twilio's clock is `ahead` of ours."""
    since = moment()
    alike = {
        "sid": "SM1",
        "body": "Buenas",
        "num_media": "0",
        "direction": "outbound-api",
        "date_created": format_datetime(since + made),
        "from": NUMBER,
        "to": CLIENT,
    }
    headers = {"date": format_datetime(since + ahead, usegmt=True)}
    with responses.RequestsMock() as mock:
        mock.get(API, json={"messages": [alike | changes for changes in listed]}, headers=headers)
        return find(TwilioOutbound(account()), effect or sending(), since)


def test_one_message_of_these_words_in_these_moments_is_it() -> None:
    assert found_among({}) == Found(vendor_ids={"id": "SM1"})


def test_only_one_may_fit() -> None:
    assert isinstance(found_among({}, {"sid": "SM2"}), CannotTell)
    assert isinstance(found_among(), CannotTell)


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "buenas"},
        {"body": None},
        {"direction": "inbound"},
        {"date_created": None},
        {"date_created": "yesterday"},
    ],
)
def test_another_text_or_direction_or_no_time_is_not_it(changes: dict[str, Any]) -> None:
    assert isinstance(found_among(changes), CannotTell)


@pytest.mark.parametrize("minutes", [-60, -5, 5, 60])
def test_another_moment_is_not_it(minutes: int) -> None:
    assert isinstance(found_among({}, made=timedelta(minutes=minutes)), CannotTell)


def test_a_file_is_not_found_in_a_text() -> None:
    effect = replace(sending(""), media=FILE)
    assert isinstance(found_among({"body": ""}, effect=effect), CannotTell)
    assert isinstance(found_among({"body": "", "num_media": "1"}, effect=effect), Found)


def test_a_clock_that_is_an_hour_off_is_allowed_for() -> None:
    """By Twilio's own Date header."""
    ahead = timedelta(hours=1)
    assert isinstance(found_among({}, made=ahead, ahead=ahead), Found)
    assert isinstance(found_among({}, ahead=ahead), CannotTell)


@responses.activate
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>"),
        (200, "[]"),
        (200, '{"messages": 5}'),
        (200, '{"messages": [5]}'),
        (200, '{"messages": [{"date_created": 5}]}'),
        (500, "{}"),
        (401, "{}"),
        (404, "{}"),
        (429, "{}"),
    ],
)
def test_an_answer_without_sense_tells_nothing(status: int, body: str) -> None:
    responses.get(API, body=body, status=status)
    assert isinstance(find(TwilioOutbound(account()), sending(), moment()), CannotTell)


def test_without_a_doubt_or_an_address_there_is_nothing_to_look_up() -> None:
    nowhere = TwilioOutbound(account("http://127.0.0.1:1"))
    assert isinstance(find(nowhere, sending(), None), CannotTell)
    assert isinstance(find(nowhere, sending(chat_id=""), moment()), CannotTell)
    assert isinstance(find(nowhere, sending(), moment()), CannotTell)
