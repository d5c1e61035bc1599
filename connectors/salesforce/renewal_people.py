"""Whom a renewal's notices go to: contacts by their role, by a field that leads to them, or an
address in a field.

Without a place of their own the primary contact is the one whom the org marks so, and the decision
maker the one in Salesforce's role of that name; a billing contact has to be named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.crm_renewals import RenewalPerson, RenewalRole, RenewalSource
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.payload import Payload
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import CONTACT, is_of, long_id
from connectors.salesforce.persons import id_of
from connectors.salesforce.programme import value_of
from connectors.salesforce.reading import (
    Table,
    flag,
    is_field_missing,
    is_object_missing,
    rows_where,
    text,
)
from connectors.salesforce.soql import seen

ROLE = "role:"
PRIMARY = "primary"  # `role:primary` is the contact marked as the primary one
_DEFAULTS: Mapping[RenewalRole, str] = {
    RenewalRole.PRIMARY: f"{ROLE}{PRIMARY}",
    RenewalRole.DECISION_MAKER: f"{ROLE}Decision Maker",
}
_CONTACTS = Table(name="Contact", fields=("Id", "Name", "Email"))
_REFRESHED = ".invalid"


@dataclass(frozen=True, slots=True)
class _Role:
    contact: str
    name: str
    is_primary: bool

    def is_called(self, wanted: str) -> bool:
        return self.is_primary if wanted == PRIMARY else self.name.lower() == wanted


_Roles = Mapping[str, Sequence[_Role]]
People = tuple[RenewalPerson, ...]


@dataclass(frozen=True, slots=True)
class RenewalPeople:
    client: SalesforceClient

    def of(
        self, source: RenewalSource, records: Mapping[CrmId, Payload], company: str
    ) -> Mapping[CrmId, People]:
        places = {**_DEFAULTS, **{one.role: one.place for one in source.people}}
        roles = self._roles(source.kind, records, company)
        named = {
            one: {role: _found(record, place, roles[one]) for role, place in places.items()}
            for one, record in records.items()
        }
        if source.kind is CrmKind.CONTACT:
            named = {one: _himself(one, by_role) for one, by_role in named.items()}
        contacts = self._contacts(
            who for by_role in named.values() for some in by_role.values() for who in some
        )
        return {
            one: tuple(
                _person(role, who, contacts)
                for role, some in by_role.items()
                for who in some
                if "@" in who or who in contacts
            )
            for one, by_role in named.items()
        }

    def _roles(
        self, kind: CrmKind, records: Mapping[CrmId, Payload], company: str
    ) -> Mapping[CrmId, Sequence[_Role]]:
        """Those of the record itself come first, then those in the client's account."""
        own: _Roles = {}
        if kind is CrmKind.CONTRACT:
            own = self._read("ContractContactRole", "ContractId", records)
        if kind is CrmKind.DEAL:
            own = self._read("OpportunityContactRole", "OpportunityId", records)
        accounts = {one: text(record, company) for one, record in records.items()}
        known = [long_id(one) for one in accounts.values() if one]
        of_account = self._read("AccountContactRole", "AccountId", known)
        return {
            one: [*own.get(one, ()), *of_account.get(long_id(account) if account else "", ())]
            for one, account in accounts.items()
        }

    def _read(self, object_name: str, parent: str, ids: Iterable[str]) -> _Roles:
        """Empty in an org that has not this kind of role."""
        table = Table(name=object_name, fields=(parent, "ContactId", "Role", "IsPrimary"))
        found: dict[str, list[_Role]] = {}
        try:
            for one in rows_where(self.client, table, [parent], ids):
                role = _Role(
                    contact=long_id(one.at("ContactId").text()),
                    name=text(one, "Role"),
                    is_primary=flag(one, "IsPrimary"),
                )
                found.setdefault(long_id(one.at(parent).text()), []).append(role)
        except SalesforceRefused as error:
            if not (is_object_missing(error) or is_field_missing(error)):
                raise
        return found

    def _contacts(self, named: Iterable[str]) -> Mapping[str, Payload]:
        ids = [one for one in named if is_of(CONTACT, one)]
        return {id_of(one): one for one in rows_where(self.client, _CONTACTS, ["Id"], ids)}


def _found(record: Payload, place: str, roles: Sequence[_Role]) -> list[str]:
    """Contacts' ids or addresses, of a role only those that come first: of the record or else of
    the account."""
    if place.startswith(ROLE):
        wanted = place.removeprefix(ROLE).strip().lower()
        return [one.contact for one in roles if one.is_called(wanted)][:1]
    value = value_of(record, place).strip()
    if is_of(CONTACT, value):
        return [long_id(value)]
    return [value] if "@" in value else []


def _himself(
    contact: CrmId, by_role: Mapping[RenewalRole, list[str]]
) -> dict[RenewalRole, list[str]]:
    """A contact with a date of his own is his own primary contact."""
    return {**by_role, RenewalRole.PRIMARY: by_role.get(RenewalRole.PRIMARY) or [contact]}


def _person(role: RenewalRole, who: str, contacts: Mapping[str, Payload]) -> RenewalPerson:
    record = contacts.get(who)
    if record is None:
        return RenewalPerson(role=role, email=who.lower())
    return RenewalPerson(
        role=role,
        email=text(record, "Email").strip().lower().removesuffix(_REFRESHED),
        name=seen(text(record, "Name")),
        contact=CrmId(who),
    )
