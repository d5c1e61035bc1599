"""Why somebody is notified, in words that speak to him."""

from collections.abc import Mapping

from bridge.domain.reasons import ReasonCode
from bridge.web.languages import Said, _l, said_to
from bridge.web.reasons_said import SENTENCES, sentence

_TOLD: Mapping[ReasonCode, Said] = {
    ReasonCode.NOTIFY_RESPONSIBLE: _l("Your client wrote"),
    ReasonCode.NOTIFY_NEW_CLIENT: _l("A new client wrote whom nobody owns yet"),
    ReasonCode.NOTIFY_ALL_CHATS: _l("A client wrote; managers hear all chats"),
    ReasonCode.NOTIFY_TARGET: _l("A client was given to you"),
    ReasonCode.OWNER_CHANGED: _l("This client is yours now"),
    ReasonCode.CHANNEL_INACTIVE: _l("A channel stopped working; look at your messenger's account"),
    ReasonCode.ACCOUNT_PAUSED: _l(
        "A vendor refuses our credentials; `bridge doctor` says what to do"
    ),
    ReasonCode.CLIENT_AMBIGUOUS: _l("Several contacts fit a client: please say whose he is"),
    ReasonCode.CLIENT_DUPLICATE: _l("Two contacts may be one client: please look"),
    ReasonCode.IDENTITY_MOVED: _l(
        "A client has another number or id; the CRM still has the old one"
    ),
    ReasonCode.NOTIFY_NOBODY: _l("A client wrote and nobody could be found for him"),
    ReasonCode.OWNER_LEFT: _l("An owner has left; give the clients another one in the CRM"),
    ReasonCode.ACCOUNT_OUTAGE: _l(
        "An account has stood still for an hour; what is to be done waits"
    ),
    ReasonCode.MESSAGE_FAILED: _l("A message of yours did not get through; the chat says why"),
    ReasonCode.MESSAGE_IN_DOUBT: _l(
        "Nobody knows whether a message of yours arrived: decide there"
    ),
    ReasonCode.LEAD_GIVEN: _l("A lead is offered to you"),
    ReasonCode.LEAD_QUEUED: _l("A lead waits in a queue of yours"),
    ReasonCode.LEAD_LOST: _l("A lead of yours was given to somebody else"),
    ReasonCode.LEAD_DECLINED: _l("A partner has declined a lead"),
    ReasonCode.LEAD_EXPIRED: _l("A partner did not accept a lead in time"),
    ReasonCode.LEAD_NOBODY: _l("Nobody is left who could get a lead: please give it to somebody"),
    ReasonCode.LEAD_WRITE_FAILED: _l("The CRM did not take the new owner of a lead"),
    ReasonCode.PARTNER_ENABLING: _l("A partner or a partner's user is to be enabled in the CRM"),
    ReasonCode.PARTNER_ENABLED: _l("What you asked to enable in the CRM is enabled now"),
    ReasonCode.CLAIM_OVERRULED: _l("The CRM gave a client of yours to somebody else"),
    ReasonCode.RENEWAL_NO_RECIPIENT: _l(
        "A renewal notice reaches nobody: the client has no contact"
    ),
    ReasonCode.RENEWAL_NO_CONTACT: _l("A renewal notice reaches nobody: name a point of contact"),
    ReasonCode.RENEWAL_NOT_HIS_USER: _l(
        "A renewal notice reaches nobody: name a user of the partner"
    ),
    ReasonCode.RENEWAL_CONTACT_GONE: _l(
        "A renewal notice reaches nobody: its receiver is deactivated"
    ),
    ReasonCode.RENEWAL_UNSENT: _l("A renewal notice could not leave; the renewal's page says why"),
    ReasonCode.RENEWAL_NO_REACTION: _l("A partner has not reacted to a renewal that is near"),
    ReasonCode.PLAN_ACTIVE: _l("The plan of a reseller's client is active again"),
    ReasonCode.PLAN_EXHAUSTED: _l("A reseller's client has no units left"),
    ReasonCode.PLAN_EXPIRED: _l("The plan of a reseller's client has expired"),
    ReasonCode.PLAN_SUSPENDED: _l("A reseller's client is suspended"),
    ReasonCode.PLAN_UNITS_LOW: _l("A reseller's client has few units left"),
    ReasonCode.PLAN_ENDING: _l("The plan of a reseller's client ends soon"),
}

_TOLD_OUTSIDE: Mapping[ReasonCode, Said] = {
    ReasonCode.LEAD_EXPIRED: _l("A lead was not accepted in time and is offered to you no more"),
    ReasonCode.PLAN_ACTIVE: _l("The plan of a client of yours is active again"),
    ReasonCode.PLAN_EXHAUSTED: _l("A client of yours has no units left"),
    ReasonCode.PLAN_EXPIRED: _l("The plan of a client of yours has expired"),
    ReasonCode.PLAN_SUSPENDED: _l("A client of yours is suspended"),
    ReasonCode.PLAN_UNITS_LOW: _l("A client of yours has few units left"),
    ReasonCode.PLAN_ENDING: _l("The plan of a client of yours ends soon"),
    ReasonCode.RENEWAL_SENT: _l("A client's renewal is near: it is yours to act on"),
    ReasonCode.RENEWAL_LOGGED: _l("A client's renewal is near: the vendor writes to him"),
}
"""As partners' and resellers' people are told."""


def told(code: ReasonCode, *, outside: bool = False) -> str:
    words = _words(code, outside=outside)
    return sentence(code).removesuffix(".") if words is None else str(words)


def told_live(code: ReasonCode, language: str, *, outside: bool = False) -> str:
    """The same on a live stream, whose reader asks for no page."""
    words = _words(code, outside=outside)
    if words is None:
        return said_to(language, SENTENCES[code]).removesuffix(".")
    return said_to(language, words)


def _words(code: ReasonCode, *, outside: bool) -> Said | None:
    return (_TOLD_OUTSIDE.get(code) if outside else None) or _TOLD.get(code)
