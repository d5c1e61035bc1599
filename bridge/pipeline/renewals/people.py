"""Whose a renewal is, and partner users who can't be told any more, as the CRM has them."""

from collections.abc import Mapping

from sqlalchemy import Connection

from bridge.domain.names import PartnerName
from bridge.domain.policy import Policy
from bridge.domain.principals import tenant_of_partner


def tenant_of(partner: str, policy: Policy) -> str:
    """The partner account that a record names, by its key; the house's own where it names none."""
    tenant = tenant_of_partner(PartnerName(partner))
    return tenant if tenant in policy.users else ""


def inactive_people(db: Connection, policy: Policy) -> Mapping[str, str]:
    """Why, by e-mail."""
    return {}
