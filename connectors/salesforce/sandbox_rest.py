"""The REST API of the sandbox, as a function: one request in, one answer out."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.salesforce.sandbox_org import Org, Record
from connectors.salesforce.sandbox_query import Asking
from connectors.salesforce.sandbox_schema import Refused, described
from connectors.salesforce.sandbox_writes import (
    Call,
    Several,
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

_CREATED_SINCE = 46  # earlier versions answer an upsert that updates with 204
_SMALLEST_PAGE, _LARGEST_PAGE = 200, 2000


@dataclass(frozen=True)
class Ask:
    """One request: `path` are the decoded parts after the version, `headers` have lower-case
    names."""

    method: str
    version: str
    path: tuple[str, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refused(400, "JSON_PARSER_ERROR", f"Unexpected input: {error}") from error

    @property
    def call(self) -> Call:
        return Call.of(self.headers)

    @property
    def number(self) -> int:
        return int(float(self.version))


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(error: Refused) -> Reply:
    if isinstance(error, Several):
        return Reply(300, [f"/services/data/v62.0{_place(one)}" for one in error.records])
    fields = {"fields": list(error.fields)} if error.fields else {}
    told = {"message": error.message, "errorCode": error.code, **fields, **error.more}
    return Reply(error.status, [told])


class Rest:
    """`more` answers what other files know, by the first part of the path."""

    def __init__(self, org: Org, more: Mapping[str, Callable[[Ask], Reply]]) -> None:
        self._org = org
        self._pages: dict[str, tuple[int, list[Any]]] = {}
        self._rooms: Mapping[str, Callable[[Ask], Reply]] = {
            "query": self._query,
            "queryAll": self._query,
            "tooling": self._tooling,
            "sobjects": self._sobjects,
            "limits": self._limits,
            **more,
        }

    def answer(self, ask: Ask) -> Reply:
        """Never raises Refused."""
        with self._org.lock:
            try:
                room = self._rooms.get(ask.path[0] if ask.path else "")
                if room is None:
                    raise not_found()
                return room(ask)
            except Refused as error:
                return refused(error)

    def _limits(self, ask: Ask) -> Reply:
        most = self._org.settings.daily_limit
        left = max(0, most - self._org.calls_today)
        return Reply(200, {"DailyApiRequests": {"Max": most, "Remaining": left}})

    def _tooling(self, ask: Ask) -> Reply:
        if ask.path[1:2] != ("query",):
            raise not_found()
        return self._query(replace(ask, path=ask.path[1:]), tooling=True)

    def _query(self, ask: Ask, *, tooling: bool = False) -> Reply:
        must_be(ask, "GET")
        if len(ask.path) > 1:
            return self._page(ask, ask.path[1])
        if "q" not in ask.params:
            raise Refused(400, "MALFORMED_QUERY", "A query string has to be specified")
        deleted = ask.path[0] == "queryAll"
        asking = Asking(self._org, ask.version, with_deleted=deleted, tooling=tooling)
        total, records = asking.answer(ask.params["q"])
        size = self._page_size(ask)
        if len(records) <= size:
            return Reply(200, {"totalSize": total, "done": True, "records": records})
        locator = f"01g{len(self._pages):012d}AAA"
        self._pages[locator] = (total, records)
        return self._page(ask, f"{locator}-0", size)

    def _page_size(self, ask: Ask) -> int:
        given = ask.headers.get("sforce-query-options", "").replace(" ", "").lower()
        wanted = given.removeprefix("batchsize=")
        most = self._org.settings.page_size
        if wanted.isdigit():
            return min(most, max(_SMALLEST_PAGE, min(int(wanted), _LARGEST_PAGE)))
        return most

    def _page(self, ask: Ask, locator: str, size: int | None = None) -> Reply:
        name, _, place = locator.rpartition("-")
        if name not in self._pages or not place.isdigit():
            raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        total, records = self._pages[name]
        start = int(place)
        end = start + (size or self._page_size(ask))
        body = {"totalSize": total, "done": end >= len(records), "records": records[start:end]}
        if end < len(records):
            url = f"/services/data/v{ask.version}/query/{name}-{end}"
            body = {"totalSize": total, "done": False, "nextRecordsUrl": url, **body}
        return Reply(200, body)

    def _sobjects(self, ask: Ask) -> Reply:
        match ask.path[1:]:
            case ():
                must_be(ask, "GET")
                return Reply(200, {"sobjects": [_brief(described(o)) for o in self._objects()]})
            case (name,):
                return self._object(ask, name)
            case (name, "describe"):
                must_be(ask, "GET")
                return Reply(200, self._described(name))
            case (name, record_id):
                return self._record(ask, name, record_id)
            case (name, key, value):
                return self._by_key(ask, name, key, value)
        raise not_found()

    def _objects(self) -> Sequence[Any]:
        return list(self._org.objects.values())

    def _described(self, name: str) -> dict[str, Any]:
        told = described(object_of(self._org, name))
        fields = [one for one in told["fields"] if self._org.has_field(name, one["name"])]
        for one in fields:
            one["unique"] = one["unique"] and f"{name}.{one['name']}" not in self._loose
            if name in self._org.settings.read_only:
                one["createable"] = one["updateable"] = False
        may = name not in self._org.settings.read_only
        return {**told, "fields": fields, "createable": may, "updateable": may}

    @property
    def _loose(self) -> Sequence[str]:
        return self._org.settings.not_unique

    def _object(self, ask: Ask, name: str) -> Reply:
        one = object_of(self._org, name)
        must_be(ask, "GET", "POST")
        if ask.method == "GET":
            return Reply(200, {"objectDescribe": _brief(described(one)), "recentItems": []})
        made = create(self._org, one, ask.json(), ask.call)
        return Reply(
            201, {"id": made.id, "success": True, "errors": []}, {"Location": _at(ask, made)}
        )

    def _record(self, ask: Ask, name: str, record_id: str) -> Reply:
        one = object_of(self._org, name)
        must_be(ask, "GET", "PATCH", "DELETE")
        record = must_find(self._org, one, record_id)
        return self._known(ask, record)

    def _known(self, ask: Ask, record: Record) -> Reply:
        if ask.method == "GET":
            return Reply(200, self._shown(ask, record))
        if ask.method == "DELETE":
            delete(self._org, record, ask.call)
        else:
            given = ask.json()
            if isinstance(given, Mapping) and "Id" in given:
                message = "The Id field should not be specified in the sobject data."
                raise Refused(400, "INVALID_FIELD", message, ("Id",))
            update(self._org, self._org.objects[record.object], record, given, ask.call)
        return Reply(204)

    def _by_key(self, ask: Ask, name: str, key: str, value: str) -> Reply:
        one = object_of(self._org, name)
        must_be(ask, "GET", "PATCH", "DELETE")
        try:
            known = external_id(self._org, one, key)
        except Refused:
            raise not_found() from None
        if ask.method == "PATCH":
            return self._upsert(ask, name, key, value)
        found = self._org.by_value(name, known.name, value)
        if len(found) > 1:
            raise Several(found)
        if not found:
            raise not_found()
        return self._known(ask, found[0])

    def _upsert(self, ask: Ask, name: str, key: str, value: str) -> Reply:
        one = object_of(self._org, name)
        known = external_id(self._org, one, key)
        makes = ask.params.get("updateOnly", "false").lower() != "true"
        text = key_value(known, value)
        record, made = upsert(self._org, one, known, text, ask.json(), ask.call, makes=makes)
        if not made and ask.number < _CREATED_SINCE:
            return Reply(204)
        body = {"id": record.id, "success": True, "errors": [], "created": made}
        return Reply(201 if made else 200, body, {"Location": _at(ask, record)} if made else {})

    def _shown(self, ask: Ask, record: Record) -> dict[str, Any]:
        one = self._org.objects[record.object]
        wanted = ask.params.get("fields")
        names = wanted.split(",") if wanted else list(one.fields)
        attributes = {"type": record.object, "url": _at(ask, record)}
        shown = {name: record.values.get(name) for name in names if name in one.fields}
        unknown = [name for name in names if name not in one.fields]
        if unknown:
            message = f"No such column '{unknown[0]}' on entity '{record.object}'."
            raise Refused(400, "INVALID_FIELD", message)
        return {"attributes": attributes, **shown}


def must_be(ask: Ask, *methods: str) -> None:
    if ask.method not in methods:
        message = f"HTTP Method '{ask.method}' not allowed. Allowed are {','.join(methods)}"
        raise Refused(405, "METHOD_NOT_ALLOWED", message)


def _place(record: Record) -> str:
    return f"/sobjects/{record.object}/{record.id}"


def _at(ask: Ask, record: Record) -> str:
    return f"/services/data/v{ask.version}{_place(record)}"


def _brief(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "fields"}
