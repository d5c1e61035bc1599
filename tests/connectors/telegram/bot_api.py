"""Telegram's interface as data: checks what is said against it, and makes samples of its types."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_API: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "telegram" / "api" / "bot-api.json").read_text()
)
TYPES: Mapping[str, Any] = _API["types"]
METHODS: Mapping[str, Any] = _API["methods"]
_LENGTH = re.compile(r"(\d+)-(\d+) characters")
_BASIC: Mapping[str, type | tuple[type, ...]] = {
    "Integer": int,
    "Float": (int, float),
    "String": str,
    "Boolean": bool,
    "True": bool,
}
_SAMPLES: Mapping[str, Any] = {"Integer": 7, "Float": 1.5, "String": "x", "Boolean": True}


class NotInTheInterface(AssertionError):
    """What was said is not what Telegram's page says can be said."""


def fields_of(name: str) -> Sequence[Mapping[str, Any]]:
    found = TYPES.get(name) or METHODS[name]
    return list(found.get("fields", ()))


def check_call(method: str, parameters: Mapping[str, Any]) -> None:
    """Files that were uploaded stand as bytes."""
    if method not in METHODS:
        raise NotInTheInterface(f"there is no method {method}")
    _check_fields(method, parameters, method)


def check_result(method: str, result: Any) -> None:
    _check(METHODS[method]["returns"], result, method)


def check_error(body: Mapping[str, Any]) -> None:
    known = {"ok", "error_code", "description", "parameters"}
    if body["ok"] is not False or not set(body) <= known:
        raise NotInTheInterface(f"no error answer: {sorted(body)}")
    _check(["Integer"], body["error_code"], "error_code")
    _check(["String"], body["description"], "description")
    if "parameters" in body:
        _check(["ResponseParameters"], body["parameters"], "parameters")


def check_update(update: Any) -> None:
    _check(["Update"], update, "Update")


def sample(kind: str) -> Any:
    """A value of a type, with no more than it must have."""
    if kind.startswith("Array of "):
        return [sample(kind.removeprefix("Array of "))]
    if kind in _SAMPLES:
        return _SAMPLES[kind]
    if kind == "RichText":  # of itself and of texts
        return "x"
    if "subtypes" in TYPES[kind]:
        return sample(TYPES[kind]["subtypes"][0])
    return {
        field["name"]: _constant(field) or sample(field["types"][0])
        for field in fields_of(kind)
        if field["required"]
    }


def _constant(field: Mapping[str, Any]) -> str | None:
    found = re.search(r"(?:always|must be) “?\"?(\w+)", field["description"])
    return found[1] if found and field["types"] == ["String"] else None


def _check(kinds: Sequence[str], value: Any, path: str) -> None:
    refusals = [refusal for kind in kinds if (refusal := _refusal(kind, value, path)) is not None]
    if len(refusals) == len(kinds):
        raise NotInTheInterface("; ".join(refusals) or f"{path}: nothing is allowed")


def _refusal(kind: str, value: Any, path: str) -> str | None:
    try:
        _check_one(kind, value, path)
    except NotInTheInterface as error:
        return str(error)
    return None


def _check_one(kind: str, value: Any, path: str) -> None:
    if kind.startswith("Array of "):
        _check_list(kind.removeprefix("Array of "), value, path)
    elif kind in _BASIC:
        odd = isinstance(value, bool) is not (kind in ("Boolean", "True"))
        if odd or not isinstance(value, _BASIC[kind]):
            raise NotInTheInterface(f"{path} is no {kind}")
    elif kind == "InputFile":
        if not isinstance(value, bytes):
            raise NotInTheInterface(f"{path} is no file")
    elif TYPES[kind].get("subtypes"):
        _check(TYPES[kind]["subtypes"], value, path)
    else:
        _check_object(kind, value, path)


def _check_list(kind: str, value: Any, path: str) -> None:
    if not isinstance(value, list):
        raise NotInTheInterface(f"{path} is no list")
    for place, item in enumerate(value):
        _check([kind], item, f"{path}[{place}]")


def _check_object(kind: str, value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise NotInTheInterface(f"{path} is no {kind}")
    _check_fields(kind, value, path)


def _check_fields(kind: str, given: Mapping[str, Any], path: str) -> None:
    known = {field["name"]: field for field in fields_of(kind)}
    missing = [name for name, field in known.items() if field["required"] and name not in given]
    unknown = [name for name in given if name not in known]
    if missing or unknown:
        raise NotInTheInterface(f"{path}: {missing} missing, {unknown} unknown")
    for name, value in given.items():
        _check(known[name]["types"], value, f"{path}.{name}")
        for least, most in _lengths(known[name], value):
            if not least <= len(value) <= most:
                raise NotInTheInterface(f"{path}.{name} is {len(value)} long, not {least}-{most}")


def _lengths(field: Mapping[str, Any], value: Any) -> Iterator[tuple[int, int]]:
    if isinstance(value, str):
        yield from ((int(a), int(b)) for a, b in _LENGTH.findall(field["description"]))
