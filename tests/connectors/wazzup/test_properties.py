"""Whatever comes: verify raises only SignatureInvalid, parse only PayloadInvalid, both purely."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import PayloadInvalid, SignatureInvalid
from bridge.ports import Parsed, RawRequest
from connectors.wazzup.inbound import WazzupInbound
from connectors.wazzup.words import CHAT_TYPES, MEDIA_KINDS, STATUSES
from tests.connectors.wazzup.building import NOW, WEBHOOK_KEY, account, message, request

INBOUND = WazzupInbound(account())

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
words = st.sampled_from(
    [
        *CHAT_TYPES,
        *MEDIA_KINDS,
        *STATUSES,
        "inbound",
        "edited",
        "system",
        "missing_call",
        "qr",
        "true",
    ]
)
values = anything | words
items = st.dictionaries(
    st.sampled_from(
        "messageId channelId chatType chatId dateTime type isEcho contact text contentUri status "
        "error authorName authorId quotedMessage sentFromApp isEdited isDeleted oldInfo timestamp "
        "state tier templateGuid name".split()
    ),
    values,
)
bodies = st.dictionaries(
    st.sampled_from(
        "messages statuses createContact createDeal channelsUpdates templateStatus event data "
        "test other".split()
    ),
    st.lists(items | values, max_size=3) | items | values,
)


@given(st.binary() | bodies.map(lambda body: json.dumps(body).encode()))
def test_parse_raises_only_payload_invalid(body: bytes) -> None:
    parsed = _parsed(request(body))
    assert parsed is None or parsed == _parsed(request(body))


@given(bodies)
def test_every_item_is_accounted_for(body: dict[str, Any]) -> None:
    parsed = INBOUND.parse(request(json.dumps(body).encode()))
    told = [body[key] for key in ("messages", "statuses") if key in body]
    counted = sum(
        len(found) if isinstance(found, list) else 1 for found in told if found is not None
    )
    yielded = len(parsed.events) + len(parsed.rejected) + len(parsed.ignored)
    assert yielded >= max(counted, 1)


@given(items)
def test_a_broken_item_never_costs_its_neighbours(broken: dict[str, Any]) -> None:
    body = {"messages": [message(messageId="a"), broken, message(messageId="b")]}
    keys = [event.event_key for event in INBOUND.parse(request(json.dumps(body).encode())).events]
    assert (keys[0], keys[-1]) == ("received:a", "received:b")


@given(bodies, st.integers(min_value=0, max_value=3600))
def test_wz_05_redelivery_within_the_day_keeps_every_key(body: dict[str, Any], late: int) -> None:
    first = request(json.dumps(body).encode())
    again = replace(first, received_at=NOW + timedelta(seconds=late))
    assert _keys(first) == _keys(again)


@given(bodies)
def test_events_hold_only_what_a_store_can_hold(body: dict[str, Any]) -> None:
    for event in INBOUND.parse(request(json.dumps(body).encode())).events:
        assert event.raw.isascii()
        assert event.occurred_at.utcoffset() == timedelta(0)
        repr(event).encode("utf-8")
        assert len(event.event_key) < 300


@given(st.text(), st.text(st.characters()), st.sampled_from(["GET", "POST"]), st.binary())
def test_verify_raises_only_signature_invalid(
    url: str, authorization: str, method: str, body: bytes
) -> None:
    told = replace(request(body, url, authorization), method=method)
    with pytest.raises(SignatureInvalid):
        INBOUND.verify(told)


@given(st.text(min_size=1), st.booleans())
def test_wz_03_a_key_that_is_nearly_right_is_wrong(noise: str, before: bool) -> None:
    near = f"{noise}{WEBHOOK_KEY}" if before else f"{WEBHOOK_KEY}{noise}"
    refused = _refused(request(authorization=f"Bearer {near}"))
    assert refused is (near.strip() != WEBHOOK_KEY)


@given(st.binary(), st.sampled_from(["GET", "POST", "PUT"]))
def test_wz_01_the_handshake_never_fails(body: bytes, method: str) -> None:
    answered = INBOUND.handshake(replace(request(body), method=method))
    assert answered is None or (method, json.loads(body)) == ("POST", {"test": True})


def _parsed(told: RawRequest) -> Parsed | None:
    try:
        return INBOUND.parse(told)
    except PayloadInvalid:
        return None


def _keys(told: RawRequest) -> list[str]:
    return [event.event_key for event in INBOUND.parse(told).events]


def _refused(told: RawRequest) -> bool:
    try:
        INBOUND.verify(told)
    except SignatureInvalid:
        return True
    return False
