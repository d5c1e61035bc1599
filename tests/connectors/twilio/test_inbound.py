"""What the fixtures don't show: odd forms, stable keys, and what nobody may see."""

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import PayloadInvalid
from bridge.domain.events import ChatBlocked, Event, MessageReceived, MessageStatusChanged
from bridge.domain.messaging import IdentityKind, MediaKind, MessageStatus, Messenger
from connectors.twilio.forms import FORM
from connectors.twilio.inbound import TwilioInbound
from tests.connectors.twilio.building import (
    CLIENT,
    FIELDS,
    MESSAGE,
    NOW,
    PUBLIC,
    account,
    posted,
    request,
)

FILE = (
    f"https://api.twilio.com/2010-04-01/Accounts/AC{'1' * 32}/Messages/{MESSAGE}/Media/ME{'c' * 32}"
)


def parse(**fields: str) -> tuple[Event, ...]:
    return TwilioInbound(account()).parse(posted({**FIELDS, **fields})).events


def received(**fields: str) -> MessageReceived:
    (event,) = parse(**fields)
    assert isinstance(event, MessageReceived)
    return event


def status(word: str, **fields: str) -> MessageStatusChanged:
    (event,) = parse(MessageStatus=word, SmsStatus=word, **fields)
    assert isinstance(event, MessageStatusChanged)
    return event


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("accepted", MessageStatus.QUEUED),
        ("scheduled", MessageStatus.QUEUED),
        ("queued", MessageStatus.QUEUED),
        ("sending", MessageStatus.QUEUED),
        ("sent", MessageStatus.SENT),
        ("delivered", MessageStatus.DELIVERED),
        ("read", MessageStatus.READ),
        ("undelivered", MessageStatus.FAILED),
        ("failed", MessageStatus.FAILED),
        ("canceled", MessageStatus.FAILED),
    ],
)
def test_each_status_has_its_place_in_the_lattice(word: str, expected: MessageStatus) -> None:
    event = status(word)
    assert (event.status, event.event_key) == (expected, f"status:{MESSAGE}:{word}")


def test_a_failure_tells_its_code_and_a_success_none() -> None:
    assert status("failed", ErrorCode="30003").error_code == "30003"
    assert status("failed").error_code == "failed"
    assert status("delivered", ErrorCode="0").error_code == ""


def test_a_message_of_old_has_only_sms_fields() -> None:
    told = {"SmsSid": MESSAGE, "SmsStatus": "received", "From": CLIENT, "To": "72345", "Body": "x"}
    (event,) = TwilioInbound(account()).parse(posted(told)).events
    assert isinstance(event, MessageReceived)
    assert (event.message_id, event.chat.channel_id) == (MESSAGE, "72345")


def test_a_get_is_read_from_its_address() -> None:
    told = request(
        b"", f"{PUBLIC}?MessageSid={MESSAGE}&From=%2B34600000001&To=1&Body=a%26b", method="GET"
    )
    (event,) = TwilioInbound(account()).parse(told).events
    assert isinstance(event, MessageReceived)
    assert (event.text, event.chat.phone) == ("a&b", CLIENT)


@pytest.mark.parametrize("missing", ["MessageSid", "From", "To"])
def test_a_message_without_what_names_it_is_refused_by_its_path(missing: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        parse(**{missing: ""})
    assert refused.value.path == f"$.{missing if missing != 'MessageSid' else 'SmsSid'}"


def test_a_form_that_is_no_message_is_refused() -> None:
    with pytest.raises(PayloadInvalid):
        TwilioInbound(account()).parse(posted({"CallSid": "CA1", "CallStatus": "ringing"}))


def test_a_redelivery_has_the_same_key() -> None:
    again = replace(posted(), received_at=NOW.replace(hour=23))
    inbound = TwilioInbound(account())
    keys = {inbound.parse(told).events[0].event_key for told in (posted(), again)}
    assert keys == {f"received:{MESSAGE}"}


@pytest.mark.parametrize(
    ("sender", "messenger", "chat_id", "phone"),
    [
        ("+34600000001", Messenger.SMS, "+34600000001", "+34600000001"),
        ("72345", Messenger.SMS, "72345", None),
        ("ACME", Messenger.SMS, "ACME", None),
        ("whatsapp:+34600000001", Messenger.WHATSAPP, "+34600000001", "+34600000001"),
        ("whatsapp:US.ENT.1181579921288", Messenger.WHATSAPP, "US.ENT.1181579921288", None),
        ("messenger:1234", Messenger.OTHER, "messenger:1234", None),
        ("rcs:+34600000001", Messenger.OTHER, "rcs:+34600000001", "+34600000001"),
        ("new:thing", Messenger.OTHER, "new:thing", None),
    ],
)
def test_an_address_names_messenger_chat_and_phone(
    sender: str, messenger: Messenger, chat_id: str, phone: str | None
) -> None:
    chat = received(From=sender).chat
    assert (chat.messenger, chat.chat_id, chat.phone) == (messenger, chat_id, phone)


def test_all_that_a_client_is_known_by_is_kept_in_order() -> None:
    chat = received(
        From="whatsapp:US.1349120865530274",
        ExternalUserId="whatsapp:US.1349120865530274",
        WaId="34600000001",
    ).chat
    assert [one.kind for one in chat.identities] == [IdentityKind.PHONE, IdentityKind.SCOPED]
    assert chat.phone == CLIENT


def test_help_changes_nothing_and_stop_blocks() -> None:
    assert [type(event) for event in parse(OptOutType="HELP")] == [MessageReceived]
    message, blocked = parse(OptOutType="STOP", Body="stop")
    assert isinstance(message, MessageReceived)
    assert isinstance(blocked, ChatBlocked)
    assert (blocked.chat, blocked.blocked) == (message.chat, True)


def test_the_link_to_a_file_is_not_handed_on() -> None:
    """It opens the file to whoever has it."""
    (file,) = received(NumMedia="1", MediaUrl0=FILE, MediaContentType0="image/png").media
    assert (file.url, file.media_id) == ("", f"{MESSAGE}/ME{'c' * 32}")


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/png", MediaKind.IMAGE),
        ("IMAGE/JPEG; q=1", MediaKind.IMAGE),
        ("audio/ogg", MediaKind.VOICE),
        ("audio/mpeg", MediaKind.AUDIO),
        ("video/mp4", MediaKind.VIDEO),
        ("application/pdf", MediaKind.DOCUMENT),
        ("text/x-vcard", MediaKind.CONTACT_CARD),
        ("image/webp", MediaKind.STICKER),
        ("", MediaKind.OTHER),
    ],
)
def test_a_file_is_of_the_kind_that_its_type_tells(content_type: str, kind: MediaKind) -> None:
    (file,) = received(NumMedia="1", MediaUrl0=FILE, MediaContentType0=content_type).media
    assert file.kind is kind


@pytest.mark.parametrize("count", ["-1", "x", "", "9999", "²", "1e3"])
def test_an_odd_number_of_files_is_none(count: str) -> None:
    assert received(NumMedia=count).media == ()


def test_no_more_files_are_made_than_a_message_can_have() -> None:
    assert len(received(NumMedia="999", MediaUrl0=FILE).media) == 10


@pytest.mark.parametrize("latitude", ["91x", "", "1;2", "1,2", "9" * 30])
def test_an_odd_place_is_no_place(latitude: str) -> None:
    assert received(Latitude=latitude, Longitude="1").media == ()


def test_a_message_that_says_nothing_says_so() -> None:
    assert "order" in received(Body="", MessageType="order").text
    assert "other" in received(Body="", MessageType="<script>").text
    assert received(Body="", InteractiveData='{"name": "Eva"}').text == '{"name": "Eva"}'
    assert received(Body="", MessageType="text").text == ""


def test_the_answer_makes_twilio_send_nothing() -> None:
    answer = TwilioInbound(account()).accepted(posted())
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    assert answer.body.endswith(b"<Response></Response>")


def test_an_event_stream_says_the_same_as_a_callback() -> None:
    """So that who has both is told once."""
    item = {
        "type": "com.twilio.messaging.message.delivered",
        "data": {
            "messageSid": MESSAGE,
            "timestamp": "2025-01-01T00:00:00.000Z",
            "messageStatus": "DELIVERED",
        },
    }
    told = request(json.dumps([item, item]).encode(), kind="application/json")
    (event,) = TwilioInbound(account()).parse(told).events
    assert event.event_key == status("delivered").event_key


def test_an_empty_event_stream_is_ignored_by_name() -> None:
    told = request(b"[]", kind="application/json")
    assert TwilioInbound(account()).parse(told).ignored == ("empty",)


NAMES = st.sampled_from(
    [
        *(*FIELDS, "MessageStatus", "NumMedia", "MediaUrl0", "MediaContentType0", "Latitude"),
        *("Longitude", "OptOutType", "ExternalUserId", "WaId", "ListId", "ReferralSourceUrl", "x"),
    ]
)


@given(
    fields=st.dictionaries(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=40)),
    kind=st.sampled_from([FORM, "application/json", ""]),
    more=st.binary(max_size=20),
)
def test_s9_any_form_is_read_or_refused(fields: dict[str, str], kind: str, more: bytes) -> None:
    told = replace(posted(fields), body=urlencode(fields).encode() + more)
    told = replace(told, headers={"content-type": kind})
    inbound = TwilioInbound(account())
    try:
        parsed = inbound.parse(told)
    except PayloadInvalid:
        return
    assert parsed == inbound.parse(told)
    assert parsed.events or parsed.ignored or parsed.rejected
    assert all(event.event_key and repr(event).encode() for event in parsed.events)
