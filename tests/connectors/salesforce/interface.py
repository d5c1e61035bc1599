"""Holds calls, answers and messages against what Salesforce publishes: see the README beside the
files."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

INTERFACE = Path(__file__).parents[2] / "fixtures" / "salesforce" / "interface"
_ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"
_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"
# What answers may lack, or have besides.
_OPTIONAL = frozenset({"fields", "error_description"})
_NUMBERS = (int, float)


class NotInTheInterface(AssertionError):
    pass


def check_call(method: str, path: str) -> None:
    """Raises NotInTheInterface for a call that nothing published knows."""
    plain = path.rstrip("/")
    if not any(method == one and known.fullmatch(plain) for one, known in _calls()):
        raise NotInTheInterface(f"{method} {path}")


@cache
def _calls() -> tuple[tuple[str, re.Pattern[str]], ...]:
    told = json.loads((INTERFACE / "requests.json").read_text())
    known = [*told["catalogue"], *told["documented"]]
    return tuple((one["method"], _pattern(one["path"])) for one in known)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\{\w+\}\}|<\w+>)", template.rstrip("/"))
    made = ("[^/]+" if part[:1] in "{<" and part else re.escape(part) for part in parts)
    return re.compile("".join(made))


@cache
def shapes() -> Mapping[str, Mapping[str, Any]]:
    told = json.loads((INTERFACE / "rest_shapes.json").read_text())
    return {one["name"]: one for one in told["shapes"]}


def check_answer(name: str, status: int, body: Any) -> None:
    """Raises NotInTheInterface where status, keys, types or words are not those of the shape."""
    shape = shapes()[name]
    if status != shape["status"]:
        raise NotInTheInterface(f"{name}: HTTP {status}, not {shape['status']}")
    _check(name, shape["body"], body)


def _check(place: str, shape: Any, given: Any) -> None:
    if isinstance(shape, dict):
        _check_object(place, shape, given)
    elif isinstance(shape, list):
        _check_list(place, shape, given)
    elif type(given) is not type(shape) and not _are_numbers(shape, given):
        raise NotInTheInterface(f"{place}: {type(given).__name__}, not {type(shape).__name__}")


def _check_object(place: str, shape: Mapping[str, Any], given: Any) -> None:
    if not isinstance(given, dict) or shape.keys() - _OPTIONAL != given.keys() - _OPTIONAL:
        raise NotInTheInterface(f"{place}: {given} has not the keys {sorted(shape)}")
    for key, value in shape.items():
        if key in given:
            _check(f"{place}.{key}", value, given[key])
    for word in ("errorCode", "statusCode", "error"):
        if given.get(word) != shape.get(word):
            raise NotInTheInterface(f"{place}.{word}: {given.get(word)}, not {shape.get(word)}")


def _check_list(place: str, shape: list[Any], given: Any) -> None:
    if not isinstance(given, list) or len(given) != len(shape):
        raise NotInTheInterface(f"{place}: not a list of {len(shape)}")
    for number, value in enumerate(shape):
        _check(f"{place}[{number}]", value, given[number])


def _are_numbers(shape: Any, given: Any) -> bool:
    both = (shape, given)
    return all(isinstance(one, _NUMBERS) and not isinstance(one, bool) for one in both)


def check_message(object_name: str, body: bytes) -> None:
    """An Outbound Message of this object; raises NotInTheInterface."""
    _check_soap(object_name, body, "notifications")


def check_ack(body: bytes) -> None:
    _check_soap("Lead", body, "notificationsResponse")


def _check_soap(object_name: str, body: bytes, root: str) -> None:
    envelope = etree.fromstring(body)
    inside = list(envelope)
    if envelope.tag != _ENVELOPE or [one.tag for one in inside] != [_BODY] or len(inside[0]) != 1:
        raise NotInTheInterface("not an envelope with one message in its body")
    message = inside[0][0]
    if etree.QName(message).localname != root:
        raise NotInTheInterface(f"{message.tag} is not {root}")
    schema = _schema(object_name)
    if not schema.validate(message):
        raise NotInTheInterface(str(schema.error_log.last_error))


@cache
def _schema(object_name: str) -> Any:
    text = (INTERFACE / "outbound.xsd").read_text().replace("OBJECT", object_name)
    place = (INTERFACE / "outbound.xsd").as_uri()
    return etree.XMLSchema(etree.fromstring(text.encode(), base_url=place))
