"""Bodies that no vendor sends and anybody can: what breaks parsers."""

import json
import re
from collections.abc import Iterator
from typing import Any

_DEEP = 1000

CORPUS: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "not JSON": b"<html>",
    "half": b'{"messages": [',
    "invalid UTF-8": b'{"messages": "\xff\xfe"}',
    "overlong UTF-8": b'{"a": "\xc0\x80"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "lone surrogates": rb'{"\ud800": "\udfff", "messages": [{"messageId": "\ud800"}]}',
    "NUL": b'{"a": "\\u0000", "messages": [{"messageId": "\\u0000"}]}',
    "a raw NUL": b'{"a": "\x00"}',
    "deep lists": b"[" * _DEEP + b"]" * _DEEP,
    "very deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "deep inside an item": b'[{"messages":' + b"[" * 60 + b"]" * 60 + b"}]",
    "a long integer": b'{"a": ' + b"9" * 5000 + b"}",
    "a long integer in a list": b"[" + b"9" * 5000 + b"]",
    "a long negative integer": b'[{"objectId": -' + b"9" * 5000 + b"}]",
    "a large integer": b'[{"objectId": 1' + b"0" * 400 + b', "occurredAt": 1' + b"0" * 400 + b"}]",
    "a float out of range": b'[{"objectId": 1e999, "occurredAt": -1e999}]',
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity, -Infinity]",
    "a BOM": b"\xef\xbb\xbf{}",
    "UTF-16": '{"messages": []}'.encode("utf-16"),
    "UTF-32": "[]".encode("utf-32"),
    "double keys": b'{"messages": [], "messages": 5, "messages": [{}]}',
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a text": b'"text"',
    "an empty list": b"[]",
    "an empty object": b"{}",
    "a list of everything": b'[null, true, 0, -1, 1.5, "", [], {}]',
    "a list of empty objects": b"[{}, {}]",
    "keys of prototypes": b'{"__proto__": {}, "constructor": [], "__class__": 1}',
    "an empty key": b'{"": {"": {"": []}}}',
    "a wide object": json.dumps({f"k{n}": n for n in range(2000)}).encode(),
    "trailing words": b"{} {}",
}

WRONG: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**70,
    10**400,
    1.5,
    1e308,
    "",
    "x",
    "\x00",
    "\ud800",
    "9" * 400,
    "2025-13-45T99:99:99Z",
    "9999-12-31T23:59:59-14:00",
    [],
    [None],
    [[]],
    ["x", 1],
    {},
    {"": None},
    {"error": 1, "messageId": []},
)


def with_wrong_values(body: bytes) -> Iterator[bytes]:
    """The body again and again, each time with one value replaced by a wrong one, or left out."""
    if body.startswith((b"{", b"[")):
        yield from _with_wrong_json(body)
    elif body.startswith((b"<", b"\xef\xbb\xbf<")):
        yield from _with_wrong_parts(body, _XML_VALUE)
    else:
        yield from _with_wrong_parts(body, _FORM_VALUE)


def _with_wrong_json(body: bytes) -> Iterator[bytes]:
    """Reading the body anew for each of them would take longer than what is tested."""
    whole = json.loads(body)
    for parent, key in list(_places(whole)):
        told = parent[key]
        for wrong in WRONG:
            parent[key] = wrong
            yield json.dumps(whole).encode()
        parent[key] = told
        yield json.dumps(_without(whole, parent, key)).encode()


def _with_wrong_parts(body: bytes, value: re.Pattern[bytes]) -> Iterator[bytes]:
    """What is no JSON holds nothing but texts."""
    for found in value.finditer(body):
        start, end = found.span(1)
        for wrong in _WRONG_TEXTS:
            yield body[:start] + wrong + body[end:]


_XML_VALUE = re.compile(rb">([^<>]*)</")
_FORM_VALUE = re.compile(rb"=([^&]*)")
_WRONG_TEXTS = (
    *(wrong.encode("utf-8", "surrogatepass") for wrong in WRONG if isinstance(wrong, str)),
    *(b"%00%ff", b"\xff", b"{}", b"1e999", b"-1", b"null"),
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Whatever holds a value, and the key or the place under which it does."""
    for key, child in _children(value):
        yield value, key
        yield from _places(child)


def _children(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _without(value: Any, parent: Any, key: Any) -> Any:
    """A copy in which `parent` lacks that one."""
    kept = [(k, v) for k, v in _children(value) if not (value is parent and k == key)]
    if isinstance(value, dict):
        return {k: _without(v, parent, key) for k, v in kept}
    return [_without(v, parent, key) for _, v in kept] if isinstance(value, list) else value
