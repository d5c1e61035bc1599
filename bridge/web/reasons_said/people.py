"""Who may see and write, and who a client goes to or does not, in words."""

from collections.abc import Mapping

from bridge.domain.reasons import ReasonCode
from bridge.web.languages import Said, _l

SENTENCES: Mapping[ReasonCode, Said] = {
    # Who may see and write
    ReasonCode.ROLE_MANAGER: _l("Managers see and do everything."),
    ReasonCode.ROLE_QUALITY_CONTROL: _l("Quality control reads everything and changes nothing."),
    ReasonCode.ROLE_NONE: _l("Has no role here, so sees and writes nothing."),
    ReasonCode.OWNER_CONTACT: _l("Owns the contact in the CRM."),
    ReasonCode.OWNER_DEAL: _l("Owns the open deal in the CRM."),
    ReasonCode.OWNER_LEAD: _l("Owns the open lead in the CRM."),
    ReasonCode.OWNER_MISMATCH: _l("Owns neither the contact nor an open deal or lead."),
    ReasonCode.OWNER_STALE: _l(
        "The owner was read from the CRM too long ago; the chat is hidden until it is read again."
    ),
    ReasonCode.OWNER_CLAIMED: _l("Answered first; the CRM has not confirmed it yet."),
    ReasonCode.NEW_CLIENT_VISIBLE: _l(
        "Nobody owns this client, and this person takes new clients."
    ),
    ReasonCode.NEW_CLIENT_HIDDEN: _l(
        "Nobody owns this client, and this person does not take new clients."
    ),
    ReasonCode.CLIENT_UNIDENTIFIED: _l("The CRM could not say yet whose client this is."),
    ReasonCode.CLIENT_AMBIGUOUS: _l(
        "Several contacts in the CRM fit this client; a manager has to decide."
    ),
    ReasonCode.CLIENT_DUPLICATE: _l(
        "Two contacts may be the same client; a manager may join them."
    ),
    ReasonCode.CLIENT_CHOSEN: _l("Somebody said whose client this is."),
    ReasonCode.CLIENT_GROUP: _l("It is a group chat, which belongs to no single client."),
    ReasonCode.CLIENT_DELETED: _l("The contact is no longer in the CRM."),
    ReasonCode.CLIENT_TAKEN: _l("Somebody else has answered first and has this client."),
    ReasonCode.CHANNEL_NO_ACCESS: _l("Has no access to this channel."),
    ReasonCode.NOT_A_PRINCIPAL: _l("Is nobody whom the configuration knows."),
    ReasonCode.SCOPE_MISSING: _l("The key does not reach this far."),
    ReasonCode.WRONG_KIND: _l("This is not for whom you are signed in as."),
    ReasonCode.OWN_LEAD: _l("The lead is with this person."),
    ReasonCode.LEAD_OFFERED: _l("The lead is offered to this person."),
    ReasonCode.LEAD_IN_QUEUE: _l("The lead waits in a queue of this person."),
    ReasonCode.CHANNEL_MANAGER: _l("Owns the partner's account in the CRM."),
    ReasonCode.OWN_CLIENT: _l("It is a client of this reseller."),
    ReasonCode.OWN_PLAN: _l("Clients see their own plan and change nothing."),
    ReasonCode.OWN_RENEWAL: _l("It is the renewal of a client of this company."),
    ReasonCode.RENEWAL_NOTIFIED: _l("Is the one to be told of this renewal."),
    ReasonCode.ACCESS_BLOCKED: _l("The client's access is blocked."),
    ReasonCode.NOT_HIS_BUSINESS: _l("It is none of this person's business."),
    ReasonCode.SIGNED_IN_AS: _l("Somebody signed in as the client."),
    ReasonCode.SIGNED_OUT_AS: _l("Somebody is not signed in as the client any more."),
    # Who it goes to
    ReasonCode.TARGET_OWNER: _l("The client goes to the owner in the CRM."),
    ReasonCode.TARGET_RULE: _l("A rule says who gets the client."),
    ReasonCode.TARGET_IN_TURN: _l("The client goes to whoever is next in turn."),
    ReasonCode.TARGET_FIRST_TO_ANSWER: _l("Whoever answers first gets the client."),
    ReasonCode.TARGET_CLAIMED: _l("Whoever answered first has the client."),
    ReasonCode.TARGET_DEFAULT: _l(
        "Nobody who takes new clients is free, so the default person gets the client."
    ),
    ReasonCode.TARGET_FALLBACK: _l("No owner can answer, so it goes to the fallback."),
    ReasonCode.TARGET_NOBODY: _l("Nobody can take this client; managers see the chat."),
    # Why somebody was not chosen
    ReasonCode.AWAY: _l("Is away."),
    ReasonCode.INACTIVE_IN_CRM: _l("Is not active in the CRM."),
    ReasonCode.NOT_IN_CRM: _l("Is no owner that the CRM knows."),
    ReasonCode.ROLE_CANNOT_WRITE: _l("Has no role that may write."),
    ReasonCode.NO_CHANNEL_ACCESS: _l("Has no access to the channel."),
    ReasonCode.GETS_NO_NEW_CLIENTS: _l("Does not take new clients."),
    ReasonCode.NOT_NEXT_IN_TURN: _l("Somebody else was next in turn."),
    ReasonCode.NOT_IN_POOL: _l("Does not belong to the pool."),
    ReasonCode.OWNER_WINS: _l("The client has an owner, and owners go first."),
    ReasonCode.RULE_NOT_MATCHED: _l("No rule that fits names this person."),
    ReasonCode.NOT_CONSIDERED: _l("Was not among those who could get it."),
}

NAMED: Mapping[ReasonCode, Said] = {
    ReasonCode.TARGET_OWNER: _l("The client goes to %(name)s, who is the owner in the CRM."),
    ReasonCode.TARGET_IN_TURN: _l("%(name)s was next in turn and gets the client."),
    ReasonCode.TARGET_CLAIMED: _l("%(name)s answered first and has the client."),
    ReasonCode.TARGET_DEFAULT: _l(
        "Nobody who takes new clients is free, so %(name)s gets the client by default."
    ),
    ReasonCode.TARGET_FALLBACK: _l("No owner can answer, so it goes to %(name)s, the fallback."),
    ReasonCode.NOT_NEXT_IN_TURN: _l("%(name)s was next in turn."),
    ReasonCode.OWNER_WINS: _l("The client belongs to %(name)s, and owners go first."),
}
"""Said of a decision whose target is known."""

RULED: Mapping[ReasonCode, Said] = {
    ReasonCode.TARGET_RULE: _l("The rule “%(rule)s” gives the client to %(name)s."),
    ReasonCode.LEAD_BY_RULE: _l("The rule “%(rule)s” gives the lead to %(name)s."),
}
"""Said where the rule that matched is known as well."""
