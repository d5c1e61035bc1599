"""S1: only who knows the secret gets in; and what the fixtures don't show of Kannel's calls."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import PayloadInvalid, SignatureInvalid
from bridge.domain.events import Event, MessageReceived, MessageStatusChanged
from bridge.domain.messaging import MessageStatus, Messenger
from bridge.ports import RawRequest
from connectors.kannel.inbound import KannelInbound, phone_of
from tests.connectors.kannel.building import (
    CLIENT,
    FIELDS,
    NOW,
    PATH_SECRET,
    PUBLIC,
    account,
    called,
)

REPORT = {"key": "0f1e2d3c", "dlr": "1", "when": "1795354295", "answer": ""}


def is_taken(told: RawRequest, *secrets: str) -> bool:
    try:
        KannelInbound(account(secrets=secrets or (PATH_SECRET,))).verify(told)
    except SignatureInvalid:
        return False
    return True


def parse(told: RawRequest) -> Event:
    (event,) = KannelInbound(account()).parse(told).events
    return event


def received(told: RawRequest) -> MessageReceived:
    event = parse(told)
    assert isinstance(event, MessageReceived)
    return event


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_knows_the_secret_gets_in(method: str) -> None:
    assert is_taken(called(method=method))


@pytest.mark.parametrize(
    "url",
    [
        "https://bridge.example/hooks/sms",
        "https://bridge.example/hooks/sms/",
        f"https://bridge.example/hooks/sms?secret={PATH_SECRET}",
        f"https://bridge.example/hooks/sms/{PATH_SECRET}/",
        f"https://bridge.example/hooks/sms/{PATH_SECRET[:-1]}",
        f"https://bridge.example/hooks/sms/{PATH_SECRET}x",
        f"https://bridge.example/hooks/sms/{PATH_SECRET.upper()}",
        f"https://bridge.example/{PATH_SECRET}",
        "https://bridge.example/hooks/sms/%ff%fe",
        "https://bridge.example/hooks/sms/клюè",
        "https://bridge.example/hooks/sms/\udcff",
        "http://[broken",
        "",
    ],
)
def test_s3_anything_else_is_refused_as_such(url: str) -> None:
    assert not is_taken(called(url=url))
    assert not is_taken(called({}, url=url))


@pytest.mark.parametrize("method", ["PUT", "HEAD", "DELETE", ""])
def test_other_methods_are_refused(method: str) -> None:
    assert not is_taken(replace(called(), method=method))


def test_two_secrets_are_taken_while_rotating() -> None:
    assert is_taken(called(), "new", PATH_SECRET)
    assert not is_taken(called(), "new")


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ('text/plain; charset="UTF-8"', "Hola ¿qué? 😀".encode(), "Hola ¿qué? 😀"),
        ("text/plain; charset=UTF-16BE", "Привет 😀".encode("utf-16-be"), "Привет 😀"),
        ("text/plain; charset=ISO-8859-1", "Adiós".encode("latin-1"), "Adiós"),
        ("text/plain", "ñ".encode(), "ñ"),
        ("text/plain; charset=no-such", "ñ".encode(), "ñ"),
        ("text/plain; charset=rot13", b"abc", "abc"),
        ("text/plain; charset=UTF-8", b"\xff", "�"),
        ("application/octet-stream", b"\x00\x01", "(a binary message of 2 bytes)"),
        ("text/plain", b"", "(an empty SMS)"),
        ("", b"Hola", "Hola"),
    ],
)
def test_the_text_is_read_in_its_charset(kind: str, body: bytes, text: str) -> None:
    assert received(called(body=body, kind=kind)).text == text


@pytest.mark.parametrize(
    ("charset", "text", "read"),
    [
        ("UTF-8", "%C2%BFqu%C3%A9%3F", "¿qué?"),
        ("ISO-8859-1", "Adi%F3s", "Adiós"),
        ("UTF-16BE", "%00H%04%1F", "HП"),
        ("GSM", "abc", "abc"),
    ],
)
def test_get_url_is_read_too(charset: str, text: str, read: str) -> None:
    url = f"{PUBLIC}?id=1&from=%2B34600000001&to=7275&charset={charset}&text={text}"
    assert received(called({}, b"", method="GET", url=url)).text == read


def test_when_it_was_sent_counts() -> None:
    assert received(called()).occurred_at.timestamp() == 1795354374
    for odd in ("", "0", "yesterday", "9" * 12, "-1"):
        assert received(called({**FIELDS, "when": odd})).occurred_at == NOW


@pytest.mark.parametrize(
    ("given", "phone"),
    [
        ("+34600000001", CLIENT),
        ("34600000001", CLIENT),
        ("0034600000001", CLIENT),
        ("600000001", "+600000001"),
        ("0600000001", None),
        ("7275", None),
        ("ACME", None),
        ("+12", None),
    ],
)
def test_a_number_is_read_as_international(given: str, phone: str | None) -> None:
    assert phone_of(given) == phone


def test_a_short_code_and_a_name_are_chats_without_a_phone() -> None:
    chat = received(called({**FIELDS, "from": "INFO"})).chat
    assert (chat.messenger, chat.chat_id, chat.phone, chat.identities) == (
        Messenger.SMS,
        "INFO",
        None,
        (),
    )


@pytest.mark.parametrize("missing", ["id", "from", "to"])
def test_a_message_without_what_names_it_is_refused_by_its_path(missing: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        parse(called({**FIELDS, missing: ""}))
    assert refused.value.path == f"$.{missing}"


def test_a_call_without_fields_says_what_is_missing() -> None:
    with pytest.raises(PayloadInvalid, match="no query"):
        parse(called({}))


def test_more_fields_than_kannel_has_are_refused() -> None:
    with pytest.raises(PayloadInvalid):
        parse(called({f"n{n}": "x" for n in range(101)}))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("1", MessageStatus.DELIVERED),
        ("2", MessageStatus.FAILED),
        ("4", MessageStatus.QUEUED),
        ("8", MessageStatus.SENT),
        ("16", MessageStatus.FAILED),
    ],
)
def test_each_report_has_its_place_in_the_lattice(word: str, status: MessageStatus) -> None:
    event = parse(called({**REPORT, "dlr": word}, b"", method="GET"))
    assert isinstance(event, MessageStatusChanged)
    assert (event.status, event.event_key) == (status, f"status:0f1e2d3c:{word}")


@pytest.mark.parametrize("word", ["32", "64", "", "<b>", "1 "])
def test_a_report_of_no_state_is_ignored_by_name(word: str) -> None:
    parsed = KannelInbound(account()).parse(called({**REPORT, "dlr": word}))
    assert parsed.events == ()
    assert parsed.ignored[0].startswith("dlr:")


def test_a_report_without_our_id_is_refused() -> None:
    with pytest.raises(PayloadInvalid):
        parse(called({**REPORT, "key": ""}))


def test_the_answer_is_nothing_that_kannel_would_send_on() -> None:
    answer = KannelInbound(account()).accepted(called())
    assert (answer.status, answer.body) == (200, b"")


def test_what_is_kept_of_a_call_does_not_hold_the_secret() -> None:
    assert PATH_SECRET not in repr(parse(called()))


@given(
    fields=st.dictionaries(
        st.sampled_from([*FIELDS, *REPORT, "charset", "text"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
        | st.sampled_from(["UTF-16", "UTF-16BE", "1", "+34600000001"]),
    ),
    kind=st.sampled_from(["", "text/plain; charset=UTF-16BE", "text/plain; charset=\x00"])
    | st.sampled_from(["application/octet-stream", "application/x-www-form-urlencoded"]),
    body=st.binary(max_size=40),
)
def test_s9_any_call_is_read_or_refused(fields: dict[str, str], kind: str, body: bytes) -> None:
    told = called(fields, body, kind=kind)
    inbound = KannelInbound(account())
    try:
        parsed = inbound.parse(told)
    except PayloadInvalid:
        return
    assert parsed == inbound.parse(told)
    assert len(parsed.events) + len(parsed.ignored) == 1
    assert all(event.event_key and repr(event).encode() for event in parsed.events)
