"""The API's description (OpenAPI 3.1), made from the routes themselves."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bridge.web.api.routing import Route
from bridge.web.auth import HOUSE
from bridge.web.problems import CONTENT_TYPE, ProblemDocument

_PARAMETER = re.compile(r"{(\w+)}")
_REFERENCE = "#/components/schemas/{name}"
_CURSOR = "The `next` of the page before; leave it out to begin"

Json = dict[str, Any]


def describe(routes: Sequence[Route], version: str) -> Json:
    schemas = _Schemas(routes)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "bridge",
            "version": version,
            "summary": "Conversations between CRM and messengers, and why they went as they did",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "brk_…"}
            },
        },
    }


class _Schemas:
    """JSON Schemas of every type that the routes take and give."""

    def __init__(self, routes: Sequence[Route]) -> None:
        wanted: list[Any] = [ProblemDocument]
        for route in routes:
            wanted.extend((route.given, route.answer))
        found, components = msgspec.json.schema_components(wanted, ref_template=_REFERENCE)
        self._of = {repr(kind): schema for kind, schema in zip(wanted, found, strict=True)}
        self.components = {name: dict(schema) for name, schema in components.items()}

    def of(self, kind: object) -> Json:
        return dict(self._of[repr(kind)])

    def properties(self, kind: object) -> tuple[Mapping[str, Json], Sequence[str]]:
        """The fields of an object type, and which of them it requires."""
        schema = self.components[self.of(kind)["$ref"].rpartition("/")[2]]
        return schema["properties"], schema["required"]


def _operation(route: Route, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"Needs a key with the scope `{route.scope}`{_of_whom(route)}.",
        "parameters": _parameters(route, schemas),
        "responses": _answers(route, schemas),
    }
    if route.is_write:
        kind = "multipart/form-data" if route.takes_file else "application/json"
        content = {kind: {"schema": schemas.of(route.given)}}
        operation["requestBody"] = {"required": _is_required(route, schemas), "content": content}
    return operation


def _of_whom(route: Route) -> str:
    """Where it serves others than employees and services, or not all of these."""
    if route.kinds == HOUSE:
        return ""
    return f", of one of these: {', '.join(sorted(route.kinds))}"


def _is_required(route: Route, schemas: _Schemas) -> bool:
    return bool(schemas.properties(route.given)[1])


def _parameters(route: Route, schemas: _Schemas) -> list[Json]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.is_write:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key with the same body is answered alike for a day and "
                "does nothing twice; with another body it is refused",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
        return found
    fields, required = schemas.properties(route.given)
    return found + [_in_query(name, fields[name], name in required) for name in fields]


def _in_query(name: str, schema: Json, required: bool) -> Json:
    parameter: Json = {"name": name, "in": "query", "required": required, "schema": schema}
    if name == "cursor":
        parameter["description"] = _CURSOR
    return parameter


def _answers(route: Route, schemas: _Schemas) -> Json:
    given: Json = {"application/json": {"schema": schemas.of(route.answer)}}
    given |= {kind: {"schema": {"type": "string"}} for kind in route.also}
    problem = {CONTENT_TYPE: {"schema": schemas.of(ProblemDocument)}}
    return {
        str(route.status): {"description": "Done", "content": given},
        "4XX": {"description": "Refused; `reason` says why", "content": problem},
        "5XX": {"description": "Not possible at the moment", "content": problem},
    }
