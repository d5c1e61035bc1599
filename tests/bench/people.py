"""Clients whom CRM and bridge know, and what they write. Each text begins with a mark, so that what
reaches the CRM can be held against what was sent."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.bench.place import SECRETS

HOOK = f"/hooks/wazzup-main/{SECRETS['WAZZUP_WEBHOOK_KEY']}"
OWNER = {"id": "101", "email": "ana@acme.example"}
FIRST_CONTACT, FIRST_DEAL, FIRST_LEAD = 1_000_000, 5_000_000, 9_000_000
CHANNEL = "8c1d7a52-0f3e-4f0b-9a51-2f0c2a7f6b11"
_TEXT = "could you tell me more about your offer, and when could you deliver it? " * 3


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Clients by number, from `first` on; each has a contact, an open deal, and perhaps a lead."""

    count: int
    first: int = 0
    leads: bool = False

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.count)

    def some(self, count: int) -> "People":
        return People(count=count, first=self.first, leads=self.leads)


def phone(number: int) -> str:
    """Digits with the country's code, as the messenger has them."""
    return f"346{number:08d}"


def messages(people: People, run: str, count: int) -> list[bytes]:
    """The bodies of `count` webhooks, by the clients in turn; marked with the run and a number."""
    return [_message(run, n, people.first + n % people.count) for n in range(count)]


def mark(run: str, number: int) -> str:
    return f"#{run}-{number:06d}#"


def as_requests(bodies: Sequence[bytes]) -> Iterator[bytes]:
    """The webhooks as they go over the wire."""
    for body in bodies:
        head = (
            f"POST {HOOK} HTTP/1.1\r\nHost: bridge\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def crm_of(groups: Sequence[People]) -> dict[str, Any]:
    """What the CRM's sandbox is filled with."""
    numbers = [n for people in groups for n in people.numbers]
    with_leads = [n for people in groups if people.leads for n in people.numbers]
    return {
        "owners": [OWNER],
        "contacts": [_contact(n) for n in numbers],
        "deals": [_deal(n) for n in numbers],
        "leads": [_lead(n) for n in with_leads],
    }


def _message(run: str, number: int, client: int) -> bytes:
    message = {
        "messageId": f"{run}-{number:06d}",
        "channelId": CHANNEL,
        "chatType": "whatsapp",
        "chatId": phone(client),
        "dateTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "type": "text",
        "isEcho": False,
        "contact": {"name": f"Client {client}"},
        "text": f"{mark(run, number)} {_TEXT}",
        "status": "inbound",
    }
    return json.dumps({"messages": [message]}).encode()


def _contact(number: int) -> dict[str, Any]:
    properties = {
        "firstname": f"Client {number}",
        "phone": f"+{phone(number)}",
        "hubspot_owner_id": OWNER["id"],
    }
    return {"id": str(FIRST_CONTACT + number), "properties": properties}


def _deal(number: int) -> dict[str, Any]:
    properties = {
        "dealname": f"Deal {number}",
        "pipeline": "default",
        "dealstage": "appointmentscheduled",
        "hubspot_owner_id": OWNER["id"],
    }
    contacts = [str(FIRST_CONTACT + number)]
    return {"id": str(FIRST_DEAL + number), "properties": properties, "contacts": contacts}


def _lead(number: int) -> dict[str, Any]:
    properties = {
        "hs_lead_name": f"Lead {number}",
        "hs_pipeline": "lead-pipeline-id",
        "hs_pipeline_stage": "new-stage-id",
        "hubspot_owner_id": OWNER["id"],
    }
    contacts = [str(FIRST_CONTACT + number)]
    return {"id": str(FIRST_LEAD + number), "properties": properties, "contacts": contacts}
