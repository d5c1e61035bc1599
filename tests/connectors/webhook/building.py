"""Values that the tests of the generic webhook share."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bridge.domain.effects import Effect
from bridge.ports import Account, Delivery, RawRequest
from connectors.standard_webhooks import sign

SECRET = f"whsec_{base64.b64encode(b'the secret of the tests, 32 byte').decode()}"
OTHER = f"whsec_{base64.b64encode(b'another secret, of 32 bytes too!').decode()}"
NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
IDS: Mapping[str, str] = {"rc_1": "c1", "rd_1": "d1", "rl_1": "l1", "ms_1": "e1"}


def account(
    base_url: str | None = None,
    secrets: Sequence[str] = (SECRET,),
    options: Mapping[str, str] | None = None,
) -> Account:
    return Account(
        name="erp",
        connector="webhook",
        base_url=base_url,
        secrets={"signing_secret": tuple(secrets)},
        options=options or {},
    )


def request(
    body: bytes, secrets: Sequence[str] = (SECRET,), signed_at: datetime = NOW, method: str = "POST"
) -> RawRequest:
    return RawRequest(
        method=method,
        url="https://bridge.example/hooks/erp",
        headers={"content-type": "application/json", **sign(secrets, "msg_1", body, signed_at)},
        body=body,
        received_at=NOW,
    )


def posted(*events: object) -> RawRequest:
    return request(json.dumps({"events": events}).encode())


def event(word: str, key: str = "e-1", **fields: object) -> dict[str, object]:
    return {"type": word, "id": key, "occurred_at": "2026-05-17T09:30:00Z", **fields}


CHAT = {"channel_id": "line-1", "messenger": "whatsapp", "chat_id": "5215512345678"}


def message(key: str = "m-1", /, **fields: object) -> dict[str, object]:
    return event(
        "message.received", key, **{"message_id": key, "chat": CHAT, "text": "Hola"} | fields
    )


def delivery(
    effect: Effect, *, key: str = "k-1", in_doubt_since: datetime | None = None
) -> Delivery:
    return Delivery(
        effect=effect,
        idempotency_key=key,
        attempt=1,
        now=NOW,
        in_doubt_since=in_doubt_since,
        ids=IDS,
    )


def long_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)
