"""Pipelines and stages of opportunities and leads.

An org has one list of stages; where it has record types of opportunities, each is a pipeline of
its own, since forms and reports go by them. Sources: the objects OpportunityStage (IsClosed),
LeadStatus (IsConverted alone; which others are closed Salesforce does not say) and RecordType of
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/.
"""

from bridge.domain.records import Pipeline, RecordKind, Stage
from bridge.payload import Payload
from bridge.ports import Account
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import long_id
from connectors.salesforce.reading import Table, flag, is_object_missing, rows, text

DEFAULT_PIPELINE = "default"
_CLOSED_LEADS = "Closed - Not Converted"
_STAGES = Table(
    name="OpportunityStage",
    fields=("ApiName", "MasterLabel", "IsClosed"),
    condition="IsActive = true",
)
_STATUSES = Table(name="LeadStatus", fields=("ApiName", "MasterLabel", "IsConverted"))
_RECORD_TYPES = Table(
    name="RecordType",
    fields=("Id", "Name"),
    condition="SobjectType = 'Opportunity' AND IsActive = true",
)
_IN_ORDER = " ORDER BY SortOrder"


class Stages:
    """Option `closed_lead_statuses`: those that mean that nobody goes on with a lead, with commas
    between them."""

    def __init__(self, account: Account, client: SalesforceClient) -> None:
        given = account.options.get("closed_lead_statuses", _CLOSED_LEADS)
        self._closed_leads = frozenset(one.strip() for one in given.split(",") if one.strip())
        self._client = client

    def pipelines(self) -> tuple[Pipeline, ...]:
        return (*self._of_deals(), *self._of_leads())

    def is_open_lead(self, status: str, *, converted: bool) -> bool:
        return not converted and status not in self._closed_leads

    def _of_deals(self) -> list[Pipeline]:
        stages = tuple(
            _stage(one, is_open=not flag(one, "IsClosed")) for one in self._words(_STAGES)
        )
        found = [(DEFAULT_PIPELINE, "Opportunities")]
        found += [(_id(one), text(one, "Name")) for one in rows(self._client, _RECORD_TYPES.of(""))]
        return [
            Pipeline(id=one, kind=RecordKind.DEAL, label=label, stages=stages)
            for one, label in found
        ]

    def _of_leads(self) -> list[Pipeline]:
        stages = tuple(
            _stage(one, is_open=self._is_open_status(one)) for one in self._words(_STATUSES)
        )
        if not stages:
            return []
        one = Pipeline(id=DEFAULT_PIPELINE, kind=RecordKind.LEAD, label="Leads", stages=stages)
        return [one]

    def _is_open_status(self, status: Payload) -> bool:
        name = text(status, "ApiName")
        return self.is_open_lead(name, converted=flag(status, "IsConverted"))

    def _words(self, table: Table) -> list[Payload]:
        try:
            return rows(self._client, table.of("") + _IN_ORDER)
        except SalesforceRefused as error:
            if table.name == "LeadStatus" and is_object_missing(error):
                return []  # an org without leads
            raise


def _id(record_type: Payload) -> str:
    return long_id(record_type.at("Id").text())


def _stage(word: Payload, *, is_open: bool) -> Stage:
    name = word.at("ApiName").text()
    return Stage(id=name, label=text(word, "MasterLabel") or name, is_open=is_open)
