"""A contact or a lead as Salesforce keeps it → a contact of the bridge.

In Salesforce a lead is a person of its own, so that ids of both (003… and 00Q…) name contacts of
the bridge. A lead that was converted lives on as the contact it became.
"""

import re
from dataclasses import dataclass

from bridge.domain.errors import ConfigError
from bridge.domain.names import CrmId
from bridge.domain.phones import COUNTRIES, e164
from bridge.domain.records import CrmContact
from bridge.payload import Payload
from bridge.ports import Account
from connectors.salesforce.ids import long_id
from connectors.salesforce.lookup import KEY
from connectors.salesforce.reading import Table, flag, text
from connectors.salesforce.settings import username_fields
from connectors.salesforce.soql import seen

PHONE_FIELDS = ("Phone", "MobilePhone")
_FIELDS = ("Id", "Name", "OwnerId", "CreatedDate", *PHONE_FIELDS)
_CONVERSION = ("IsConverted", "ConvertedContactId")
_NOT_DIGIT = re.compile(r"\D")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Persons:
    """What is read of contacts and leads. `country` (ISO 3166 alpha-2) is the one whose numbers
    people of this org write without its code, None where they always write it."""

    contacts: Table
    leads: Table
    username_fields: tuple[str, ...]
    country: str | None

    @classmethod
    def of(cls, account: Account) -> "Persons":
        """Raises ConfigError for options that name no field or country."""
        named = tuple(dict.fromkeys(username_fields(account).values()))
        if wrong := [name for name in named if not _NAME.fullmatch(name)]:
            raise ConfigError(f"account {account.name}: {wrong[0]!r} is not the name of a field")
        fields = (*_FIELDS, *named)
        return cls(
            contacts=Table(name="Contact", fields=fields),
            leads=Table(name="Lead", fields=(*fields, *_CONVERSION)),
            username_fields=named,
            country=_country(account),
        )

    def contact(self, record: Payload) -> CrmContact:
        phones = (self.phone(text(record, name)) for name in PHONE_FIELDS)
        usernames = (seen(text(record, name)).removeprefix("@") for name in self.username_fields)
        created = record.get("CreatedDate")
        return CrmContact(
            crm_id=id_of(record),
            name=seen(text(record, "Name")),
            owner=owner_of(record),
            phones=tuple(dict.fromkeys(phone for phone in phones if phone)),
            usernames=tuple(dict.fromkeys(name for name in usernames if name)),
            created_at=None if created is None else created.iso_time(),
        )

    def phone(self, typed: str) -> str:
        """In E.164 where it can be told, else digits, with a plus where the country was given."""
        digits = _NOT_DIGIT.sub("", typed)
        if typed.strip().startswith("+") or digits.startswith("00"):
            whole = f"+{digits.removeprefix('00')}"
            return e164(whole) or whole if len(whole) > 1 else ""
        return (self.country and digits and e164(typed, self.country)) or digits


def id_of(record: Payload) -> CrmId:
    return CrmId(long_id(record.at("Id").text()))


def owner_of(record: Payload) -> CrmId | None:
    owner = text(record, "OwnerId")
    return CrmId(long_id(owner)) if owner else None


def became(lead: Payload) -> CrmId | None:
    """The contact that a converted lead is now; None while it is a lead, or has none."""
    contact = text(lead, "ConvertedContactId")
    return CrmId(long_id(contact)) if flag(lead, "IsConverted") and contact else None


def with_key(table: Table) -> Table:
    return Table(name=table.name, fields=(*table.fields, KEY), condition=table.condition)


def _country(account: Account) -> str | None:
    given = account.options.get("default_country", "").upper()
    if given and given not in COUNTRIES:
        raise ConfigError(f"account {account.name}: default_country is not a code such as ES")
    return given or None
