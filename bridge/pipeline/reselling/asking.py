"""Events about clients as people and programs ask for them: their keys, and ids of new clients.

A key holds who asks: one person's keys are nobody else's.
"""

import secrets

from bridge.domain.names import ClientId, EventKey, ResellerName, digest_id
from bridge.domain.principals import Person


def asked_key(what: str, by: Person, request_key: str = "") -> EventKey:
    """The key of what `by` asks for; the same `request_key` asks for the same thing."""
    asked_by = f"{by.principal}:{by.tenant}" if by.tenant else by.principal
    return EventKey(f"client:{what}:{asked_by}:{request_key or secrets.token_hex(12)}")


def new_client(reseller: ResellerName, key: EventKey) -> ClientId:
    """The id of the client that the event of this key adds."""
    return ClientId(digest_id("cl", reseller, key))
