"""Holds requests and answers against Twilio's own OpenAPI files (see the fixtures' README)."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

OPENAPI = Path(__file__).parents[2] / "fixtures" / "twilio" / "openapi"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class NotInTheInterface(AssertionError):
    pass


def check_request(
    method: str, path: str, query: Mapping[str, str], form: Mapping[str, str], body: Any
) -> None:
    """Every parameter and field is one of Twilio's, of its type; those that must be are there."""
    document, operation, named = _operation(method, path)
    told = {"path": named, "query": query}
    known = operation.get("parameters", [])
    for parameter in known:
        given = told[parameter["in"]].get(parameter["name"])
        if given is not None:
            _validate(document, parameter["schema"], _typed(parameter["schema"], given))
        elif parameter.get("required"):
            raise NotInTheInterface(f"{path} wants {parameter['name']}")
    names = {parameter["name"] for parameter in known if parameter["in"] == "query"}
    _none_besides(path, query, names)
    wanted = operation.get("requestBody", {}).get("content", {})
    if FORM in wanted:
        _check_form(document, path, wanted[FORM]["schema"], form)
    elif JSON in wanted:
        _validate(document, _closed(document, wanted[JSON]["schema"]), body)
    else:
        assert not form, f"{path} takes no form"


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    document, operation, _ = _operation(method, path)
    wanted = operation["responses"].get(str(status))
    if wanted is None:
        raise NotInTheInterface(f"{method} {path} is never answered {status}")
    _validate(document, _closed(document, wanted["content"][JSON]["schema"]), body)


def _check_form(
    document: Any, path: str, schema: Mapping[str, Any], form: Mapping[str, str]
) -> None:
    _none_besides(path, form, set(schema["properties"]))
    missing = set(schema.get("required", [])) - set(form)
    if missing:
        raise NotInTheInterface(f"{path} wants {', '.join(sorted(missing))}")
    for name, given in form.items():
        of = schema["properties"][name]
        value = [given] if of.get("type") == "array" else _typed(of, given)
        _validate(document, of, value)


def _none_besides(path: str, given: Mapping[str, str], known: set[str]) -> None:
    if unknown := set(given) - known:
        raise NotInTheInterface(f"{path} knows no {', '.join(sorted(unknown))}")


def _typed(schema: Mapping[str, Any], given: str) -> object:
    return int(given) if schema.get("type") == "integer" and given.isdigit() else given


def _operation(method: str, path: str) -> tuple[Any, Any, dict[str, str]]:
    for document in _documents():
        for template, operations in document["paths"].items():
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+?)", re.escape(template))
            found = re.fullmatch(pattern, path)
            if found and method.lower() in operations:
                return document, operations[method.lower()], found.groupdict()
    raise NotInTheInterface(f"{method} {path}")


@cache
def _documents() -> tuple[Any, ...]:
    return tuple(_nullable(json.loads(p.read_text())) for p in sorted(OPENAPI.glob("*.json")))


def _nullable(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` in words of JSON Schema."""
    if isinstance(value, list):
        return [_nullable(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _nullable(item) for key, item in value.items() if key != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if value.get("nullable") is True else inner


def _closed(document: Any, schema: Any, deep: int = 0) -> Any:
    """The schema, and no field besides those that it names, three levels down."""
    if isinstance(schema, dict) and "$ref" in schema and deep < 4:
        return _closed(
            document, document["components"]["schemas"][schema["$ref"].split("/")[-1]], deep + 1
        )
    if isinstance(schema, list):
        return [_closed(document, item, deep) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(document, item, deep) for key, item in schema.items()}
    return (
        {**closed, "additionalProperties": False}
        if "properties" in closed and closed.get("type") == "object"
        else closed
    )


def _validate(document: Any, schema: Any, value: Any) -> None:
    validator = Draft202012Validator({**schema, "components": document["components"]})
    problems = [f"{list(e.absolute_path)}: {e.message}" for e in _errors(validator, value)]
    if problems:
        raise NotInTheInterface("; ".join(problems[:5]))


def _errors(validator: Any, value: Any) -> Iterator[Any]:
    found: Iterator[Any] = validator.iter_errors(value)
    return found
