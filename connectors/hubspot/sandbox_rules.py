"""What HubSpot refuses: checks of the sandbox before it writes anything."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.hubspot.sandbox_crm import Crm, must_find
from connectors.hubspot.sandbox_records import LINK_TYPES, PRIMARY_CONTACT, Record
from connectors.hubspot.sandbox_schema import Refused, is_read_only

MAX_NOTE = 65_536
_CHANNELS = ("WHATS_APP", "SMS", "LINKEDIN_MESSAGE")
_CUSTOM_CHANNEL = "CUSTOM_CHANNEL_CONVERSATION"
_REQUIRED = {
    "contacts": (),
    "deals": ("dealname", "dealstage"),
    "leads": ("hs_lead_name",),
    "communications": ("hs_communication_channel_type", "hs_timestamp"),
    "notes": ("hs_timestamp",),
    "companies": (),
    "tasks": ("hs_timestamp",),
    "partner_clients": (),
}
_TASK_WORDS = {
    "hs_task_status": ("NOT_STARTED", "COMPLETED"),
    "hs_task_type": ("EMAIL", "CALL", "TODO"),
    "hs_task_priority": ("LOW", "MEDIUM", "HIGH"),
}

Links = list[tuple[Record, int]]


def properties_of(crm: Crm, kind: str, given: Any) -> dict[str, str]:
    """The properties of an input, numbers turned into texts as HubSpot does."""
    if not isinstance(given, dict):
        raise Refused(400, "VALIDATION_ERROR", "Invalid input JSON: properties is not an object")
    for name, value in given.items():
        if name not in crm.schema[kind]:
            message = f'Property "{name}" does not exist'
            raise invalid(message, "PROPERTY_DOESNT_EXIST", {"propertyName": [name]})
        if is_read_only(name):
            message = f'"{name}" is a read only property; its value cannot be set.'
            raise invalid(message, "READ_ONLY_VALUE", {"propertyName": [name]})
        if isinstance(value, bool | dict | list):
            raise invalid(f'"{name}" is not a string', "INVALID_VALUE", {"propertyName": [name]})
    texts = {name: "" if value is None else str(value) for name, value in given.items()}
    _check_owner(crm, texts)
    return texts


def check_new(crm: Crm, kind: str, properties: Mapping[str, str]) -> dict[str, str]:
    """Properties with HubSpot's defaults filled in; refuses what lacks something."""
    if kind == "partner_clients":
        raise Refused(405, "METHOD_NOT_ALLOWED", "partner clients can't be created")
    if kind == "companies" and not (properties.get("name") or properties.get("domain")):
        raise invalid("a company needs a name or a domain", "REQUIRED_FIELD")
    for name in _REQUIRED[kind]:
        if not properties.get(name):
            message = f'Error creating. Some required properties were not set: "{name}"'
            raise invalid(message, "REQUIRED_FIELD", {"propertyName": [name]})
    filled = {**_default_stage(crm, kind), **properties}
    check_values(crm, kind, filled)
    check_unique(crm, kind, filled, None)
    return filled


def check_values(crm: Crm, kind: str, properties: Mapping[str, str]) -> None:
    if kind in ("deals", "leads"):
        _check_stage(crm, kind, properties)
    if kind == "communications":
        _check_communication(crm, properties)
    for name, words in _TASK_WORDS.items():
        if properties.get(name, "") not in ("", *words):
            context = {"propertyName": [name]}
            raise invalid(f"{name} was not one of the allowed options", "INVALID_OPTION", context)
    if len(properties.get("hs_note_body", "")) > MAX_NOTE:
        raise invalid("hs_note_body is too long", "INVALID_LENGTH")


def check_unique(crm: Crm, kind: str, properties: Mapping[str, str], mine: Record | None) -> None:
    for name, value in properties.items():
        holder = crm.by_unique(kind, name, value) if value else None
        if holder is None or holder is mine:
            continue
        if name == "email":
            message = f"Contact already exists. Existing ID: {holder.id}"
            raise Refused(409, "CONFLICT", message)
        problem = [{"isValid": False, "error": "CONFLICTING_UNIQUE_VALUE", "name": name}]
        message = f"Property values were not valid: {json.dumps(problem)}"
        raise invalid(message, "CONFLICTING_UNIQUE_VALUE", {"propertyName": [name]})


def links_of(crm: Crm, kind: str, given: Any) -> Links:
    """What a new record is linked with; refuses ids that are none of HubSpot's for this pair."""
    found: Links = []
    for one in given or []:
        record_id = one["to"]["id"]
        if not isinstance(record_id, str):
            raise Refused(400, "VALIDATION_ERROR", "Invalid input JSON: id is not a string")
        for spec in one["types"]:
            found.append(_link(crm, kind, record_id, spec))
    primary = any(type_id == PRIMARY_CONTACT for _, type_id in found)
    if kind == "leads" and not primary:
        raise invalid("A lead must be associated with a contact", "INVALID_ASSOCIATION")
    return found


def check_link(from_kind: str, to_kind: str, type_id: Any) -> None:
    if type_id not in LINK_TYPES.get((from_kind, to_kind), ()):
        message = f"{type_id} is not a valid association type between {from_kind} and {to_kind}"
        raise invalid(message, "INVALID_ASSOCIATION_TYPE")


def record_id_of(given: Mapping[str, Any]) -> str:
    found = given.get("id")
    if not isinstance(found, str) or not found:
        raise Refused(400, "VALIDATION_ERROR", "Invalid input JSON: id is not a string")
    return found


def check_batch(inputs: Sequence[Mapping[str, Any]]) -> bool:
    """True when every input has a trace id of its own, so that a part may go through."""
    if len(inputs) > 100:
        message = f"The number of inputs ({len(inputs)}) is more than the maximum of 100"
        raise Refused(400, "VALIDATION_ERROR", message)
    if not inputs:
        raise Refused(400, "VALIDATION_ERROR", "Some required fields were not set: [inputs]")
    traces = [one.get("objectWriteTraceId") for one in inputs]
    given = [trace for trace in traces if trace]
    if len(set(given)) != len(given):
        raise Refused(400, "VALIDATION_ERROR", "Duplicate objectWriteTraceId in batch input")
    return len(given) == len(inputs)


def invalid(message: str, code: str, context: Mapping[str, list[str]] | None = None) -> Refused:
    return Refused(400, "VALIDATION_ERROR", message, code, context)


def _link(crm: Crm, kind: str, record_id: str, spec: Mapping[str, Any]) -> tuple[Record, int]:
    type_id = spec["associationTypeId"]
    pairs = [pair for pair in LINK_TYPES if pair[0] == kind and type_id in LINK_TYPES[pair]]
    if spec["associationCategory"] != "HUBSPOT_DEFINED" or not pairs:
        raise invalid(f"{type_id} is not a valid association type of {kind}", "INVALID_ASSOCIATION")
    try:
        return must_find(crm, pairs[0][1], record_id), type_id
    except Refused as missing:
        raise invalid("An associated object does not exist", "INVALID_OBJECT_IDS") from missing


def _check_owner(crm: Crm, properties: Mapping[str, str]) -> None:
    owner = properties.get("hubspot_owner_id")
    if owner and (owner not in crm.owners or crm.owners[owner]["archived"]):
        context = {"propertyName": ["hubspot_owner_id"]}
        raise invalid("Owner does not exist", "INVALID_OWNER_ID", context)


def _default_stage(crm: Crm, kind: str) -> dict[str, str]:
    if kind == "deals":
        return {"pipeline": crm.pipelines["deals"][0]["id"]}
    if kind == "leads":
        first = crm.pipelines["leads"][0]
        return {"hs_pipeline": first["id"], "hs_pipeline_stage": first["stages"][0]["id"]}
    return {}


def _check_stage(crm: Crm, kind: str, properties: Mapping[str, str]) -> None:
    names = ("pipeline", "dealstage") if kind == "deals" else ("hs_pipeline", "hs_pipeline_stage")
    chosen, stage = (properties.get(name, "") for name in names)
    if not stage:
        return
    stages = [
        one["id"]
        for pipeline in crm.pipelines[kind]
        if chosen in ("", pipeline["id"])
        for one in pipeline["stages"]
    ]
    if stage not in stages:
        raise invalid(
            f"{names[1]} is not in its pipeline", "INVALID_OPTION", {"propertyName": [names[1]]}
        )


def _check_communication(crm: Crm, properties: Mapping[str, str]) -> None:
    channel = properties.get("hs_communication_channel_type")
    allowed = (*_CHANNELS, _CUSTOM_CHANNEL) if crm.settings.custom_channel else _CHANNELS
    if channel is not None and channel not in allowed:
        context = {"propertyName": ["hs_communication_channel_type"]}
        raise invalid("channel type was not one of the allowed options", "INVALID_OPTION", context)
    if "hs_communication_logged_from" in properties or channel is not None:
        if properties.get("hs_communication_logged_from") != "CRM":
            context = {"propertyName": ["hs_communication_logged_from"]}
            raise invalid("hs_communication_logged_from must be CRM", "INVALID_OPTION", context)
