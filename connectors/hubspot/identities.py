"""Who is this? Contacts by our key, by phone and by username, for many people in few calls.

HubSpot's search takes 5 groups of 6 filters and 3,000 characters
(https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm), and finds a phone
number that people typed with blanks only through `hs_searchable_calculated_*`, which leaves the
country code out. So it is asked widely, and what comes back is compared digit by digit.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bridge.domain.errors import DeliveryRejected
from bridge.domain.records import CrmContact
from bridge.payload import Payload
from bridge.ports import Account, IdentityQuery
from connectors.hubspot.answers import checked
from connectors.hubspot.associations import CONTACTS
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.contacts import CONTACT_PROPERTIES, PHONE_PROPERTIES, contact
from connectors.hubspot.reading import read_records, value
from connectors.hubspot.records import username_property
from connectors.hubspot.schema import CONTACT_KEY

MAX_SEARCH_CHARACTERS = 2800
_PAGE = 200
_NATIONAL = ("hs_searchable_calculated_phone_number", "hs_searchable_calculated_mobile_number")
_NOT_DIGIT = re.compile(r"\D")

Filters = Mapping[str, tuple[str, ...]]
"""Property → values, one of which a contact has to have."""


class Identities:
    def __init__(self, account: Account, client: HubSpotClient) -> None:
        self._account = account
        self._client = client

    def find(self, queries: Sequence[IdentityQuery]) -> list[tuple[CrmContact, ...]]:
        candidates: dict[str, Payload] = {}
        for record in (*self._by_key(queries), *self._by_search(queries)):
            candidates.setdefault(record.at("id").identifier(), record)
        found = list(candidates.values())
        return [self._fitting(query, found) for query in queries]

    def _by_key(self, queries: Sequence[IdentityQuery]) -> list[Payload]:
        keys = [query.key for query in queries if query.key]
        try:
            properties = [CONTACT_KEY, *self._properties()]
            return read_records(self._client, CONTACTS, keys, properties, CONTACT_KEY)
        except DeliveryRejected as error:
            if error.status == 400:
                return []  # an account without our property holds no contact of ours
            raise

    def _by_search(self, queries: Sequence[IdentityQuery]) -> Iterator[Payload]:
        asked = [filters for query in queries if (filters := self._filters(query))]
        for together in _fitting_in_one_search(asked):
            yield from self._search(together)

    def _filters(self, query: IdentityQuery) -> Filters:
        phones = [_NOT_DIGIT.sub("", phone) for phone in query.phones]
        filters = {}
        if phones:
            written = tuple(dict.fromkeys(w for p in phones for w in (f"+{p}", p)))
            filters = dict.fromkeys(PHONE_PROPERTIES, written)
            national = tuple(dict.fromkeys(p[cut:] for p in phones for cut in (1, 2, 3)))
            filters |= dict.fromkeys(_NATIONAL, national)
        name = username_property(self._account, query.messenger)
        if name and query.username:
            plain = _plain(query.username)  # IN takes lower case only
            filters[name] = (plain, f"@{plain}")
        return filters

    def _search(self, filters: Filters) -> Iterator[Payload]:
        body: dict[str, Any] = {
            "filterGroups": _groups(filters),
            "properties": [CONTACT_KEY, *self._properties()],
            "limit": _PAGE,
        }
        while True:
            answer = self._client.search(CONTACTS, body)
            page = checked("hubspot: contacts search", answer, datetime.now(UTC))
            yield from page.at("results").items()
            following = (page.get("paging") or Payload({})).get("next")
            if following is None:
                return
            body["after"] = following.at("after").identifier()

    def _fitting(
        self, query: IdentityQuery, candidates: Sequence[Payload]
    ) -> tuple[CrmContact, ...]:
        name = username_property(self._account, query.messenger)
        return tuple(
            contact(record, self._username_properties())
            for record in candidates
            if _has_key(query, record)
            or _has_phone(query, record)
            or _has_name(query, record, name)
        )

    def _properties(self) -> tuple[str, ...]:
        return (*CONTACT_PROPERTIES, *self._username_properties())

    def _username_properties(self) -> tuple[str, ...]:
        return username_properties(self._account)


def username_properties(account: Account) -> tuple[str, ...]:
    named = (v for k, v in account.options.items() if k.endswith("username_property") and v)
    return tuple(dict.fromkeys(named))


def _groups(filters: Filters) -> list[dict[str, Any]]:
    return [
        {"filters": [{"propertyName": name, "operator": "IN", "values": list(values)}]}
        for name, values in filters.items()
    ]


def _fitting_in_one_search(asked: Sequence[Filters]) -> Iterator[Filters]:
    """Joins the questions of many people as long as groups and characters suffice."""
    together: dict[str, tuple[str, ...]] = {}
    for filters in asked:
        joined = dict(together)
        for name, values in filters.items():
            joined[name] = tuple(dict.fromkeys((*joined.get(name, ()), *values)))
        if together and not _fits(joined):
            yield together
            joined = dict(filters)
        together = joined
    if together:
        yield from _in_groups_of_five(together)


def _fits(filters: Filters) -> bool:
    return len(filters) <= 5 and len(json.dumps(_groups(filters))) <= MAX_SEARCH_CHARACTERS


def _in_groups_of_five(filters: Filters) -> Iterator[Filters]:
    names = list(filters)
    for start in range(0, len(names), 5):
        yield {name: filters[name] for name in names[start : start + 5]}


def _has_key(query: IdentityQuery, record: Payload) -> bool:
    return bool(query.key) and value(record, CONTACT_KEY) == query.key


def _has_phone(query: IdentityQuery, record: Payload) -> bool:
    wanted = {_NOT_DIGIT.sub("", phone) for phone in query.phones} - {""}
    names = (*PHONE_PROPERTIES, "hs_calculated_phone_number", "hs_calculated_mobile_number")
    return any(
        _NOT_DIGIT.sub("", value(record, name)).removeprefix("00") in wanted for name in names
    )


def _has_name(query: IdentityQuery, record: Payload, name: str) -> bool:
    if not name or not query.username:
        return False
    return _plain(value(record, name)) == _plain(query.username)


def _plain(username: str) -> str:
    return username.strip().removeprefix("@").casefold()
