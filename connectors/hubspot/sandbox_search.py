"""The sandbox's search: filter groups with HubSpot's limits, and its lag."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.hubspot.sandbox_crm import Crm
from connectors.hubspot.sandbox_records import Record
from connectors.hubspot.sandbox_rules import invalid
from connectors.hubspot.sandbox_schema import ALIASES, Refused
from connectors.hubspot.sandbox_writes import shown

_MAX_CHARACTERS = 3000
_MAX_PAGE = 200
_MAX_RESULTS = 10_000


def search(crm: Crm, kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    groups = asked.get("filterGroups") or []
    _check(crm, kind, asked, groups)
    limit, after = int(asked.get("limit", 10)), int(asked.get("after") or 0)
    newest = time.monotonic() - crm.settings.search_lag_seconds
    found = [
        record
        for record in crm.records[kind].values()
        if record.made_at <= newest and _fits(crm, record, groups)
    ]
    for name in reversed(asked.get("sorts") or []):
        found.sort(key=lambda one, of=str(name): _number(one.values().get(of, "")))  # type: ignore[misc]
    page = found[after : after + limit]
    properties = asked.get("properties") or []
    answer = {"total": len(found), "results": [shown(one, properties) for one in page]}
    if after + limit < len(found):
        return {**answer, "paging": {"next": {"after": str(after + limit)}}}
    return answer


def _check(crm: Crm, kind: str, asked: Mapping[str, Any], groups: Sequence[Any]) -> None:
    if len(json.dumps(asked)) > _MAX_CHARACTERS:
        raise Refused(400, "VALIDATION_ERROR", "The request is longer than 3000 characters")
    if int(asked.get("limit", 10)) > _MAX_PAGE:
        raise Refused(400, "VALIDATION_ERROR", "limit is more than 200")
    if int(asked.get("after") or 0) >= _MAX_RESULTS:
        raise Refused(400, "VALIDATION_ERROR", "a search shows at most 10000 results")
    filters = [one for group in groups for one in group["filters"]]
    if len(groups) > 5 or any(len(group["filters"]) > 6 for group in groups) or len(filters) > 18:
        raise Refused(400, "VALIDATION_ERROR", "at most 5 groups of 6 filters, 18 in all")
    for one in filters:
        name = one["propertyName"]
        if name not in crm.schema[kind] and not name.startswith("associations."):
            raise invalid(f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST")


def _fits(crm: Crm, record: Record, groups: Sequence[Any]) -> bool:
    if not groups:
        return True
    return any(all(_holds(crm, record, one) for one in group["filters"]) for group in groups)


def _holds(crm: Crm, record: Record, one: Mapping[str, Any]) -> bool:
    wanted = [str(value).lower() for value in one.get("values", [one.get("value", "")])]
    match one["operator"]:
        case "EQ" | "IN":
            return bool(set(_values(crm, record, one["propertyName"])) & set(wanted))
        case "NEQ" | "NOT_IN":
            return not set(_values(crm, record, one["propertyName"])) & set(wanted)
        case "HAS_PROPERTY":
            return bool(_values(crm, record, one["propertyName"]))
        case "NOT_HAS_PROPERTY":
            return not _values(crm, record, one["propertyName"])
        case "BETWEEN" | "GTE" | "LTE" | "GT" | "LT" as operator:
            return _compares(operator, _values(crm, record, one["propertyName"]), one)
        case "CONTAINS_TOKEN":
            text = " ".join(_values(crm, record, one["propertyName"]))
            return wanted[0].strip("*") in re.split(r"[^\w*]+", text)
        case operator:
            raise Refused(400, "VALIDATION_ERROR", f"operator {operator} is not known")


def _compares(operator: str, values: Sequence[str], one: Mapping[str, Any]) -> bool:
    if not values:
        return False
    held, wanted = _number(values[0]), _number(str(one["value"]))
    match operator:
        case "BETWEEN":
            return wanted <= held <= _number(str(one["highValue"]))
        case "GTE" | "GT":
            return held > wanted or (operator == "GTE" and held == wanted)
        case _:
            return held < wanted or (operator == "LTE" and held == wanted)


def _number(text: str) -> float:
    """Numbers, moments and dates as milliseconds; what is none of these comes first."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        return float("-inf")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000


def _values(crm: Crm, record: Record, name: str) -> list[str]:
    if name.startswith("associations."):
        return list(crm.linked(record, ALIASES[name.removeprefix("associations.")]))
    value = record.values().get(name, "").lower()
    return [value] if value else []
