"""What the sandbox's org posts: Outbound Messages as in the WSDL, and JSON of Flow or Apex."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.salesforce.sandbox_ids import made_id
from connectors.salesforce.sandbox_org import ORGANIZATION, Org
from connectors.standard_webhooks import sign

MAX_NOTIFICATIONS = 100
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
_RECORD = "urn:sobject.enterprise.soap.sforce.com"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_INSTANCE = "https://acme.my.salesforce.com"
_ALWAYS = (
    "CreatedDate",
    "IsDeleted",
    "LastModifiedById",
    "LastModifiedDate",
    "OwnerId",
    "SystemModstamp",
)
# What the Outbound Messages of the bridge's metadata hold, beside the id that is always sent.
FIELDS: Mapping[str, Sequence[str]] = {
    "Contact": _ALWAYS,
    "Lead": (
        "ConvertedAccountId",
        "ConvertedContactId",
        "ConvertedOpportunityId",
        *_ALWAYS,
        "IsConverted",
    ),
    "Opportunity": tuple(sorted((*_ALWAYS, "StageName"))),
}
# A Flow or a trigger sends more, and is there for objects that have no workflow.
JSON_FIELDS: Mapping[str, Sequence[str]] = {
    **{name: ("Id", "MasterRecordId", *fields) for name, fields in FIELDS.items()},
    "OpportunityContactRole": (
        "Id",
        "ContactId",
        "IsPrimary",
        "OpportunityId",
        "LastModifiedById",
        "SystemModstamp",
    ),
}
_ACTIONS = {name: made_id("04k", number) for number, name in enumerate(FIELDS)}


@dataclass(frozen=True)
class Notice:
    """One change on its way out. `id` stays the same when it is sent again."""

    id: str
    object: str
    record: str
    change: str = "updated"
    fields: Mapping[str, Any] = field(default_factory=dict)  # as they were then
    old: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Post:
    body: bytes
    headers: Mapping[str, str]


def soap_post(org: Org, notices: Sequence[Notice], organization: str) -> Post:
    """Of one object; each record as it is now, however it was when the notice was made."""
    with org.lock:
        body = soap_body(org, notices, organization)
    return Post(body, {"content-type": "text/xml; charset=UTF-8", "soapaction": '""'})


def soap_body(org: Org, notices: Sequence[Notice], organization: str = ORGANIZATION) -> bytes:
    envelope = Element("soapenv:Envelope", {"xmlns:soapenv": _SOAP, "xmlns:xsi": _XSI})
    body = SubElement(envelope, "soapenv:Body")
    message = SubElement(body, "notifications", {"xmlns": _OUTBOUND})
    _text(message, "OrganizationId", organization)
    _text(message, "ActionId", _ACTIONS[notices[0].object])
    SubElement(message, "SessionId", {"xsi:nil": "true"})
    _text(message, "EnterpriseUrl", f"{_INSTANCE}/services/Soap/c/62.0/{organization[:15]}")
    _text(message, "PartnerUrl", f"{_INSTANCE}/services/Soap/u/62.0/{organization[:15]}")
    for notice in notices:
        _add_notification(org, message, notice)
    written: bytes = tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return written


def _add_notification(org: Org, message: Element, notice: Notice) -> None:
    found = org.find(notice.object, notice.record)
    values = {} if found is None else found.values
    one = SubElement(message, "Notification")
    _text(one, "Id", notice.id)
    kind = {"xsi:type": f"sf:{notice.object}", "xmlns:sf": _RECORD}
    record = SubElement(one, "sObject", kind)
    _text(record, "sf:Id", notice.record)
    for name in sorted(FIELDS[notice.object]):
        value = values.get(name)
        if value is not None:
            _text(record, f"sf:{name}", _as_xsd(value))


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _as_xsd(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("+0000", "Z")


def is_ack(status: int, body: bytes) -> bool:
    """Nothing but HTTP 200 with this very answer counts."""
    if status != 200:
        return False
    try:
        envelope = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return False
    path = f"{{{_SOAP}}}Body/{{{_OUTBOUND}}}notificationsResponse/{{{_OUTBOUND}}}Ack"
    acks = envelope.findall(path) if envelope.tag == f"{{{_SOAP}}}Envelope" else []
    return [one.text for one in acks] in (["true"], ["1"])


def json_post(notice: Notice, organization: str, signing_secret: str) -> Post:
    """Signed where there is a secret; a Flow can't sign, and has the one in the path alone."""
    now = datetime.now(UTC)
    told = {
        "org_id": organization,
        "event_id": notice.id,
        "object": notice.object,
        "change": notice.change,
        "record": notice.fields,
        "old": notice.old,
        "sent_at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    body = json.dumps(told).encode()
    signed = sign([signing_secret], notice.id, body, now) if signing_secret else {}
    return Post(body, {"content-type": "application/json", **signed})


def is_taken(status: int, body: bytes) -> bool:
    """A Flow's callout fails on an answer that is no JSON, an empty one among them."""
    try:
        return 200 <= status < 300 and isinstance(json.loads(body), dict)
    except ValueError:
        return False
