"""What the bridge reads from HubSpot: owners, pipelines, contacts, deals and leads, in batches."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from bridge.domain.errors import (
    CredentialsInvalid,
    DeliveryRejected,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline, RecordKind
from bridge.payload import Payload
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.hubspot.answers import checked
from connectors.hubspot.associations import CONTACTS, DEALS, LEADS
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.contacts import CONTACT_PROPERTIES, contact, owner_of
from connectors.hubspot.identities import Identities, username_properties
from connectors.hubspot.reading import read_associations, read_records, value
from connectors.hubspot.stages import Stages

_DEAL_PROPERTIES = ("dealname", "pipeline", "dealstage", "hubspot_owner_id", "hs_lastmodifieddate")
_LEAD_PROPERTIES = ("hs_lead_name", "hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id")

_T = TypeVar("_T")


class HubSpotReader:
    """Raises what `bridge.ports.Reader` says: a missing scope comes as CredentialsInvalid."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = HubSpotClient(account)
        self._stages = Stages(self._client)
        self._identities = Identities(account, self._client)

    def employees(self) -> Sequence[CrmEmployee]:
        """Owners and former owners; queues own nothing as a person does and are left out."""

        def read() -> list[CrmEmployee]:
            owners = [owner for archived in (False, True) for owner in self._owners(archived)]
            return [_employee(owner) for owner in owners if owner.text_or("type") != "QUEUE"]

        return told(read)

    def pipelines(self) -> Sequence[Pipeline]:
        return told(self._stages.refresh)

    def contacts_by_identity(
        self, queries: Sequence[IdentityQuery]
    ) -> Sequence[tuple[CrmContact, ...]]:
        return told(lambda: self._identities.find(queries))

    def contacts(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmContact]:
        usernames = username_properties(self._account)
        properties = (*CONTACT_PROPERTIES, *usernames)
        asked = frozenset(ids)

        def read() -> dict[CrmId, CrmContact]:
            records = read_records(self._client, CONTACTS, ids, properties)
            found = [(record, contact(record, usernames)) for record in records]
            return {one: made for record, made in found for one in _names_of(record) & asked}

        return told(read)

    def deals(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmDeal]:
        return told(lambda: {deal.crm_id: deal for deal in self._deals(ids)})

    def leads(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmLead]:
        return told(lambda: {lead.crm_id: lead for lead in self._leads(ids)})

    def deals_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmDeal]:
        return told(lambda: self._deals(self._linked(DEALS, contacts)))

    def leads_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmLead]:
        def read() -> list[CrmLead]:
            try:
                return self._leads(self._linked(LEADS, contacts))
            except DeliveryRejected as error:
                if error.status in (403, 404):
                    return []  # an account without leads
                raise

        return told(read)

    def channels(self) -> Sequence[ChannelReading]:
        return ()

    def _owners(self, archived: bool) -> Iterator[Payload]:
        after: str | None = None
        while True:
            answer = self._client.owners(archived, after)
            page = checked("hubspot: read owners", answer, datetime.now(UTC))
            yield from page.at("results").items()
            following = (page.get("paging") or Payload({})).get("next")
            if following is None:
                return
            after = following.at("after").identifier()

    def _linked(self, kind: str, contacts: Sequence[CrmId]) -> list[str]:
        linked = read_associations(self._client, CONTACTS, kind, contacts)
        return list(dict.fromkeys(one for some in linked.values() for one in some))

    def _deals(self, ids: Iterable[str]) -> list[CrmDeal]:
        records = read_records(self._client, DEALS, ids, _DEAL_PROPERTIES)
        contacts = self._contacts_of(DEALS, records)
        return [self._deal(record, contacts) for record in records]

    def _leads(self, ids: Iterable[str]) -> list[CrmLead]:
        records = read_records(self._client, LEADS, ids, _LEAD_PROPERTIES)
        contacts = self._contacts_of(LEADS, records)
        return [self._lead(record, contacts) for record in records]

    def _contacts_of(self, kind: str, records: Sequence[Payload]) -> Mapping[str, tuple[str, ...]]:
        ids = [record.at("id").identifier() for record in records]
        return read_associations(self._client, kind, CONTACTS, ids)

    def _deal(self, record: Payload, contacts: Mapping[str, tuple[str, ...]]) -> CrmDeal:
        crm_id = record.at("id").identifier()
        pipeline, stage = value(record, "pipeline"), value(record, "dealstage")
        return CrmDeal(
            crm_id=CrmId(crm_id),
            name=value(record, "dealname"),
            pipeline=pipeline,
            stage=stage,
            is_open=self._stages.is_open(RecordKind.DEAL, pipeline, stage),
            owner=owner_of(record),
            contacts=tuple(CrmId(one) for one in contacts.get(crm_id, ())),
            active_at=_when(record, "hs_lastmodifieddate"),
        )

    def _lead(self, record: Payload, contacts: Mapping[str, tuple[str, ...]]) -> CrmLead:
        crm_id = record.at("id").identifier()
        pipeline, stage = value(record, "hs_pipeline"), value(record, "hs_pipeline_stage")
        return CrmLead(
            crm_id=CrmId(crm_id),
            name=value(record, "hs_lead_name"),
            is_open=self._stages.is_open(RecordKind.LEAD, pipeline, stage),
            owner=owner_of(record),
            contacts=tuple(CrmId(one) for one in contacts.get(crm_id, ())),
        )


def told(read: Callable[[], _T]) -> _T:
    """What it reads. Raises what `bridge.ports.Reader` says."""
    try:
        return read()
    except DeliveryRejected as error:
        if error.status == 403:
            raise CredentialsInvalid(f"{error}: give the app the scope that this needs") from error
        raise OutcomeUnknown(str(error)) from error
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"hubspot: an answer of unknown shape: {error}") from error


def _names_of(record: Payload) -> frozenset[CrmId]:
    """A merged contact answers with the survivor, which lists whom it absorbed."""
    merged = value(record, "hs_merged_object_ids").split(";")
    return frozenset(CrmId(one) for one in (record.at("id").identifier(), *merged) if one)


def _employee(owner: Payload) -> CrmEmployee:
    email = owner.text_or("email").lower()
    names = (owner.text_or("firstName"), owner.text_or("lastName"))
    return CrmEmployee(
        crm_id=CrmId(owner.at("id").identifier()),
        email=EmployeeId(email),
        name=" ".join(name for name in names if name) or email,
        active=not owner.at("archived").boolean(),
    )


def _when(record: Payload, name: str) -> datetime | None:
    """A time of a record, as far as it can be read: nothing but an order hangs on it."""
    try:
        return record.at("properties").at(name).iso_time()
    except PayloadInvalid:
        return None
