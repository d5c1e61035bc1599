"""Ids of HubSpot's own associations, in one table: a wrong id links the wrong thing silently.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records,
"Association type ID values".
"""

from collections.abc import Mapping
from typing import Any

from bridge.domain.records import CrmKind, RecordKind

CONTACTS, DEALS, LEADS = "contacts", "deals", "leads"
COMPANIES, PARTNER_CLIENTS = "companies", "partner_clients"
COMMUNICATIONS, NOTES, TASKS = "communications", "notes", "tasks"

KINDS: Mapping[RecordKind, str] = {
    RecordKind.CONTACT: CONTACTS,
    RecordKind.DEAL: DEALS,
    RecordKind.LEAD: LEADS,
}
CRM_KINDS: Mapping[CrmKind, str] = {
    CrmKind.CONTACT: CONTACTS,
    CrmKind.COMPANY: COMPANIES,
    CrmKind.DEAL: DEALS,
    CrmKind.LEAD: LEADS,
    CrmKind.PARTNER_CLIENT: PARTNER_CLIENTS,
}
TYPE_IDS: Mapping[tuple[str, str], int] = {
    (DEALS, CONTACTS): 3,
    (LEADS, CONTACTS): 578,  # the primary contact, without which HubSpot deletes a lead
    (COMMUNICATIONS, CONTACTS): 81,
    (COMMUNICATIONS, DEALS): 85,
    (NOTES, CONTACTS): 202,
    (NOTES, DEALS): 214,
    (NOTES, COMPANIES): 190,
    (TASKS, CONTACTS): 204,
    (TASKS, DEALS): 216,
    (TASKS, COMPANIES): 192,
}


def link(from_kind: str, to_kind: str, to_id: str) -> dict[str, Any]:
    """One entry of `associations` of a create call."""
    type_id = TYPE_IDS[from_kind, to_kind]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    return {"to": {"id": to_id}, "types": types}
