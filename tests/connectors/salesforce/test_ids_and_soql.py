"""Record ids in one spelling, and queries that nothing from outside can turn."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.errors import DeliveryRejected
from connectors.salesforce.ids import is_id, is_of, long_id, same_id
from connectors.salesforce.soql import MAX_LIST_BYTES, lists, seen, soql

# Pairs that stand in Salesforce's documents.
PAIRS = [
    ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
    ("00D000000000062", "00D000000000062EAA"),
    ("005000000000000", "005000000000000AAA"),
    ("0015000000VALDt", "0015000000VALDtAAP"),
]
ODD = [
    "",
    "//evil.example/x",
    "https://evil.example",
    "00Q/../../Account/001",
    "00Q000000000001\n",
    "00Q00000000000",
    "00Q0000000000001",
    "00Q000000000001AAAA",
    "00Qñ00000000001",
    "٠٠Q000000000001",
    "00Q000000000001?x",
]


@pytest.mark.parametrize(("short", "long"), PAIRS)
def test_fifteen_characters_become_eighteen(short: str, long: str) -> None:
    assert (long_id(short), long_id(long)) == (long, long)
    assert same_id(short, long)
    assert is_of(short[:3], long)


def test_ids_that_differ_in_case_are_of_different_records() -> None:
    assert not same_id("001A0000006Vm9r", "001a0000006Vm9r")
    assert long_id("001A0000006Vm9r") != long_id("001a0000006Vm9r")


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_id_is_refused(odd: str) -> None:
    assert not is_id(odd)
    assert not same_id(odd, odd)
    with pytest.raises(DeliveryRejected, match="not a record id"):
        long_id(odd)


@given(st.text())
def test_an_id_holds_nothing_that_means_something_in_a_path(text: str) -> None:
    assert not is_id(text) or re.fullmatch(r"[0-9a-zA-Z]{15,18}", text)


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("o'brien", r"'o\'brien'"),
        ("x' OR Name != '", r"'x\' OR Name != \''"),
        ("ends\\", r"'ends\\'"),
        ("{other}", "'{other}'"),
        ("a\x00b\u202ec", "'abc'"),
    ],
)
def test_a_value_stays_a_value(value: str, quoted: str) -> None:
    asked = "SELECT Id FROM Lead WHERE Name = {name}"
    assert soql(asked, name=value) == f"SELECT Id FROM Lead WHERE Name = {quoted}"


@given(st.text(min_size=1).filter(seen))
def test_no_value_ends_its_quotes(value: str) -> None:
    asked = soql("Name = {name}", name=value).removeprefix("Name = ")
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", asked, re.DOTALL)


def test_a_list_is_quoted_one_by_one() -> None:
    assert soql("Id IN {ids}", ids=["a'", "b"]) == r"Id IN ('a\'','b')"


@pytest.mark.parametrize("place", ["{name:literal}", "{name:>10}", "{name!r}", "{0}", "{name.x}"])
def test_a_place_that_would_not_be_quoted_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match="not plain"):
        soql(f"Name = {place}", name="x")


@pytest.mark.parametrize("empty", ["", [], "\x00"])
def test_an_empty_value_is_refused(empty: str | list[str]) -> None:
    with pytest.raises(ValueError, match="is empty"):
        soql("Name IN {name}", name=empty)


@given(st.lists(st.text(max_size=200), max_size=300), st.integers(1, 4))
def test_lists_hold_every_value_once_and_fit_an_address(values: list[str], repeated: int) -> None:
    made = list(lists(values, repeated))
    joined = [value for some in made for value in some]
    assert joined == list(dict.fromkeys(kept for value in values if (kept := seen(value))))
    assert all(some for some in made)
    for some in made:
        assert len(some) == 1 or sum(len(value) for value in some) * repeated <= MAX_LIST_BYTES
