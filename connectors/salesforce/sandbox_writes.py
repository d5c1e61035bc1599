"""Writes of the sandbox: one record each, checked in full before anything of it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.salesforce.sandbox_duplicates import check_duplicates
from connectors.salesforce.sandbox_ids import checked_id
from connectors.salesforce.sandbox_org import INTEGRATION_USER, Org, Record
from connectors.salesforce.sandbox_rules import (
    check_access,
    check_locks,
    check_picklists,
    check_references,
    check_required,
    check_task,
    check_unique,
    check_validation,
    converted,
    derived,
)
from connectors.salesforce.sandbox_schema import Field, Object, Refused
from connectors.salesforce.sandbox_values import checked, field_of, values_of

_DEFAULTS: Mapping[str, tuple[str, str]] = {
    "Lead": ("Status", "LeadStatus"),
    "Task": ("Status", "TaskStatus"),
}
_ASSIGNED = frozenset({"Lead"})


@dataclass(frozen=True)
class Call:
    """What the headers of a call ask for, and who calls."""

    auto_assign: bool = True
    allow_save: bool = False
    details: bool = False
    user: str = INTEGRATION_USER

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Call":
        """`headers` have lower-case names. An id of an assignment rule counts as TRUE."""
        given = headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()
        rule = dict(part.split("=", 1) for part in given.split(";") if "=" in part)
        return cls(
            auto_assign=headers.get("sforce-auto-assign", "TRUE").strip().upper() != "FALSE",
            allow_save=rule.get("allowsave") == "true",
            details=rule.get("includerecorddetails") == "true",
        )


def object_of(org: Org, name: Any) -> Object:
    found = org.objects.get(str(name))
    if found is None:
        raise not_found()
    return found


def create(org: Org, one: Object, given: Any, call: Call) -> Record:
    with org.transaction():
        check_access(org, one)
        sent = values_of(org, one, given, creates=True)
        whole = {**_defaults(org, one), "OwnerId": call.user, **_without_nulls(sent)}
        _assign(org, one, whole, call)
        if "OwnerId" not in one.fields:
            del whole["OwnerId"]
        whole.update(derived(org, one, whole))
        _check(org, one, sent, whole, call)
        check_unique(org, one, sent)
        check_duplicates(org, one, whole, allow_save=call.allow_save, details=call.details)
        check_locks(org, one, whole)
        made = org.insert(one.name, whole, call.user)
        _after_insert(org, made, call)
        return made


def update(org: Org, one: Object, record: Record, given: Any, call: Call) -> None:
    with org.transaction():
        check_access(org, one)
        if record.is_deleted:
            raise Refused(404, "ENTITY_IS_DELETED", "entity is deleted")
        if record.values.get("IsConverted"):
            raise converted()
        sent = values_of(org, one, given, creates=False)
        whole = {**record.values, **sent}
        if whole.get("OwnerId") is None and "OwnerId" in one.fields:
            raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank")
        _assign(org, one, whole, call)
        whole.update(derived(org, one, whole))
        _check(org, one, sent, whole, call)
        check_unique(org, one, sent, record.id)
        check_locks(org, one, whole, record.id)
        org.update(record, _changed(record, whole), call.user)


def upsert(
    org: Org, one: Object, key: Field, value: str, given: Any, call: Call, *, makes: bool = True
) -> tuple[Record, bool]:
    """The record, and whether it was made. Refuses with status 300 where several have the value."""
    if isinstance(given, Mapping):
        for name in ("Id", key.name):
            if name in given:
                message = f"The {name} field should not be specified in the sobject data."
                raise Refused(400, "INVALID_FIELD", message, (name,))
    with org.transaction():
        found = org.by_value(one.name, key.name, value)
        if len(found) > 1:
            raise Several(found)
        if found:
            update(org, one, found[0], given, call)
            return found[0], False
        if not makes:
            raise not_found()
        return create(org, one, {**given, key.name: value}, call), True


def delete(org: Org, record: Record, call: Call) -> None:
    with org.transaction():
        check_access(org, org.objects[record.object])
        check_locks(org, org.objects[record.object], record.values, record.id)
        org.delete(record, call.user)


class Several(Refused):
    """More than one record stands under an external id."""

    def __init__(self, records: list[Record]) -> None:
        message = "Multiple objects found with that external id"
        Refused.__init__(self, 300, "MULTIPLE_CHOICES", message)
        self.records = records


def external_id(org: Org, one: Object, name: str) -> Field:
    """The field of an upsert; Id is one too."""
    known = field_of(org, one, name)
    if not known.is_external_id:
        message = f"Field name provided, {name} is not an External ID or indexed field for {one}"
        raise Refused(400, "INVALID_FIELD", message.replace(str(one), one.name))
    return known


def key_value(known: Field, value: Any) -> str:
    text = checked(known, value)
    if not text:
        message = f"{known.name} not specified"
        raise Refused(400, "MISSING_ARGUMENT", message, (known.name,))
    return str(text)


def must_find(org: Org, one: Object, given: Any) -> Record:
    """By its id; refuses another object's, one that is not there, and a deleted one."""
    record_id = checked_id("Id", given)
    found = org.find(one.name, record_id)
    if found is None:
        raise not_found()
    if found.is_deleted:
        raise Refused(404, "ENTITY_IS_DELETED", "entity is deleted")
    return found


def not_found() -> Refused:
    return Refused(404, "NOT_FOUND", "The requested resource does not exist")


def _check(
    org: Org, one: Object, sent: Mapping[str, Any], whole: Mapping[str, Any], call: Call
) -> None:
    check_required(org, one, whole)
    check_references(org, one, sent)
    check_picklists(org, one, sent)
    check_task(one, whole)
    check_validation(org, one)


def _defaults(org: Org, one: Object) -> dict[str, Any]:
    """Fields that are not sent: no check box is null, and some words have a default."""
    made: dict[str, Any] = {
        name: False if known.kind == "boolean" else None
        for name, known in one.fields.items()
        if known.can_write
    }
    if one.name in _DEFAULTS:
        name, table = _DEFAULTS[one.name]
        words = (record for record in org.live(table) if record.values.get("IsDefault"))
        made[name] = next((record.values["ApiName"] for record in words), None)
    return made


def _without_nulls(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if value is not None}


def _assign(org: Org, one: Object, whole: dict[str, Any], call: Call) -> None:
    """The org's assignment rule takes leads from whoever the call names, unless told not to:
    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_autoassign.htm
    """
    owner = org.settings.assignment_rule_owner
    if one.name in _ASSIGNED and owner and call.auto_assign:
        whole["OwnerId"] = owner


def _changed(record: Record, whole: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if record.values.get(name) != value}


def _after_insert(org: Org, made: Record, call: Call) -> None:
    """A deal that is made with a contact has him as its primary one, in a record of its own."""
    if made.object == "Opportunity" and made.values.get("ContactId"):
        role = {
            "OpportunityId": made.id,
            "ContactId": made.values["ContactId"],
            "Role": None,
            "IsPrimary": True,
        }
        org.insert("OpportunityContactRole", role, call.user)
    if made.object == "OpportunityContactRole" and made.values["IsPrimary"]:
        deal = org.records["Opportunity"][made.values["OpportunityId"]]
        org.update(deal, {"ContactId": made.values["ContactId"]}, call.user)
