"""S1 to S5: Standard Webhooks; the published vector, the reference library, and forgeries."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from bridge.domain.errors import ConfigError, SignatureInvalid
from connectors.standard_webhooks import ID, SIGNATURE, TIMESTAMP, checked, sign, verify

# https://docs.svix.com/receiving/verifying-payloads/how-manual
SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl"
BODY = b'{"event_type":"ping","data":{"success":true}}'
MESSAGE_ID = "msg_loFOjxBNrRLzqYUf"
SENT_AT = datetime.fromtimestamp(1731705121, UTC)
PUBLISHED = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
HEADERS = {ID: MESSAGE_ID, TIMESTAMP: "1731705121", SIGNATURE: PUBLISHED}
OTHER = "whsec_" + base64.b64encode(b"another secret of some length").decode()


def test_the_published_vector_is_taken() -> None:
    assert verify([SECRET], HEADERS, BODY, SENT_AT) == MESSAGE_ID


def test_the_published_vector_is_made() -> None:
    assert sign([SECRET], MESSAGE_ID, BODY, SENT_AT) == HEADERS


@given(
    st.binary(min_size=16, max_size=64),
    st.from_regex(r"[!-~]{1,40}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_the_reference_library_makes_the_same_signature(
    key: bytes, message_id: str, body: str
) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    theirs = Webhook(secret).sign(message_id, SENT_AT, body)
    ours = sign([secret], message_id, body.encode(), SENT_AT)
    assert ours[SIGNATURE] == theirs
    assert verify([secret], ours, body.encode(), SENT_AT) == message_id


def test_the_reference_library_takes_what_we_sign() -> None:
    headers = dict(sign([SECRET, OTHER], MESSAGE_ID, BODY, datetime.now(UTC)))
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(BODY, headers) == {
            "event_type": "ping",
            "data": {"success": True},
        }


def test_while_a_secret_rotates_either_side_may_have_both() -> None:
    both = sign([SECRET, OTHER], MESSAGE_ID, BODY, SENT_AT)
    assert verify([SECRET], both, BODY, SENT_AT)
    assert verify([OTHER], both, BODY, SENT_AT)
    assert verify([OTHER, SECRET], HEADERS, BODY, SENT_AT)


def test_a_secret_without_its_prefix_is_the_same_secret() -> None:
    assert verify([SECRET.removeprefix("whsec_")], HEADERS, BODY, SENT_AT)


def test_a_secret_without_its_padding_is_the_same_secret() -> None:
    padded = "whsec_" + base64.b64encode(b"seventeen bytes !").decode()
    assert padded.endswith("=")
    headers = sign([padded], MESSAGE_ID, BODY, SENT_AT)
    assert verify([padded.rstrip("=")], headers, BODY, SENT_AT)


def test_signatures_of_kinds_that_we_do_not_know_are_passed_over() -> None:
    more = {**HEADERS, SIGNATURE: f"v1a,c29tZXRoaW5nIGVsc2U= {PUBLISHED} v2,YWJj"}
    assert verify([SECRET], more, BODY, SENT_AT)


@pytest.mark.parametrize("off", [-300, 300])
def test_five_minutes_either_way_are_taken(off: int) -> None:
    assert verify([SECRET], HEADERS, BODY, SENT_AT + timedelta(seconds=off))


@pytest.mark.parametrize("off", [-301, 301, 86_400 * 365])
def test_more_than_five_minutes_are_not(off: int) -> None:
    with pytest.raises(SignatureInvalid, match="off our clock"):
        verify([SECRET], HEADERS, BODY, SENT_AT + timedelta(seconds=off))


@pytest.mark.parametrize(
    "changed",
    [
        {ID: "msg_loFOjxBNrRLzqYUg"},
        {ID: ""},
        {ID: f"{MESSAGE_ID}, {MESSAGE_ID}"},
        {ID: "msg_é"},
        {ID: "msg_\ud800"},
        {TIMESTAMP: "1731705122"},
        {TIMESTAMP: ""},
        {TIMESTAMP: "1731705121, 1731705121"},
        {TIMESTAMP: "1731705121.0"},
        {TIMESTAMP: "١٧٣١٧٠٥١٢١"},
        {TIMESTAMP: "9" * 5000},
        {TIMESTAMP: "-1731705121"},
        {SIGNATURE: ""},
        {SIGNATURE: PUBLISHED.removeprefix("v1,")},
        {SIGNATURE: PUBLISHED.replace("v1", "v2")},
        {SIGNATURE: PUBLISHED.replace("v1", "v1a")},
        {SIGNATURE: PUBLISHED[:-1]},
        {SIGNATURE: PUBLISHED[:20]},
        {SIGNATURE: PUBLISHED + "A"},
        {SIGNATURE: f"{PUBLISHED}, {PUBLISHED}"},
        {SIGNATURE: f"{PUBLISHED},{PUBLISHED}"},
        {SIGNATURE: PUBLISHED.replace("W", "é")},
        {SIGNATURE: "v1,\ud800"},
        {SIGNATURE: " ".join([PUBLISHED] * 17)},
        {SIGNATURE: PUBLISHED + "\n"},
    ],
)
def test_headers_that_prove_nothing(changed: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify([SECRET], {**HEADERS, **changed}, BODY, SENT_AT)


@pytest.mark.parametrize("missing", [ID, TIMESTAMP, SIGNATURE])
def test_a_missing_header_proves_nothing(missing: str) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != missing}
    with pytest.raises(SignatureInvalid, match=missing):
        verify([SECRET], headers, BODY, SENT_AT)


def test_another_body_or_another_secret_proves_nothing() -> None:
    for secrets, body in (([SECRET], BODY + b" "), ([OTHER], BODY), ([], BODY), (["!"], BODY)):
        with pytest.raises(SignatureInvalid):
            verify(secrets, HEADERS, body, SENT_AT)


@given(st.dictionaries(st.sampled_from([ID, TIMESTAMP, SIGNATURE]), st.text()), st.binary())
def test_whatever_comes_it_is_no_other_error(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        verify([SECRET], headers, body, SENT_AT)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_é", "whsec_a b", "abc"])
def test_a_secret_that_is_none_stops_the_start_and_is_not_shown(secret: str) -> None:
    with pytest.raises(ConfigError, match="signing_secret must be") as caught:
        checked("generic-main", [SECRET, secret])
    assert SECRET not in str(caught.value)
    assert "generic-main" in str(caught.value)


def test_an_id_that_is_no_header_is_not_sent() -> None:
    with pytest.raises(ValueError, match="printable"):
        sign([SECRET], "two\r\nlines", BODY, SENT_AT)
