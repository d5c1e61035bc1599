"""The JSON Schema of the generic webhook, made from the same types that read and write it.

What is published, `inbound.schema.json` and `outbound.schema.json`, stands beside this file; a test
holds it against this.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_origin

from connectors.webhook.channel_questions import BY_ID
from connectors.webhook.forms import Place, is_id, places
from connectors.webhook.orders import ORDERS, PING, QUESTIONS, NoQuestion
from connectors.webhook.words import (
    AT_LEAST_ONE,
    DAY,
    EVENTS,
    LEAST,
    MAX_ID,
    MOST,
    PATTERNS,
    TIME,
)

Schema = Mapping[str, object]
_DRAFT = "http://json-schema.org/draft-07/schema#"
_ID: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_ID}


def published() -> Mapping[str, str]:
    """The text of each published file by its name."""
    made = {"inbound.schema.json": inbound(), "outbound.schema.json": outbound()}
    return {name: json.dumps(schema, indent=1) + "\n" for name, schema in made.items()}


def inbound() -> Schema:
    """What any system may post to `/hooks/<account>`."""
    events = {word: _event(word, kind) for word, kind in EVENTS.items()}
    return {
        "$schema": _DRAFT,
        "title": "Events for the bridge",
        "type": "object",
        "required": ["events"],
        "properties": {
            "events": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {"type": {"enum": list(events)}},
                    "allOf": [_when(word) for word in events],
                },
            }
        },
        "definitions": {**events, **_definitions(EVENTS.values(), strict=True)},
    }


def outbound() -> Schema:
    """What the bridge posts to `base_url`: orders and questions. Further fields may come."""
    forms = {**ORDERS, **{word: asked for word, (asked, _) in QUESTIONS.items()}, PING: NoQuestion}
    return {
        "$schema": _DRAFT,
        "title": "What the bridge posts",
        "type": "object",
        "required": ["type", "data"],
        "properties": {"type": {"enum": list(forms)}, "data": {"type": "object"}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": word}}},
                "then": {"properties": {"data": _object(kind, strict=False)}},
            }
            for word, kind in forms.items()
        ],
        "definitions": {
            **_definitions(forms.values(), strict=False),
            **{f"answer:{word}": _answer(word, item) for word, (_, item) in QUESTIONS.items()},
            **_definitions((item for _, item in QUESTIONS.values()), strict=False, whole=True),
        },
    }


def _when(word: str) -> Schema:
    return {
        "if": {"properties": {"type": {"const": word}}},
        "then": {"$ref": f"#/definitions/{word}"},
    }


def _event(word: str, kind: type) -> Schema:
    made = dict(_object(kind, strict=True))
    own = {"type": {"const": word}, "id": _ID}
    made["properties"] = {**own, **_properties(kind)}
    made["required"] = ["type", "id", *_required(kind)]
    return made


def _answer(word: str, item: type) -> Schema:
    """What a question is answered with."""
    one: Schema = {"$ref": f"#/definitions/{item.__name__}"}
    if word in {"contacts", "deals", "leads"} | BY_ID:
        items: Schema = {"type": "object", "additionalProperties": one}
    else:
        inner: Schema = {"type": "array", "items": one} if word == "contacts.find" else one
        items = {"type": "array", "items": inner}
    return {"type": "object", "required": ["items"], "properties": {"items": items}}


def _object(kind: type, *, strict: bool) -> Schema:
    made = {"type": "object", "required": _required(kind), "properties": _properties(kind)}
    return {**made, "additionalProperties": False} if strict else made


def _required(kind: type) -> list[str]:
    return [place.name for place in places(kind) if place.required]


def _properties(kind: type) -> Schema:
    return {place.name: _place(place) for place in places(kind)}


def _place(place: Place) -> Schema:
    made = _value(place.kind, place.name)
    return {"anyOf": [made, {"type": "null"}]} if _may_be_null(place) else made


def _may_be_null(place: Place) -> bool:
    return place.nullable or not place.required


def _value(kind: object, name: str) -> Schema:
    if get_origin(kind) is tuple:
        least = {"minItems": 1} if name in AT_LEAST_ONE else {}
        return {"type": "array", "items": _value(get_args(kind)[0], ""), **least}
    if kind is bool:
        return {"type": "boolean"}
    if kind is int:
        return {"type": "integer", "minimum": LEAST.get(name, 0), "maximum": MOST}
    if kind is datetime or kind is date:
        return {"type": "string", "pattern": TIME if kind is datetime else DAY}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [word.value for word in kind]}
    if isinstance(kind, type) and is_dataclass(kind):
        return {"$ref": f"#/definitions/{kind.__name__}"}
    if is_id(name, kind):
        return _ID
    pattern = PATTERNS.get(name)
    return {"type": "string"} if pattern is None else {"type": "string", "pattern": pattern}


def _definitions(
    kinds: Iterable[type], *, strict: bool, whole: bool = False
) -> Mapping[str, Schema]:
    """The objects that lie inside these, by the names of their types; `whole`: these too."""
    found: dict[str, Schema] = {}
    for kind in kinds:
        if whole:
            found[kind.__name__] = _object(kind, strict=strict)
        for place in places(kind):
            inner = get_args(place.kind)[0] if get_origin(place.kind) is tuple else place.kind
            if isinstance(inner, type) and is_dataclass(inner):
                found |= _definitions([inner], strict=strict, whole=True)
    return found


def write() -> None:
    """Publishes anew; `python -m connectors.webhook.schema` after the vocabulary has grown."""
    for name, text in published().items():
        Path(__file__).with_name(name).write_text(text)


if __name__ == "__main__":
    write()
