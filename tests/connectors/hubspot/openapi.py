"""Holds requests and answers against the OpenAPI files derived from HubSpot's own client.

Three things are read more widely than those files say, as HubSpot itself does: a property that is
asked for but not set is null in answers, so is the label of HubSpot's own associations, and
`subCategory`, an `object` of the client's language, is any JSON.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

OPENAPI = Path(__file__).parents[2] / "fixtures" / "hubspot" / "openapi"
_DATED = (
    (r"^/crm/objects/\d{4}-\d{2}/(?=[^/]+/[^/]+/associations)", "/crm/v4/objects/"),
    (r"^/crm/objects/\d{4}-\d{2}/", "/crm/v3/objects/"),
    (r"^/crm/associations/\d{4}-\d{2}/", "/crm/v4/associations/"),
    (r"^/crm/owners/\d{4}-\d{2}$", "/crm/v3/owners/"),
    (r"^/crm/(owners|pipelines|properties)/\d{4}-\d{2}/", r"/crm/v3/\1/"),
)


class NotInTheInterface(AssertionError):
    pass


def check_request(method: str, path: str, body: Any) -> None:
    document, operation = _operation(method, path)
    wanted = operation.get("requestBody")
    if wanted is None:
        assert body is None, f"{method} {path} takes no body"
        return
    _validate(document, wanted["content"]["application/json"]["schema"], body)


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    document, operation = _operation(method, path)
    responses = operation["responses"]
    wanted = responses.get(str(status)) or responses["default"]
    if status < 400 and str(status) not in responses:
        raise NotInTheInterface(f"{method} {path} is never answered {status}")
    content = wanted.get("content")
    if content is not None:
        (media,) = content.values()
        _validate(document, media["schema"], body)


def _operation(method: str, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    known = _undated(path)
    for document in _documents():
        for template, operations in document["paths"].items():
            if _matches(template, known) and method.lower() in operations:
                return document, operations[method.lower()]
    raise NotInTheInterface(f"{method} {known}")


def _undated(path: str) -> str:
    for pattern, plain in _DATED:
        found, count = re.subn(pattern, plain, path)
        if count:
            return found
    return path


def _matches(template: str, path: str) -> bool:
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
    return re.fullmatch(pattern, path) is not None


@cache
def _documents() -> tuple[dict[str, Any], ...]:
    return tuple(_widened(json.loads(p.read_text())) for p in sorted(OPENAPI.glob("*.json")))


def _widened(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    for name in ("SimplePublicObject", "SimplePublicObjectWithAssociations"):
        if name in schemas:
            values = schemas[name]["properties"]["properties"]
            values["additionalProperties"] = {"type": ["string", "null"]}
    spec = schemas.get("AssociationSpecWithLabel")
    if spec is not None:
        spec["properties"]["label"] = {"type": ["string", "null"]}
    if "StandardError" in schemas:
        schemas["StandardError"]["properties"]["subCategory"] = {}
    return document


def _validate(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": document["components"]}
    validator = validator_for(whole, default=Draft202012Validator)(whole)
    problems = [f"{list(e.absolute_path)}: {e.message}" for e in _errors(validator, value)]
    if problems:
        raise NotInTheInterface("; ".join(problems[:5]))


def _errors(validator: Any, value: Any) -> Iterator[Any]:
    found: Iterator[Any] = validator.iter_errors(value)
    return found
