"""A backlog of known clients' messages, drained into a CRM that takes its time: messages a second
and calls, against the obvious program in the same run."""

import json
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from redis import Redis
from rq import Queue, Worker

from bridge.domain.names import AccountName
from bridge.pipeline.drain import drain
from bridge.pipeline.lanes import Way, lane
from bridge.pipeline.mirror import sync
from bridge.pipeline.parts import Parts
from bridge.settings import Settings, variable_part
from bridge.store import inbox
from bridge.store.engine import writing
from bridge.wiring import built, prepare
from tests.bench import obvious
from tests.bench.place import answering, environ_of, process
from tests.lanes import BY_NAME
from tests.services import redis_running

CLIENTS = 200
CHAT, CRM = AccountName("wazzup-main"), AccountName("hubspot-main")
CHANNEL = "8c1d7a52-0f3e-4f0b-9a51-2f0c2a7f6b11"


def measure(messages: int, baseline: int, crm_seconds: float) -> dict[str, float]:
    """`calls_per_100` counts what the CRM saw for the backlog; `times` is bridge to obvious."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        environ = environ_of(Path(name))
        for account in (CRM, CHAT):
            said = stack.enter_context(process(environ, "bridge.cli", "sandbox", account, "--json"))
            variable = f"BRIDGE_BASE_URL_{variable_part(account)}"
            environ[variable] = answering(json.loads(said)["url"])
        url = environ["BRIDGE_BASE_URL_HUBSPOT_MAIN"]
        _fill_crm(url)
        prepare(Settings.of(environ), environ)
        parts = stack.enter_context(built(Settings.of(environ), environ))
        _know_everybody(parts)
        _post(f"{url}/_sandbox/faults", {"latency_seconds": crm_seconds})
        bridge = _bridge(parts, url, messages)
        rate = _obvious(url, baseline)
    return {
        **bridge,
        "obvious_per_second": round(rate, 1),
        "times": round(bridge["bridge_per_second"] / rate),
    }


def _bridge(parts: Parts, url: str, messages: int) -> dict[str, float]:
    _append(parts, [_message(n) for n in range(messages)])
    before = _calls(url)
    began = time.perf_counter()
    _drain_all(parts)
    seconds = time.perf_counter() - began
    state = requests.get(f"{url}/_sandbox/state", timeout=60).json()
    written = len(state["communications"]) - CLIENTS
    if written != messages:
        raise SystemExit(f"{messages} messages went in, {written} entries stand in the CRM")
    return {
        "bridge_per_second": round(messages / seconds, 1),
        "calls_per_100": round((_calls(url) - before) * 100 / messages, 2),
    }


def _obvious(url: str, messages: int) -> float:
    """With RQ as `rq worker` runs it: a fork for each job."""
    program = BY_NAME["redis"].program()
    if program is None:
        raise SystemExit("the baseline needs redis-server on the path")
    with redis_running(program) as server, Redis.from_url(server.url) as client:
        queue = Queue("obvious", connection=client)
        for n in range(messages):
            queue.enqueue(obvious.handle, url, f"+{_phone(n)}", f"obvious {n}")
        began = time.perf_counter()
        Worker([queue], connection=client).work(burst=True, logging_level="ERROR")
        seconds = time.perf_counter() - began
        if failed := len(queue.failed_job_registry):
            raise SystemExit(f"{failed} jobs of the baseline failed: it proves nothing")
    return messages / seconds


def _fill_crm(url: str) -> None:
    _post(
        f"{url}/_sandbox/seed",
        {
            "owners": [{"id": "101", "email": "ana@acme.example"}],
            "contacts": [
                {
                    "id": str(1000 + n),
                    "properties": {"phone": f"+{_phone(n)}", "hubspot_owner_id": "101"},
                }
                for n in range(CLIENTS)
            ],
            "deals": [
                {
                    "id": str(5000 + n),
                    "properties": {
                        "dealname": f"Deal {n}",
                        "pipeline": "default",
                        "dealstage": "appointmentscheduled",
                        "hubspot_owner_id": "101",
                    },
                    "contacts": [str(1000 + n)],
                }
                for n in range(CLIENTS)
            ],
        },
    )


def _know_everybody(parts: Parts) -> None:
    """Each client has written once, so that the mirror knows him."""
    sync(parts)
    _append(parts, [_message(n, "first") for n in range(CLIENTS)])
    _drain_all(parts)


def _drain_all(parts: Parts) -> None:
    names = [lane(Way.IN, CHAT), lane(Way.OUT, CRM)]
    while names:
        more = [drain(parts, name, deadline=time.monotonic() + 60) for name in names]
        names = sorted({name for found in more for name in found})


def _append(parts: Parts, bodies: list[bytes]) -> None:
    rows = [
        inbox.NewRow(
            lane=lane(Way.IN, CHAT),
            account=CHAT,
            received_at=parts.now(),
            method="POST",
            url="https://bridge.example/hooks/wazzup-main",
            headers=b"{}",
            body=body,
        )
        for body in bodies
    ]
    with writing(parts.engine) as db:
        inbox.append(db, rows)


def _message(number: int, kind: str = "backlog") -> bytes:
    message = {
        "messageId": f"{kind}-{number}",
        "channelId": CHANNEL,
        "chatType": "whatsapp",
        "chatId": _phone(number),
        "dateTime": datetime.now(UTC).isoformat(),
        "type": "text",
        "isEcho": False,
        "contact": {"name": f"Client {number % CLIENTS}"},
        "text": f"{kind} {number}: " + "could you tell me more about your offer? " * 8,
        "status": "inbound",
    }
    return json.dumps({"messages": [message]}).encode()


def _phone(number: int) -> str:
    return f"3460000{number % CLIENTS:04d}"


def _calls(url: str) -> int:
    state = requests.get(f"{url}/_sandbox/state", timeout=60).json()
    return sum(state["calls"].values())


def _post(url: str, body: Any) -> None:
    requests.post(url, json=body, timeout=60).raise_for_status()
