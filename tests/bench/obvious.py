"""The obvious program that the bridge is measured against: one RQ job for each event, and in it a
search for the contact, the message's entry, and its association."""

import time

import requests

from tests.bench.place import SECRETS

HEADERS = {"Authorization": f"Bearer {SECRETS['HUBSPOT_TOKEN']}"}


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


def _post(url: str, body: object) -> "dict[str, list[dict[str, str]]]":
    answer = requests.post(url, json=body, headers=HEADERS, timeout=30)
    answer.raise_for_status()
    found: dict[str, list[dict[str, str]]] = answer.json()
    return found
