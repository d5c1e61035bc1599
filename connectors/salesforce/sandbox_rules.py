"""What an org demands of a record: owners, references, pick lists, tasks, unique values, locks."""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from connectors.salesforce.sandbox_ids import long_id
from connectors.salesforce.sandbox_org import INTEGRATION_USER, Org, Record
from connectors.salesforce.sandbox_schema import Field, Object, Refused

Values = Mapping[str, Any]
_STATUS_OF = {"Task": "TaskStatus", "Lead": "LeadStatus"}


def check_access(org: Org, one: Object) -> None:
    if one.name in org.settings.read_only:
        message = "insufficient access rights on object id"
        raise Refused(403, "INSUFFICIENT_ACCESS_OR_READONLY", message)


def check_required(org: Org, one: Object, whole: Values) -> None:
    of_org = {name.split(".")[1] for name in org.settings.required_fields if _is_of(one, name)}
    wanted = [f.name for f in one.fields.values() if f.is_required or f.name in of_org]
    missing = [name for name in wanted if whole.get(name) is None]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise Refused(400, "REQUIRED_FIELD_MISSING", message, tuple(missing))


def check_validation(org: Org, one: Object) -> None:
    message = org.settings.validation.get(one.name)
    if message is not None:
        raise Refused(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", message)


def check_references(org: Org, one: Object, given: Values) -> None:
    for name, value in given.items():
        known = one.fields[name]
        if known.kind == "reference" and value is not None:
            _check_reference(org, one, known, value)


def _check_reference(org: Org, one: Object, known: Field, record_id: str) -> None:
    prefixes = {org.objects[name].prefix for name in known.refers}
    if record_id[:3] not in prefixes:
        message = f"{known.name}: id value of incorrect type: {record_id}"
        code = "FIELD_INTEGRITY_EXCEPTION" if known.name == "WhoId" else "MALFORMED_ID"
        raise Refused(400, code, message, (known.name,))
    if known.name == "OwnerId":
        _check_owner(org, one, record_id)
        return
    found = org.named(record_id)
    if found is None:
        raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if found.is_deleted:
        raise Refused(400, "ENTITY_IS_DELETED", "entity is deleted")
    if found.object == "Lead" and found.values.get("IsConverted"):
        raise converted()


def _check_owner(org: Org, one: Object, owner: str) -> None:
    """The user that the bridge works as is there even where nobody has seeded him."""
    if owner == INTEGRATION_USER:
        return
    found = org.named(owner)
    if found is None:
        message = "Owner ID: owner cannot be blank" if not owner else "invalid cross reference id"
        raise Refused(400, "INVALID_CROSS_REFERENCE_KEY", message, ("OwnerId",))
    if found.object == "Group" and not _queue_holds(org, owner, one.name):
        message = f"Queue not associated with this SObject type: {owner}"
        raise Refused(400, "INVALID_QUEUE_FOR_OBJECT", message, ("OwnerId",))
    if found.object == "User" and not found.values.get("IsActive"):
        message = f"operation performed with inactive user [{owner[:15]}] as owner of {one.name}"
        raise Refused(400, "INACTIVE_OWNER_OR_USER", message.lower(), ("OwnerId",))


def _queue_holds(org: Org, queue: str, object_name: str) -> bool:
    return any(
        one.values["QueueId"] == queue and one.values["SobjectType"] == object_name
        for one in org.live("QueueSobject")
    )


def check_picklists(org: Org, one: Object, given: Values) -> None:
    wanted = given.get("StageName")
    if one.name == "Opportunity" and wanted is not None:
        _check_word(org, "OpportunityStage", "StageName", wanted)
    wanted = given.get("Status")
    if one.name in _STATUS_OF and wanted is not None:
        _check_word(org, _STATUS_OF[one.name], "Status", wanted)


def _check_word(org: Org, table: str, name: str, wanted: str) -> None:
    if stage(org, table, wanted) is None:
        message = f"{name}: bad value for restricted picklist field: {wanted}"
        raise Refused(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (name,))


def stage(org: Org, table: str, api_name: str) -> Record | None:
    """Of OpportunityStage, LeadStatus or TaskStatus."""
    return next((one for one in org.live(table) if one.values["ApiName"] == api_name), None)


def check_task(one: Object, whole: Values) -> None:
    """A task of a lead belongs to nothing else."""
    if one.name == "Task" and str(whole.get("WhoId") or "")[:3] == "00Q" and whole.get("WhatId"):
        raise Refused(
            400,
            "FIELD_INTEGRITY_EXCEPTION",
            "Related To ID: a lead can't be related to another record",
            ("WhatId",),
        )


def check_unique(org: Org, one: Object, given: Values, own: str = "") -> None:
    for name, value in given.items():
        if value is None or not one.fields[name].is_unique or not org.is_unique(one.name, name):
            continue
        holder = org.unique.get((one.name, name, value))
        if holder not in (None, own):
            message = (
                f"duplicate value found: {name} duplicates value on record with id: "
                f"{str(holder)[:15]}"
            )
            raise Refused(400, "DUPLICATE_VALUE", message)


def check_locks(org: Org, one: Object, whole: Values, record_id: str = "") -> None:
    """A closed task locks nobody when it is made; all other writes lock what they refer to."""
    for touched in _touched(one, whole, record_id):
        left = org.locks.get(touched, 0)
        if left > 0:
            org.locks[touched] = left - 1
            message = (
                f"unable to obtain exclusive access to this record or 1 records: {long_id(touched)}"
            )
            raise Refused(400, "UNABLE_TO_LOCK_ROW", message)


def _touched(one: Object, whole: Values, record_id: str) -> Iterator[str]:
    if record_id:
        yield record_id
    is_quiet = one.name == "Task" and not record_id and bool(whole.get("IsClosed"))
    if is_quiet:
        return
    for name in ("AccountId", "ContactId", "OpportunityId", "WhoId", "WhatId"):
        if whole.get(name):
            yield whole[name]


def converted() -> Refused:
    return Refused(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


def derived(org: Org, one: Object, whole: Values) -> dict[str, Any]:
    """The fields that Salesforce works out."""
    made: Callable[[Org, Values], dict[str, Any]] | None = _DERIVED.get(one.name)
    return {} if made is None else made(org, whole)


def _person(org: Org, whole: Values) -> dict[str, Any]:
    names = (whole.get("FirstName"), whole.get("LastName"))
    return {"Name": " ".join(str(one) for one in names if one)}


def _lead(org: Org, whole: Values) -> dict[str, Any]:
    return {**_person(org, whole), "IsConverted": bool(whole.get("IsConverted"))}


def _deal(org: Org, whole: Values) -> dict[str, Any]:
    found = stage(org, "OpportunityStage", str(whole.get("StageName")))
    of_stage = {} if found is None else found.values
    return {name: bool(of_stage.get(name)) for name in ("IsClosed", "IsWon")}


def _task(org: Org, whole: Values) -> dict[str, Any]:
    found = stage(org, "TaskStatus", str(whole.get("Status")))
    return {"IsClosed": found is not None and bool(found.values["IsClosed"])}


def _contract(org: Org, whole: Values) -> dict[str, Any]:
    """Salesforce works out the end of a contract that has a start and a term in months."""
    start, term = whole.get("StartDate"), whole.get("ContractTerm")
    if not start or not term:
        return {}
    first = date.fromisoformat(str(start)[:10])
    months = first.month - 1 + int(term)
    year, month = first.year + months // 12, months % 12 + 1
    last_day = monthrange(year, month)[1]
    end = date(year, month, min(first.day, last_day)) - timedelta(days=1)
    return {"EndDate": end.isoformat()}


_DERIVED: Mapping[str, Callable[[Org, Values], dict[str, Any]]] = {
    "Contact": _person,
    "User": _person,
    "Lead": _lead,
    "Opportunity": _deal,
    "Task": _task,
    "Contract": _contract,
}


def _is_of(one: Object, dotted: str) -> bool:
    return dotted.split(".")[0] == one.name
