"""Numbers that go under two spellings: a table of what numbering plans changed or dial differently.

Here stand only countries where both spellings are demonstrably met, where each old number became
exactly one new one, and where the spelling that is not kept can be nobody else's number today.
Others have been looked at and left out: Gabon (both lengths are still in use), Mauritius, Togo,
Burkina Faso, Tunisia and Costa Rica (no vendor is known to tell the old form any more).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """`kept` is the canonical spelling, `other` the second one; each is made of the other by its
    template. `source` says how we know."""

    prefix: str
    kept: re.Pattern[str]
    other: re.Pattern[str]
    as_kept: str
    as_other: str
    source: str


def _variant(
    prefix: str, kept: str, other: str, as_kept: str, as_other: str, source: str
) -> Variant:
    """The patterns and templates are of what follows the country's prefix."""
    return Variant(
        prefix=prefix,
        kept=re.compile(rf"\{prefix}{kept}"),
        other=re.compile(rf"\{prefix}{other}"),
        as_kept=f"{prefix}{as_kept}",
        as_other=f"{prefix}{as_other}",
        source=source,
    )


def _mexico() -> Iterator[Variant]:
    yield _variant(
        "+52",
        r"(\d{10})",
        r"1(\d{10})",
        r"\1",
        r"1\1",
        "the 1 before mobiles went in August 2019 (IFT); WhatsApp's ids still have it: "
        "support.gupshup.io 4407840924953",
    )


def _argentina() -> Iterator[Variant]:
    """The 9 is dialled from abroad to mobiles, as 15 is at home; neither is part of the ten digits,
    which are given out once, to a landline or to a mobile."""
    yield _variant(
        "+54",
        r"(\d{10})",
        r"9(\d{10})",
        r"\1",
        r"9\1",
        "ENACOM's basic plan of numbering; WhatsApp's ids come with and without: "
        "github.com/chatwoot/chatwoot argentina_phone_normalizer",
    )


def _brazil() -> Iterator[Variant]:
    """Mobiles began with 6 to 9 when they got their ninth digit; landlines begin with 2 to 5 and
    are never altered. Eight digits with 7 were Nextel's too, whose radio network closed in 2018."""
    yield _variant(
        "+55",
        r"(\d{2})9([6-9]\d{7})",
        r"(\d{2})([6-9]\d{7})",
        r"\g<1>9\2",
        r"\1\2",
        "Anatel, 2012 to 2016; WhatsApp's ids outside 11-19, 21, 22, 24, 27, 28 are without: "
        "support.gupshup.io 4407840924953",
    )


def _ivory_coast() -> Iterator[Variant]:
    """Two digits before the old eight, by the operator that their second digit tells. Landlines
    (2…, 3…) can't be told apart so, and stay as they are."""
    for digits, first in (("1-3", "01"), ("4-6", "05"), ("7-9", "07")):
        yield _prefixed(f"0[{digits}]", first)
        yield _prefixed(f"[4-9][{digits.replace('1', '0')}]", first)


def _prefixed(old: str, first: str) -> Variant:
    return _variant(
        "+225",
        rf"{first}({old}\d{{6}})",
        rf"({old}\d{{6}})",
        rf"{first}\1",
        r"\1",
        "ARTCI, 31 January 2021; WhatsApp keeps old ids beside new ones: "
        "github.com/devlikeapro/waha/issues/1894",
    )


def _benin() -> Iterator[Variant]:
    """01 before the old eight digits; those with 8 in front are services, and kept eight."""
    yield _variant(
        "+229",
        r"01([2-79]\d{7})",
        r"([2-79]\d{7})",
        r"01\1",
        r"\1",
        "ARCEP, 30 November 2024: github.com/mobi/telephone_number/issues/138",
    )


_VIETNAM = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36",
    "167": "37", "168": "38", "169": "39", "186": "56", "188": "58", "199": "59",
}  # fmt: skip


def _vietnam() -> Iterator[Variant]:
    """Mobiles of eleven digits got ten; CRMs hold those that were entered before."""
    for old, new in _VIETNAM.items():
        yield _variant(
            "+84",
            rf"{new}(\d{{7}})",
            rf"{old}(\d{{7}})",
            rf"{new}\1",
            rf"{old}\1",
            "Ministry of Information, 15 September 2018: mobifone.vn doi-dau-so, lawnet.vn 134777",
        )


def _by_prefix() -> dict[str, tuple[Variant, ...]]:
    found: dict[str, tuple[Variant, ...]] = {}
    countries = (_mexico(), _argentina(), _brazil(), _ivory_coast(), _benin(), _vietnam())
    for variant in (variant for rows in countries for variant in rows):
        found[variant.prefix] = (*found.get(variant.prefix, ()), variant)
    return found


VARIANTS = _by_prefix()
"""By the country's prefix with its `+`, which is two or three digits long."""


def variants_of(phone: str) -> tuple[Variant, ...]:
    return VARIANTS.get(phone[:3]) or VARIANTS.get(phone[:4]) or ()
