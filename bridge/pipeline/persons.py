"""Who stands behind a principal, by the configuration and the clients as they are now."""

from contextlib import suppress

from sqlalchemy import Connection

from bridge.domain.client_access import facts_of_client
from bridge.domain.helping import against_helping
from bridge.domain.names import ClientId
from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind
from bridge.domain.subject_access import access_to
from bridge.store.reseller_clients import by_ids


def person_of(db: Connection, policy: Policy, principal: str, behind: str = "") -> Person | None:
    """None for whom nobody knows (any more): what he signed in with opens nothing. `behind` is the
    principal who is signed in as a client: what he may not do any more, this may not either."""
    kind, _, id = principal.partition(":")
    if kind == PersonKind.CLIENT:
        return _client(db, policy, ClientId(id), behind)
    with suppress(ValueError):
        return policy.person(PersonKind(kind), id)
    return None


def _client(db: Connection, policy: Policy, id: ClientId, behind: str) -> Person | None:
    client = by_ids(db, [id]).get(id)
    if client is None:
        return None
    if behind:
        helper = person_of(db, policy, behind)
        if helper is None or against_helping(helper, client, policy) is not None:
            return None
    person = Person(kind=PersonKind.CLIENT, id=id, tenant=client.tenant, client=id, behind=behind)
    may = access_to(person, facts_of_client(client), policy)
    return person if may.can_read else None
