"""Ids of HubSpot's own associations, in one table: a wrong id links the wrong thing silently.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records,
"Association type ID values".
"""

from collections.abc import Mapping
from typing import Any

from bridge.domain.records import RecordKind

CONTACTS, DEALS, LEADS = "contacts", "deals", "leads"
COMMUNICATIONS, NOTES = "communications", "notes"

KINDS: Mapping[RecordKind, str] = {
    RecordKind.CONTACT: CONTACTS,
    RecordKind.DEAL: DEALS,
    RecordKind.LEAD: LEADS,
}
TYPE_IDS: Mapping[tuple[str, str], int] = {
    (DEALS, CONTACTS): 3,
    (LEADS, CONTACTS): 578,  # the primary contact, without which HubSpot deletes a lead
    (COMMUNICATIONS, CONTACTS): 81,
    (COMMUNICATIONS, DEALS): 85,
    (NOTES, CONTACTS): 202,
    (NOTES, DEALS): 214,
}


def link(from_kind: str, to_kind: str, to_id: str) -> dict[str, Any]:
    """One entry of `associations` of a create call."""
    type_id = TYPE_IDS[from_kind, to_kind]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    return {"to": {"id": to_id}, "types": types}
