"""One phone, one client, however its number is spelled (WS-13, WZ-13)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.phones import COUNTRIES, canonical, country, e164, example, spellings, written


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("79164569812", None, "+79164569812"),
        ("+7 916 456-98-12", None, "+79164569812"),
        ("89164569812", "RU", "+79164569812"),
        ("+5215512345678", None, "+525512345678"),
        ("5215512345678", None, "+525512345678"),
        ("+5491123456789", None, "+541123456789"),
        ("+551187654321", None, "+5511987654321"),
        ("+5511987654321", None, "+5511987654321"),
        ("+551133334444", None, "+551133334444"),
        ("+52 1 55 1234 5678", None, "+525512345678"),
        ("+52 55 1234 5678 ext. 3", None, "+525512345678"),
        ("ana@acme.example", None, None),
        ("", None, None),
        ("12", None, None),
    ],
)
def test_a_number_has_one_spelling(text: str, region: str | None, expected: str | None) -> None:
    """WS-13: national form where a region is set; landlines of Brazil are never altered."""
    assert e164(text, region) == expected


@pytest.mark.parametrize(
    ("phone", "all_spellings"),
    [
        ("+525512345678", {"+525512345678", "+5215512345678"}),
        ("+5215512345678", {"+525512345678", "+5215512345678"}),
        ("+541123456789", {"+541123456789", "+5491123456789"}),
        ("+5511987654321", {"+5511987654321", "+551187654321"}),
        ("+551133334444", {"+551133334444"}),
        ("+34600000000", {"+34600000000"}),
    ],
)
def test_every_spelling_that_a_crm_may_hold(phone: str, all_spellings: set[str]) -> None:
    assert set(spellings(phone)) == all_spellings
    assert {canonical(x) for x in all_spellings} == {canonical(phone)}


@pytest.mark.parametrize(
    ("phone", "expected"),
    [("+525512345678", "MX"), ("+5215512345678", "MX"), (None, None), ("+999", None), ("x", None)],
)
def test_the_country_of_a_number(phone: str | None, expected: str | None) -> None:
    assert country(phone) == expected


@given(st.from_regex(r"\+(52|54|55|34|49)\d{8,11}", fullmatch=True))
def test_the_canonical_spelling_is_final(phone: str) -> None:
    assert canonical(canonical(phone)) == canonical(phone)
    assert spellings(phone)[0] == canonical(phone)


def test_examples_tell_their_country() -> None:
    told = {region: example(region) for region in COUNTRIES}
    assert all(phone is None or country(phone) == region for region, phone in told.items())
    assert all(told[region] for region in ("MX", "AR", "BR", "ES", "DE", "RU", "US"))


def test_a_number_is_looked_for_as_people_write_it() -> None:
    assert written("+34600000001") == (
        "+34600000001",
        "34600000001",
        "0034600000001",
        "+34 600 00 00 01",
        "+34-600-00-00-01",
    )
    at_home = set(written("+14155552671", "US"))
    assert {"(415) 555-2671", "+1 (415) 555-2671", "415-555-2671", "4155552671"} <= at_home


def test_a_number_is_not_looked_for_as_it_is_dialled_in_another_country() -> None:
    assert written("+34600000001", "US") == written("+34600000001")


@given(st.text(), st.sampled_from(sorted(COUNTRIES)))
def test_whatever_it_is_it_is_looked_for_as_it_stands(text: str, region: str) -> None:
    assert text in written(text, region)


def test_what_is_no_number_is_looked_for_as_it_is() -> None:
    assert written("+") == ("+",)
