"""What durability costs at the door: requests a second against the same app that stores nothing."""

import base64
import hashlib
import hmac
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bridge.settings import Settings
from bridge.wiring import prepare
from tests.bench.load import Answers, send_all
from tests.bench.place import SECRETS, environ_of, free_port, process

CONNECTIONS = 32
PATH = "/hooks/hubspot-main"


def measure(rounds: int, requests: int, database_url: str | None = None) -> dict[str, float]:
    """Interleaved rounds, medians. `ratio` is durable to floor, latencies are in milliseconds."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        environ = environ_of(Path(name), database_url)
        prepare(Settings.of(environ), environ)
        ports = {kind: free_port() for kind in ("floor", "durable")}
        for kind, port in ports.items():
            stack.enter_context(process(environ, "tests.bench.door", kind, str(port)))
        results: dict[str, list[Answers]] = {kind: [] for kind in ports}
        for number in range(rounds + 1):
            for kind, port in ports.items():
                answers = send_all(port, _requests(requests, number), CONNECTIONS)
                if number:  # the first round warms up
                    results[kind].append(answers)
    return _summary(results)


def _summary(results: dict[str, list[Answers]]) -> dict[str, float]:
    refused = sum(a.refused for answers in results.values() for a in answers)
    floor, durable = results["floor"], results["durable"]
    pairs = zip(durable, floor, strict=True)
    return {
        "floor_per_second": round(statistics.median(a.per_second for a in floor)),
        "durable_per_second": round(statistics.median(a.per_second for a in durable)),
        "ratio": round(statistics.median(d.per_second / f.per_second for d, f in pairs), 3),
        "durable_p50_ms": round(statistics.median(_ms(durable, 0.5)), 2),
        "durable_p99_ms": round(statistics.median(_ms(durable, 0.99)), 2),
        "refused": refused,
    }


def _ms(answers: Sequence[Answers], share: float) -> list[float]:
    return [a.percentile(share) * 1000 for a in answers]


def _requests(count: int, seed: int) -> list[bytes]:
    """Signed HubSpot webhooks of about 1 KB, all different."""
    now = int(time.time() * 1000)
    return [_request(n + seed * count, now) for n in range(count)]


def _request(number: int, now: int) -> bytes:
    events = [
        {
            "eventId": number * 3 + part,
            "subscriptionId": 25,
            "portalId": 33,
            "appId": 1160452,
            "occurredAt": now,
            "subscriptionType": "contact.propertyChange",
            "attemptNumber": 0,
            "objectId": 100_000 + number,
            "propertyName": "hubspot_owner_id",
            "propertyValue": "101",
            "changeSource": "CRM_UI",
            "sourceId": "userId:9",
            "isSensitive": False,
        }
        for part in range(3)
    ]
    body = json.dumps(events).encode()
    signed = f"POSThttps://bridge.example{PATH}".encode() + body + str(now).encode()
    secret = SECRETS["HUBSPOT_CLIENT_SECRET"].encode()
    signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: bridge\r\nContent-Type: application/json\r\n"
        f"X-HubSpot-Signature-v3: {signature}\r\nX-HubSpot-Request-Timestamp: {now}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
