"""What the bridge reads from Salesforce: users, pipelines, people, opportunities and leads."""

from collections.abc import Iterable, Mapping, Sequence

from bridge.domain.names import CrmId
from bridge.domain.people import CrmEmployee
from bridge.domain.records import CrmContact, CrmDeal, CrmLead, Pipeline
from bridge.payload import Payload
from bridge.ports import Account, ChannelReading, IdentityQuery
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.deals import Deals
from connectors.salesforce.identities import Identities
from connectors.salesforce.ids import CONTACT, LEAD, is_of
from connectors.salesforce.leads import Leads
from connectors.salesforce.merging import survivors
from connectors.salesforce.persons import Persons, became, id_of
from connectors.salesforce.reading import rows_where, told
from connectors.salesforce.settings import Settings
from connectors.salesforce.staff import employees
from connectors.salesforce.stages import Stages


class SalesforceReader:
    """Raises what `bridge.ports.Reader` says: a missing right comes as CredentialsInvalid."""

    def __init__(self, account: Account) -> None:
        self._client = SalesforceClient(account)
        self._integration_user = account.options.get("integration_user", "")
        self._stages = Stages(account, self._client)
        self._persons = Persons.of(account)
        self._identities = Identities(self._client, self._persons, Settings.of(account))
        self._deals = Deals(self._client)
        self._leads = Leads(self._client, self._stages)

    def employees(self) -> Sequence[CrmEmployee]:
        return told(lambda: employees(self._client, self._integration_user))

    def pipelines(self) -> Sequence[Pipeline]:
        return told(self._stages.pipelines)

    def contacts_by_identity(
        self, queries: Sequence[IdentityQuery]
    ) -> Sequence[tuple[CrmContact, ...]]:
        return told(lambda: self._identities.find(queries))

    def contacts(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmContact]:
        """Contacts and leads; one that was merged, or converted, answers under the id asked for
        as the one it is now."""
        return told(lambda: self._contacts(ids))

    def deals(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmDeal]:
        return told(lambda: {deal.crm_id: deal for deal in self._deals.read(ids)})

    def leads(self, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmLead]:
        return told(lambda: {lead.crm_id: lead for lead in self._leads.read(ids)})

    def deals_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmDeal]:
        return told(lambda: self._deals.of_contacts(contacts))

    def leads_of(self, contacts: Sequence[CrmId]) -> Sequence[CrmLead]:
        return told(lambda: self._leads.of_contacts(contacts))

    def channels(self) -> Sequence[ChannelReading]:
        return ()

    def _contacts(self, ids: Sequence[CrmId]) -> dict[CrmId, CrmContact]:
        """Who is not there by the id asked for may have been merged, and his master converted."""
        found = self._as_asked(ids)
        masters = survivors(self._client, [one for one in ids if one not in found])
        now = self._as_asked(list(masters.values()))
        merged = {one: now[master] for one, master in masters.items() if master in now}
        return {**found, **merged}

    def _as_asked(self, ids: Sequence[CrmId]) -> dict[CrmId, CrmContact]:
        leads = self._records(self._persons.leads.name, ids)
        turned = {id_of(one): contact for one in leads if (contact := became(one))}
        contacts = self._records(self._persons.contacts.name, [*ids, *turned.values()])
        made = {one.crm_id: one for one in map(self._persons.contact, (*contacts, *leads))}
        known = {one: made.get(turned.get(one, one)) for one in ids}
        return {one: contact for one, contact in known.items() if contact is not None}

    def _records(self, name: str, ids: Iterable[CrmId]) -> list[Payload]:
        table, prefix = (
            (self._persons.leads, LEAD) if name == "Lead" else (self._persons.contacts, CONTACT)
        )
        of_kind = [one for one in ids if is_of(prefix, one)]
        return list(rows_where(self._client, table, ["Id"], of_kind))
