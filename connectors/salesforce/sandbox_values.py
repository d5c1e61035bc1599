"""What the sandbox takes as a field's value, and what it says of others."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from connectors.salesforce.sandbox_ids import checked_id
from connectors.salesforce.sandbox_org import Org, stamp
from connectors.salesforce.sandbox_schema import Field, Object, Refused

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def field_of(org: Org, one: Object, name: str) -> Field:
    found = one.find(name)
    if found is None or not org.has_field(one.name, found.name):
        raise Refused(
            400,
            "INVALID_FIELD",
            f"No such column '{name}' on sobject of type {one.name}",
        )
    return found


def values_of(org: Org, one: Object, given: Any, *, creates: bool) -> dict[str, Any]:
    """The fields of a record as sent, checked one by one; an empty text is null."""
    if not isinstance(given, Mapping):
        raise Refused(400, "JSON_PARSER_ERROR", "Can not deserialize SObject out of other tokens")
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name == "attributes":
            continue
        if isinstance(value, Mapping):
            known, value = _referred(org, one, name, value)
        else:
            known = field_of(org, one, name)
        if not known.can_write or (known.name == "ContactId" and not creates and _is_deal(one)):
            raise _not_ours_to_write(known, creates)
        found[known.name] = checked(known, value)
    return found


def checked(known: Field, value: Any) -> Any:
    if value is None or value == "":
        return False if known.kind == "boolean" and value is None else None
    return _CHECKS[known.kind](known, value)


def _is_deal(one: Object) -> bool:
    return one.name == "Opportunity"


def _not_ours_to_write(known: Field, creates: bool) -> Refused:
    way = "create" if creates else "update"
    return Refused(
        400,
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to {way} fields: {known.name}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set.",
        (known.name,),
    )


def _referred(org: Org, one: Object, name: str, value: Mapping[str, Any]) -> tuple[Field, str]:
    """A reference by the other's external id: `{"Contact": {"Bridge_Key__c": "k"}}`."""
    known = one.through(name)
    keys = {key: text for key, text in value.items() if key != "attributes"}
    if known is None or len(keys) != 1:
        message = f"Cannot reference a foreign key field {name}."
        raise Refused(400, "INVALID_FIELD", message)
    attributes = value.get("attributes") or {}
    target = str(attributes.get("type") or known.refers[0])
    ((key, wanted),) = keys.items()
    external = field_of(org, org.objects[target], key)
    found = org.by_value(target, external.name, str(wanted)) if external.is_external_id else []
    if len(found) != 1:
        raise Refused(
            400,
            "INVALID_FIELD",
            f"Foreign key external ID: {wanted} not found for field {key} in entity {target}",
        )
    return known, found[0].id


def _text(known: Field, value: Any) -> str:
    text = value if isinstance(value, str) else _as_text(known, value)
    if len(text) > known.length:
        raise Refused(
            400,
            "STRING_TOO_LONG",
            f"{known.name}: data value too large: {text} (max length={known.length})",
            (known.name,),
        )
    return text


def _as_text(known: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type("string", value)
    return str(value)


def _email(known: Field, value: Any) -> str:
    text = _text(known, value)
    if not _EMAIL.fullmatch(text):
        message = f"{known.name}: invalid email address: {text}"
        raise Refused(400, "INVALID_EMAIL_ADDRESS", message, (known.name,))
    return text


def _boolean(known: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type("boolean", value)
    return value


def _number(known: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type("double", value)
    return float(value)


def _whole(known: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_type("int", value)
    return value


def _day(known: Field, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise _wrong_type("date", value) from None


def _moment(known: Field, value: Any) -> str:
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong_type("datetime", value) from None
    if when.tzinfo is None:
        raise _wrong_type("datetime", value)
    return stamp(when.astimezone(UTC))


def _reference(known: Field, value: Any) -> str:
    return checked_id(known.name, value)


def _wrong_type(kind: str, value: Any) -> Refused:
    tokens = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", list: "START_ARRAY"}
    token = tokens.get(type(value), "VALUE_NUMBER_FLOAT")
    message = f"Cannot deserialize instance of {kind} from {token} value {value}"
    return Refused(400, "JSON_PARSER_ERROR", message)


_CHECKS: Mapping[str, Callable[[Field, Any], Any]] = {
    "string": _text,
    "textarea": _text,
    "phone": _text,
    "picklist": _text,
    "email": _email,
    "boolean": _boolean,
    "double": _number,
    "int": _whole,
    "date": _day,
    "datetime": _moment,
    "reference": _reference,
    "id": _reference,
}
