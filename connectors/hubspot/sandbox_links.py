"""Routes of the sandbox for associations, under v4 and dated paths."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, Response, jsonify, request

from connectors.hubspot.sandbox_crm import Crm, must_find
from connectors.hubspot.sandbox_objects import VERSIONS, add_both, body, kind_of
from connectors.hubspot.sandbox_records import API, DEFAULT_LINKS, Record
from connectors.hubspot.sandbox_rules import check_link, invalid, record_id_of
from connectors.hubspot.sandbox_schema import SINGULAR, Refused
from connectors.hubspot.sandbox_writes import answered, row_error

_PAGE = 500


def add_link_routes(app: Flask, crm: Crm) -> None:
    routes = _Links(crm)
    one = "/<kind>/<record_id>/associations"

    def single(suffix: str, method: str, view: Callable[..., Any]) -> None:
        add_both(app, "/crm/v4/objects", f"/crm/objects/{VERSIONS}", one + suffix, method, view)

    def batch(suffix: str, view: Callable[..., Any]) -> None:
        path = "/<kind>/<to_kind>/batch" + suffix
        add_both(app, "/crm/v4/associations", f"/crm/associations/{VERSIONS}", path, "POST", view)

    # The list of one record's links has no dated path: https://developers.hubspot.com/docs
    app.add_url_rule(f"/crm/v4/objects{one}/<to_kind>", view_func=routes.page)
    single("/default/<to_kind>/<to_id>", "PUT", routes.link_by_default)
    single("/<to_kind>/<to_id>", "PUT", routes.link_by_types)
    single("/<to_kind>/<to_id>", "DELETE", routes.unlink)
    batch("/read", routes.read_batch)
    batch("/create", routes.create_batch)
    batch("/archive", routes.archive_batch)
    batch("/associate/default", routes.default_batch)


class _Links:
    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def page(self, kind: str, record_id: str, to_kind: str) -> Response:
        with self._crm.lock:
            start = self._find(kind, record_id)
            ends = self._ends(start, kind_of(self._crm, to_kind))
        return jsonify(results=ends)

    def link_by_default(
        self, kind: str, record_id: str, to_kind: str, to_id: str
    ) -> tuple[Response, int]:
        with self._crm.lock:
            made = self._link(self._find(kind, record_id), self._find(to_kind, to_id), None)
        return jsonify(answered([made], [])), 200

    def link_by_types(
        self, kind: str, record_id: str, to_kind: str, to_id: str
    ) -> tuple[Response, int]:
        given = body_list()
        with self._crm.lock:
            start, end = self._find(kind, record_id), self._find(to_kind, to_id)
            for spec in given:
                self._link(start, end, spec["associationTypeId"])
        return jsonify(_pair(start, end)), 201

    def unlink(self, kind: str, record_id: str, to_kind: str, to_id: str) -> tuple[str, int]:
        with self._crm.lock:
            self._crm.unlink(self._find(kind, record_id), self._find(to_kind, to_id), API)
        return "", 204

    def read_batch(self, kind: str, to_kind: str) -> tuple[Response, int]:
        results, missing = [], []
        with self._crm.lock:
            known, ends = kind_of(self._crm, kind), kind_of(self._crm, to_kind)
            for one in inputs():
                start = self._crm.get(known, record_id_of(one))
                shown = [] if start is None else self._ends(start, ends)
                if not shown:
                    missing.append(one["id"])
                    continue
                results.append(_paged(one, shown))
        errors = [_no_links(known, one) for one in missing]
        return jsonify(answered(results, errors)), 207 if errors else 200

    def create_batch(self, kind: str, to_kind: str) -> tuple[Response, int]:
        def link(one: Mapping[str, Any]) -> dict[str, Any]:
            types = [spec["associationTypeId"] for spec in one["types"]]
            start, end = self._ends_of(kind, to_kind, one)
            for type_id in types:
                self._link(start, end, type_id)
            return _pair(start, end)

        return self._each(link, 201)

    def default_batch(self, kind: str, to_kind: str) -> tuple[Response, int]:
        def link(one: Mapping[str, Any]) -> dict[str, Any]:
            return self._link(*self._ends_of(kind, to_kind, one), None)

        return self._each(link, 200)

    def archive_batch(self, kind: str, to_kind: str) -> tuple[str, int]:
        with self._crm.lock:
            for one in inputs():
                for end in one["to"]:
                    start = self._find(kind, record_id_of(one["from"]))
                    self._crm.unlink(start, self._find(to_kind, record_id_of(end)), API)
        return "", 204

    def _each(
        self, link: Callable[[Mapping[str, Any]], dict[str, Any]], status: int
    ) -> tuple[Response, int]:
        results, errors = [], []
        with self._crm.lock:
            for one in inputs():
                try:
                    results.append(link(one))
                except Refused as refused:
                    errors.append(row_error(refused, {"fromObjectId": [one["from"]["id"]]}))
        return jsonify(answered(results, errors)), 207 if errors else status

    def _ends_of(self, kind: str, to_kind: str, one: Mapping[str, Any]) -> tuple[Record, Record]:
        start = self._find(kind, record_id_of(one["from"]))
        return start, self._find(to_kind, record_id_of(one["to"]))

    def _find(self, kind: str, record_id: str) -> Record:
        return must_find(self._crm, kind_of(self._crm, kind), record_id)

    def _link(self, start: Record, end: Record, type_id: int | None) -> dict[str, Any]:
        chosen = DEFAULT_LINKS.get((start.kind, end.kind)) if type_id is None else type_id
        if chosen is None:
            raise invalid("no association between these objects", "INVALID_ASSOCIATION_TYPE")
        check_link(start.kind, end.kind, chosen)
        self._crm.link(start, end, chosen, API)
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": chosen}
        return {"from": {"id": start.id}, "to": {"id": end.id}, "associationSpec": spec}

    def _ends(self, start: Record, kind: str) -> list[dict[str, Any]]:
        return [
            {"toObjectId": end, "associationTypes": [self._labelled(t) for t in sorted(types)]}
            for end, types in self._crm.linked(start, kind).items()
            if not self._crm.is_hidden(self._crm.records[kind][end])
        ]

    def _labelled(self, type_id: int) -> dict[str, Any]:
        words = {number: word for word, number in self._crm.labels.items()}
        category = "USER_DEFINED" if type_id in words else "HUBSPOT_DEFINED"
        return {"category": category, "typeId": type_id, "label": words.get(type_id)}


def inputs() -> list[dict[str, Any]]:
    found = body()["inputs"]
    if len(found) > 100:
        raise Refused(400, "VALIDATION_ERROR", "The number of inputs is more than 100")
    return list(found)


def body_list() -> list[dict[str, Any]]:
    given = request.get_json(silent=True)
    if not isinstance(given, list):
        raise Refused(400, "VALIDATION_ERROR", "Invalid input JSON: a list of types is wanted")
    return given


def _paged(one: Mapping[str, Any], every: Sequence[Any]) -> dict[str, Any]:
    after = int(one.get("after") or 0)
    result = {"from": {"id": one["id"]}, "to": every[after : after + _PAGE]}
    if after + _PAGE < len(every):
        return {**result, "paging": {"next": {"after": str(after + _PAGE)}}}
    return result


def _pair(start: Record, end: Record) -> dict[str, Any]:
    return {
        "fromObjectTypeId": SINGULAR[start.kind],
        "fromObjectId": start.id,
        "toObjectTypeId": SINGULAR[end.kind],
        "toObjectId": end.id,
        "labels": [],
    }


def _no_links(kind: str, record_id: str) -> dict[str, Any]:
    message = f"No association found for {SINGULAR[kind]}"
    refused = Refused(404, "OBJECT_NOT_FOUND", message)
    error = row_error(refused, {"fromObjectId": [record_id]})
    return {**error, "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}
