"""Leads as the partner programme needs them: their own few properties, and their contact's."""

from collections.abc import Mapping, Sequence

from bridge.domain.crm_partners import NamedValue, ProgrammeLead
from bridge.domain.names import CrmId
from bridge.domain.records import RecordKind
from bridge.payload import Payload
from bridge.ports import Account
from connectors.hubspot.associations import CONTACTS, LEADS
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.contacts import owner_of
from connectors.hubspot.reading import numbers, read_associations, read_records, value
from connectors.hubspot.stages import Stages

OF_CONTACT = "contact."  # in front of a property's name: the contact's, not the lead's
_LEAD = (
    *("hs_lead_name", "hs_lead_label", "hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id"),
    *("hs_createdate", "hs_lastmodifieddate"),
)
_CONTACT = (
    *("firstname", "lastname", "company", "country", "state", "city", "industry"),
    "hs_analytics_source",
)
_NOBODY = Payload({"properties": {}})


class ProgrammeLeads:
    """Option `lead_product_property`: what says what a lead is interested in, a property of leads,
    or of their contacts with `contact.` in front."""

    def __init__(self, account: Account, client: HubSpotClient) -> None:
        self._client = client
        self._stages = Stages(client)
        self._product = account.options.get("lead_product_property", "")

    def read(self, ids: Sequence[CrmId], properties: Sequence[str]) -> dict[CrmId, ProgrammeLead]:
        wanted = [one for one in (*properties, self._product) if one]
        of_contacts = [_plain(one) for one in wanted if one.startswith(OF_CONTACT)]
        of_leads = [one for one in wanted if not one.startswith(OF_CONTACT)]
        records = read_records(self._client, LEADS, numbers(ids), [*_LEAD, *of_leads])
        contacts = self._contacts([_id(one) for one in records], of_contacts)
        leads = (self._lead(one, contacts.get(_id(one), _NOBODY), properties) for one in records)
        return {lead.crm_id: lead for lead in leads}

    def _contacts(self, leads: Sequence[str], more: Sequence[str]) -> Mapping[str, Payload]:
        """The first contact of each lead, which can't be without one."""
        linked = read_associations(self._client, LEADS, CONTACTS, leads)
        first = {lead: some[0] for lead, some in linked.items() if some}
        found = read_records(self._client, CONTACTS, first.values(), [*_CONTACT, *more])
        by_id = {_id(one): one for one in found}
        return {lead: by_id[one] for lead, one in first.items() if one in by_id}

    def _lead(self, lead: Payload, contact: Payload, properties: Sequence[str]) -> ProgrammeLead:
        pipeline, stage = value(lead, "hs_pipeline"), value(lead, "hs_pipeline_stage")
        is_open = self._stages.is_open(RecordKind.LEAD, pipeline, stage)
        created, changed = lead.get("createdAt"), lead.get("updatedAt")
        return ProgrammeLead(
            crm_id=CrmId(_id(lead)),
            name=value(lead, "hs_lead_name"),
            owner=owner_of(lead),
            is_open=is_open,
            company=value(contact, "company"),
            country=value(contact, "country"),
            state=value(contact, "state"),
            city=value(contact, "city"),
            source=value(contact, "hs_analytics_source"),
            rating=value(lead, "hs_lead_label"),
            status=stage,
            industry=value(contact, "industry"),
            product=_named(self._product, lead, contact),
            more=tuple(
                NamedValue(name=one, value=_named(one, lead, contact)) for one in properties
            ),
            created_at=None if created is None else created.iso_time(),
            changed_at=None if changed is None else changed.iso_time(),
        )


def _named(name: str, lead: Payload, contact: Payload) -> str:
    if not name:
        return ""
    return value(contact, _plain(name)) if name.startswith(OF_CONTACT) else value(lead, name)


def _plain(name: str) -> str:
    return name.removeprefix(OF_CONTACT)


def _id(record: Payload) -> str:
    return record.at("id").identifier()
