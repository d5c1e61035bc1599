"""Phone numbers: one canonical spelling, and all spellings that mean the same phone.

Which numbers go under two spellings says `number_variants`.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException

from bridge.domain.number_variants import variants_of

_DIGITS = re.compile(r"\D+")
_WHATSAPP = re.compile(r"^(\d+)(?::\d+)?@(?:s\.whatsapp\.net|c\.us)$")


def e164(text: str, region: str | None = None) -> str | None:
    """`+` and digits, or None when this is no phone number.

    `region` (ISO 3166 alpha-2) reads numbers in national form (WS-13). An id that only looks like a
    number (`…@lid`, `…@g.us`) is none; WhatsApp's own addresses of numbers are.
    """
    if "@" in text:
        address = _WHATSAPP.match(text.strip())
        return None if address is None else e164(f"+{address[1]}")
    try:
        phone = _in_e164(phonenumbers.parse(_international(text, region), region))
        # Only now: Mexico's old prefix, which WhatsApp still uses, makes a number impossible.
        possible = phonenumbers.is_possible_number(phonenumbers.parse(phone))
    except NumberParseException:
        return None
    return phone if possible else None


def canonical(phone: str) -> str:
    """One spelling for all that mean the same phone, as `number_variants` has it."""
    for variant in variants_of(phone):
        if found := variant.other.fullmatch(phone):
            return found.expand(variant.as_kept)
    return phone


def spellings(phone: str) -> tuple[str, ...]:
    """Every spelling of this number that a CRM may hold, the canonical one first."""
    one = canonical(phone)
    others = [
        found.expand(variant.as_other)
        for variant in variants_of(one)
        if (found := variant.kept.fullmatch(one))
    ]
    return (one, *others)


def written(phone: str, home: str | None = None) -> tuple[str, ...]:
    """How people and CRMs may have written this number of E.164: with and without plus, in groups;
    and as it is dialled at `home` (ISO 3166 alpha-2), where that is its country."""
    try:
        number = phonenumbers.parse(phone)
    except NumberParseException:
        return (phone,)
    grouped = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    found = [phone, phone[1:], f"00{phone[1:]}", grouped, grouped.replace(" ", "-")]
    if home is not None and country(phone) == home:
        local = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        digits = _DIGITS.sub("", local)
        parts = "-".join(_DIGITS.sub(" ", local).split())
        found += [
            local,
            f"+{number.country_code} {local}",
            digits,
            phonenumbers.national_significant_number(number),
            parts,
        ]
        found += [parts.replace("-", "."), parts.replace("-", " ")]
    return tuple(dict.fromkeys(found))


def country(phone: str | None) -> str | None:
    """ISO 3166 alpha-2 of a number in E.164, None when it can't be told."""
    if phone is None:
        return None
    try:
        number = phonenumbers.parse(phone)
    except NumberParseException:
        return None
    return phonenumbers.region_code_for_number(number)


def _international(text: str, region: str | None) -> str:
    """Digits alone mean an international number, unless a region says otherwise."""
    stripped = text.strip()
    if stripped.startswith("+") or region is not None:
        return stripped
    return "+" + _DIGITS.sub("", stripped)


COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""Every ISO 3166 alpha-2 code that phone numbers can tell."""


def example(region: str) -> str | None:
    """An example number that tells this country, in E.164; None for the few territories whose
    examples tell a neighbour."""
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    for kind in kinds:
        found = phonenumbers.example_number_for_type(region, kind)
        phone = _in_e164(found) if found else None
        if country(phone) == region:
            return phone
    return None


def _in_e164(number: phonenumbers.PhoneNumber) -> str:
    return canonical(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
