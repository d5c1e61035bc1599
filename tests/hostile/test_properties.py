"""Whatever comes, each reader refuses as it declares, and what was made here is known again."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bridge.cli import main
from bridge.domain.errors import PayloadInvalid, SignatureInvalid
from bridge.payload import Payload, storable
from bridge.ports import RawRequest
from bridge.web.cursors import Cursors
from bridge.web.environ import environ_of
from bridge.web.problems import Problem
from connectors import CONNECTORS
from tests.cli.commands import Installation
from tests.contract.parsed import check_parsed, tells_no_secret
from tests.contract.vendors import NOW, WITH_DOORS, account, connector_named, recorded

KEY = "0123456789abcdef" * 2
_VALUE = re.compile(rb"[=>]([^&<>]*)")
any_text = st.text(st.characters(), max_size=40)
any_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
headers = st.dictionaries(
    st.sampled_from(
        [
            "authorization",
            "x-hubspot-signature",
            "x-hubspot-signature-v3",
            "x-hubspot-signature-version",
            "x-hubspot-request-timestamp",
            "content-type",
        ]
    ),
    any_text | st.integers(0, 10**14).map(str),
)


@pytest.mark.parametrize("name", WITH_DOORS)
@given(method=any_text, url=any_text, given_headers=headers, body=st.binary(max_size=60))
@example(method="POST", url="http://[", given_headers={}, body=b"")
def test_s4_nothing_random_proves_anything(
    name: str, method: str, url: str, given_headers: dict[str, str], body: bytes
) -> None:
    """And the request is as it was."""
    connector = connector_named(name)
    told = RawRequest(method=method, url=url, headers=given_headers, body=body, received_at=NOW)
    before = replace(told, headers=dict(given_headers))
    inbound = connector.inbound(account(connector))
    inbound.handshake(told)
    with pytest.raises(SignatureInvalid) as refused:
        inbound.verify(told)
    assert tells_no_secret(connector, refused.value)
    assert told == before


@pytest.mark.parametrize("name", WITH_DOORS)
@given(found=st.data())
def test_s9_any_json_in_the_place_of_any_item_is_read_or_refused(
    name: str, found: st.DataObject
) -> None:
    """The recorded bodies, each with something else in the place of one of its values."""
    connector = connector_named(name)
    whole = found.draw(st.sampled_from(recorded(name)))
    body = found.draw(_changed(whole.body))
    told = replace(whole, body=body)
    inbound = connector.inbound(account(connector))
    try:
        parsed = inbound.parse(told)
    except PayloadInvalid as error:
        refusal: Exception | None = error
    else:
        refusal = None
        check_parsed(connector, parsed)
    assert refusal is None or tells_no_secret(connector, refusal)
    assert told.body == body


@st.composite
def _changed(draw: st.DrawFn, body: bytes) -> bytes:
    """JSON with any JSON in one place; a form or XML with any bytes there."""
    if not body.startswith((b"{", b"[")):
        start, end = draw(st.sampled_from([m.span(1) for m in _VALUE.finditer(body)]))
        return body[:start] + draw(st.binary(max_size=40)) + body[end:]
    whole = [json.loads(body)]
    holder, key = draw(st.sampled_from(_places(whole)))
    holder[key] = draw(any_json)
    return json.dumps(whole[0]).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value))
    inner = [value[key] for key in keys if isinstance(value[key], dict | list)]
    return [(value, key) for key in keys] + [found for one in inner for found in _places(one)]


@given(body=st.binary(max_size=200))
@example(body=b"\xef\xbb\xbf{}")
@example(body=b"[" * 3000)
def test_s9_any_bytes_are_json_or_refused_in_ascii(body: bytes) -> None:
    try:
        Payload.from_bytes(body)
    except PayloadInvalid as error:
        said = str(error)
    else:
        said = ""
    assert said.isascii()


@given(text=st.text(st.characters()))
def test_s9_a_text_that_is_storable_stays_so(text: str) -> None:
    once = storable(text)
    assert "\x00" not in once.encode("utf-8").decode("utf-8")
    assert storable(once) == once
    assert len(once) == len(text)


@given(place=st.tuples(st.integers(0, 2**60), any_text.map(storable)), of=any_text)
def test_a_cursor_comes_back_for_its_own_list_only(place: tuple[int, str], of: str) -> None:
    cursors = Cursors(KEY)
    cursor = cursors.seal(place, of)
    assert cursors.open(tuple[int, str], cursor, of) == place
    for wrong in (of + "x", f"{of} "):
        with pytest.raises(Problem):
            cursors.open(tuple[int, str], cursor, wrong)
    with pytest.raises(Problem):
        Cursors(KEY[::-1]).open(tuple[int, str], cursor, of)


@given(bit=st.integers(0, 10_000), seed=st.integers(0, 100))
def test_a_cursor_with_one_letter_changed_is_none(bit: int, seed: int) -> None:
    cursors = Cursors(KEY)
    cursor = cursors.seal((seed, "chat"), "list")
    place = bit % (len(cursor) - 1)  # of the last letter some bits are padding
    letter = "A" if cursor[place] != "A" else "B"
    bent = cursor[:place] + letter + cursor[place + 1 :]
    with pytest.raises(Problem) as refused:
        cursors.open(tuple[int, str], bent, "list")
    assert refused.value.status == 400


@given(
    path=st.binary(max_size=30).filter(lambda p: b"?" not in p),
    query=st.binary(max_size=30),
    fields=st.lists(st.tuples(st.binary(min_size=1, max_size=12), st.binary(max_size=20))),
    body=st.binary(max_size=40),
)
def test_s12_what_came_over_the_wire_is_told_untouched(
    path: bytes, query: bytes, fields: list[tuple[bytes, bytes]], body: bytes
) -> None:
    scope = {
        "method": "POST",
        "raw_path": path,
        "query_string": query,
        "headers": fields,
        "server": ("127.0.0.1", 1),
        "client": None,
        "http_version": "1.1",
        "scheme": "http",
    }
    environ = environ_of(scope, body)
    asked = path + (b"?" + query if query else b"")
    assert environ["REQUEST_URI"].encode("latin-1") == asked
    assert environ["wsgi.input"].read() == body
    assert environ["CONTENT_LENGTH"] == str(len(body))
    spoofed = [name for name, _ in fields if b"_" in name]
    kept = sum(name.startswith("HTTP_") for name in environ)
    assert kept <= len(fields) - len(spoofed)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4))
@example(words=["country=MX", "country=DE"])
@example(words=["=", "a=", "client=new\n"])
@example(words=["country=\x00", "channel=\u2028"])
def test_any_words_of_a_question_are_answered_or_refused(
    folder: Installation, words: list[str]
) -> None:
    """`bridge route --new-client WORD…`; exit 0, 1 or 2, and never a traceback."""
    result = CliRunner().invoke(main, ["route", "--new-client", "--", *words], env=folder.environ)
    assert result.exit_code in (0, 1, 2), result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_every_connector_was_asked() -> None:
    assert len(WITH_DOORS) == sum(bool(one.methods) for one in CONNECTORS) >= 2
