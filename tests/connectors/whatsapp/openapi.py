"""Holds requests and answers against Meta's published OpenAPI.

Read more widely than it is written, where it contradicts its own examples or Meta's pages:
a message's parts of an `allOf` are read as one object (each of them alone forbids the others'
fields); `recipient` and `biz_opaque_callback_data` are fields of newer pages; a number in a list
has the states that the same document gives to a number by itself (CONNECTED).
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCUMENT = (
    Path(__file__).parents[2] / "fixtures" / "whatsapp" / "openapi" / "messaging.openapi.json"
)
_NEWER = ("recipient", "biz_opaque_callback_data")


class NotInTheInterface(AssertionError):
    pass


def check_request(method: str, path: str, body: Any) -> None:
    wanted = _operation(method, path).get("requestBody")
    if wanted is None:
        assert body is None, f"{method} {path} takes no body"
        return
    _validate(wanted["content"]["application/json"]["schema"], body)


def check_upload(path: str, fields: dict[str, str], file: bytes) -> None:
    """A form with a file: every field that the interface names, and none besides."""
    form = _operation("POST", path)["requestBody"]["content"]["multipart/form-data"]["schema"]
    if {*fields, "file"} != set(form["properties"]) or not file:
        raise NotInTheInterface(f"{sorted(fields)} is not {sorted(form['properties'])}")


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    responses = _operation(method, path)["responses"]
    wanted = responses.get(str(status))
    if wanted is None and status < 400:
        raise NotInTheInterface(f"{method} {path} is never answered {status}")
    content = {"application/json": {"schema": {"$ref": _ERROR}}}
    if wanted is not None and status < 400:
        content = wanted["content"]
    _validate(content["application/json"]["schema"], body)


_ERROR = "#/components/schemas/GraphAPIError"


def _operation(method: str, path: str) -> dict[str, Any]:
    for template, operations in _document()["paths"].items():
        if _matches(template, path) and method.lower() in operations:
            found: dict[str, Any] = operations[method.lower()]
            return found
    raise NotInTheInterface(f"{method} {path}")


def _matches(template: str, path: str) -> bool:
    pattern = re.sub(r"\\\{[\w\\-]+\\\}", "[^/]+", re.escape(template))
    return re.fullmatch(pattern, path) is not None


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text())
    schemas = document["components"]["schemas"]
    for name in list(schemas):
        schemas[name] = _as_one(schemas[name], schemas)
    schemas["WhatsAppPhoneNumberStatus"]["enum"] += ["CONNECTED", "DISCONNECTED", "FLAGGED"]
    for name in [name for name in schemas if name.endswith("Message")]:
        for newer in _NEWER:
            schemas[name].get("properties", {}).setdefault(newer, {"type": "string"})
    return document


def _as_one(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """An `allOf` of objects as one object that has the fields of all of them."""
    parts = schema.get("allOf")
    if parts is None:
        return schema
    whole: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for part in parts:
        known = (
            _as_one(schemas[part["$ref"].rpartition("/")[2]], schemas) if "$ref" in part else part
        )
        for name, field in known.get("properties", {}).items():
            whole["properties"][name] = {**whole["properties"].get(name, {}), **field}
        whole["required"] += known.get("required", [])
        if "additionalProperties" in known:
            whole["additionalProperties"] = known["additionalProperties"]
    return whole


def _validate(schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": _document()["components"]}
    if schema.get("$ref") == "#/components/schemas/Message":
        # `oneOf` with a discriminator: the type says which of them it has to be.
        chosen = _document()["components"]["schemas"]["Message"]["discriminator"]["mapping"]
        whole = {"$ref": chosen[value["type"]], "components": whole["components"]}
    found = Draft202012Validator(whole).iter_errors(value)
    problems = [f"{list(e.absolute_path)}: {e.message}" for e in found]
    if problems:
        raise NotInTheInterface("; ".join(problems[:5]))
