"""Renewals of a HubSpot account: partner clients, deals, or companies and contacts with a date.

Of partner clients HubSpot publishes no properties; `hs_next_renewal_date` and `hs_client_name` are
those of a real partner's account, as public code shows them:
https://developers.hubspot.com/docs/api-reference/latest/crm/objects/partner-clients/get-partner-client
Search: https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm (BETWEEN, dates
in milliseconds, 10,000 results at the most; it lags behind writes by moments).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bridge.domain.crm_partners import NamedValue
from bridge.domain.crm_renewals import CrmRenewal, RenewalSource
from bridge.domain.errors import CredentialsInvalid, DeliveryRejected, OutcomeUnknown
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.payload import Payload
from bridge.ports import Account
from connectors.hubspot.answers import checked
from connectors.hubspot.associations import COMPANIES, CONTACTS, CRM_KINDS, DEALS, PARTNER_CLIENTS
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.contacts import owner_of
from connectors.hubspot.reader import told
from connectors.hubspot.reading import numbers, read_associations, read_records, value
from connectors.hubspot.renewal_people import ROLE, People, RenewalPeople

_PAGE = 100
_MOST = 10_000
_MOST_CHANGED = 500
_A_DAY = timedelta(days=1)
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_UNKNOWN_PROPERTY = "PROPERTY_DOESNT_EXIST"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """`names` are properties of which the first that is set names the record."""

    object_type: str
    names: tuple[str, ...]
    date: str = ""
    state: str = ""
    changed: str = "hs_lastmodifieddate"
    more: tuple[str, ...] = ()


_KINDS: Mapping[CrmKind, _Kind] = {
    CrmKind.PARTNER_CLIENT: _Kind(
        object_type=PARTNER_CLIENTS,
        names=("hs_client_name", "hs_client_account_name", "hs_client_domain_name"),
        date="hs_next_renewal_date",
    ),
    CrmKind.DEAL: _Kind(
        object_type=DEALS,
        names=("dealname",),
        date="closedate",
        state="dealstage",
        more=("hs_is_closed", "hs_is_closed_won"),
    ),
    CrmKind.COMPANY: _Kind(object_type=COMPANIES, names=("name", "domain")),
    CrmKind.CONTACT: _Kind(
        object_type=CONTACTS,
        names=("firstname", "lastname"),
        changed="lastmodifieddate",
        more=("email", "associatedcompanyid"),
    ),
}


class HubSpotRenewals:
    """Raises what `bridge.ports.RenewalReader` says. A source of companies or contacts has to name
    the property with the date; of deals it is closedate."""

    def __init__(self, account: Account) -> None:
        self._client = HubSpotClient(account)
        self._people = RenewalPeople(self._client)

    def due(self, source: RenewalSource, first: date, last: date) -> Sequence[CrmRenewal]:
        def read() -> list[CrmRenewal]:
            name = _place(source).date
            between = {
                "propertyName": name,
                "operator": "BETWEEN",
                # A date is a day's first moment in UTC; a moment may be of the day before or after.
                "value": _milliseconds(first - _A_DAY),
                "highValue": _milliseconds(last + _A_DAY),
            }
            found = self._renewals(source, list(self._search(source, [between], name, _MOST)))
            return [one for one in found if one.due is not None and first <= one.due <= last]

        return told(lambda: _named(source, read))

    def changed(self, source: RenewalSource, since: datetime) -> Sequence[CrmRenewal]:
        def read() -> list[CrmRenewal]:
            place = _place(source)
            moment = str(round(since.timestamp() * 1000))
            filters = [
                {"propertyName": place.changed, "operator": "GTE", "value": moment},
                {"propertyName": place.date, "operator": "HAS_PROPERTY"},
            ]
            records = self._search(source, filters, place.changed, _MOST_CHANGED)
            return self._renewals(source, list(records))

        return told(lambda: _named(source, read))

    def read(self, source: RenewalSource, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmRenewal]:
        def read() -> list[CrmRenewal]:
            kind = _place(source).object_type
            return self._renewals(
                source, read_records(self._client, kind, numbers(ids), _properties(source))
            )

        return {one.crm_id: one for one in told(lambda: _named(source, read))}

    def _search(
        self, source: RenewalSource, filters: Sequence[Mapping[str, str]], order: str, most: int
    ) -> Iterator[Payload]:
        """The first `most`, which for `due` are all that HubSpot ever shows."""
        kind = _place(source).object_type
        body: dict[str, Any] = {
            "filterGroups": [{"filters": list(filters)}],
            "properties": _properties(source),
            "sorts": [order],
            "limit": _PAGE,
        }
        for _ in range(most // _PAGE):
            answer = self._client.search(kind, body)
            page = checked(f"hubspot: {kind} search", answer, datetime.now(UTC))
            yield from page.at("results").items()
            following = (page.get("paging") or Payload({})).get("next")
            if following is None:
                return
            body["after"] = following.at("after").identifier()
        if most == _MOST:
            raise OutcomeUnknown(f"hubspot: {kind} search: more than {_MOST} in this time")

    def _renewals(self, source: RenewalSource, records: Sequence[Payload]) -> list[CrmRenewal]:
        place = _place(source)
        by_id = {record.at("id").identifier(): record for record in records}
        people = self._people.of(source, place.object_type, by_id)
        companies = self._companies(source.kind, by_id)
        return [
            _renewal(source, record, people[one], companies.get(one))
            for one, record in by_id.items()
        ]

    def _companies(self, kind: CrmKind, records: Mapping[str, Payload]) -> Mapping[str, CrmId]:
        """Of each the client's company: himself, the contact's own, or the first one linked."""
        if kind is CrmKind.COMPANY:
            return {one: CrmId(one) for one in records}
        if kind is CrmKind.CONTACT:
            own = {one: value(record, "associatedcompanyid") for one, record in records.items()}
            return {one: CrmId(company) for one, company in own.items() if company}
        linked = read_associations(self._client, CRM_KINDS[kind], COMPANIES, records)
        return {one: CrmId(some[0]) for one, some in linked.items() if some}


def _place(source: RenewalSource) -> _Kind:
    """Where this source keeps what. Raises CredentialsInvalid for names that are no properties."""
    kind = _KINDS.get(source.kind)
    if kind is None:
        raise CredentialsInvalid(f"hubspot: an account has no renewals of kind {source.kind}")
    named = replace(kind, date=source.date or kind.date, state=source.state or kind.state)
    names = (named.date, named.state, source.partner, *source.more, *_of_people(source))
    if not named.date or any(one and not _PROPERTY.fullmatch(one) for one in names):
        raise CredentialsInvalid(
            f"hubspot: renewals of {kind.object_type}: name the properties of their date, state, "
            f"partner and people by their internal names"
        )
    return named


def _of_people(source: RenewalSource) -> list[str]:
    return [one.place for one in source.people if not one.place.startswith(ROLE)]


def _properties(source: RenewalSource) -> list[str]:
    place = _place(source)
    wanted = (
        *(*place.names, "hubspot_owner_id", place.date, place.state, *place.more),
        *(source.partner, *source.more, *_of_people(source)),
    )
    return list(dict.fromkeys(one for one in wanted if one))


def _named(source: RenewalSource, read: Callable[[], list[CrmRenewal]]) -> list[CrmRenewal]:
    try:
        return read()
    except DeliveryRejected as error:
        if error.code != _UNKNOWN_PROPERTY:
            raise
        raise CredentialsInvalid(
            f"{error}: correct the property's name: {', '.join(_properties(source))} are asked for"
        ) from error


def _renewal(
    source: RenewalSource, record: Payload, people: People, company: CrmId | None
) -> CrmRenewal:
    place = _place(source)
    changed = record.get("updatedAt")
    return CrmRenewal(
        kind=source.kind,
        crm_id=CrmId(record.at("id").identifier()),
        name=_name(place, record),
        due=_day(value(record, place.date)),
        state=value(record, place.state) if place.state else "",
        is_open=value(record, "hs_is_closed") != "true",
        is_won=value(record, "hs_is_closed_won") == "true",
        owner=owner_of(record),
        company=company,
        partner=value(record, source.partner) if source.partner else "",
        people=people,
        more=tuple(NamedValue(name=one, value=value(record, one)) for one in source.more),
        changed_at=None if changed is None else changed.iso_time(),
    )


def _name(place: _Kind, record: Payload) -> str:
    if place.object_type == CONTACTS:
        return " ".join(name for one in place.names if (name := value(record, one)))
    return next((name for one in place.names if (name := value(record, one))), "")


def _day(written: str) -> date | None:
    """A date, a moment, or milliseconds; what is none of these is no date."""
    try:
        if written.isascii() and written.lstrip("-").isdigit():
            return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(written))).date()
        return date.fromisoformat(written[:10])
    except (ValueError, OverflowError):
        return None


def _milliseconds(day: date) -> str:
    return str(round(datetime.combine(day, time(), tzinfo=UTC).timestamp() * 1000))
