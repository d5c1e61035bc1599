"""Routes of the sandbox for records: single, batch and search, under v3 and dated paths."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import NotFound

from connectors.hubspot.sandbox_crm import Crm, must_find
from connectors.hubspot.sandbox_rules import record_id_of
from connectors.hubspot.sandbox_schema import ALIASES, Refused
from connectors.hubspot.sandbox_search import search
from connectors.hubspot.sandbox_writes import (
    Write,
    answered,
    archive,
    create,
    identified,
    partly,
    row_error,
    shown,
    unique_property,
    update,
    upsert,
    write_batch,
)
from connectors.sandboxing import struck

VERSIONS = "<any('2026-03', '2026-09'):version>"
_WRITES: Mapping[str, tuple[Write, int]] = {
    "create": (create, 201),
    "update": (update, 200),
    "upsert": (upsert, 200),
}


def add_both(
    app: Flask, v3: str, dated: str, suffix: str, method: str, view: Callable[..., Any]
) -> None:
    """One view under the path of v3 or v4 and under the dated one."""
    for number, start in enumerate((v3, dated)):
        name = f"{method} {start}{suffix} {number}".replace(".", "_")
        app.add_url_rule(start + suffix, name, view, methods=[method])


def add_object_routes(app: Flask, crm: Crm) -> None:
    routes = _Objects(crm)

    def add(suffix: str, method: str, view: Callable[..., Any]) -> None:
        add_both(
            app, "/crm/v3/objects/<kind>", f"/crm/objects/{VERSIONS}/<kind>", suffix, method, view
        )

    add("", "POST", routes.create_one)
    add("", "GET", routes.page)
    add("/search", "POST", routes.search)
    add("/batch/read", "POST", routes.read_batch)
    add("/batch/archive", "POST", routes.archive_batch)
    add("/batch/<any(create, update, upsert):verb>", "POST", routes.write_batch)
    add("/<record_id>", "GET", routes.get_one)
    add("/<record_id>", "PATCH", routes.update_one)
    add("/<record_id>", "DELETE", routes.archive_one)


class _Objects:
    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def create_one(self, kind: str) -> tuple[Response, int]:
        with self._crm.lock:
            return jsonify(create(self._crm, self._kind(kind), body())), 201

    def page(self, kind: str) -> Response:
        known = self._kind(kind)
        limit, after = int(request.args.get("limit", "10")), int(request.args.get("after", "0"))
        with self._crm.lock:
            records = list(self._crm.records[known].values())
            results = [shown(one, _asked_for()) for one in records[after : after + limit]]
        if after + limit < len(records):
            return jsonify(results=results, paging={"next": {"after": str(after + limit)}})
        return jsonify(results=results)

    def search(self, kind: str) -> Response:
        with self._crm.lock:
            return jsonify(search(self._crm, self._kind(kind), body()))

    def read_batch(self, kind: str) -> tuple[Response, int]:
        given, known = body(), self._kind(kind)
        if len(given["inputs"]) > 100:
            raise Refused(400, "VALIDATION_ERROR", "The number of inputs is more than 100")
        with self._crm.lock:
            if given.get("idProperty") is not None:
                unique_property(self._crm, known, given["idProperty"])
            results, missing = self._read(known, given)
        errors = [_not_found(known, missing)] if missing else []
        return jsonify(answered(results, errors)), 207 if errors else 200

    def archive_batch(self, kind: str) -> tuple[str, int]:
        known = self._kind(kind)
        with self._crm.lock:
            for one in body()["inputs"]:
                archive(self._crm, known, one)
        return "", 204

    def write_batch(self, kind: str, verb: str) -> tuple[Response, int]:
        write, status = _WRITES[verb]
        known = self._kind(kind)
        with self._crm.lock:
            answer = write_batch(self._crm, known, body()["inputs"], _struck(write))
        return jsonify(answer), 207 if "errors" in answer else status

    def get_one(self, kind: str, record_id: str) -> Response:
        known = self._kind(kind)
        wanted = {"id": record_id, "idProperty": request.args.get("idProperty")}
        with self._crm.lock:
            return jsonify(shown(identified(self._crm, known, wanted), _asked_for()))

    def update_one(self, kind: str, record_id: str) -> Response:
        known = self._kind(kind)
        wanted = {"id": record_id, "idProperty": request.args.get("idProperty")}
        with self._crm.lock:
            return jsonify(update(self._crm, known, {**body(), **wanted}))

    def archive_one(self, kind: str, record_id: str) -> tuple[str, int]:
        known = self._kind(kind)
        with self._crm.lock:
            must_find(self._crm, known, record_id)
            archive(self._crm, known, {"id": record_id})
        return "", 204

    def _kind(self, kind: str) -> str:
        return kind_of(self._crm, kind)

    def _read(self, kind: str, given: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
        results, missing = {}, []
        for one in given["inputs"]:
            wanted = {"id": record_id_of(one), "idProperty": given.get("idProperty")}
            try:
                record = identified(self._crm, kind, wanted)
            except Refused:
                missing.append(one["id"])
                continue
            if given.get("idProperty") is not None and self._crm.is_hidden(record):
                missing.append(one["id"])
            else:
                results[record.id] = shown(record, given.get("properties", []))
        return list(results.values()), missing


def _struck(write: Write) -> Write:
    match struck():
        case "207_partial":
            return partly(write, done=False)
        case "207_partial_after":
            return partly(write, done=True)
        case _:
            return write


def kind_of(crm: Crm, kind: str) -> str:
    """HubSpot takes the plural, the singular and the objectTypeId."""
    known = ALIASES.get(kind)
    if known is None:
        raise NotFound
    has = {"leads": crm.settings.leads, "partner_clients": crm.settings.partner_clients}
    if not has.get(known, True):
        message = "This app hasn't been granted all required scopes to make this call."
        scope = f"crm.objects.{known.replace('_', '-')}.read"
        raise Refused(403, "MISSING_SCOPES", message, context={"requiredGranularScopes": [scope]})
    return known


def body() -> dict[str, Any]:
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Refused(400, "VALIDATION_ERROR", "Invalid input JSON")
    return given


def _asked_for() -> list[str]:
    return [name for name in request.args.get("properties", "").split(",") if name]


def _not_found(kind: str, ids: list[str]) -> dict[str, Any]:
    message = f"Could not get some {kind} objects, they may be deleted or not exist."
    return row_error(Refused(404, "OBJECT_NOT_FOUND", message), {"ids": ids})
