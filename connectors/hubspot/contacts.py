"""A contact as HubSpot keeps it → as the bridge mirrors it."""

import re
from collections.abc import Sequence

from bridge.domain.names import CrmId
from bridge.domain.records import CrmContact
from bridge.payload import Payload
from connectors.hubspot.reading import value

PHONE_PROPERTIES = ("phone", "mobilephone", "hs_whatsapp_phone_number")
_CALCULATED = ("hs_calculated_phone_number", "hs_calculated_mobile_number")
CONTACT_PROPERTIES = (
    "firstname",
    "lastname",
    "hubspot_owner_id",
    "hs_merged_object_ids",
    *PHONE_PROPERTIES,
    *_CALCULATED,
)
_NOT_DIGIT = re.compile(r"\D")


def contact(record: Payload, username_properties: Sequence[str]) -> CrmContact:
    names = (value(record, "firstname"), value(record, "lastname"))
    phones = (_phone(value(record, name)) for name in (*_CALCULATED, *PHONE_PROPERTIES))
    usernames = (value(record, name).removeprefix("@") for name in username_properties)
    created = record.get("createdAt")
    return CrmContact(
        crm_id=CrmId(record.at("id").identifier()),
        name=" ".join(name for name in names if name),
        owner=owner_of(record),
        phones=tuple(dict.fromkeys(phone for phone in phones if phone)),
        usernames=tuple(dict.fromkeys(name for name in usernames if name)),
        created_at=None if created is None else created.iso_time(),
    )


def owner_of(record: Payload) -> CrmId | None:
    owner = value(record, "hubspot_owner_id")
    return CrmId(owner) if owner else None


def _phone(written: str) -> str:
    """Digits, with a plus in front where whoever typed it gave the country."""
    digits = _NOT_DIGIT.sub("", written)
    if written.strip().startswith("00"):
        return f"+{digits[2:]}"
    return f"+{digits}" if written.strip().startswith("+") else digits
