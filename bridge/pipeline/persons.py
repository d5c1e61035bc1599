"""Who stands behind a principal, by the configuration as it is now."""

from contextlib import suppress

from sqlalchemy import Connection

from bridge.domain.policy import Policy
from bridge.domain.principals import Person, PersonKind


def person_of(db: Connection, policy: Policy, principal: str) -> Person | None:
    """None for whom nobody knows (any more): what he signed in with opens nothing."""
    kind, _, id = principal.partition(":")
    with suppress(ValueError):
        return policy.person(PersonKind(kind), id)
    return None
