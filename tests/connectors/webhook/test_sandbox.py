"""The reference system: what it checks, and what it posts."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import requests
from flask import Flask, Response, request

from bridge.domain.events import MessageDeleted, MessageEdited, MessageReacted, MessageReceived
from bridge.ports import Parsed, RawRequest
from connectors.standard_webhooks import sign
from connectors.webhook.inbound import WebhookInbound
from tests.connectors.webhook.building import OTHER, SECRET, account
from tests.connectors.webhook.conftest import System
from tests.serving import served


@dataclass
class Bridge:
    """Takes what is posted as the front does."""

    url: str = ""
    status: int = 202
    taken: list[RawRequest] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def parsed(self) -> list[Parsed]:
        inbound = WebhookInbound(account())
        for told in self.taken:
            inbound.verify(told)
        return [inbound.parse(told) for told in self.taken]


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    made, app = Bridge(), Flask("bridge")

    @app.post("/hooks/erp")
    def take() -> Response:
        with made.lock:
            made.taken.append(
                RawRequest(
                    method="POST",
                    url=request.url,
                    headers={name.lower(): value for name, value in request.headers.items()},
                    body=request.get_data(),
                    received_at=datetime.now(UTC),
                )
            )
            status, made.status = made.status, 202
        return Response(status=status)

    with served(app) as url:
        made.url = f"{url}/hooks/erp"
        yield made


def posted(system: System, word: str, data: object, secret: str = SECRET) -> requests.Response:
    body = json.dumps({"type": word, "data": data}).encode()
    headers = sign([secret], "msg_1", body, datetime.now(UTC))
    return requests.post(f"{system.url}/", data=body, headers=dict(headers), timeout=60)


@pytest.mark.parametrize(
    ("word", "data", "status", "code"),
    [
        ("fly", {}, 501, "not_offered"),
        ("message.send", {}, 400, "invalid"),
        ("owner.change", {"kind": "deal", "record": "gone", "owner": "7"}, 404, "unknown_deal"),
        ("owner.change", {"kind": "deal", "record": "d1", "owner": "99"}, 422, "unknown_owner"),
        ("lead.create", {"contact": "gone", "name": "x", "owner": None}, 404, "unknown_contact"),
        ("email.send", {"recipient": "x", "subject": "", "text": ""}, 422, "unknown_recipient"),
        ("queues", {}, 501, "not_offered"),
    ],
)
def test_it_refuses_what_it_has_no_way_to_do(
    system: System, word: str, data: object, status: int, code: str
) -> None:
    answer = posted(system, word, data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("channel", "state", "text", "code"),
    [
        ("line-9", "active", "x", "unknown_channel"),
        ("line-1", "unpaid", "x", "channel_not_active"),
        ("line-1", "active", "x" * 4097, "text_too_long"),
    ],
)
def test_it_sends_within_its_rules(
    system: System, channel: str, state: str, text: str, code: str
) -> None:
    system.tell("channel", channel_id="line-1", state=state)
    order = {
        "message": "m",
        "channel_id": channel,
        "messenger": "sms",
        "chat_id": "1",
        "text": text,
    }
    assert posted(system, "message.send", order).json()["error"]["code"] == code


def test_it_checks_the_signature(system: System) -> None:
    assert posted(system, "ping", {}, OTHER).status_code == 401
    assert requests.post(f"{system.url}/", data=b"{}", timeout=60).status_code == 401


def test_a_client_writes_edits_reacts_and_deletes(system: System, bridge: Bridge) -> None:
    system.tell("seed", webhook=bridge.url)
    where = {"channel_id": "line-1", "chat_id": "eva"}
    sent = system.tell("incoming", **where, name="Eva", phone="+5215512345678", text="Hola")
    known = {"message_id": sent["message_id"]}
    system.tell("incoming", **known, text="Hola!")
    system.tell("incoming", **known, emoji="👍")
    system.tell("incoming", **known, deleted=True)
    assert system.tell("settle?seconds=30")["settled"]
    events = [event for parsed in bridge.parsed() for event in parsed.events]
    kinds = [MessageReceived, MessageEdited, MessageReacted, MessageDeleted]
    assert [type(event) for event in events] == kinds
    assert all(parsed.rejected == () for parsed in bridge.parsed())


def test_what_is_not_taken_is_posted_again_under_the_same_id(
    system: System, bridge: Bridge
) -> None:
    bridge.status = 503
    system.tell("seed", webhook=bridge.url)
    system.tell("owner", kind="deal", record="d1", owner="8")
    assert system.tell("settle?seconds=30")["settled"]
    first, second = bridge.taken
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_person_can_play_the_client_on_its_page(system: System) -> None:
    form = {"channel_id": "line-1", "chat_id": "eva", "name": "Eva", "text": "Hola <b>"}
    assert requests.post(f"{system.url}/_page", data=form, timeout=60).status_code == 200
    (message,) = system.state()["received"]
    change = {"message_id": message["id"], "emoji": "👍"}
    page = requests.post(f"{system.url}/_page", data=change, timeout=60).text
    assert "Hola &lt;b&gt;" in page
    assert "👍" in page
