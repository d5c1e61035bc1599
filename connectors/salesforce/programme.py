"""Leads as the partner programme needs them: what its rules and mails look at."""

import re
from collections.abc import Sequence

from bridge.domain.crm_partners import NamedValue, OwnerKind, ProgrammeLead
from bridge.domain.errors import ConfigError
from bridge.domain.names import CrmId
from bridge.payload import Payload
from bridge.ports import Account
from connectors.salesforce.answers import SalesforceRefused
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import LEAD, QUEUE, is_of
from connectors.salesforce.persons import became, id_of, owner_of
from connectors.salesforce.reading import (
    Table,
    flag,
    is_field_missing,
    is_object_missing,
    rows_where,
    text,
)
from connectors.salesforce.soql import seen
from connectors.salesforce.stages import Stages

_FIELDS = (
    *("Id", "Name", "Company", "Country", "State", "City", "LeadSource", "Rating", "Industry"),
    *("Status", "OwnerId", "IsConverted", "ConvertedContactId", "CreatedDate", "SystemModstamp"),
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")


class ProgrammeLeads:
    def __init__(self, account: Account, client: SalesforceClient, stages: Stages) -> None:
        self._client = client
        self._stages = stages
        self._product = account.options.get("lead_product_field", "")
        if self._product and not _NAME.fullmatch(self._product):
            raise ConfigError(f"account {account.name}: lead_product_field is not a field's name")

    def read(self, ids: Sequence[CrmId], properties: Sequence[str]) -> dict[CrmId, ProgrammeLead]:
        """A property that the org does not have reads as empty: no lead is kept back for it."""
        named = [one for one in ids if is_of(LEAD, one)]
        wanted = [one for one in (*properties, self._product) if _NAME.fullmatch(one)]
        try:
            found = self._records(named, wanted)
        except SalesforceRefused as error:
            if is_object_missing(error):
                return {}  # an org without leads
            if not is_field_missing(error) or not wanted:
                raise
            found = self._records(named, self._known(wanted))
        return {id_of(one): self._lead(one, properties) for one in found}

    def _records(self, ids: Sequence[CrmId], more: Sequence[str]) -> list[Payload]:
        fields = dict.fromkeys((*_FIELDS, *more))
        table = Table(name="Lead", fields=tuple(fields))
        return list(rows_where(self._client, table, ["Id"], ids))

    def _known(self, wanted: Sequence[str]) -> list[str]:
        told = self._client.read("sobjects/Lead/describe", "describe Lead")
        there = {text(one, "name").lower() for one in told.at("fields").items()}
        return [one for one in wanted if one.lower() in there]

    def _lead(self, record: Payload, properties: Sequence[str]) -> ProgrammeLead:
        converted = flag(record, "IsConverted")
        owner = owner_of(record)
        in_queue = owner is not None and is_of(QUEUE, owner)
        return ProgrammeLead(
            crm_id=id_of(record),
            name=seen(text(record, "Name")),
            owner=owner,
            owner_kind=OwnerKind.QUEUE if in_queue else OwnerKind.PERSON,
            is_open=self._stages.is_open_lead(text(record, "Status"), converted=converted),
            is_converted=converted,
            company=seen(text(record, "Company")),
            country=seen(text(record, "Country")),
            state=seen(text(record, "State")),
            city=seen(text(record, "City")),
            source=seen(text(record, "LeadSource")),
            rating=seen(text(record, "Rating")),
            status=seen(text(record, "Status")),
            industry=seen(text(record, "Industry")),
            product=value_of(record, self._product),
            more=tuple(NamedValue(name=one, value=value_of(record, one)) for one in properties),
            created_at=record.at("CreatedDate").iso_time(),
            changed_at=record.at("SystemModstamp").iso_time(),
            became=became(record),
        )


def value_of(record: Payload, name: str) -> str:
    """A field of whatever type as a text, by its name in any case; empty when it is not set."""
    found = {key.lower(): value for key, value in record.mapping().items()}.get(name.lower())
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int | float):
        return f"{found:g}" if isinstance(found, float) else str(found)
    return seen(found) if isinstance(found, str) else ""
