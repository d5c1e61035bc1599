"""What the sandbox's org holds from the start, and what tests and demos put into it."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.salesforce.sandbox_ids import long_id
from connectors.salesforce.sandbox_org import INTEGRATION_USER, ORGANIZATION, Org
from connectors.salesforce.sandbox_rules import derived
from connectors.salesforce.sandbox_schema import Refused, custom_field

_STAGES = (
    ("Prospecting", False, False),
    ("Qualification", False, False),
    ("Proposal/Price Quote", False, False),
    ("Negotiation/Review", False, False),
    ("Closed Won", True, True),
    ("Closed Lost", True, False),
)
_LEAD_STATUSES = (
    "Open - Not Contacted",
    "Working - Contacted",
    "Closed - Converted",
    "Closed - Not Converted",
)
_TASK_STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")


def furnish(org: Org) -> None:
    """Itself, and the words of a new org."""
    itself = {"Name": "Acme", "OrganizationType": "Developer Edition", "IsSandbox": False}
    org.insert("Organization", itself, INTEGRATION_USER, ORGANIZATION)
    for place, (name, is_closed, is_won) in enumerate(_STAGES, 1):
        words = {"IsActive": True, "IsClosed": is_closed, "IsWon": is_won, "SortOrder": place}
        _word(org, "OpportunityStage", name, words)
    for place, name in enumerate(_LEAD_STATUSES, 1):
        words = {"IsConverted": name == "Closed - Converted", "IsDefault": place == 1}
        _word(org, "LeadStatus", name, {**words, "SortOrder": place})
    for place, name in enumerate(_TASK_STATUSES, 1):
        words = {"IsClosed": name == "Completed", "IsDefault": place == 1}
        _word(org, "TaskStatus", name, {**words, "SortOrder": place})


def _word(org: Org, table: str, name: str, more: Mapping[str, Any]) -> None:
    org.insert(table, {"MasterLabel": name, "ApiName": name, **more}, INTEGRATION_USER)


def seed(org: Org, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Puts records there as they are given, unchecked and untold; gives their ids.

    `given` has for each object a list of fields, `Id` among them or not. Under `fields` it has
    fields of the org's own, such as `{"Contact": ["Telegram__c", "Renewal__c date"]}`; objects in
    `without` lose what they hold first.
    """
    for name, fields in given.get("fields", {}).items():
        made_fields = [custom_field(*one.split()) for one in fields]
        org.objects[name].fields.update({one.name: one for one in made_fields})
    for name in given.get("without", ()):
        org.records[name].clear()
    made: dict[str, list[str]] = {}
    listener, org.listener = org.listener, lambda changes: None
    try:
        with org.transaction():
            for name, records in given.items():
                if name not in ("fields", "without"):
                    made[name] = [_put(org, name, one) for one in _listed(records)]
    finally:
        org.listener = listener
    return made


def _listed(records: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(records, list):
        raise Refused(400, "JSON_PARSER_ERROR", "a list of records is wanted")
    return records


def _put(org: Org, name: str, given: Mapping[str, Any]) -> str:
    one = org.objects.get(name)
    if one is None or given.keys() - one.fields.keys():
        raise Refused(400, "INVALID_FIELD", f"{name}: unknown, or some of its fields are")
    empty: dict[str, Any] = {
        field.name: False if field.kind == "boolean" else None for field in one.fields.values()
    }
    owned = {"OwnerId": INTEGRATION_USER} if "OwnerId" in one.fields else {}
    long = {key: long_id(v) for key, v in given.items() if one.fields[key].kind in _IDS and v}
    values = {**empty, **_DEFAULTS.get(name, {}), **owned, **given, **long}
    values.update(derived(org, one, values))
    record_id = long.get("Id")
    kept = {key: value for key, value in values.items() if key not in _STANDING or key in given}
    return org.insert(name, {**kept, **_of_id(record_id)}, INTEGRATION_USER, record_id).id


def _of_id(record_id: str | None) -> Mapping[str, Any]:
    return {"IsDeleted": False, **({} if record_id is None else {"Id": record_id})}


_IDS = frozenset({"id", "reference"})
_STANDING = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"}
    | {"SystemModstamp"}
)
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "User": {"IsActive": True, "UserType": "Standard"},
    "Network": {"Status": "Live"},
    "NetworkMemberGroup": {"AssignmentStatus": "Added"},
    "Folder": {"Type": "Report", "AccessType": "Shared"},
    "EntityDefinition": {"IsCustomizable": True, "InternalSharingModel": "Private"},
    "Contract": {"Status": "Activated"},
    "Group": {"Type": "Queue"},
    "RecordType": {"IsActive": True},
    "Lead": {"Status": "Open - Not Contacted"},
    "Task": {"Status": "Not Started"},
}
