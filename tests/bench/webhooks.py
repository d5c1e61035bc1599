"""Signed HubSpot webhooks, ready to be sent: made before the clock starts."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.place import SECRETS

PATH = "/hooks/hubspot-main"
PUBLIC_URL = "https://bridge.example"
SMALL, BATCH = 3, 100  # events in one webhook: about 1 KB, about 31 KB


def signed_webhooks(count: int, seed: int, events: int = SMALL) -> list[bytes]:
    """`count` requests, all different, and different from those of any other seed."""
    now = int(time.time() * 1000)
    return [_request(seed * count + n, events, now) for n in range(count)]


def _request(number: int, events: int, now: int) -> bytes:
    body = json.dumps([_event(number, place, now) for place in range(events)]).encode()
    return _head(body, now) + body


def _head(body: bytes, now: int) -> bytes:
    signed = f"POST{PUBLIC_URL}{PATH}".encode() + body + str(now).encode()
    secret = SECRETS["HUBSPOT_CLIENT_SECRET"].encode()
    signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    lines: Sequence[str] = (
        f"POST {PATH} HTTP/1.1",
        "Host: bridge",
        "Content-Type: application/json",
        f"X-HubSpot-Signature-v3: {signature}",
        f"X-HubSpot-Request-Timestamp: {now}",
        f"Content-Length: {len(body)}",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def _event(number: int, place: int, now: int) -> Mapping[str, Any]:
    """An owner that changed, of a contact that the bridge has not met."""
    return {
        "eventId": number * BATCH + place,
        "subscriptionId": 25,
        "portalId": 33,
        "appId": 1160452,
        "occurredAt": now,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": 9_000_000 + number,
        "propertyName": "hubspot_owner_id",
        "propertyValue": "101",
        "changeSource": "CRM_UI",
        "sourceId": "userId:9",
        "isSensitive": False,
    }
