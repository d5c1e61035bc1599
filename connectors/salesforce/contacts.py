"""New clients: contacts, or leads, which in Salesforce are people of their own.

They are made, never upserted: an upsert would put our owner over that of a record that is there
already. The unique key refuses a second one, and then the first one is the client's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.domain.effects import CreateContact, CreateLead
from bridge.domain.errors import BridgeError
from bridge.ports import Done, Rejected
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import CONTACT, LEAD, is_of
from connectors.salesforce.lookup import KEY, Lookup
from connectors.salesforce.settings import OnDuplicate, Settings
from connectors.salesforce.soql import seen
from connectors.salesforce.work import Work
from connectors.salesforce.writing import OWNER_IS_OURS, Row, Writing

_MAX_FIRST_NAME, _MAX_LAST_NAME, _MAX_PHONE = 40, 80, 40
_BY_RULE = "DUPLICATES_DETECTED"
_THERE = ("DUPLICATE_VALUE", _BY_RULE)
_NO_LEAD = Rejected(
    reason="contact_already",
    detail="salesforce: a lead is a person of its own there, and this client is a contact already: "
    "open a deal for him",
)


@dataclass(frozen=True, slots=True)
class People:
    client: SalesforceClient
    settings: Settings

    def create_contacts(self, work: Work) -> None:
        """Mixed, so that one call makes contacts and leads."""
        rows = [
            person_row(place, effect, self.settings) for place, _, effect in work.of(CreateContact)
        ]
        refused: dict[int, SalesforceRefused] = {}
        for place, made in Writing(self.client, "POST", self._headers).write(rows).items():
            if isinstance(made, str):
                work.settle({place: Done(vendor_ids={"id": made})})
            elif isinstance(made, SalesforceRefused) and made.code in _THERE:
                refused[place] = made
            else:
                work.fail(place, made)
        self._take_existing(work, {row.place: row for row in rows if row.place in refused}, refused)

    def create_leads(self, work: Work) -> None:
        """A client who is a lead has been made as one; a contact gets no second self."""
        contacts: dict[int, str] = {}
        for place, delivery, effect in work.of(CreateLead):
            person = delivery.ids.get(effect.contact) or work.id_of(delivery, effect.contact)
            if person is None:
                work.settle({place: work.lacking(delivery, effect.contact)})
            elif is_of(LEAD, person):
                work.settle({place: Done(vendor_ids={"id": person})})
            else:
                contacts[place] = person
        self._refuse_leads(work, contacts)

    @property
    def _headers(self) -> Mapping[str, str]:
        """https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
        headers_duplicaterules.htm"""
        allows = str(self.settings.on_duplicate is OnDuplicate.ALLOW).lower()
        return {**OWNER_IS_OURS, "Sforce-Duplicate-Rule-Header": f"allowSave={allows}"}

    def _refuse_leads(self, work: Work, contacts: Mapping[int, str]) -> None:
        if not contacts:
            return
        try:
            there = Lookup(self.client).contacts_there(contacts.values())
        except BridgeError as error:
            for place in contacts:
                work.fail(place, error)
            return
        gone = Rejected(reason="record_missing", detail="salesforce: the contact is gone")
        work.settle({p: _NO_LEAD if one in there else gone for p, one in contacts.items()})

    def _take_existing(
        self, work: Work, rows: Mapping[int, Row], refused: Mapping[int, SalesforceRefused]
    ) -> None:
        """By our key first: who bears it is the client, whatever a rule says."""
        try:
            known = self._by_key(rows.values())
        except BridgeError as error:
            for place in rows:
                work.fail(place, error)
            return
        for place, row in rows.items():
            if place in known:
                work.settle({place: Done(vendor_ids={"id": known[place]})})
            elif refused[place].code == _BY_RULE and self.settings.on_duplicate is OnDuplicate.LINK:
                self._take_match(work, row, refused[place])
            else:
                work.fail(place, refused[place])

    def _by_key(self, rows: Iterable[Row]) -> Mapping[int, str]:
        lookup = Lookup(self.client)
        found: dict[int, str] = {}
        for first in ("Contact", "Lead"):
            keys = {row.place: row.name for row in rows if row.object_name == first}
            known = lookup.people(keys.values(), first) if keys else {}
            found |= {place: known[key] for place, key in keys.items() if key in known}
        return found

    def _take_match(self, work: Work, row: Row, refused: SalesforceRefused) -> None:
        """A collection says that there are duplicates, only a single call says which."""
        try:
            found = refused.existing or self._matches_or_made(work, row)
            chosen = _likeliest(found, row.object_name)
            if chosen is not None:
                chosen = Lookup(self.client).converted([chosen]).get(chosen, chosen)
                self._give_key(chosen, row.name)
                work.settle({row.place: Done(vendor_ids={"id": chosen})})
        except BridgeError as error:
            work.fail(row.place, error)
            return
        if not work.is_settled(row.place):
            work.fail(row.place, refused)

    def _matches_or_made(self, work: Work, row: Row) -> Sequence[str]:
        try:
            made = self.client.create(row.object_name, row.fields, self._headers)
        except SalesforceRefused as error:
            if error.code != _BY_RULE:
                raise
            return error.existing
        work.settle({row.place: Done(vendor_ids={"id": made.id})})
        return ()

    def _give_key(self, record: str, key: str) -> None:
        """So that he is found by it from now on; never in place of another key. That it fails
        leaves him as well linked as he is."""
        if not Lookup(self.client).is_keyless(record):
            return
        object_name = "Lead" if is_of(LEAD, record) else "Contact"
        fields = {"Id": record, KEY: key}
        row = Row(place=0, name=record, object_name=object_name, fields=fields)
        Writing(self.client, "PATCH", OWNER_IS_OURS).write([row])


def person_row(place: int, effect: CreateContact, settings: Settings) -> Row:
    username_field = settings.username_field(effect.messenger)
    fields = {
        KEY: effect.key,
        **_names(effect.name),
        "Company": settings.lead_company if effect.with_lead else "",
        "Phone": (effect.phone or "")[:_MAX_PHONE],
        "OwnerId": effect.owner or "",
        **({username_field: effect.username or ""} if username_field else {}),
    }
    return Row(
        place=place,
        name=effect.key,
        object_name="Lead" if effect.with_lead else "Contact",
        fields={name: value for name, value in fields.items() if value},
    )


def _names(name: str) -> Mapping[str, str]:
    """Salesforce wants a last name of everybody."""
    whole = " ".join(seen(name).split()) or "-"
    first, _, last = whole.partition(" ")
    if not last or len(first) > _MAX_FIRST_NAME:
        return {"LastName": whole[:_MAX_LAST_NAME]}
    return {"FirstName": first, "LastName": last[:_MAX_LAST_NAME]}


def _likeliest(found: Sequence[str], object_name: str) -> str | None:
    """The likeliest of the same object, else of the other one."""
    prefixes = (LEAD, CONTACT) if object_name == "Lead" else (CONTACT, LEAD)
    return next((one for prefix in prefixes for one in found if is_of(prefix, one)), None)
