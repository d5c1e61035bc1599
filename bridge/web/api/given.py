"""Reads what a request brings, into the type that its route declares; a wrong field is named."""

import re
from datetime import datetime
from typing import TypeVar

import msgspec
from flask import Request

from bridge.web.problems import Problem, invalid

MAX_BODY_BYTES = 64 * 1024
Given = TypeVar("Given", bound=msgspec.Struct)
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`(?: - at `(?P<path>[^`]*)`)?")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]*)`(?: - at `(?P<path>[^`]*)`)?")
_AT = re.compile(r"(?P<detail>.*) - at `(?P<path>[^`]*)`", re.DOTALL)


def query_of(request: Request, kind: type[Given]) -> Given:
    """The query as this type; Problem 422 for an unknown, doubled or wrong parameter."""
    for name, values in request.args.lists():
        if len(values) > 1:
            raise invalid("is given twice", field=name)
        if "\x00" in values[0]:
            raise invalid("holds a NUL character", field=name)
    try:
        return msgspec.convert(request.args.to_dict(), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(error, prefix="") from error


def body_of(request: Request, kind: type[Given]) -> Given:
    """The JSON body as this type; nothing counts as `{}`.

    Problem 413 above 64 KiB, 415 for another type of content, 400 when it is not JSON, 422 with the
    path of the field that is wrong or unknown.
    """
    body = raw_body(request)
    if body and request.mimetype != "application/json":
        raise invalid("send application/json", field="Content-Type", status=415)
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _wrong(error, prefix="$.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid("the body is not JSON", field="$", status=400) from error


def zoned(name: str, moment: datetime | None) -> datetime | None:
    """The moment; Problem 422 for one that leaves its zone open."""
    if moment is not None and moment.tzinfo is None:
        raise invalid("say the zone, such as 2026-03-01T09:00:00Z", field=name)
    return moment


def raw_body(request: Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    body = request.get_data(cache=True)
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    return body


def _too_large() -> Problem:
    return invalid(f"the body is larger than {MAX_BODY_BYTES} bytes", field="$", status=413)


def _wrong(error: msgspec.ValidationError, prefix: str) -> Problem:
    said = str(error)
    if found := _UNKNOWN.search(said) or _MISSING.search(said):
        what = "is not known here" if "unknown" in said else "is missing"
        path = (found["path"] or "$") + "." + found["name"]
        return invalid(what, field=path if prefix else path.removeprefix("$."))
    if found := _AT.fullmatch(said):
        path = found["path"]
        return invalid(found["detail"], field=path if prefix else path.removeprefix("$."))
    return invalid(said, field="$" if prefix else None)
