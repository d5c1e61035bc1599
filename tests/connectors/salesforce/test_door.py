"""Salesforce's messages at the front door: an Ack for what is stored, and for nothing else."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from bridge.domain.names import AccountName
from bridge.domain.policy import AccountPolicy, Policy
from bridge.pipeline.parts import Active
from bridge.store.engine import open_engine, writing
from connectors.salesforce import CONNECTOR
from connectors.salesforce.soap import ACK
from tests.connectors.salesforce import telling
from tests.connectors.salesforce.telling import (
    JSON,
    NAME,
    PATH_SECRET,
    XML,
    account,
    body_of,
    item,
    lead,
    message,
    notification,
)
from tests.connectors.salesforce.test_soap import HOSTILE
from tests.web.doors import Door, door

PATH = f"/hooks/{NAME}/{PATH_SECRET}"
SOAP = message(notification(1, "Lead", lead()))
LARGE = 4 * 1024 * 1024
ACTIVE = Active(
    policy=Policy(
        accounts={AccountName(NAME): AccountPolicy(connector="plain", max_body_bytes=LARGE)}
    ),
    hash="h1",
    accounts={AccountName(NAME): replace(account(), connector="plain")},
)


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Door]:
    engine = open_engine(sqlite_url)
    with door(engine, lambda: ACTIVE, connector=CONNECTOR) as made:
        yield made
    engine.dispose()


def post(front: Door, body: bytes, kind: str = XML, path: str = PATH) -> tuple[int, bytes]:
    answer = front.post(path, data=body, content_type=kind)
    return answer.status_code, answer.data


def test_a_message_is_stored_and_then_acknowledged(front: Door) -> None:
    answer = front.post(PATH, data=SOAP, content_type=XML)
    assert (answer.status_code, answer.data) == (200, ACK)
    assert answer.content_type == "text/xml; charset=utf-8"
    (row,) = front.rows()
    assert row.body == SOAP
    assert front.bells.rung == [f"in:{NAME}"]


def test_the_secret_in_the_address_is_not_stored(front: Door) -> None:
    post(front, SOAP)
    (row,) = front.rows()
    assert PATH_SECRET not in f"{row.url}{row.headers!r}"


def test_json_is_answered_with_json(front: Door) -> None:
    assert post(front, body_of(item()), JSON) == (200, b"{}")
    assert len(front.rows()) == 1


def test_nothing_hostile_is_stored_or_acknowledged(front: Door) -> None:
    answers = {name: post(front, body) for name, body in HOSTILE.items()}
    assert {status for status, _ in answers.values()} <= {401, 413}
    assert not [name for name, (_, answer) in answers.items() if b"Ack" in answer]
    assert front.rows() == []


@pytest.mark.parametrize(
    ("body", "path", "kind"),
    [
        (SOAP, f"/hooks/{NAME}", XML),
        (SOAP, f"/hooks/{NAME}/wrong", XML),
        (SOAP, PATH, "application/x-www-form-urlencoded"),
        (message(organization="00D000000000001EAA"), PATH, XML),
        (body_of(item()), f"/hooks/{NAME}", JSON),
    ],
)
def test_nothing_of_strangers_is_stored_or_acknowledged(
    front: Door, body: bytes, path: str, kind: str
) -> None:
    assert post(front, body, kind, path)[0] == 401
    assert front.rows() == []


def test_without_a_store_there_is_no_ack(front: Door) -> None:
    """R1: Salesforce sends it again for 24 hours."""
    with writing(front.engine) as db:
        db.execute(text("ALTER TABLE inbox RENAME TO elsewhere"))
    status, answer = post(front, SOAP)
    assert status == 503
    assert b"Ack" not in answer


def test_the_same_message_twice_is_acknowledged_twice(front: Door) -> None:
    assert [post(front, SOAP)[1] for _ in range(2)] == [ACK] * 2
    inbound = telling.inbound()
    keys = [
        [event.event_key for event in inbound.parse(telling.request(row.body)).events]
        for row in front.rows()
    ]
    assert keys[0] == keys[1] != []
