"""Renewals of an org: contracts, opportunities, or accounts and contacts with a date of their own.

Sources: the objects Contract (EndDate), Opportunity (CloseDate, IsClosed, IsWon),
ContractContactRole, OpportunityContactRole and AccountContactRole (Role, IsPrimary) of
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from bridge.domain.crm_partners import NamedValue
from bridge.domain.crm_renewals import CrmRenewal, RenewalSource
from bridge.domain.errors import CredentialsInvalid
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.payload import Payload
from bridge.ports import Account
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import is_id
from connectors.salesforce.persons import id_of, owner_of
from connectors.salesforce.programme import value_of
from connectors.salesforce.reading import (
    Table,
    flag,
    is_field_missing,
    rows,
    rows_where,
    text,
    told,
)
from connectors.salesforce.renewal_people import ROLE, People, RenewalPeople
from connectors.salesforce.soql import seen

_MOST_CHANGED = 500
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_ALWAYS = ("Id", "OwnerId", "SystemModstamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """`names` are fields of which the first that is set names the record; `company` is the field
    that leads to the client's account."""

    object_name: str
    names: tuple[str, ...] = ("Name",)
    company: str = "AccountId"
    date: str = ""
    state: str = ""
    more: tuple[str, ...] = ()


_KINDS: Mapping[CrmKind, _Kind] = {
    CrmKind.CONTRACT: _Kind(
        object_name="Contract", names=("Name", "ContractNumber"), date="EndDate", state="Status"
    ),
    CrmKind.DEAL: _Kind(
        object_name="Opportunity", date="CloseDate", state="StageName", more=("IsClosed", "IsWon")
    ),
    CrmKind.COMPANY: _Kind(object_name="Account", company="Id"),
    CrmKind.CONTACT: _Kind(object_name="Contact"),
}


class SalesforceRenewals:
    """Raises what `bridge.ports.RenewalReader` says. A source of contacts or accounts has to name
    the field with the date; of contracts it is EndDate, of opportunities CloseDate."""

    def __init__(self, account: Account) -> None:
        self._client = SalesforceClient(account)
        self._people = RenewalPeople(self._client)

    def due(self, source: RenewalSource, first: date, last: date) -> Sequence[CrmRenewal]:
        def read() -> list[CrmRenewal]:
            day = _place(source).date
            condition = f"{day} >= {first.isoformat()} AND {day} <= {last.isoformat()}"
            return self._renewals(source, rows(self._client, _table(source).of(condition)))

        return told(lambda: _named(source, read))

    def changed(self, source: RenewalSource, since: datetime) -> Sequence[CrmRenewal]:
        def read() -> list[CrmRenewal]:
            moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            condition = f"{_place(source).date} != null AND SystemModstamp >= {moment}"
            order = f" ORDER BY SystemModstamp, Id LIMIT {_MOST_CHANGED}"
            return self._renewals(source, rows(self._client, _table(source).of(condition) + order))

        return told(lambda: _named(source, read))

    def read(self, source: RenewalSource, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmRenewal]:
        def read() -> list[CrmRenewal]:
            named = [one for one in ids if is_id(one)]
            found = rows_where(self._client, _table(source), ["Id"], named)
            return self._renewals(source, list(found))

        return {one.crm_id: one for one in told(lambda: _named(source, read))}

    def _renewals(self, source: RenewalSource, found: Sequence[Payload]) -> list[CrmRenewal]:
        company = _place(source).company
        people = self._people.of(source, {id_of(one): one for one in found}, company)
        return [_renewal(source, one, company, people[id_of(one)]) for one in found]


def _place(source: RenewalSource) -> _Kind:
    """Where this source keeps what. Raises CredentialsInvalid for names that are no fields."""
    kind = _KINDS.get(source.kind)
    if kind is None:
        raise CredentialsInvalid(f"salesforce: an org has no renewals of kind {source.kind}")
    named = replace(kind, date=source.date or kind.date, state=source.state or kind.state)
    fields = (named.date, named.state, source.partner, *source.more, *_fields_of_people(source))
    if not named.date or any(one and not _FIELD.fullmatch(one) for one in fields):
        raise CredentialsInvalid(
            f"salesforce: renewals of {kind.object_name}: name the fields of their date, state, "
            f"partner and people as the org's API names them"
        )
    return named


def _fields_of_people(source: RenewalSource) -> list[str]:
    return [one.place for one in source.people if not one.place.startswith(ROLE)]


def _table(source: RenewalSource) -> Table:
    place = _place(source)
    wanted = (
        *(*_ALWAYS, *place.names, place.company, place.date, place.state, *place.more),
        *(source.partner, *source.more, *_fields_of_people(source)),
    )
    fields = {one.lower(): one for one in wanted if one}
    if source.kind is CrmKind.CONTACT:
        fields |= {"email": "Email"}
    return Table(name=place.object_name, fields=tuple(fields.values()))


def _named(source: RenewalSource, read: Callable[[], list[CrmRenewal]]) -> list[CrmRenewal]:
    try:
        return read()
    except SalesforceRefused as error:
        if not is_field_missing(error):
            raise
        names = ", ".join(sorted(set(_table(source).fields) - set(_ALWAYS)))
        raise CredentialsInvalid(
            f"{error}: one of these is no field of the org, or hidden from our user: {names}"
        ) from error


def _day(written: str) -> date | None:
    """A date, or a moment's; a text that is neither is no date."""
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        return None


def _renewal(source: RenewalSource, record: Payload, company: str, people: People) -> CrmRenewal:
    place = _place(source)
    of = text(record, company)
    return CrmRenewal(
        kind=source.kind,
        crm_id=id_of(record),
        name=next((seen(name) for one in place.names if (name := text(record, one))), ""),
        due=_day(value_of(record, place.date)),
        state=value_of(record, place.state) if place.state else "",
        is_open=not flag(record, "IsClosed"),
        is_won=flag(record, "IsWon"),
        owner=owner_of(record),
        company=CrmId(of) if of else None,
        partner=value_of(record, source.partner) if source.partner else "",
        people=people,
        more=tuple(NamedValue(name=one, value=value_of(record, one)) for one in source.more),
        changed_at=record.at("SystemModstamp").iso_time(),
    )
