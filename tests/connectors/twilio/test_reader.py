"""What is read: channels, templates, files."""

import base64
from dataclasses import replace
from typing import Any

import pytest
import responses

from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.domain.messaging import ChannelState, Media, MediaKind, Messenger
from bridge.ports import Account, ChannelReading, TemplateReading
from connectors.fetching import GONE, TOO_LARGE
from connectors.twilio.inbound import TwilioInbound
from connectors.twilio.media import TwilioMedia
from connectors.twilio.reader import TwilioReader
from connectors.twilio.templates import read_templates
from tests.connectors.twilio.building import CLIENT, NUMBER, SENDER, SID, account
from tests.connectors.twilio.phone import Phone, Receiver

NUMBERS = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json"
SENDERS = "https://messaging.twilio.com/v2/Channels/Senders"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 100


def test_our_numbers_and_senders_are_channels(at_sandbox: Account) -> None:
    assert TwilioReader(at_sandbox).channels() == [
        ChannelReading(
            channel_id=NUMBER,
            messenger=Messenger.SMS,
            state=ChannelState.ACTIVE,
            plain_id=NUMBER,
            name="Sales",
            detail="in-use",
        ),
        ChannelReading(
            channel_id=SENDER,
            messenger=Messenger.WHATSAPP,
            state=ChannelState.ACTIVE,
            plain_id=NUMBER,
            name="Acme",
            detail="ONLINE",
            window_hours=24,
        ),
    ]


@pytest.mark.parametrize(
    ("status", "state", "detail"),
    [
        ("ONLINE:UPDATING", ChannelState.ACTIVE, "ONLINE:UPDATING"),
        ("OFFLINE", ChannelState.UNREACHABLE, "63020"),
        ("VERIFYING", ChannelState.CONNECTING, "VERIFYING"),
        ("NEW", ChannelState.UNKNOWN, "NEW"),
    ],
)
def test_a_senders_status_is_the_channels_state(
    at_sandbox: Account, phone: Phone, status: str, state: ChannelState, detail: str
) -> None:
    phone.steer("seed", channels=[{"address": "whatsapp:+1", "status": status}])
    found = TwilioReader(at_sandbox).channels()[-1]
    assert (found.state, found.detail) == (state, detail)


def number(n: int, **changes: Any) -> dict[str, Any]:
    return {"phone_number": f"+1415555{n:04}", "capabilities": {"sms": True}} | changes


@responses.activate
def test_every_page_is_read_and_voice_alone_is_no_channel() -> None:
    second = "/2010-04-01/Accounts/x/IncomingPhoneNumbers.json?Page=1&PageToken=t"
    deaf = number(2, capabilities={"sms": False, "mms": False, "voice": True})
    first = {"incoming_phone_numbers": [number(1), deaf], "next_page_uri": second}
    responses.get(NUMBERS, json=first)
    responses.get(f"https://api.twilio.com{second}", json={"incoming_phone_numbers": [number(3)]})
    page = {
        "senders": [{"sender_id": "whatsapp:+1"}],
        "meta": {"next_page_url": f"{SENDERS}?Page=1"},
    }
    responses.get(
        SENDERS,
        json=page,
        match=[responses.matchers.query_param_matcher({"Channel": "whatsapp", "PageSize": "1000"})],
    )
    responses.get(f"{SENDERS}?Page=1", json={"senders": [{"sender_id": "whatsapp:+2"}], "meta": {}})
    found = [one.channel_id for one in TwilioReader(account()).channels()]
    assert found == ["+14155550001", "+14155550003", "whatsapp:+1", "whatsapp:+2"]


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"code": 20003}, CredentialsInvalid),
        (403, {}, CredentialsInvalid),
        (429, {"code": 20429}, DeliveryTransient),
        (500, {}, OutcomeUnknown),
        (404, {"code": 20404}, OutcomeUnknown),
        (200, {}, OutcomeUnknown),
        (200, {"incoming_phone_numbers": [{}]}, OutcomeUnknown),
        (200, {"incoming_phone_numbers": [{"capabilities": {"sms": True}}]}, OutcomeUnknown),
    ],
)
def test_an_answer_that_is_none_is_told(status: int, body: object, error: type[Exception]) -> None:
    responses.get(NUMBERS, json=body, status=status)
    with pytest.raises(error) as raised:
        TwilioReader(account()).channels()
    assert SID not in str(raised.value)


def test_nobody_there_is_told() -> None:
    with pytest.raises(DeliveryTransient):
        TwilioReader(account("http://127.0.0.1:1")).channels()


def test_templates_tell_their_text_places_and_verdict(at_sandbox: Account, phone: Phone) -> None:
    given = {
        "sid": f"HX{'a' * 32}",
        "name": "cita",
        "language": "es",
        "body": "Hola {{1}} {{2}} {{1}}",
    }
    phone.steer("seed", contents=[given, {"name": "no", "body": "x", "status": "rejected"}])
    first, second = read_templates(at_sandbox)
    assert first == TemplateReading(
        template_id=f"HX{'a' * 32}",
        name="cita",
        language="es",
        text="Hola {{1}} {{2}} {{1}}",
        usable=True,
        places=2,
        detail="approved",
        category="utility",
    )
    assert (second.usable, second.detail) == (False, "rejected")


@responses.activate
@pytest.mark.parametrize(
    ("types", "text"),
    [
        ({"twilio/media": {"body": "see", "media": ["https://x.example"]}}, "see"),
        ({"twilio/location": {"latitude": 1}, "twilio/text": {"body": "b"}}, "b"),
        ({"twilio/card": None, "whatsapp/card": {"body": 5}}, ""),
        (None, ""),
    ],
)
def test_a_template_without_words_is_read_all_the_same(types: object, text: str) -> None:
    item = {"sid": "HX1", "types": types, "approval_requests": None, "variables": {"1": "x"}}
    responses.get("https://content.twilio.com/v1/ContentAndApprovals", json={"contents": [item]})
    (found,) = read_templates(account())
    assert (found.text, found.usable, found.places) == (text, False, 1)


@responses.activate
def test_a_list_of_templates_that_makes_no_sense_is_told() -> None:
    responses.get("https://content.twilio.com/v1/ContentAndApprovals", json={"contents": [{}]})
    with pytest.raises(OutcomeUnknown):
        read_templates(account())


@pytest.fixture
def media(phone: Phone, bridge: Receiver) -> Media:
    """A picture that a client sent."""
    phone.steer("seed", channels=[{"address": "+14155550199", "hook": bridge.hook}])
    file = {"type": "image/png", "base64": base64.b64encode(PICTURE).decode()}
    phone.steer("incoming", to="+14155550199", **{"from": CLIENT}, file=file)
    phone.settle()
    (event,) = bridge.events()
    found: Media = event.media[0]  # type: ignore[union-attr]
    return found


def test_a_file_is_fetched_signed_in_from_where_twilio_redirects_to(
    at_sandbox: Account, media: Media
) -> None:
    found = TwilioMedia(at_sandbox).fetch(media, 1000)
    assert (found.content, found.content_type) == (PICTURE, "image/png")


def test_a_file_that_is_too_large_or_gone_is_told(at_sandbox: Account, media: Media) -> None:
    with pytest.raises(DeliveryRejected) as large:
        TwilioMedia(at_sandbox).fetch(media, 50)
    gone = replace(media, media_id=media.media_id[:-1] + "0")
    with pytest.raises(DeliveryRejected) as lost:
        TwilioMedia(at_sandbox).fetch(gone, 1000)
    assert (large.value.code, lost.value.code) == (TOO_LARGE, GONE)


@pytest.mark.parametrize("media_id", ["", "x", "../../secret", f"SM{'a' * 32}/ME{'b' * 31}/"])
def test_an_id_that_is_none_is_asked_of_nobody(media_id: str) -> None:
    media = Media(kind=MediaKind.IMAGE, media_id=media_id, url="http://127.0.0.1:1/x")
    with pytest.raises(DeliveryRejected):
        TwilioMedia(account("http://127.0.0.1:1")).fetch(media, 1000)


def test_wrong_credentials_fetch_nothing(phone: Phone, media: Media) -> None:
    with pytest.raises(DeliveryRejected) as refused:
        TwilioMedia(account(phone.url, tokens=("wrong",))).fetch(media, 1000)
    assert refused.value.status == 401


def test_the_inbound_reads_no_more_than_the_token_that_it_needs() -> None:
    assert TwilioInbound(replace(account(), secrets={"auth_token": ("x",)}))
