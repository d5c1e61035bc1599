"""Whose a renewal is, and partner users who can't be told any more, as the CRM has them."""

from collections.abc import Mapping

from sqlalchemy import Connection

from bridge.domain.names import CrmId, PartnerName
from bridge.domain.policy import Policy
from bridge.domain.principals import tenant_of_partner
from bridge.store.partners import partner_state


def tenant_of(partner: str, policy: Policy) -> str:
    """The partner account that a record names, by its CRM id or its key in partners.yaml; the
    house's own where it names none of these."""
    named = policy.partners.account_by_crm_id(CrmId(partner)) if partner else None
    tenant = tenant_of_partner(named or PartnerName(partner))
    return tenant if tenant in policy.users else ""


def inactive_people(db: Connection, policy: Policy) -> Mapping[str, str]:
    """Partner users whom the CRM has deactivated, by e-mail. Whom it does not know yet is told."""
    if not policy.partners.is_set:
        return {}
    side = partner_state(db).side
    known = {email: side.user(email) for email in policy.partners.users}
    return {
        email: "was deactivated in the CRM"
        for email, user in known.items()
        if user is not None and user.crm_id is not None and not user.active
    }
