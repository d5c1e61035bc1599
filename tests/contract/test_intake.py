"""Every connector's intake: proof first, then events, whatever comes, and the same each time."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.domain.errors import ConfigError, PayloadInvalid, SignatureInvalid
from bridge.domain.events import Event
from bridge.ports import Account, Answer, Connector, Inbound, Parsed, RawRequest
from tests.contract.hostile import CORPUS, with_wrong_values
from tests.contract.parsed import check_parsed, tells_no_secret
from tests.contract.vendors import (
    NAMES,
    NOW,
    SILENT,
    WITH_DOORS,
    account,
    connector_named,
    recorded,
    request,
    secrets,
    without,
)

SIGNATURES = ("", "x", "0" * 64, "Bearer", "Bearer x", "sha256=", "ключ\ud800", "é", "a, a", "\x00")
HEADERS = (
    "authorization",
    "x-hubspot-signature",
    "x-hubspot-signature-v3",
    "x-hub-signature-256",
    "x-twilio-signature",
    "x-telegram-bot-api-secret-token",
)


@pytest.fixture(params=WITH_DOORS)
def connector(request: pytest.FixtureRequest) -> Connector:
    """Those whose vendors call us."""
    return connector_named(request.param)


@pytest.fixture(params=NAMES)
def any_connector(request: pytest.FixtureRequest) -> Connector:
    return connector_named(request.param)


@pytest.fixture
def inbound(connector: Connector) -> Inbound:
    return connector.inbound(account(connector))


@pytest.mark.parametrize("body", CORPUS.values(), ids=CORPUS)
def test_an_unsigned_request_is_refused_before_its_body_is_read(
    inbound: Inbound, connector: Connector, body: bytes
) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        inbound.verify(request(body))
    assert tells_no_secret(connector, refused.value)


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("given", SIGNATURES)
def test_a_wrong_signature_is_refused_as_such(inbound: Inbound, header: str, given: str) -> None:
    headers = {header: given, f"{header}-version": "v3", "x-hubspot-request-timestamp": given}
    with pytest.raises(SignatureInvalid):
        inbound.verify(replace(request(b"[]"), headers=headers))


@pytest.mark.parametrize(
    "url",
    ["", "/", "https://", "http://[broken", "https://b.example/hooks/main/\ud800?key=%ff", "%"],
)
@pytest.mark.parametrize("method", ["GET", "POST", ""])
def test_an_odd_address_is_refused_as_not_signed(inbound: Inbound, url: str, method: str) -> None:
    with pytest.raises(SignatureInvalid):
        inbound.verify(replace(request(b"[]"), url=url, method=method))


def test_without_its_secrets_nothing_starts(any_connector: Connector) -> None:
    bare = Account(name="main", connector=any_connector.name)
    for part in _parts(any_connector):
        with pytest.raises(ConfigError, match="account main: secret"):
            part(bare)


@pytest.mark.parametrize("values", [(), ("",), ("good", "")])
def test_an_empty_secret_closes_a_door_and_names_itself(
    any_connector: Connector, values: tuple[str, ...]
) -> None:
    for need in any_connector.needs:
        given = without(any_connector, need, values)
        refused = [_refusal(part, given) for part in _parts(any_connector)]
        assert any(need in said for said in refused)


@pytest.mark.parametrize("body", CORPUS.values(), ids=CORPUS)
def test_a_hostile_body_is_read_or_refused(
    inbound: Inbound, connector: Connector, body: bytes
) -> None:
    parsed = _parsed(inbound, request(body))
    check_parsed(connector, parsed)
    assert _answered(inbound, request(body)) in (None, 200)


def test_wrong_types_anywhere_are_read_or_refused(inbound: Inbound, connector: Connector) -> None:
    for told in recorded(connector.name):
        for wrong in with_wrong_values(told.body):
            check_parsed(connector, _parsed(inbound, replace(told, body=wrong)))


def test_a_body_that_is_no_json_is_refused_as_a_whole(inbound: Inbound) -> None:
    for name in ("nothing", "not JSON", "half", "invalid UTF-8", "a BOM", "UTF-16", "NaN"):
        with pytest.raises(PayloadInvalid):
            inbound.parse(request(CORPUS[name]))


def test_a_refusal_of_a_body_tells_nothing_of_it(inbound: Inbound) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        inbound.parse(request(b'{"phone": +79115556677, "text": "secret words'))
    assert not any(word in str(refused.value) for word in ("79115556677", "secret words"))


def test_recorded_bodies_give_events(inbound: Inbound, connector: Connector) -> None:
    assert _events(inbound, connector)


def test_the_same_bytes_give_the_same_events(connector: Connector) -> None:
    for told in recorded(connector.name):
        first, second = (connector.inbound(account(connector)) for _ in range(2))
        assert _parsed(first, told) == _parsed(second, told)
        assert _parsed(first, told) == _parsed(first, told)


def test_a_redelivery_has_the_same_keys(inbound: Inbound, connector: Connector) -> None:
    for told in recorded(connector.name):
        again = replace(told, received_at=NOW + timedelta(minutes=30))
        assert _keys(_parsed(inbound, told)) == _keys(_parsed(inbound, again))


def test_distinct_facts_have_distinct_keys(inbound: Inbound, connector: Connector) -> None:
    kept: dict[str, Event] = {}
    for event in _events(inbound, connector):
        fact = replace(event, raw="")
        assert kept.setdefault(event.event_key, fact) == fact


def test_what_happens_once_is_told_once(inbound: Inbound, connector: Connector) -> None:
    for told in recorded(connector.name):
        keys = _keys(_parsed(inbound, told))
        assert len(keys) == len(set(keys))


def test_events_are_frozen_and_their_times_are_utc(inbound: Inbound, connector: Connector) -> None:
    for event in _events(inbound, connector):
        assert event.account == "main"
        assert _is_frozen(event)
        assert all(time.tzinfo is UTC for time in _times(event))


def test_the_raw_item_is_ascii_json(inbound: Inbound, connector: Connector) -> None:
    for event in _events(inbound, connector):
        assert event.raw[:1] in "[{"
        assert event.raw.isascii()


def test_taken_is_told_with_success(inbound: Inbound) -> None:
    assert 200 <= inbound.accepted(request(b"[]")).status < 300


def test_no_part_shows_a_secret(any_connector: Connector) -> None:
    whole = account(any_connector)
    shown = [whole, any_connector, *(part(whole) for part in _parts(any_connector))]
    assert all(tells_no_secret(any_connector, one) for one in shown)


@pytest.mark.parametrize("name", SILENT)
def test_where_no_vendor_calls_nothing_opens_the_door(name: str) -> None:
    """Not even all that it knows: there is nothing behind it."""
    silent = connector_named(name)
    inbound = silent.inbound(account(silent))
    told = [request(b"{}", authorization=f"Bearer {key}") for key in secrets(silent).values()]
    for one in (request(b"[]"), *told):
        assert inbound.handshake(one) is None
        with pytest.raises(SignatureInvalid):
            inbound.verify(one)
        with pytest.raises(PayloadInvalid):
            inbound.parse(one)


def _parts(connector: Connector) -> tuple[Callable[[Account], object], ...]:
    """Those that need its secrets."""
    inbound = (connector.inbound,) if connector.methods else ()
    return *inbound, connector.outbound, connector.reader


def _refusal(part: Callable[[Account], object], given: Account) -> str:
    try:
        part(given)
    except ConfigError as error:
        return str(error)
    return ""


def _parsed(inbound: Inbound, told: RawRequest) -> Parsed:
    """What is made of it; a body refused as a whole counts as nothing made."""
    try:
        return inbound.parse(told)
    except PayloadInvalid:
        return Parsed()


def _answered(inbound: Inbound, told: RawRequest) -> int | None:
    answer: Answer | None = inbound.handshake(told)
    return None if answer is None else answer.status


def _events(inbound: Inbound, connector: Connector) -> list[Event]:
    return [e for told in recorded(connector.name) for e in _parsed(inbound, told).events]


def _keys(parsed: Parsed) -> list[str]:
    return [event.event_key for event in parsed.events]


def _values(value: Any) -> list[Any]:
    """The value and all that it holds."""
    inside = [getattr(value, f.name) for f in fields(value)] if is_dataclass(value) else ()
    inside = value if isinstance(value, tuple) else inside
    return [value, *(found for one in inside for found in _values(one))]


def _is_frozen(event: Event) -> bool:
    found = [type(value) for value in _values(event) if is_dataclass(value)]
    mutable = any(isinstance(value, list | dict | set) for value in _values(event))
    return all(getattr(kind, "__dataclass_params__").frozen for kind in found) and not mutable  # noqa: B009


def _times(event: Event) -> list[datetime]:
    return [value for value in _values(event) if isinstance(value, datetime)]
