"""What the access function looks at of a reseller's client."""

from bridge.domain.reseller_clients import ResellerClient
from bridge.domain.subject_access import ClientFacts


def facts_of_client(client: ResellerClient) -> ClientFacts:
    return ClientFacts(
        id=client.id,
        tenant=client.tenant,
        is_suspended=client.is_suspended,
        is_archived=client.is_archived,
    )
