"""Opportunities as the bridge mirrors them: with the contacts that have a role in them."""

from collections.abc import Iterable, Sequence

from bridge.domain.names import CrmId
from bridge.domain.records import CrmDeal
from bridge.payload import Payload
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import CONTACT, OPPORTUNITY, is_of, long_id
from connectors.salesforce.persons import id_of, owner_of
from connectors.salesforce.reading import Table, flag, is_field_missing, rows_where, text
from connectors.salesforce.soql import seen
from connectors.salesforce.stages import DEFAULT_PIPELINE

_FIELDS = ("Id", "Name", "StageName", "IsClosed", "OwnerId", "LastModifiedDate")
_DEALS = Table(name="Opportunity", fields=(*_FIELDS, "RecordTypeId"))
_WITHOUT_TYPES = Table(name="Opportunity", fields=_FIELDS)
_ROLES = Table(name="OpportunityContactRole", fields=("OpportunityId", "ContactId"))


class Deals:
    """An opportunity's own ContactId is not read: Salesforce makes a role of it."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._table = _DEALS

    def read(self, ids: Iterable[CrmId]) -> list[CrmDeal]:
        named = [one for one in ids if is_of(OPPORTUNITY, one)]
        if not named:
            return []
        found = self._found(named)
        roles = self._roles("OpportunityId", [id_of(one) for one in found])
        return [_deal(one, roles) for one in found]

    def of_contacts(self, contacts: Iterable[CrmId]) -> list[CrmDeal]:
        """Leads have none before they are converted."""
        people = [one for one in contacts if is_of(CONTACT, one)]
        return self.read(dict.fromkeys(deal for deal, _ in self._roles("ContactId", people)))

    def _found(self, ids: Sequence[CrmId]) -> list[Payload]:
        """An org whose opportunities have no record types has no field for them either."""
        try:
            return list(rows_where(self._client, self._table, ["Id"], ids))
        except SalesforceRefused as error:
            if not is_field_missing(error) or self._table is _WITHOUT_TYPES:
                raise
        found = list(rows_where(self._client, _WITHOUT_TYPES, ["Id"], ids))
        self._table = _WITHOUT_TYPES
        return found

    def _roles(self, field: str, ids: Iterable[CrmId]) -> list[tuple[CrmId, CrmId]]:
        found = rows_where(self._client, _ROLES, [field], ids)
        return [(_id(one, "OpportunityId"), _id(one, "ContactId")) for one in found]


def _deal(record: Payload, roles: Sequence[tuple[CrmId, CrmId]]) -> CrmDeal:
    crm_id = id_of(record)
    record_type = text(record, "RecordTypeId")
    return CrmDeal(
        crm_id=crm_id,
        name=seen(text(record, "Name")),
        pipeline=long_id(record_type) if record_type else DEFAULT_PIPELINE,
        stage=text(record, "StageName"),
        is_open=not flag(record, "IsClosed"),
        owner=owner_of(record),
        contacts=tuple(dict.fromkeys(contact for deal, contact in roles if deal == crm_id)),
        active_at=record.at("LastModifiedDate").iso_time(),
    )


def _id(role: Payload, field: str) -> CrmId:
    return CrmId(long_id(role.at(field).text()))
