"""Whom a renewal's notices go to: contacts by the label of their association, by a property that
names them, or an address in a property.

Labels are the account's own words (https://developers.hubspot.com/docs/api-reference/latest/crm/
associations/overview). Without a place of its own the primary contact is the one so labelled, else
the only one linked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.crm_renewals import RenewalPerson, RenewalRole, RenewalSource
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.payload import Payload
from connectors.hubspot.associations import CONTACTS
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.reading import Linked, read_labels, read_records, value

ROLE = "role:"
PRIMARY = "primary"
_DEFAULTS: Mapping[RenewalRole, str] = {
    RenewalRole.PRIMARY: f"{ROLE}{PRIMARY}",
    RenewalRole.DECISION_MAKER: f"{ROLE}Decision maker",
    RenewalRole.BILLING: f"{ROLE}Billing contact",
}
_CONTACT = ("email", "firstname", "lastname")

People = tuple[RenewalPerson, ...]


@dataclass(frozen=True, slots=True)
class RenewalPeople:
    client: HubSpotClient

    def of(
        self, source: RenewalSource, kind: str, records: Mapping[str, Payload]
    ) -> Mapping[str, People]:
        places = {**_DEFAULTS, **{one.role: one.place for one in source.people}}
        himself = source.kind is CrmKind.CONTACT
        linked = {} if himself else read_labels(self.client, kind, CONTACTS, records)
        named = {
            one: {
                role: _found(record, place, linked.get(one, ())) for role, place in places.items()
            }
            for one, record in records.items()
        }
        if himself:
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

    def _contacts(self, named: Iterable[str]) -> Mapping[str, Payload]:
        ids = [one for one in named if "@" not in one]
        found = read_records(self.client, CONTACTS, ids, _CONTACT)
        return {one.at("id").identifier(): one for one in found}


def _found(record: Payload, place: str, linked: Sequence[Linked]) -> list[str]:
    """Contacts' ids or addresses."""
    if place.startswith(ROLE):
        wanted = place.removeprefix(ROLE).strip().lower()
        labelled = [one.id for one in linked if wanted in one.labels]
        only = [one.id for one in linked] if wanted == PRIMARY and len(linked) == 1 else []
        return labelled or only
    written = value(record, place).strip()
    return [written] if "@" in written or (written.isascii() and written.isdigit()) else []


def _himself(
    contact: str, by_role: Mapping[RenewalRole, list[str]]
) -> dict[RenewalRole, list[str]]:
    """A contact with a date of his own is his own primary contact."""
    return {**by_role, RenewalRole.PRIMARY: by_role.get(RenewalRole.PRIMARY) or [contact]}


def _person(role: RenewalRole, who: str, contacts: Mapping[str, Payload]) -> RenewalPerson:
    record = contacts.get(who)
    if record is None:
        return RenewalPerson(role=role, email=who.lower())
    names = (value(record, "firstname"), value(record, "lastname"))
    return RenewalPerson(
        role=role,
        email=value(record, "email").strip().lower(),
        name=" ".join(name for name in names if name),
        contact=CrmId(who),
    )
