"""JSON that breaks parsers and stores, proven to come from the vendor: kept as it came, answered,
decided or a dead letter with its reason, and nobody behind it waits (S9)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bridge.pipeline.drain import after, drain
from bridge.serving import web_of
from bridge.settings import Settings
from bridge.store.engine import reading
from bridge.store.schema import DECISIONS, INBOX
from bridge.web.app import create_app
from connectors.hubspot.signature import sign_v3
from tests.cli.commands import CHANNELS, CHAT, CRM, PUBLIC_URL, SECRETS, Installation, installed
from tests.contract.hostile import CORPUS, WRONG

SECRET_KEY = "0123456789abcdef" * 2


@pytest.fixture
def house(tmp_path: Path, database_url: str, silent: None) -> Installation:
    """On each store; no vendor answers."""
    made = installed(tmp_path, database_url, BRIDGE_SECRET_KEY=SECRET_KEY)
    made.run("migrate")
    return made


def hostile_bodies(house: Installation) -> Iterator[bytes]:
    """Whole bodies, and messages with one hostile value each."""
    yield from CORPUS.values()
    for wrong in WRONG:
        for field in ("text", "messageId", "chatId", "dateTime", "contact", "status"):
            yield json.dumps(house.message(**{field: wrong})).encode()
            yield json.dumps({"messages": [house.message(**{field: wrong})]}).encode()
    for text in (rb"\ud83d", rb"\u0000", rb"\u2028\u202e", rb"\udfff\ud800"):
        body = json.dumps({"messages": [house.message("@@")]}).encode()
        yield body.replace(b"@@", text)
    message = json.dumps(house.message())[:-1].encode()
    for more in (b', "text": "second"', b', "n": 1e400', b', "n": ' + b"9" * 4000):
        yield b'{"messages": [' + message + more + b"}]}"


def post(client: FlaskClient, account: str, body: bytes) -> int:
    path = f"/hooks/{account}"
    if account == CHAT:
        headers = {"Authorization": f"Bearer {SECRETS['WAZZUP_WEBHOOK_KEY']}"}
    else:
        now = str(int(datetime.now(UTC).timestamp() * 1000))
        secret = SECRETS["HUBSPOT_CLIENT_SECRET"]
        signature = sign_v3(secret, "POST", f"{PUBLIC_URL}{path}", body, now)
        headers = {
            "X-HubSpot-Signature-v3": signature.decode(),
            "X-HubSpot-Request-Timestamp": now,
        }
    return client.post(path, data=body, headers=headers).status_code


@pytest.mark.parametrize("account", [CHAT, CRM])
def test_s9_hostile_json_is_kept_answered_and_told(house: Installation, account: str) -> None:
    settings = Settings.of(house.environ)
    bodies = list(hostile_bodies(house))
    update = {"channelId": CHANNELS["wa-sales"], "state": "disabled", "timestamp": 1772600000000}
    good = json.dumps({"channelsUpdates": [update]}).encode()
    with web_of(settings, house.environ) as web:
        client = create_app(web, settings).test_client()
        client.environ_base["REQUEST_URI"] = f"/hooks/{account}"
        assert {post(client, account, body) for body in bodies} == {200}
        client.environ_base["REQUEST_URI"] = f"/hooks/{CHAT}"
        assert post(client, CHAT, good) == 200
        for lane in (f"in:{account}", f"in:{CHAT}"):
            drain(web.parts, lane, over=after(120))
        with reading(web.parts.engine) as db:
            rows = db.execute(select(INBOX).order_by(INBOX.c.id)).all()
            decided = set(db.scalars(select(DECISIONS.c.event_key)))
    assert [bytes(row.body) for row in rows] == [*bodies, good]
    assert {row.state for row in rows} <= {"done", "dead", "held"}
    dead = [row for row in rows if row.state == "dead"]
    assert len(dead) > 30
    assert all(row.reason and "Traceback" not in row.reason for row in dead)
    assert rows[-1].state == "done"
    assert any(key.startswith("channel:") for key in decided)


def test_s9_what_breaks_python_is_refused_where_it_is_read(house: Installation) -> None:
    """Each of the classics is among the bodies above, and what becomes of it is pinned here."""
    classics = {
        "1000 deep": b"[" * 1000 + b"]" * 1000,
        "100 000 deep": b"[" * 100_000,
        "5000 digits": b'{"messages": [{"dateTime": ' + b"9" * 5000 + b"}]}",
        "NaN": b'{"messages": NaN}',
        "a BOM": b'\xef\xbb\xbf{"messages": []}',
        "UTF-16": '{"messages": []}'.encode("utf-16"),
        "no UTF-8": b'{"messages": "\xff"}',
    }
    for body in classics.values():
        house.store(body)
    with house.parts() as parts:
        drain(parts, f"in:{CHAT}", over=after(60))
        with reading(parts.engine) as db:
            rows = db.execute(select(INBOX.c.state, INBOX.c.reason).order_by(INBOX.c.id)).all()
    reasons = dict(zip(classics, (row.reason for row in rows), strict=True))
    assert {row.state for row in rows} == {"dead"}
    assert "nested deeper than 64" in reasons["1000 deep"]
    assert "nested deeper than 64" in reasons["100 000 deep"]
    assert "a number is too long" in reasons["5000 digits"]
    assert "NaN is not JSON" in reasons["NaN"]
    assert "not JSON" in reasons["a BOM"]
    assert "not UTF-8" in reasons["UTF-16"]
    assert "not UTF-8 at byte 14" in reasons["no UTF-8"]
