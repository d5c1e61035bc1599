"""What is there already: by our unique keys, which Salesforce shows at once, never by search."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.domain.names import digest_id
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import CONTACT, LEAD, is_of, long_id
from connectors.salesforce.soql import lists, soql

KEY = "Bridge_Key__c"
MESSAGE_KEY = "Bridge_Message_Key__c"
_CONVERTED = "SELECT Id, ConvertedContactId FROM Lead WHERE IsConverted = true AND Id IN {ids}"
_BY_KEY: Mapping[str, str] = {
    "Contact": "SELECT Id, Bridge_Key__c FROM Contact WHERE Bridge_Key__c IN {keys}",
    "Lead": "SELECT Id, Bridge_Key__c FROM Lead WHERE Bridge_Key__c IN {keys}",
    "Opportunity": "SELECT Id, Bridge_Key__c FROM Opportunity WHERE Bridge_Key__c IN {keys}",
    "Task": "SELECT Id, Bridge_Message_Key__c FROM Task WHERE Bridge_Message_Key__c IN {keys}",
}
_BY_ID: Mapping[str, str] = {
    "Contact": "SELECT Id, AccountId, Bridge_Key__c FROM Contact WHERE Id IN {ids}",
    "Lead": "SELECT Id, Bridge_Key__c FROM Lead WHERE Id IN {ids}",
}
_PREFIXES: Mapping[str, str] = {"Contact": CONTACT, "Lead": LEAD}


def record_key(idempotency_key: str) -> str:
    """What our unique field of a deal holds."""
    return digest_id("bridge", idempotency_key)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Each raises what SalesforceClient.query raises."""

    client: SalesforceClient

    def converted(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Those of these leads that were converted → the contacts that they live on as."""
        leads = {long_id(one): one for one in ids if is_of(LEAD, one)}
        found = [one for some in lists(leads) for one in self._query(_CONVERTED, ids=some)]
        return {
            leads[one["Id"]]: one["ConvertedContactId"]
            for one in found
            if one.get("ConvertedContactId")
        }

    def people(self, keys: Iterable[str], first: str) -> Mapping[str, str]:
        """Our keys → contacts and leads that bear them; where both do, one of object `first`. A
        converted lead answers with his contact."""
        second = "Contact" if first == "Lead" else "Lead"
        wanted = list(keys)
        found = {**self._by_key(second, KEY, wanted), **self._by_key(first, KEY, wanted)}
        became = self.converted(found.values())
        return {key: became.get(one, one) for key, one in found.items()}

    def deals(self, keys: Iterable[str]) -> Mapping[str, str]:
        return self._by_key("Opportunity", KEY, keys)

    def tasks(self, keys: Iterable[str]) -> Mapping[str, str]:
        return self._by_key("Task", MESSAGE_KEY, keys)

    def accounts_of(self, contacts: Iterable[str]) -> Mapping[str, str]:
        """The companies of those contacts that have one."""
        found = self._of_ids("Contact", contacts)
        return {one["Id"]: one["AccountId"] for one in found if one.get("AccountId")}

    def contacts_there(self, contacts: Iterable[str]) -> frozenset[str]:
        """Where none of them is an id, Salesforce is asked all the same, so that it is not said
        that they are gone while nobody is there to say so."""
        named = list(contacts)
        found = self._of_ids("Contact", named)
        if not any(is_of(CONTACT, one) for one in named):
            self._query(_BY_KEY["Contact"], keys=named[:1])
        return frozenset(one["Id"] for one in found)

    def is_keyless(self, record: str) -> bool:
        """Whether this contact or lead bears no key of ours yet."""
        found = self._of_ids("Lead" if is_of(LEAD, record) else "Contact", [record])
        return any(not one.get(KEY) for one in found)

    def _by_key(self, object_name: str, field: str, keys: Iterable[str]) -> Mapping[str, str]:
        """To the letter: chats of two clients may differ in capitals only."""
        wanted = frozenset(keys)
        text = _BY_KEY[object_name]
        found = [one for some in lists(wanted) for one in self._query(text, keys=some)]
        return {one[field]: one["Id"] for one in found if one[field] in wanted}

    def _of_ids(self, object_name: str, ids: Iterable[str]) -> list[dict[str, Any]]:
        named = [long_id(one) for one in ids if is_of(_PREFIXES[object_name], one)]
        text = _BY_ID[object_name]
        return [one for some in lists(named) for one in self._query(text, ids=some)]

    def _query(self, text: str, **values: list[str]) -> list[dict[str, Any]]:
        return self.client.query(soql(text, **values))
