"""Writes of the sandbox: one input each, and batches that go through in part or not at all."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.hubspot.sandbox_crm import Crm, must_find
from connectors.hubspot.sandbox_records import API, Record, Source, stamp
from connectors.hubspot.sandbox_rules import (
    check_batch,
    check_new,
    check_unique,
    check_values,
    links_of,
    properties_of,
    record_id_of,
)
from connectors.hubspot.sandbox_schema import SINGULAR, Refused

Input = Mapping[str, Any]
Write = Callable[[Crm, str, Input], dict[str, Any]]


def create(crm: Crm, kind: str, given: Input, source: Source = API) -> dict[str, Any]:
    properties = check_new(crm, kind, properties_of(crm, kind, given.get("properties")))
    links = links_of(crm, kind, given.get("associations"))
    made = crm.insert(kind, properties, source)
    for end, type_id in links:
        crm.link(made, end, type_id, source)
    return shown(made)


def update(crm: Crm, kind: str, given: Input, source: Source = API) -> dict[str, Any]:
    record = identified(crm, kind, given)
    properties = properties_of(crm, kind, given.get("properties"))
    check_values(crm, kind, {**record.properties, **properties})
    check_unique(crm, kind, properties, record)
    crm.change(record, properties, source)
    return shown(record)


def upsert(crm: Crm, kind: str, given: Input, source: Source = API) -> dict[str, Any]:
    name = unique_property(crm, kind, given.get("idProperty"))
    key = record_id_of(given)
    record = crm.by_unique(kind, name, key)
    if record is not None:
        return {**update(crm, kind, {**given, "id": record.id, "idProperty": None}), "new": False}
    properties = {**(given.get("properties") or {}), name: key}
    return {**create(crm, kind, {"properties": properties}, source), "new": True}


def archive(crm: Crm, kind: str, given: Input, source: Source = API) -> dict[str, Any]:
    found = crm.get(kind, record_id_of(given))
    if found is not None:
        crm.remove(found, source)
    return {}


def identified(crm: Crm, kind: str, given: Input) -> Record:
    """The record that `id` names, by HubSpot's id or by the unique property `idProperty`."""
    record_id = record_id_of(given)
    if given.get("idProperty") is None:
        return must_find(crm, kind, record_id)
    found = crm.by_unique(kind, unique_property(crm, kind, given["idProperty"]), record_id)
    if found is None:
        raise Refused(404, "OBJECT_NOT_FOUND", f"{SINGULAR[kind]} is not found")
    return found


def unique_property(crm: Crm, kind: str, name: Any) -> str:
    known = crm.schema[kind].get(str(name))
    if known is None:
        message = f'Property "{name}" does not exist'
        raise Refused(400, "VALIDATION_ERROR", message, "PROPERTY_DOESNT_EXIST")
    if not known["hasUniqueValue"]:
        raise Refused(400, "VALIDATION_ERROR", f"{name} is not a unique property")
    return str(known["name"])


def write_batch(crm: Crm, kind: str, inputs: Sequence[Input], write: Write) -> dict[str, Any]:
    """The answer's body, with `errors` when a part was refused; raises Refused for the whole."""
    partial = check_batch(inputs)
    _refuse_doubles(inputs)
    if not partial:
        _rehearse(crm, kind, inputs, write)
    results, errors = [], []
    for given in inputs:
        trace = given.get("objectWriteTraceId")
        try:
            result = write(crm, kind, given)
        except Refused as refused:
            if not partial:
                raise
            errors.append(row_error(refused, {"objectWriteTraceId": [str(trace)]}))
        else:
            results.append({**result, **({"objectWriteTraceId": trace} if trace else {})})
    return answered(results, errors)


def partly(write: Write, *, done: bool) -> Write:
    """As `write`, but every other input ends in an error of HubSpot's own, `done` or not."""
    turns = itertools.cycle((False, True))

    def write_partly(crm: Crm, kind: str, given: Input) -> dict[str, Any]:
        fails = next(turns)
        if not fails:
            return write(crm, kind, given)
        if done:
            write(crm, kind, given)
        raise Refused(500, "INTERNAL_ERROR", "internal error")

    return write_partly


def answered(results: Sequence[Any], errors: Sequence[Any]) -> dict[str, Any]:
    now = stamp(datetime.now(UTC))
    body = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    return {**body, "numErrors": len(errors), "errors": errors} if errors else body


def row_error(refused: Refused, context: Mapping[str, list[str]]) -> dict[str, Any]:
    return {
        "status": "error",
        "category": refused.category,
        "message": refused.message,
        "context": {**refused.context, **context},
        "errors": details(refused),
        "links": {},
    }


def details(refused: Refused) -> list[dict[str, Any]]:
    if not refused.code:
        return []
    return [{"message": refused.message, "code": refused.code, "context": refused.context}]


def shown(record: Record, properties: Sequence[str] | None = None) -> dict[str, Any]:
    """A record as answers show it; of properties asked for, those not set are null."""
    values = record.values()
    wanted: dict[str, str | None] = dict(values)
    if properties is not None:
        always = ("hs_object_id", "createdate", "lastmodifieddate")
        wanted = {name: values.get(name) for name in (*always, *properties)}
    return {
        "id": record.id,
        "properties": wanted,
        "createdAt": stamp(record.created),
        "updatedAt": stamp(record.updated),
        "archived": False,
    }


def _refuse_doubles(inputs: Sequence[Input]) -> None:
    ids = [given["id"] for given in inputs if "id" in given]
    if len(set(map(str, ids))) != len(ids):
        raise Refused(400, "VALIDATION_ERROR", "Duplicate IDs found in batch input")


def _rehearse(crm: Crm, kind: str, inputs: Sequence[Input], write: Write) -> None:
    """Without trace ids one bad input stops all, so all are checked before any is written."""
    for given in inputs:
        if write is create:
            check_new(crm, kind, properties_of(crm, kind, given.get("properties")))
            links_of(crm, kind, given.get("associations"))
        elif write is update:
            record = identified(crm, kind, given)
            check_unique(crm, kind, properties_of(crm, kind, given.get("properties")), record)
        elif write is upsert:
            unique_property(crm, kind, given.get("idProperty"))
            properties_of(crm, kind, given.get("properties"))
