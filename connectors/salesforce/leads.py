"""Leads as the bridge mirrors them: each is a lead of itself, and of its contact once converted."""

from collections.abc import Iterable, Sequence

from bridge.domain.names import CrmId
from bridge.domain.records import CrmLead
from bridge.payload import Payload
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import CONTACT, LEAD, is_of
from connectors.salesforce.persons import became, id_of, owner_of
from connectors.salesforce.reading import Table, flag, is_object_missing, rows_where, text
from connectors.salesforce.soql import seen
from connectors.salesforce.stages import Stages

_LEADS = Table(
    name="Lead",
    fields=("Id", "Name", "Status", "OwnerId", "IsConverted", "ConvertedContactId"),
)


class Leads:
    def __init__(self, client: SalesforceClient, stages: Stages) -> None:
        self._client = client
        self._stages = stages

    def read(self, ids: Iterable[CrmId]) -> list[CrmLead]:
        return self._where("Id", [one for one in ids if is_of(LEAD, one)])

    def of_contacts(self, contacts: Sequence[CrmId]) -> list[CrmLead]:
        """Contacts that are leads, and the leads that contacts once were."""
        people = [one for one in contacts if is_of(CONTACT, one)]
        found = (*self.read(contacts), *self._where("ConvertedContactId", people))
        return list({lead.crm_id: lead for lead in found}.values())

    def _where(self, field: str, ids: Iterable[CrmId]) -> list[CrmLead]:
        try:
            return [self._lead(one) for one in rows_where(self._client, _LEADS, [field], ids)]
        except SalesforceRefused as error:
            if is_object_missing(error):
                return []  # an org without leads
            raise

    def _lead(self, record: Payload) -> CrmLead:
        crm_id, converted = id_of(record), flag(record, "IsConverted")
        return CrmLead(
            crm_id=crm_id,
            name=seen(text(record, "Name")),
            is_open=self._stages.is_open_lead(text(record, "Status"), converted=converted),
            owner=owner_of(record),
            contacts=(became(record) or crm_id,),
        )
