"""Many at a time in the sandbox: collections of records, and composite requests that build on each
other."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from connectors.salesforce.sandbox_org import Org, Record
from connectors.salesforce.sandbox_rest import Ask, Reply, must_be
from connectors.salesforce.sandbox_schema import Object, Refused
from connectors.salesforce.sandbox_writes import (
    create,
    delete,
    external_id,
    key_value,
    must_find,
    not_found,
    object_of,
    update,
    upsert,
)
from connectors.sandboxing import struck

MAX_RECORDS = 200
MAX_CHUNKS = 10
MAX_SUBREQUESTS = 25
MAX_QUERIES = 5
_REFERENCE = re.compile(r"@\{([A-Za-z_][A-Za-z0-9_]*)((?:\.\w+|\[\d+\])*)\}")
_INHERITED = frozenset({"accept", "authorization", "content-type"})
Write = Callable[[Any], tuple[Record, bool | None]]


class Collections:
    def __init__(self, org: Org) -> None:
        self._org = org

    def answer(self, ask: Ask) -> Reply:
        """`composite/sobjects…`."""
        match ask.method, ask.path[2:]:
            case "POST", ():
                return self._written(ask, lambda given: (self._create(ask, given), None))
            case "PATCH", ():
                return self._written(ask, lambda given: (self._update(ask, given), None))
            case "PATCH", (name, key):
                return self._upserted(ask, object_of(self._org, name), key)
            case "DELETE", ():
                return self._deleted(ask)
        raise not_found()

    def _create(self, ask: Ask, given: Any) -> Record:
        return create(self._org, self._type_of(given), given, ask.call)

    def _update(self, ask: Ask, given: Any) -> Record:
        one = self._type_of(given)
        fields = {name: value for name, value in given.items() if name.lower() != "id"}
        if len(fields) == len(given):
            raise Refused(400, "MISSING_ARGUMENT", "Id not specified in an update call")
        record_id = next(value for name, value in given.items() if name.lower() == "id")
        record = _found(self._org, one, record_id)
        update(self._org, one, record, fields, ask.call)
        return record

    def _upserted(self, ask: Ask, one: Object, key: str) -> Reply:
        known = external_id(self._org, one, key)

        def write(given: Any) -> tuple[Record, bool]:
            if self._type_of(given).name != one.name:
                message = f"records must all be of type {one.name}"
                raise Refused(400, "INVALID_TYPE", message)
            value = key_value(known, given.get(known.name))
            fields = {name: v for name, v in given.items() if name != known.name}
            return upsert(self._org, one, known, value, fields, ask.call)

        keys = (one.get(known.name) for one in _records(ask) if isinstance(one, Mapping))
        doubled = Counter(str(one) for one in keys if one is not None)

        def write_once(given: Any) -> tuple[Record, bool]:
            if isinstance(given, Mapping) and doubled[str(given.get(known.name))] > 1:
                message = f"Duplicate external id specified: {given.get(known.name)}"
                raise Refused(400, "DUPLICATE_VALUE", message, (known.name,))
            return write(given)

        return self._written(ask, write_once)

    def _deleted(self, ask: Ask) -> Reply:
        ids = [one for one in ask.params.get("ids", "").split(",") if one]
        _check_number(ids)
        all_or_none = ask.params.get("allOrNone", "false").lower() == "true"

        def write(record_id: Any) -> tuple[Record, None]:
            found = self._org.named(record_id)
            if found is None:
                raise Refused(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
            delete(self._org, found, ask.call)
            return found, None

        return Reply(200, self._each(ids, write, all_or_none=all_or_none))

    def _type_of(self, given: Any) -> Object:
        attributes = given.get("attributes") if isinstance(given, Mapping) else None
        if not isinstance(attributes, Mapping) or "type" not in attributes:
            message = "Object type must be specified in attributes of each record"
            raise Refused(400, "INVALID_FIELD", message)
        try:
            return object_of(self._org, attributes["type"])
        except Refused:
            message = f"sObject type '{attributes['type']}' is not supported."
            raise Refused(400, "INVALID_TYPE", message) from None

    def _written(self, ask: Ask, write: Write) -> Reply:
        records = _records(ask)
        _check_number(records)
        _check_chunks(records)
        all_or_none = ask.json().get("allOrNone") is True
        return Reply(200, self._each(records, _partly(write), all_or_none=all_or_none))

    def _each(self, given: Sequence[Any], write: Write, *, all_or_none: bool) -> list[Any]:
        results: list[Any] = []
        try:
            with self._org.transaction():
                results.extend(_result(one, write) for one in given)
                if all_or_none and not all(one["success"] for one in results):
                    raise _RolledBack
        except _RolledBack:
            return [_rolled_back(one) for one in results]
        return results


class _RolledBack(Exception):
    pass


def _records(ask: Ask) -> Sequence[Any]:
    body = ask.json()
    records = body.get("records") if isinstance(body, Mapping) else None
    if not isinstance(records, list):
        raise Refused(400, "JSON_PARSER_ERROR", "The records are missing")
    return records


def _check_number(given: Sequence[Any]) -> None:
    if len(given) > MAX_RECORDS:
        message = f"record limit reached. cannot submit more than {MAX_RECORDS} records"
        raise Refused(400, "EXCEEDED_ID_LIMIT", f"{message} into this call")


def _check_chunks(records: Sequence[Any]) -> None:
    """A change of type begins a chunk, of which there may be ten."""
    kinds = [
        str((one.get("attributes") or {}).get("type")) for one in records if isinstance(one, dict)
    ]
    if len(list(groupby(kinds))) > MAX_CHUNKS:
        message = (
            f"Cannot have more than {MAX_CHUNKS} chunks in a single operation. Please rearrange "
            "the data to reduce chunking."
        )
        raise Refused(400, "LIMIT_EXCEEDED", message)


def _found(org: Org, one: Object, record_id: Any) -> Record:
    try:
        return must_find(org, one, record_id)
    except Refused as error:
        if error.code == "NOT_FOUND":
            code, message = "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"
            raise Refused(400, code, message) from None
        raise


def _result(given: Any, write: Write) -> dict[str, Any]:
    """Of duplicates, no more is told here than that there are some."""
    try:
        record, made = write(given)
    except Refused as error:
        told = {
            "statusCode": error.code,
            "message": error.message,
            "fields": list(error.fields),
        }
        return {"success": False, "errors": [told]}
    created = {} if made is None else {"created": made}
    return {"id": record.id, "success": True, "errors": [], **created}


def _rolled_back(result: Mapping[str, Any]) -> dict[str, Any]:
    if not result["success"]:
        return dict(result)
    told = {
        "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "message": "Record rolled back because not all records were valid and the request was "
        "using AllOrNone header",
        "fields": [],
    }
    return {"success": False, "errors": [told]}


def _partly(write: Write) -> Write:
    """When told to fail in part, every other record ends in an error that says nothing."""
    fault = struck()
    if fault not in ("207_partial", "207_partial_after"):
        return write
    places = iter(range(MAX_RECORDS))

    def write_partly(given: Any) -> tuple[Record, bool | None]:
        if next(places) % 2 == 0:
            return write(given)
        if fault == "207_partial_after":
            write(given)
        raise Refused(400, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")

    return write_partly


@dataclass(frozen=True)
class Sub:
    """One part of a composite request, as sent."""

    reference: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any


class Composite:
    def __init__(self, org: Org, answer: Callable[[Ask], Reply]) -> None:
        self._org = org
        self._answer = answer

    def answer(self, ask: Ask) -> Reply:
        must_be(ask, "POST")
        body = ask.json()
        subs = list(_subs(body))
        replies: dict[str, Reply] = {}
        try:
            with self._org.transaction():
                for sub in subs:
                    replies[sub.reference] = self._one(ask, sub, replies)
                    if body.get("allOrNone") is True and replies[sub.reference].status >= 300:
                        raise _RolledBack
        except _RolledBack:
            failed = list(replies)[-1]
            halted = Reply(400, [_halted(_ROLLED_BACK)])
            replies = {
                s.reference: replies[failed] if s.reference == failed else halted for s in subs
            }
        return Reply(200, {"compositeResponse": [_shown(s, replies[s.reference]) for s in subs]})

    def _one(self, ask: Ask, sub: Sub, replies: Mapping[str, Reply]) -> Reply:
        try:
            url = _filled(sub.url, replies)
            body = _filled(sub.body, replies)
        except _NoReference as error:
            return Reply(400, [_halted(str(error))])
        parts = urlsplit(url)
        path = tuple(unquote(part) for part in parts.path.strip("/").split("/"))
        if path[:2] != ("services", "data") or len(path) < 4:
            return Reply(404, [{"errorCode": "NOT_FOUND", "message": "not a resource of REST"}])
        inner = Ask(
            method=sub.method,
            version=path[2][1:],
            path=path[3:],
            params=dict(parse_qsl(parts.query)),
            headers=sub.headers,
            body=b"" if body is None else json.dumps(body).encode(),
        )
        return self._answer(inner)


_ROLLED_BACK = (
    "The transaction was rolled back since another operation in the same transaction failed."
)


class _NoReference(Exception):
    pass


def _subs(body: Any) -> Iterator[Sub]:
    given = body.get("compositeRequest") if isinstance(body, Mapping) else None
    if not isinstance(given, list) or not given:
        raise Refused(400, "JSON_PARSER_ERROR", "compositeRequest is missing")
    if len(given) > MAX_SUBREQUESTS:
        message = f"The maximum number of subrequests is {MAX_SUBREQUESTS}"
        raise Refused(400, "LIMIT_EXCEEDED", message)
    if sum(_is_query(one) for one in given) > MAX_QUERIES:
        message = f"The maximum number of queries and collections is {MAX_QUERIES}"
        raise Refused(400, "LIMIT_EXCEEDED", message)
    seen: set[str] = set()
    for one in given:
        yield _sub(one, seen)


def _is_query(one: Any) -> bool:
    url = str(one.get("url", "")) if isinstance(one, Mapping) else ""
    return "/query" in url or "/composite/sobjects" in url


def _sub(one: Any, seen: set[str]) -> Sub:
    if not isinstance(one, Mapping) or not {"method", "url", "referenceId"} <= one.keys():
        raise Refused(400, "JSON_PARSER_ERROR", "method, url and referenceId are required")
    reference = str(one["referenceId"])
    if reference in seen or re.fullmatch(r"[A-Za-z]\w*", reference, re.ASCII) is None:
        message = f"Provided referenceId ('{reference}') is not unique or not well formed"
        raise Refused(400, "INVALID_FIELD", message)
    seen.add(reference)
    headers = {str(k).lower(): str(v) for k, v in (one.get("httpHeaders") or {}).items()}
    if _INHERITED & headers.keys():
        message = "subrequests take Accept, Authorization and Content-Type from the whole"
        raise Refused(400, "INVALID_FIELD", message)
    return Sub(reference, str(one["method"]).upper(), str(one["url"]), headers, one.get("body"))


def _filled(value: Any, replies: Mapping[str, Reply]) -> Any:
    """With what earlier answers say in place of `@{reference.path}`."""
    if isinstance(value, Mapping):
        return {key: _filled(inner, replies) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, replies) for inner in value]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _referred(found[1], found[2], replies), value)
    return value


def _referred(reference: str, path: str, replies: Mapping[str, Reply]) -> str:
    message = f"Invalid reference specified. No value for {reference}{path} found in {reference}"
    reply = replies.get(reference)
    if reply is None or reply.status >= 300:
        raise _NoReference(message)
    value = reply.body
    for name, place in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        try:
            value = value[int(place)] if place else value[name]
        except (KeyError, IndexError, TypeError):
            raise _NoReference(message) from None
    if not isinstance(value, str | int | float):
        raise _NoReference(message)
    return str(value)


def _halted(message: str) -> dict[str, str]:
    return {"errorCode": "PROCESSING_HALTED", "message": message}


def _shown(sub: Sub, reply: Reply) -> dict[str, Any]:
    return {
        "body": reply.body,
        "httpHeaders": dict(reply.headers),
        "httpStatusCode": reply.status,
        "referenceId": sub.reference,
    }
