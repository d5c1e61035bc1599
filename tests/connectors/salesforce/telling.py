"""Outbound Messages and JSON as an org sends them, and the account that takes them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from bridge.ports import Account, Parsed, RawRequest
from connectors.salesforce.ids import long_id
from connectors.salesforce.inbound import SalesforceInbound

NAME = "salesforce-main"
PATH_SECRET = "path-secret-for-tests"
SIGNING_SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl"
ORGANIZATION = "00D5g000004ZtXEEA0"
URL = f"https://bridge.acme.example/hooks/{NAME}"
AT_SECRET = f"{URL}/{PATH_SECRET}"
NOW = datetime(2026, 11, 22, 9, 30, 30, tzinfo=UTC)
ANA, LUIS, BOT = "0055g000001AnaaAAC", "0055g000002LuisAAC", "0055g000009BotsAAC"
QUEUE = "00G5g00000Queu1EAC"
XML, JSON = "text/xml; charset=UTF-8", "application/json"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
)
_TAIL = "</notifications></soapenv:Body></soapenv:Envelope>"
_SF = 'xmlns:sf="urn:sobject.enterprise.soap.sforce.com"'

Fields = Mapping[str, str | None]


def account(
    options: Mapping[str, str] | None = None, secrets: Mapping[str, tuple[str, ...]] | None = None
) -> Account:
    return Account(
        name=NAME,
        connector="salesforce",
        secrets={"client_id": ("id",), "path_secret": (PATH_SECRET,), **(secrets or {})},
        options={"organization_id": ORGANIZATION, "integration_user": BOT, **(options or {})},
    )


def inbound(**options: str) -> SalesforceInbound:
    return SalesforceInbound(account(options))


def request(
    body: bytes,
    kind: str = XML,
    url: str = AT_SECRET,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
) -> RawRequest:
    return RawRequest(
        method=method,
        url=url,
        headers={"content-type": kind, **(headers or {})},
        body=body,
        received_at=NOW,
    )


def record_id(prefix: str, number: int = 1) -> str:
    return long_id(f"{prefix}5g{number:010d}")


def notification(number: int, object_name: str, fields: Fields) -> str:
    told = "".join(_field(name, value) for name, value in fields.items())
    return (
        f"<Notification><Id>{record_id('04l', number)}</Id>"
        f'<sObject xsi:type="sf:{object_name}" {_SF}>{told}</sObject></Notification>'
    )


def message(*notifications: str, organization: str = ORGANIZATION) -> bytes:
    told = f"<OrganizationId>{organization}</OrganizationId>" + "".join(notifications)
    return (_HEAD + told + _TAIL).encode()


def lead(**fields: str | None) -> dict[str, str | None]:
    told = {"Id": record_id("00Q"), "OwnerId": ANA, "SystemModstamp": "2026-11-22T09:20:00.000Z"}
    return {**told, **fields}


def item(object_name: str = "Contact", change: str = "updated", **more: Any) -> dict[str, Any]:
    told = {
        "org_id": ORGANIZATION,
        "event_id": "event-1",
        "object": object_name,
        "change": change,
        "record": {"Id": record_id("003"), "OwnerId": ANA},
        "sent_at": "2026-11-22T09:30:00Z",
    }
    return {**told, **more}


def body_of(*items: Any) -> bytes:
    return json.dumps(items[0] if len(items) == 1 else items).encode()


def parsed(*items: Any) -> Parsed:
    return inbound().parse(request(body_of(*items), JSON))


def heard(*notifications: str) -> Parsed:
    return inbound().parse(request(message(*notifications)))


def kinds(told: Parsed) -> Sequence[str]:
    return [type(event).__name__ for event in told.events]


def _field(name: str, value: str | None) -> str:
    if value is None:
        return f'<sf:{name} xsi:nil="true"/>'
    return f"<sf:{name}>{escape(value)}</sf:{name}>"
