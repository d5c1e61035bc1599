"""What a decision of the channel side is called, for those outside the house as well."""

from collections.abc import Mapping

from bridge.web.languages import Said, _, _l

_WORDS: Mapping[str, Said] = {
    # A reseller's clients
    "ClientAdded": _l("Client added"),
    "ClientEdited": _l("Client's plan or details edited"),
    "ClientLinked": _l("Client linked to a record of the CRM"),
    "ClientUnitsAdded": _l("Units added"),
    "ClientRenewed": _l("Client's plan renewed"),
    "ClientSuspended": _l("Client suspended"),
    "ClientActivated": _l("Client activated"),
    "ClientArchived": _l("Client archived"),
    "ClientUnarchived": _l("Client taken out of the archive"),
    "ClientUsedUnits": _l("Units used"),
    "UnitsUsed": _l("Units used"),
    "ClientTermTold": _l("The end of a client's plan is near, or has come"),
    "SignInAsStarted": _l("Somebody signed in as the client"),
    "SignInAsEnded": _l("Somebody ended being signed in as the client"),
    # Renewals
    "RenewalRead": _l("Renewal read anew"),
    "ClientChanged": _l("Renewal read anew"),
    "RenewalOwnerSet": _l("Owner of the renewal set"),
    "RenewalWordGiven": _l("Somebody said how far the renewal is"),
    "RenewalDefaultSet": _l("Owner of renewals for all clients set"),
    "RenewalDue": _l("A step of the renewal was due"),
    "RenewalChatRefused": _l("A renewal notice could not leave as a message"),
    "RenewalShown": _l("Owner of the renewal written to the CRM"),
    # Leads and the programme
    "LeadRead": _l("Lead read anew from the CRM"),
    "LeadDistributed": _l("Lead given out by the rules"),
    "LeadAssigned": _l("Lead assigned"),
    "LeadTaken": _l("Lead taken from a queue"),
    "LeadAccepted": _l("Lead accepted"),
    "LeadDeclined": _l("Lead declined"),
    "LeadExpired": _l("Lead not accepted in time"),
    "BatchMailed": _l("Mail about several leads"),
    "LeadRestored": _l("Lead given back: the assignment was undone"),
    "LeadChanged": _l("Lead changed in the CRM"),
    "OwnerChanged": _l("Lead's owner changed in the CRM"),
    "ProgrammeSwitchedOn": _l("Partner programme switched on"),
    "ProgrammeSwitchedOff": _l("Partner programme asked to be switched off"),
    "SharingReviewed": _l("Settings that partners can see reviewed"),
    "EnablingAsked": _l("A partner or a partner's user is to be enabled"),
    "PartnerAccountRead": _l("Partner account read anew from the CRM"),
    "PartnerUserRead": _l("Partner's user read anew from the CRM"),
}
NAMED = frozenset(_WORDS)


def named(kind: str) -> str:
    """What is decided of the channel side alone; empty for what has its words elsewhere."""
    return str(_WORDS[kind]) if kind in _WORDS else ""


def words_of(kind: str, verdict: str) -> str:
    """By the name of the event's class."""
    what = str(_WORDS[kind]) if kind in _WORDS else _("Something changed")
    match verdict:
        case "rejected":
            return _("%(what)s (refused)", what=what)
        case "ignored":
            return _("%(what)s (nothing to do)", what=what)
        case "parked":
            return _("%(what)s (waits)", what=what)
    return what
