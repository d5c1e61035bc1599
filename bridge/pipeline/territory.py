"""Whose activity a channel manager watches: the accounts that he owns in the CRM (PRM-07)."""

from sqlalchemy import Connection

from bridge.domain.lead_access import managed_accounts
from bridge.domain.names import EmployeeId, PartnerName
from bridge.domain.people import Directory
from bridge.domain.policy import Policy
from bridge.domain.principals import tenant_of_partner
from bridge.store.partners import partner_state


def territory(
    db: Connection, employee: EmployeeId, policy: Policy, directory: Directory
) -> frozenset[str]:
    """As subjects name them."""
    if not policy.partners.is_set:
        return frozenset()
    side = partner_state(db).side
    owned = managed_accounts(employee, side, policy.partners, directory)
    return frozenset(tenant_of_partner(PartnerName(name)) for name in owned)
