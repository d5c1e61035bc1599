"""What may stand in a client's fields; a complaint names the field, never what it holds."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bridge.domain.phones import e164
from bridge.domain.reseller_clients import ClientDetails
from bridge.domain.reselling_policy import MOST_UNITS, Service

MOST_NAME = 200
MOST_SERVICES = 50
OUR_ID = "cl_"
LAST_YEAR = 2999
"""Of a plan's last day."""
_EMAIL = re.compile(r"[^@\s\"<>\[\],;]{1,64}@[^@\s\"<>\[\],;]{1,189}\.[^@\s\"<>\[\],;.]{2,63}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,38}[0-9]")
SERVICE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_UNSTORABLE = re.compile("[\ud800-\udfff\x00-\x1f\x7f]")


def tidied(details: ClientDetails) -> ClientDetails:
    """As they are kept: without space around, the e-mail in small letters, a phone that says its
    country in its one spelling."""
    phone = details.phone.strip()
    return replace(
        details,
        legal_name=details.legal_name.strip(),
        contact_name=details.contact_name.strip(),
        email=details.email.strip().lower(),
        phone=(e164(phone) or phone) if phone.startswith("+") else phone,
    )


def against_details(details: ClientDetails) -> str | None:
    """What is wrong with them, once they are tidied."""
    return next(_faults(details), None)


def _faults(details: ClientDetails) -> Iterator[str]:
    if not details.legal_name:
        yield "the legal name is missing"
    texts = {
        "the legal name": details.legal_name,
        "the contact's name": details.contact_name,
        "the e-mail address": details.email,
        "the phone": details.phone,
    }
    for name, text in texts.items():
        if len(text) > MOST_NAME:
            yield f"{name} is longer than {MOST_NAME} characters"
        if _UNSTORABLE.search(text):
            yield f"{name} holds a character that can't be stored"
    if details.email and not _EMAIL.fullmatch(details.email):
        yield "the e-mail address is none; write it as name@company.example"
    if details.phone and not _PHONE.fullmatch(details.phone):
        yield "the phone is no phone number; write it as +34600111222"


def against_reference(reference: str) -> str | None:
    """An empty one is none."""
    if len(reference) > MOST_NAME:
        return f"the reference is longer than {MOST_NAME} characters"
    if reference != reference.strip() or _UNSTORABLE.search(reference):
        return "the reference begins or ends with space, or holds a character that can't be stored"
    if reference.startswith(OUR_ID):
        return f"the reference begins with {OUR_ID}, as our own ids do; choose another"
    return None


def against_services(services: Mapping[str, Service]) -> str | None:
    if len(services) > MOST_SERVICES:
        return f"there are more than {MOST_SERVICES} services"
    if not all(SERVICE.fullmatch(name) for name in services):
        return "a service's name is of small letters, digits, `_` and `-`, and begins with a letter"
    if not all(0 <= value <= MOST_UNITS for value in services.values()):
        return f"a service is true, false, or a whole number from 0 to {MOST_UNITS}"
    return None


def against_units(units: int) -> str | None:
    if isinstance(units, bool) or not 1 <= units <= MOST_UNITS:
        return f"units are a whole number from 1 to {MOST_UNITS}"
    return None
