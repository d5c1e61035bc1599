"""The duplicate rules of the sandbox's org: the same phone number or e-mail address."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.salesforce.sandbox_org import Org, Record
from connectors.salesforce.sandbox_schema import Object, Refused

_PHONES = ("Phone", "MobilePhone")
_COMPARED = ("Contact", "Lead")
_MESSAGE = "You're creating a duplicate record. We recommend you use an existing record instead."


def check_duplicates(
    org: Org, one: Object, whole: Mapping[str, Any], *, allow_save: bool, details: bool
) -> None:
    """`alert` rules let it pass when the caller insists, `block` rules never do."""
    rule = org.settings.duplicate_rules.get(one.name)
    if rule is None or (rule == "alert" and allow_save):
        return
    matches = {name: list(_matches(org, name, whole)) for name in _COMPARED}
    if any(matches.values()):
        result = _result(one, rule, matches, details)
        raise Refused(400, "DUPLICATES_DETECTED", _MESSAGE, more={"duplicateResult": result})


def _matches(org: Org, name: str, whole: Mapping[str, Any]) -> Iterator[tuple[Record, float]]:
    """Each with the confidence in it; converted leads are no matches."""
    phones, email = _phones(whole), whole.get("Email")
    for record in org.live(name):
        if record.values.get("IsConverted"):
            continue
        same_phone = bool(phones & _phones(record.values))
        same_email = email is not None and email == record.values.get("Email")
        if same_phone or same_email:
            yield record, 100.0 if same_phone else 90.0


def _phones(values: Mapping[str, Any]) -> set[str]:
    """Compared by their last ten digits, as the fuzzy rules for phones do."""
    written = (values.get(name) for name in _PHONES)
    digits = ("".join(filter(str.isdigit, one)) for one in written if one)
    return {one[-10:] for one in digits if len(one) >= 7}


def _result(
    one: Object, rule: str, matches: Mapping[str, list[tuple[Record, float]]], details: bool
) -> dict[str, Any]:
    return {
        "allowSave": rule == "alert",
        "duplicateRule": f"Standard_{one.name}_Duplicate_Rule",
        "duplicateRuleEntityType": one.name,
        "errorMessage": _MESSAGE,
        "matchResults": [
            {
                "entityType": name,
                "errors": [],
                "matchEngine": "FuzzyMatchEngine",
                "matchRecords": [_match(*found, details) for found in records],
                "rule": f"Standard_{name}_Match_Rule_v1_0",
                "size": len(records),
                "success": True,
            }
            for name, records in matches.items()
            if records
        ],
    }


def _match(record: Record, confidence: float, details: bool) -> dict[str, Any]:
    url = f"/services/data/v62.0/sobjects/{record.object}/{record.id}"
    shown = {"Name": record.values.get("Name")} if details else {}
    return {
        "additionalInformation": [],
        "fieldDiffs": [],
        "matchConfidence": confidence,
        "record": {
            "attributes": {"type": record.object, "url": url},
            "Id": record.id,
            **shown,
        },
    }
