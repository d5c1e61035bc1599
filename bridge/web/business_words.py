"""What a decision of the channel side is called, for those outside the house as well."""

_REFUSED = {"rejected": " (refused)", "ignored": " (nothing to do)", "parked": " (waits)"}
_WORDS = {
    # A reseller's clients
    "ClientAdded": "Client added",
    "ClientEdited": "Client's plan or details edited",
    "ClientLinked": "Client linked to a record of the CRM",
    "ClientUnitsAdded": "Units added",
    "ClientRenewed": "Client's plan renewed",
    "ClientSuspended": "Client suspended",
    "ClientActivated": "Client activated",
    "ClientArchived": "Client archived",
    "ClientUnarchived": "Client taken out of the archive",
    "ClientUsedUnits": "Units used",
    "UnitsUsed": "Units used",
    "ClientTermTold": "The end of a client's plan is near, or has come",
    "SignInAsStarted": "Somebody signed in as the client",
    "SignInAsEnded": "Somebody ended being signed in as the client",
    # Renewals
    "RenewalRead": "Renewal read anew",
    "ClientChanged": "Renewal read anew",
    "RenewalOwnerSet": "Owner of the renewal set",
    "RenewalWordGiven": "Somebody said how far the renewal is",
    "RenewalDefaultSet": "Owner of renewals for all clients set",
    "RenewalDue": "A step of the renewal was due",
    "RenewalChatRefused": "A renewal notice could not leave as a message",
    "RenewalShown": "Owner of the renewal written to the CRM",
    # Leads and the programme
    "LeadRead": "Lead read anew from the CRM",
    "LeadDistributed": "Lead given out by the rules",
    "LeadAssigned": "Lead assigned",
    "LeadTaken": "Lead taken from a queue",
    "LeadAccepted": "Lead accepted",
    "LeadDeclined": "Lead declined",
    "LeadExpired": "Lead not accepted in time",
    "BatchMailed": "Mail about several leads",
    "LeadRestored": "Lead given back: the assignment was undone",
    "LeadChanged": "Lead changed in the CRM",
    "OwnerChanged": "Lead's owner changed in the CRM",
    "ProgrammeSwitchedOn": "Partner programme switched on",
    "ProgrammeSwitchedOff": "Partner programme asked to be switched off",
    "SharingReviewed": "Settings that partners can see reviewed",
    "EnablingAsked": "A partner or a partner's user is to be enabled",
    "PartnerAccountRead": "Partner account read anew from the CRM",
    "PartnerUserRead": "Partner's user read anew from the CRM",
}
NAMED = frozenset(_WORDS)


def words_of(kind: str, verdict: str) -> str:
    """By the name of the event's class."""
    return _WORDS.get(kind, "Something changed") + _REFUSED.get(verdict, "")
