"""What HubSpot knows by itself: kinds of records, their standard properties, default pipelines."""

import re
from collections.abc import Mapping
from typing import Any

KINDS = (
    *("contacts", "deals", "leads", "communications", "notes"),
    *("companies", "tasks", "partner_clients"),
)
SINGULAR = {
    "contacts": "contact",
    "deals": "deal",
    "leads": "lead",
    "communications": "communication",
    "notes": "note",
    "companies": "company",
    "tasks": "task",
    "partner_clients": "partner_client",
}
TYPE_IDS = {
    "contacts": "0-1",
    "deals": "0-3",
    "leads": "0-136",
    "communications": "0-18",
    "notes": "0-46",
    "companies": "0-2",
    "tasks": "0-27",
    "partner_clients": "0-145",  # as somebody's account has it
}
ALIASES = {name: kind for kind, one in SINGULAR.items() for name in (kind, one, TYPE_IDS[kind])}

_EVERYWHERE = (
    "hubspot_owner_id hs_object_id hs_createdate createdate hs_lastmodifieddate lastmodifieddate"
)
_STANDARD = {
    "contacts": "email firstname lastname phone mobilephone hs_whatsapp_phone_number company "
    "website city country state industry address zip jobtitle lifecyclestage hs_lead_status "
    "hs_language hs_analytics_source associatedcompanyid "
    "hs_merged_object_ids hs_calculated_phone_number hs_calculated_mobile_number "
    "hs_searchable_calculated_phone_number hs_searchable_calculated_mobile_number",
    "deals": "dealname dealstage pipeline amount closedate dealtype description hs_is_closed "
    "hs_is_closed_won hs_merged_object_ids",
    "leads": "hs_lead_name hs_lead_type hs_lead_label hs_pipeline hs_pipeline_stage",
    "communications": "hs_communication_channel_type hs_communication_logged_from "
    "hs_communication_body hs_timestamp",
    "notes": "hs_note_body hs_timestamp hs_attachment_ids",
    "companies": "name domain country state city industry description",
    "tasks": "hs_task_subject hs_task_body hs_task_status hs_task_type hs_task_priority "
    "hs_timestamp",
    # As public code shows those of a real partner's account: HubSpot publishes none.
    "partner_clients": "hs_client_name hs_client_account_name hs_client_domain_name "
    "hs_next_renewal_date hs_cancellation_products hs_relationship_type hs_success_owner_email",
}
_GROUPS = {
    "contacts": "contactinformation",
    "deals": "dealinformation",
    "leads": "lead_information",
    "communications": "communication_information",
    "notes": "note_information",
    "companies": "companyinformation",
    "tasks": "task_information",
    "partner_clients": "partner_client_information",
}
_READ_ONLY = re.compile(
    r"hs_(object_id|.*calculated.*|merged_object_ids|is_closed|is_closed_won|.*_date)"
    r"|(hs_)?(createdate|lastmodifieddate)"
)
_TWO_DIGITS = frozenset(
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98".split()
)


class Refused(Exception):
    """HubSpot says no: status, category and message of its answer."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        code: str = "",
        context: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.message = message
        self.code = code
        self.context = dict(context or {})


def standard_properties(kind: str) -> dict[str, dict[str, Any]]:
    names = f"{_EVERYWHERE} {_STANDARD[kind]}".split()
    return {name: definition(kind, name, unique=name == "email") for name in names}


def definition(kind: str, name: str, *, unique: bool = False, label: str = "") -> dict[str, Any]:
    """A property as GET /crm/properties shows it."""
    return {
        "name": name,
        "label": label or name.replace("_", " ").capitalize(),
        "type": "string",
        "fieldType": "text",
        "groupName": _GROUPS[kind],
        "description": "",
        "options": [],
        "hasUniqueValue": unique,
        "hidden": False,
        "formField": False,
        "archived": False,
    }


def is_read_only(name: str) -> bool:
    return bool(_READ_ONLY.fullmatch(name))


def calculated(properties: Mapping[str, str]) -> dict[str, str]:
    """Phones as HubSpot derives them: the whole number, and for search without the country."""
    found: dict[str, str] = {}
    for given, name in (("phone", "phone"), ("mobilephone", "mobile")):
        written = properties.get(given, "")
        digits = re.sub(r"\D", "", written)
        if not digits:
            continue
        national = digits[_country_length(digits) :] if written.startswith("+") else digits
        found[f"hs_searchable_calculated_{name}_number"] = national
        if written.startswith("+"):
            found[f"hs_calculated_{name}_number"] = f"+{digits}"
    return found


def _country_length(digits: str) -> int:
    if digits[0] in "17":
        return 1
    return 2 if digits[:2] in _TWO_DIGITS else 3


def default_pipelines() -> dict[str, list[dict[str, Any]]]:
    """Those of a new account; `metadata` of lead stages is as seen in answers."""
    deals = (
        ("appointmentscheduled", "Appointment Scheduled", "0.2"),
        ("qualifiedtobuy", "Qualified To Buy", "0.4"),
        ("presentationscheduled", "Presentation Scheduled", "0.6"),
        ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
        ("contractsent", "Contract Sent", "0.9"),
        ("closedwon", "Closed Won", "1.0"),
        ("closedlost", "Closed Lost", "0.0"),
    )
    leads = (
        ("new-stage-id", "New", "NEW"),
        ("attempting-stage-id", "Attempting", "ATTEMPTING"),
        ("connected-stage-id", "Connected", "CONNECTED"),
        ("qualified-stage-id", "Qualified", "QUALIFIED"),
        ("unqualified-stage-id", "Disqualified", "UNQUALIFIED"),
    )
    return {
        "deals": [pipeline("default", "Sales Pipeline", [_deal_stage(*one) for one in deals])],
        "leads": [pipeline("lead-pipeline-id", "Lead Pipeline", [_lead_stage(*o) for o in leads])],
    }


def pipeline(pipeline_id: str, label: str, stages: list[dict[str, Any]]) -> dict[str, Any]:
    when = "2024-01-01T00:00:00.000Z"
    return {
        "id": pipeline_id,
        "label": label,
        "displayOrder": 0,
        "archived": False,
        "createdAt": when,
        "updatedAt": when,
        "stages": [
            {
                "displayOrder": order,
                "archived": False,
                "createdAt": when,
                "updatedAt": when,
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                **stage,
            }
            for order, stage in enumerate(stages)
        ],
    }


def _deal_stage(stage_id: str, label: str, probability: str) -> dict[str, Any]:
    closed = "true" if probability in ("0.0", "1.0") else "false"
    metadata = {"probability": probability, "isClosed": closed}
    return {"id": stage_id, "label": label, "metadata": metadata}


def _lead_stage(stage_id: str, label: str, state: str) -> dict[str, Any]:
    return {"id": stage_id, "label": label, "metadata": {"leadState": state}}
