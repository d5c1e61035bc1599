"""What is refused before any option is looked at, and where."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.policy.codes import Code
from bridge.policy.nodes import (
    MAX_BYTES,
    MAX_VALUES,
    Entries,
    Items,
    Node,
    NotReadable,
    Scalar,
    compose,
)


def refusal(content: bytes) -> tuple[Code, str, str]:
    with pytest.raises(NotReadable) as caught:
        compose(content, "a.yaml")
    finding = caught.value.finding
    return finding.code, finding.place, finding.message


@pytest.mark.parametrize(
    ("content", "code", "place", "message"),
    [
        (b"a: 1\nb: 2\na: 3", Code.DUPLICATE_KEY, "a.yaml:3:1", "a stands already in a.yaml:1:1"),
        (b"a: {b: 1, b: 2}", Code.DUPLICATE_KEY, "a.yaml:1:11", "b stands already in a.yaml:1:5"),
        (b"a: &x [1]\nb: *x", Code.YAML_ALIAS, "a.yaml:1:4", "anchors and aliases"),
        (b"a: *x", Code.YAML_ALIAS, "a.yaml:1:4", "anchors and aliases"),
        (b"<<: *x", Code.YAML_ALIAS, "a.yaml:1:5", "anchors and aliases"),
        (b"a: !!int 3", Code.YAML_TAG, "a.yaml:1:4", "tags are not allowed"),
        (b"a: !env TOKEN", Code.YAML_TAG, "a.yaml:1:4", "tags are not allowed"),
        (b"!!python/object/apply:os.system [ls]", Code.YAML_TAG, "a.yaml:1:1", "tags are not"),
        (b"a:\n\tb: 1", Code.YAML_SYNTAX, "a.yaml:2:1", "a tab; indent with spaces"),
        (b"a: b: c", Code.YAML_SYNTAX, "a.yaml:1:5", "mapping values are not allowed"),
        (b"a: 'x", Code.YAML_SYNTAX, "a.yaml:1:6", "unexpected end of stream"),
        (b"a: [1, 2", Code.YAML_SYNTAX, "a.yaml:1:9", "expected ',' or ']'"),
        (b"a: 1\n---\nb: 2", Code.YAML_SYNTAX, "a.yaml:2:1", "a second document"),
        (b"a: x\x00y", Code.YAML_SYNTAX, "a.yaml:1:5", "a character that YAML does not allow"),
        (b'a: "\\UFFFFFFFF"', Code.YAML_SYNTAX, "a.yaml:1:1", "an escape of no character"),
        (b"? [a]\n: b", Code.WRONG_SHAPE, "a.yaml:1:3", "a key must be plain text"),
        (b"a: 1\nb: \xff", Code.NOT_UTF8, "a.yaml:2:4", "not UTF-8"),
        ("a: ñ".encode("utf-16"), Code.NOT_UTF8, "a.yaml:1:1", "not UTF-8"),
        (b"[" * 100_000, Code.TOO_LARGE, "a.yaml:1:21", "nested over 20 deep"),
        (b"- " * 100_000, Code.TOO_LARGE, "a.yaml:1:41", "nested over 20 deep"),
        (b"#" * (MAX_BYTES + 1), Code.TOO_LARGE, "a.yaml:1:1", "over 1 MiB"),
    ],
)
def test_refused_with_its_place(content: bytes, code: Code, place: str, message: str) -> None:
    found_code, found_place, said = refusal(content)
    assert (found_code, found_place) == (code, place)
    assert message in said


def test_too_many_values_are_refused_before_they_cost_much() -> None:
    began = time.perf_counter()
    code, _, _ = refusal(b"[" + b"a," * MAX_VALUES + b"a]")
    assert code is Code.TOO_LARGE
    assert time.perf_counter() - began < 10


def test_a_billion_laughs_are_refused_at_the_first_anchor() -> None:
    bomb = "a: &a [lol, lol]\n" + "".join(f"{chr(98 + n)}: [*a, *a]\n" for n in range(9))
    assert refusal(bomb.encode())[0] is Code.YAML_ALIAS


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"---\n", b"\xef\xbb\xbf# bom\n"])
def test_a_file_without_content_is_nothing(content: bytes) -> None:
    assert compose(content, "a.yaml") is None


@pytest.mark.parametrize(
    "text",
    ["NO", "on", "12:30", "0123", "+4915112345678", "2026-01-01", "1e3", "~", "null"],
)
def test_a_scalar_stays_the_text_that_was_written(text: str) -> None:
    node = compose(f"a: {text}".encode(), "a.yaml")
    assert isinstance(node, Entries)
    assert node.entries[0].value == Scalar(text=text, place="a.yaml:1:4")


def test_nodes_know_their_places() -> None:
    node = compose(b"a:\n  - {b: c}\n", "x/a.yaml")
    assert isinstance(node, Entries)
    items = node.entries[0].value
    assert isinstance(items, Items)
    inner = items.items[0]
    assert isinstance(inner, Entries)
    assert (items.place, inner.place) == ("x/a.yaml:2:3", "x/a.yaml:2:5")
    assert inner.entries[0].value.place == "x/a.yaml:2:9"


def test_an_empty_value_is_told_from_an_empty_text() -> None:
    node = compose(b"a:\nb: ''\n", "a.yaml")
    assert isinstance(node, Entries)
    assert [entry.value for entry in node.entries] == [
        Scalar(text="", place="a.yaml:1:3", is_empty=True),
        Scalar(text="", place="a.yaml:2:4"),
    ]


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8"))))
@example(b'"\\ud800": x')
@example(b"%YAML 9.9\n---\na: b")
@example(b"a: |9\n x")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    found: Node | NotReadable | None
    try:
        found = compose(content, "a.yaml")
    except NotReadable as refused:
        found = refused
    assert found is None or isinstance(found, Scalar | Items | Entries | NotReadable)
