"""Mails about leads, at the last moment: who left, or has none of them any more, gets none."""

from sqlalchemy import Connection

from bridge.domain.effects import PostNotification, SendEmail
from bridge.domain.names import EmployeeId
from bridge.domain.partner_candidates import against_user
from bridge.domain.partner_facts import PartneringFacts
from bridge.domain.policy import Policy
from bridge.store import partner_leads, partners


def against_reader(db: Connection, effect: SendEmail | PostNotification, policy: Policy) -> str:
    """What keeps a partner's user from a mail about his leads; empty when nothing does."""
    if not isinstance(effect, SendEmail) or not effect.leads:
        return ""
    user = EmployeeId(effect.recipient)
    state = partners.partner_state(db)
    facts = PartneringFacts(programme=state.programme, side=state.side)
    against = against_user(user, None, facts, policy.partners)
    if against is not None:
        return against.detail
    found = partner_leads.leads_by_id(db, effect.leads).values()
    return "" if any(lead.holder.is_user(user) for lead in found) else "the lead is not his now"
