"""Contacts and leads that were merged: deleted, with the id of the one they live on as."""

from collections.abc import Sequence

from bridge.domain.names import CrmId
from bridge.payload import Payload
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.ids import CONTACT, LEAD, is_of, long_id
from connectors.salesforce.reading import Table, text
from connectors.salesforce.soql import lists, soql

_TABLES = ((CONTACT, "Contact"), (LEAD, "Lead"))
_MAX_MERGES = 10  # a master may have been merged itself


def survivors(client: SalesforceClient, ids: Sequence[CrmId]) -> dict[CrmId, CrmId]:
    """Which record each of these is now; those that were not merged are left out.

    The recycle bin tells it, for about fifteen days.
    """
    now = {one: one for one in ids}
    for _ in range(_MAX_MERGES):
        masters = _masters(client, sorted(set(now.values())))
        if not masters:
            break
        now = {one: masters.get(there, there) for one, there in now.items()}
    return {one: there for one, there in now.items() if there != one}


def _masters(client: SalesforceClient, ids: Sequence[CrmId]) -> dict[CrmId, CrmId]:
    found: dict[CrmId, CrmId] = {}
    for prefix, name in _TABLES:
        table = Table(name=name, fields=("Id", "MasterRecordId"), condition="IsDeleted = true")
        query = table.of("Id IN {ids}")
        for some in lists(one for one in ids if is_of(prefix, one)):
            for row in client.query(soql(query, ids=some), deleted=True):
                record = Payload(row)
                if master := text(record, "MasterRecordId"):
                    found[CrmId(long_id(record.at("Id").text()))] = CrmId(long_id(master))
    return found
