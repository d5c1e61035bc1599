"""What items become beyond what the fixtures show: odd ones, order, who a chat is with."""

import json
from typing import Any

import pytest

from bridge.domain.events import (
    ChannelChanged,
    ChatBlocked,
    Event,
    IdentityChanged,
    MessageReceived,
    MessageStatusChanged,
    TemplateChanged,
)
from bridge.domain.messaging import Chat, IdentityKind, MediaKind
from bridge.ports import Parsed
from connectors.whatsapp.inbound import WhatsAppInbound
from connectors.whatsapp.reading import hex_of, is_business_scoped, phone_of
from tests.connectors.whatsapp.building import CLIENT, account, change, message, request, value


def parsed(given: dict[str, Any], field: str = "messages", **entry: Any) -> Parsed:
    return WhatsAppInbound(account()).parse(change(given, field, **entry))


def one(**fields: Any) -> MessageReceived:
    """The only event of a message."""
    (event,) = parsed(value(messages=[message(**fields)])).events
    assert isinstance(event, MessageReceived)
    return event


def chat_of(contact: dict[str, Any], **named: Any) -> Chat:
    """The chat of a message that names its writer like this."""
    fields = message(**({"from": None} | named))
    given = {key: text for key, text in fields.items() if text}
    (event,) = parsed(value(contacts=[contact], messages=[given])).events
    assert isinstance(event, MessageReceived)
    return event.chat


NUMBER, USER, PARENT = "16505551234", "US.13491208655302741918", "US.ENT.11815799212886844830"
NAMED = {"profile": {"name": "Eva", "username": "eva.g"}}


@pytest.mark.parametrize(
    ("contact", "named", "chat_id", "phone"),
    [
        ({"wa_id": NUMBER}, {"from": NUMBER}, NUMBER, f"+{NUMBER}"),
        ({"wa_id": NUMBER, "user_id": USER}, {"from": NUMBER}, NUMBER, f"+{NUMBER}"),
        ({"user_id": USER}, {"from_user_id": USER}, USER, None),
        ({"user_id": USER}, {"from": USER}, USER, None),
        ({"user_id": USER, "wa_id": NUMBER}, {"from_user_id": USER}, NUMBER, f"+{NUMBER}"),
        ({**NAMED, "user_id": USER}, {"from_user_id": USER}, USER, None),
        ({**NAMED, "user_id": USER, "wa_id": NUMBER}, {"from": NUMBER}, USER, f"+{NUMBER}"),
        ({**NAMED, "wa_id": NUMBER}, {"from": NUMBER}, NUMBER, f"+{NUMBER}"),
        ({"parent_user_id": PARENT}, {"from_parent_user_id": PARENT}, PARENT, None),
        ({"user_id": USER}, {}, USER, None),
        ({"wa_id": "another"}, {"from": NUMBER}, NUMBER, f"+{NUMBER}"),
    ],
)
def test_a_chat_goes_by_number_unless_it_may_be_withheld(
    contact: dict[str, Any], named: dict[str, Any], chat_id: str, phone: str | None
) -> None:
    chat = chat_of(contact, **named)
    assert (chat.chat_id, chat.phone) == (chat_id, phone)


def test_a_client_with_a_user_name_keeps_his_chat_when_his_number_vanishes() -> None:
    shown = chat_of({**NAMED, "user_id": USER, "wa_id": NUMBER}, **{"from": NUMBER})
    hidden = chat_of({**NAMED, "user_id": USER}, from_user_id=USER)
    assert shown.chat_id == hidden.chat_id
    assert {identity.kind for identity in shown.identities} > {
        identity.kind for identity in hidden.identities
    }


def test_all_ids_are_told_the_number_first() -> None:
    chat = chat_of({"wa_id": NUMBER, "user_id": USER, "parent_user_id": PARENT}, **{"from": NUMBER})
    kinds = [identity.kind for identity in chat.identities]
    assert kinds == [IdentityKind.PHONE, IdentityKind.SCOPED, IdentityKind.PARENT_SCOPED]


def test_contacts_are_found_by_id_not_by_place() -> None:
    contacts = [
        {"profile": {"name": "Other"}, "wa_id": "1"},
        {"profile": {"name": "Eva"}, "wa_id": CLIENT},
    ]
    (event,) = parsed(value(contacts=contacts, messages=[message()])).events
    assert isinstance(event, MessageReceived)
    assert event.chat.name == "Eva"


@pytest.mark.parametrize("contacts", [[], [{"wa_id": "1"}, {"wa_id": "2"}], [None], [{"wa_id": 5}]])
def test_a_message_of_nobody_is_refused_alone(contacts: list[Any]) -> None:
    nobody = message(id="wamid.2", **{"from": None})
    found = parsed(value(contacts=contacts, messages=[nobody, message()]))
    assert len(found.events) + len(found.rejected) == 2
    assert len(found.events) >= 1


@pytest.mark.parametrize("broken", ["name", {"profile": 5}, {"wa_id": []}, 5, None])
def test_a_broken_contact_loses_no_message(broken: Any) -> None:
    contacts = [broken, {"wa_id": CLIENT}]
    assert len(parsed(value(contacts=contacts, messages=[message()])).events) == 1


@pytest.mark.parametrize("contacts", [5, {}, "x", {"wa_id": CLIENT}, None])
def test_contacts_of_another_shape_lose_no_message(contacts: Any) -> None:
    assert len(parsed(value(contacts=contacts, messages=[message()])).events) == 1


@pytest.mark.parametrize("number", [5, None, [], {}, ""])
def test_our_own_number_of_another_shape_loses_no_message(number: Any) -> None:
    metadata = {"display_phone_number": number, "phone_number_id": "1"}
    assert len(parsed(value(metadata=metadata, messages=[message()])).events) == 1


@pytest.mark.parametrize("metadata", [5, None, {}, {"phone_number_id": []}])
def test_without_its_channel_a_change_is_refused_as_one(metadata: Any) -> None:
    found = parsed(value(metadata=metadata, messages=[message(), message(id="wamid.2")]))
    assert (len(found.events), len(found.rejected)) == (0, 1)


@pytest.mark.parametrize(
    ("shared", "phone"),
    [
        ({"phones": [{"phone": "+1 650-555-1234"}]}, "+16505551234"),
        ({"phones": [{"wa_id": "16505551234"}]}, "+16505551234"),
        ({"phones": [{"phone": "650 555 1234"}]}, None),
        ({"phones": [{"phone": "+1 1111111"}, {"phone": "+1 2222222"}]}, None),
        ({}, None),
    ],
)
def test_a_client_who_is_asked_gives_his_number(shared: dict[str, Any], phone: str | None) -> None:
    asked = {"type": "contacts", "origin": "contact_request", "contacts": [shared]}
    chat = chat_of({"user_id": USER}, from_user_id=USER, **asked)
    assert (chat.chat_id, chat.phone) == (USER, phone)


def test_a_card_that_nobody_asked_for_is_somebody_elses() -> None:
    card = {"type": "contacts", "contacts": [{"phones": [{"phone": "+1 650-555-1234"}]}]}
    assert chat_of({"user_id": USER}, from_user_id=USER, origin="other", **card).phone is None


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"type": "hologram"}, "(a message that WhatsApp can't show here: hologram)"),
        ({"type": "<b>"}, "(a message that WhatsApp can't show here: other)"),
        ({"type": None}, "(a message that WhatsApp can't show here)"),
        ({"type": "unsupported"}, "(a message that WhatsApp can't show here)"),
        (
            {"type": "unsupported", "unsupported": {"type": "video_note"}},
            "(a message that WhatsApp can't show here: video_note)",
        ),
        ({"type": "unsupported", "unsupported": 5}, "(a message that WhatsApp can't show here)"),
        ({"type": "location"}, "(a message that WhatsApp can't show here: location)"),
        (
            {"type": "interactive", "interactive": {"type": "carousel"}},
            "(a message that WhatsApp can't show here: carousel)",
        ),
        (
            {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {}}},
            "(form)",
        ),
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "nfm_reply",
                    "nfm_reply": {"body": "Sent", "response_json": "{no json"},
                },
            },
            "Sent\n{no json",
        ),
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "nfm_reply",
                    "nfm_reply": {"response_json": '{"a": {"b": [1]}, "flow_token": "secret"}'},
                },
            },
            '(form)\na: {"b":[1]}',
        ),
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "call_permission_reply",
                    "call_permission_reply": {"response": "accept"},
                },
            },
            "(call permission: accept)",
        ),
        ({"type": "button", "button": {"payload": "yes"}}, "yes"),
        ({"type": "order", "order": {"text": "soon"}}, "(order)\nsoon"),
        ({"type": "contacts", "contacts": [{}]}, "?"),
        ({"type": "contacts", "contacts": [{"emails": [{"email": "a@b.example"}]}]}, "a@b.example"),
    ],
)
def test_nothing_a_client_sends_is_silent(fields: dict[str, Any], text: str) -> None:
    assert one(**fields).text == text


def test_a_location_is_a_place_with_its_name() -> None:
    event = one(type="location", location={"latitude": -1.5, "longitude": 3, "name": "Cafe"})
    (place,) = event.media
    assert (place.kind, place.url, event.text) == (MediaKind.LOCATION, "geo:-1.5,3.0", "Cafe")


@pytest.mark.parametrize("latitude", ["1", True, None, 1e308, 10**400, [1]])
def test_a_place_that_is_nowhere_is_refused(latitude: Any) -> None:
    place = {"latitude": latitude, "longitude": 3}
    found = parsed(value(messages=[message(type="location", location=place)]))
    assert [r.path.rpartition(".")[2] for r in found.rejected] == ["latitude"]


@pytest.mark.parametrize(
    ("timestamp", "year"), [("1749416383", 2025), (1749416383, 2025), ("1749416383000", 2025)]
)
def test_times_come_as_text_or_number(timestamp: Any, year: int) -> None:
    assert one(timestamp=timestamp).occurred_at.year == year


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "²", "9" * 30, None, -5, 1.5, []])
def test_a_message_without_a_time_is_refused(timestamp: Any) -> None:
    assert len(parsed(value(messages=[message(timestamp=timestamp)])).rejected) == 1


def test_an_id_too_long_to_be_one_is_refused() -> None:
    assert len(parsed(value(messages=[message(id="w" * 513)])).rejected) == 1


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=", "49f2276348"),
        ("AB" * 32, "abababab"),
        ("4654+8g=", ""),
        ("not base64!", ""),
        ("é", ""),
        ("", ""),
    ],
)
def test_a_hash_is_read_in_base64_or_hex(text: str, digest: str) -> None:
    assert hex_of(text).startswith(digest)
    assert len(hex_of(text)) == (64 if digest else 0)


@pytest.mark.parametrize(
    ("text", "phone"),
    [("16505551234", "+16505551234"), ("+1650555", "+1650555"), ("US.1", None), ("12", None)],
)
def test_a_number_is_digits_of_a_length(text: str, phone: str | None) -> None:
    assert phone_of(text) == phone
    assert phone_of("١٦٥٠٥٥٥١٢٣٤") is None


def test_a_business_scoped_id_has_a_country() -> None:
    assert is_business_scoped(USER)
    assert is_business_scoped(PARENT)
    assert not any(map(is_business_scoped, ("16505551234", "us.1", "US.", "US.a b", "USA.1")))


def test_news_without_a_time_are_told_apart_by_their_day() -> None:
    """A redelivery has the same key, the same news on another day has not."""
    body = {"event": "APPROVED", "message_template_id": 1, "message_template_name": "t"}
    told = change(body, "message_template_status_update")
    (event,) = WhatsAppInbound(account()).parse(told).events
    assert isinstance(event, TemplateChanged)
    assert event.event_key == "template:1:approved:2025-11-22"
    assert event.occurred_at == told.received_at


def test_a_restriction_of_all_messages_blocks() -> None:
    kinds = ("RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING")
    info = [{"restriction_type": kind} for kind in kinds]
    body = {"event": "ACCOUNT_RESTRICTION", "restriction_info": info}
    (event,) = parsed(body, "account_update", time=1743451903).events
    assert isinstance(event, ChannelChanged)
    assert event.state == "blocked"


def test_a_system_message_that_says_nothing_is_refused() -> None:
    given = message(type="system", system={"type": "user_changed_number"})
    assert [r.path.rpartition(".")[2] for r in parsed(value(messages=[given])).rejected] == [
        "system"
    ]


def test_an_old_spelling_of_a_changed_number_is_read() -> None:
    system = {"type": "customer_changed_number", "new_wa_id": "12195555358"}
    (event,) = parsed(value(messages=[message(type="system", system=system)])).events
    assert isinstance(event, IdentityChanged)
    assert (event.old_chat_id, event.chat.chat_id) == (CLIENT, "12195555358")


def test_a_status_that_names_nobody_counts() -> None:
    status = {"id": "wamid.1", "status": "read", "timestamp": "1749416383"}
    (event,) = parsed(value(contacts=[], statuses=[status])).events
    assert isinstance(event, MessageStatusChanged)
    assert event.chat is None


@pytest.mark.parametrize("category", ["utility", "<b>"])
def test_other_preferences_are_noted(category: str) -> None:
    wish = {"wa_id": CLIENT, "category": category, "value": "stop", "timestamp": 1}
    found = parsed(value(user_preferences=[wish]), "user_preferences")
    assert not [e for e in found.events if isinstance(e, ChatBlocked)]
    assert found.ignored[0].startswith("user_preferences:")


@pytest.mark.parametrize(
    ("body", "ignored", "rejected"),
    [
        ({}, 1, 0),
        ({"object": "whatsapp_business_account"}, 0, 1),
        ({"object": "whatsapp_business_account", "entry": []}, 1, 0),
        ({"object": "whatsapp_business_account", "entry": [5, {}]}, 0, 2),
        ({"object": "whatsapp_business_account", "entry": [{"changes": [{}, 5]}]}, 0, 2),
        ({"object": "whatsapp_business_account", "entry": [{"changes": {"field": "x"}}]}, 0, 1),
    ],
)
def test_nothing_of_a_body_is_silent(body: dict[str, Any], ignored: int, rejected: int) -> None:
    found = WhatsAppInbound(account()).parse(request(json.dumps(body).encode()))
    assert (len(found.ignored), len(found.rejected)) == (ignored, rejected)
    assert found.events == ()


def test_the_same_message_twice_in_a_body_is_one() -> None:
    assert len(parsed(value(messages=[message(), message()])).events) == 1


def test_items_come_in_the_order_of_the_body() -> None:
    status = {"id": "wamid.0", "status": "read", "timestamp": "1749416383"}
    given = value(statuses=[status], messages=[message(), message(id="wamid.2")])
    keys = [event.event_key for event in parsed(given).events]
    assert keys == ["status:wamid.0:read", "received:wamid.1", "received:wamid.2"]


def test_a_thousand_items_are_read() -> None:
    found = parsed(value(messages=[message(id=f"wamid.{n}") for n in range(1000)]))
    events: tuple[Event, ...] = found.events
    assert len(events) == 1000
