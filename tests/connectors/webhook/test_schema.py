"""The published JSON Schema says what the code does: both take and refuse the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from bridge.domain.errors import PayloadInvalid
from connectors.webhook import schema
from connectors.webhook.inbound import WebhookInbound
from tests.connectors.webhook.building import account, request
from tests.contract.hostile import with_wrong_values
from tests.contract.vendors import bodies

PLACE = Path(schema.__file__).parent
INBOUND = Draft7Validator(json.loads((PLACE / "inbound.schema.json").read_text()))
# What a schema can't say: a day that no calendar has, a text that JSON can't carry.
BEYOND = ("2025-13-45", "9999-12-31T23:59:59-14:00", "\\ud800", "\\u0000")


@pytest.mark.parametrize("name", schema.published())
def test_the_published_file_is_that_of_the_code(name: str) -> None:
    """`python -m connectors.webhook.schema` publishes it anew."""
    assert (PLACE / name).read_text() == schema.published()[name]


@pytest.mark.parametrize("name", schema.published())
def test_it_is_a_schema(name: str) -> None:
    Draft7Validator.check_schema(json.loads((PLACE / name).read_text()))


def test_what_the_schema_takes_and_refuses_the_code_does_too() -> None:
    told = 0
    for body in _each_event_alone():
        for wrong in (body, *with_wrong_values(body)):
            if not any(word in wrong.decode() for word in BEYOND):
                assert _taken(wrong) is INBOUND.is_valid(json.loads(wrong)), wrong
                told += 1
    assert told > 1000


def _each_event_alone() -> Iterator[bytes]:
    for body in bodies("webhook"):
        for event in json.loads(body)["events"]:
            yield json.dumps({"events": [event]}).encode()


def _taken(body: bytes) -> bool:
    try:
        parsed = WebhookInbound(account()).parse(request(body))
    except PayloadInvalid:
        return False
    return not parsed.rejected


def outbound_definitions() -> Any:
    return json.loads((PLACE / "outbound.schema.json").read_text())["definitions"]


def test_every_reference_leads_somewhere() -> None:
    for name in schema.published():
        text = (PLACE / name).read_text()
        definitions = json.loads(text)["definitions"]
        used = {part.split('"')[0] for part in text.split("#/definitions/")[1:]}
        assert used <= set(definitions)
