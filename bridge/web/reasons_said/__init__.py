"""A sentence for every reason: what a person reads first; the stored detail says the rest."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.domain.reasons import Reason, ReasonCode
from bridge.pipeline.ledger import Record
from bridge.web.details import begun, said
from bridge.web.languages import Said, language
from bridge.web.reasons_said import chats, clients, partners, people, requests

SENTENCES: Mapping[ReasonCode, Said] = {
    **people.SENTENCES,
    **chats.SENTENCES,
    **partners.SENTENCES,
    **clients.SENTENCES,
    **requests.SENTENCES,
}
NAMED: Mapping[ReasonCode, Said] = {
    **people.NAMED,
    **chats.NAMED,
    **partners.NAMED,
}
_R = ReasonCode
WHOLE = frozenset(
    {
        *(_R.ROLE_MANAGER, _R.ROLE_QUALITY_CONTROL, _R.ROLE_NONE),
        *(_R.OWNER_CONTACT, _R.OWNER_DEAL, _R.OWNER_LEAD, _R.OWNER_MISMATCH, _R.OWNER_STALE),
        *(_R.OWNER_CLAIMED, _R.NEW_CLIENT_VISIBLE, _R.NEW_CLIENT_HIDDEN, _R.CLIENT_DUPLICATE),
        *(_R.CHANNEL_NO_ACCESS, _R.WRONG_KIND, _R.OWN_LEAD, _R.LEAD_OFFERED, _R.LEAD_IN_QUEUE),
        *(_R.CHANNEL_MANAGER, _R.OWN_CLIENT, _R.OWN_PLAN, _R.OWN_RENEWAL, _R.RENEWAL_NOTIFIED),
        *(_R.NOT_HIS_BUSINESS, _R.TARGET_FIRST_TO_ANSWER, _R.INACTIVE_IN_CRM),
        *(_R.ROLE_CANNOT_WRITE, _R.GETS_NO_NEW_CLIENTS, _R.PARTNER_NOT_MEMBER),
        *(_R.PARTNER_NOT_PUBLISHED, _R.PARTNER_NEVER_SIGNED_IN, _R.MESSAGE_SETTLED_SEND),
        *(_R.ANSWER_FAILED, _R.MESSAGE_PARKED, _R.CHAT_JOINED, _R.CRM_UNAVAILABLE),
        *(_R.NEW_DEAL_ON_CLOSED, _R.TIMELINE_WAITS, _R.NOTIFY_ALL_CHATS, _R.CHANNEL_REP_DEFAULT),
        *(_R.CHANNEL_ONLY_REACHABLE, _R.GROUP_STAYS, _R.PROGRAMME_ALREADY, _R.PROGRAMME_STAYS),
        *(_R.RENEWAL_POINT_OF_CONTACT, _R.RENEWAL_COPY, _R.RENEWAL_LOGGED, _R.RENEWAL_STEP_DONE),
        *(_R.RENEWAL_SHOWN, _R.REQUEST_FAILED, _R.STORE_UNAVAILABLE, _R.MESSAGE_EMPTY),
    }
)
"""Where the detail never says more than the sentence does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A reason for a page: `first` is what is read, `more` a second line, or empty."""

    first: str
    more: str = ""
    is_english: bool = False
    """What `more` is in, where nobody has translated it."""


def sentence(code: ReasonCode, name: str = "", rule: str = "") -> str:
    """`name` is who it was decided for, `rule` the label of the rule that matched: said where they
    are known and the sentence has a place for them."""
    if rule and name and code in people.RULED:
        return str(people.RULED[code]) % {"name": name, "rule": rule}
    if name and code in NAMED:
        return str(NAMED[code]) % {"name": name}
    return str(SENTENCES[code])


def told(reason: Reason, name: str = "", rule: str = "") -> Told:
    """English readers get the detail alone, which has the names and values of this decision."""
    if language() == "en":
        return Told(first=begun(reason.detail) or sentence(reason.code, name, rule))
    first = sentence(reason.code, name, rule)
    if reason.code in WHOLE:
        return Told(first=first)
    more = said(reason.detail)
    return Told(first=first, more=begun(more.text), is_english=more.is_english)


def rule_of(record: Record) -> str:
    """What the rule that matched is called; empty where none did."""
    return next((rule.label or rule.id for rule in record.rules if rule.matched), "")
