"""One phone, one client, however its number is spelled (WS-13, WZ-13)."""

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.number_variants import VARIANTS, Variant
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
        ("+54 11 15 2345 6789", None, "+541123456789"),
        ("011 15-2345-6789", "AR", "+541123456789"),
        ("+225 47 12 34 56", None, "+2250747123456"),
        ("+225 07 47 12 34 56", None, "+2250747123456"),
        ("+229 97 12 34 56", None, "+2290197123456"),
        ("+84 120 123 4567", None, "+84701234567"),
        ("34600111222@s.whatsapp.net", None, "+34600111222"),
        ("34600111222:12@c.us", None, "+34600111222"),
        ("34600111222@lid", None, None),
        ("34600111222@g.us", None, None),
        ("+34600111222@lid", "ES", None),
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
        ("+551123334444", {"+551123334444"}),
        ("+5511912345678", {"+5511912345678"}),
        ("+553175123456", {"+5531975123456", "+553175123456"}),
        ("+22507123456", {"+2250707123456", "+22507123456"}),
        ("+22505123456", {"+2250505123456", "+22505123456"}),
        ("+22501123456", {"+2250101123456", "+22501123456"}),
        ("+22540123456", {"+2250140123456", "+22540123456"}),
        ("+22520123456", {"+22520123456"}),
        ("+2250711123456", {"+2250711123456"}),
        ("+22997123456", {"+2290197123456", "+22997123456"}),
        ("+22985712345", {"+22985712345"}),
        ("+841691234567", {"+84391234567", "+841691234567"}),
        ("+84901234567", {"+84901234567"}),
        ("+24107123456", {"+24107123456"}),
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


# Where the library takes the second spelling for a number too: Argentina's landlines and mobiles
# share one space of ten digits, Nextel's radio numbers of Brazil are gone.
NOT_TOLD_APART = re.compile(r"\+(549?\d{10}|55\d{2}7\d{7})")

numbers = st.one_of(
    st.from_regex(r"\+(52|521|54|549|55|225|229|84|241|230|34|49)\d{7,11}", fullmatch=True),
    st.from_regex(r"\+55[1-9]{2}9?[2-9]\d{7}", fullmatch=True),
    st.from_regex(r"\+225(01|05|07)?[02-9]\d{7}", fullmatch=True),
    st.from_regex(r"\+229(01)?[2-9]\d{7}", fullmatch=True),
    st.from_regex(r"\+84(1[2689]\d|[35789]\d)\d{7}", fullmatch=True),
)


@given(numbers)
def test_spellings_mean_each_other(phone: str) -> None:
    """Symmetric and transitive: whichever spelling one begins with, it is the same set."""
    every = spellings(phone)
    assert phone in every
    assert len(set(every)) == len(every) <= 2
    assert all(set(spellings(other)) == set(every) for other in every)
    assert {canonical(other) for other in every} == {canonical(phone)}


@given(numbers, numbers)
def test_only_spellings_of_one_number_share_a_canonical_form(one: str, other: str) -> None:
    assert (canonical(one) == canonical(other)) is (other in spellings(one))


@given(numbers)
def test_the_second_spelling_is_nobody_elses_number(phone: str) -> None:
    """Variants never join two people: what is not kept can't be given out today."""
    kept, *others = spellings(phone)
    told = [x for x in others if not NOT_TOLD_APART.fullmatch(x)]
    assert not [x for x in told if phonenumbers.is_valid_number(phonenumbers.parse(x))]
    assert kept not in others


@given(st.from_regex(r"\+55[1-9]{2}[2-5]\d{7}", fullmatch=True))
def test_a_landline_of_brazil_is_never_altered(phone: str) -> None:
    assert spellings(phone) == (phone,)


@pytest.mark.parametrize("variant", [x for rows in VARIANTS.values() for x in rows])
def test_each_variant_goes_both_ways_and_says_how_we_know(variant: Variant) -> None:
    phone = example_of(variant)
    assert variant.other.fullmatch(phone)
    assert canonical(phone) != phone
    assert set(spellings(canonical(phone))) == {phone, canonical(phone)}
    assert len(variant.source) > 20


def example_of(variant: Variant) -> str:
    """The shortest and first number of the second spelling."""
    pattern = variant.other.pattern.removeprefix(rf"\{variant.prefix}")
    for _ in range(9):
        pattern = re.sub(r"\\d\{(\d+)\}", lambda found: "1" * int(found[1]), pattern)
        pattern = re.sub(r"\[(\d)[^\]]*\]", r"\1", pattern)
    return variant.prefix + re.sub(r"[()]", "", pattern)


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
