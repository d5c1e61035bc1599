"""Who is this? Contacts and leads by our key, by phone and by username, for many people at once.

SOQL compares phones as they were typed, and the search that does not (SOSL) finds a new record
minutes late. So a number is asked for in the forms it may have been written in, and what comes back
is compared digit by digit.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.domain.phones import spellings, written
from bridge.domain.records import CrmContact
from bridge.payload import Payload
from bridge.ports import IdentityQuery
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.lookup import KEY
from connectors.salesforce.persons import PHONE_FIELDS, Persons, became, id_of, with_key
from connectors.salesforce.reading import (
    Table,
    is_field_missing,
    is_object_missing,
    rows_where,
    text,
)
from connectors.salesforce.settings import Settings

_LEADS_LEFT = "IsConverted = false"
_NOT_DIGIT = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Identities:
    client: SalesforceClient
    persons: Persons
    settings: Settings

    def find(self, queries: Sequence[IdentityQuery]) -> list[tuple[CrmContact, ...]]:
        """Raises what SalesforceClient.query raises."""
        candidates = {id_of(one): one for one in self._by_field(queries)}
        by_key = self._by_key(queries)
        return [self._fitting(query, candidates.values(), by_key) for query in queries]

    def _by_key(self, queries: Sequence[IdentityQuery]) -> Mapping[str, tuple[CrmContact, ...]]:
        """By key; a lead that bears it and was converted answers as the contact it became."""
        keys = [query.key for query in queries if query.key]
        found: dict[str, dict[str, CrmContact]] = {}
        leads = self._with_keys(self.persons.leads, keys)
        for one in (*self._with_keys(self.persons.contacts, keys), *self._followed(leads)):
            made = self.persons.contact(one)
            found.setdefault(text(one, KEY), {})[made.crm_id] = made
        return {key: tuple(some.values()) for key, some in found.items()}

    def _with_keys(self, table: Table, keys: Iterable[str]) -> list[Payload]:
        try:
            return self._asked(with_key(table), [KEY], keys)
        except SalesforceRefused as error:
            if is_field_missing(error):
                return []  # an org without our field holds no client of ours
            raise

    def _followed(self, leads: Sequence[Payload]) -> Iterator[Payload]:
        contacts = {contact: lead for lead in leads if (contact := became(lead))}
        yield from (lead for lead in leads if became(lead) is None)
        for one in self._asked(self.persons.contacts, ["Id"], contacts):
            key = {KEY: text(contacts[id_of(one)], KEY)}
            yield Payload({**one.mapping(), **key}, one.path)

    def _by_field(self, queries: Sequence[IdentityQuery]) -> Iterator[Payload]:
        phones = [w for query in queries for w in self._written(query)]
        names = self._names(queries)
        for table in (self.persons.contacts, replace(self.persons.leads, condition=_LEADS_LEFT)):
            yield from self._asked(table, PHONE_FIELDS, phones)
            for field, values in names.items():
                yield from self._asked(table, [field], values)

    def _asked(self, table: Table, fields: Sequence[str], values: Iterable[str]) -> list[Payload]:
        try:
            return list(rows_where(self.client, table, fields, values))
        except SalesforceRefused as error:
            if table.name == "Lead" and is_object_missing(error):
                return []  # an org without leads
            raise

    def _written(self, query: IdentityQuery) -> Iterator[str]:
        for phone in query.phones:
            yield from written(phone, self.persons.country)

    def _names(self, queries: Sequence[IdentityQuery]) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for query in queries:
            field = self.settings.username_field(query.messenger)
            if field and query.username:
                plain = _plain(query.username)
                found.setdefault(field, []).extend((plain, f"@{plain}"))
        return found

    def _fitting(
        self,
        query: IdentityQuery,
        candidates: Iterable[Payload],
        by_key: Mapping[str, tuple[CrmContact, ...]],
    ) -> tuple[CrmContact, ...]:
        found = {one.crm_id: one for one in by_key.get(query.key, ()) if query.key}
        for record in candidates:
            if self._has_phone(query, record) or self._has_name(query, record):
                found.setdefault(id_of(record), self.persons.contact(record))
        return tuple(found.values())

    def _has_phone(self, query: IdentityQuery, record: Payload) -> bool:
        wanted = {_NOT_DIGIT.sub("", one) for phone in query.phones for one in _all(phone)} - {""}
        held = {text(record, name) for name in PHONE_FIELDS} - {""}
        digits = {_NOT_DIGIT.sub("", one).removeprefix("00") for one in held}
        local = {_NOT_DIGIT.sub("", self.persons.phone(one)) for one in held}
        return bool(wanted & (digits | local))

    def _has_name(self, query: IdentityQuery, record: Payload) -> bool:
        field = self.settings.username_field(query.messenger)
        if not field or not query.username:
            return False
        return _plain(text(record, field)) == _plain(query.username)


def _all(phone: str) -> tuple[str, ...]:
    return (phone, *spellings(phone))


def _plain(username: str) -> str:
    return username.strip().removeprefix("@").casefold()
