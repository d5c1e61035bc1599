"""The obvious program that the bridge is measured against: Flask takes the webhook, one RQ job for
each message does the rest: a search for the contact, the timeline entry, its association.

`python -m tests.bench.obvious REDIS_URL` is its worker. RQ's own `rq worker` would be slower: it
imports what the job needs after each fork, not once before.
"""

import sys
import time
from typing import Any

import requests
from flask import Flask, request
from redis import Redis
from rq import Queue, Worker

from tests.bench.place import SECRETS

QUEUE = "obvious"
HEADERS = {"Authorization": f"Bearer {SECRETS['HUBSPOT_TOKEN']}"}


def create_app(queue: Queue, crm_url: str) -> Flask:
    app = Flask("obvious")

    @app.post("/hooks")
    def hook() -> str:
        for message in request.get_json()["messages"]:
            queue.enqueue(handle, crm_url, f"+{message['chatId']}", message["text"])
        return ""

    return app


def handle(crm_url: str, phone: str, text: str) -> None:
    """One message on its way into the CRM's timeline: three calls."""
    wanted = {
        "filterGroups": [
            {"filters": [{"propertyName": "phone", "operator": "EQ", "value": phone}]}
        ],
        "properties": ["hubspot_owner_id"],
    }
    found = _post(f"{crm_url}/crm/v3/objects/contacts/search", wanted)
    entry = {
        "properties": {
            "hs_communication_channel_type": "WHATS_APP",
            "hs_communication_logged_from": "CRM",
            "hs_communication_body": text,
            "hs_timestamp": str(int(time.time() * 1000)),
        },
        "associations": [],
    }
    made = _post(f"{crm_url}/crm/v3/objects/communications", entry)
    contact = found["results"][0]["id"]
    link = f"/crm/v4/objects/communications/{made['id']}/associations/default/contacts/{contact}"
    requests.put(crm_url + link, headers=HEADERS, timeout=30).raise_for_status()


def _post(url: str, body: Any) -> Any:
    answer = requests.post(url, json=body, headers=HEADERS, timeout=30)
    answer.raise_for_status()
    return answer.json()


if __name__ == "__main__":
    with Redis.from_url(sys.argv[1]) as client:
        Worker([QUEUE], connection=client).work(logging_level="WARNING")
