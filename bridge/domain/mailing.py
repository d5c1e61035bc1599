"""Tells employees by e-mail too, where the configuration names an account for it."""

from collections.abc import Mapping

from bridge.domain.changes import Notify
from bridge.domain.effects import SendEmail
from bridge.domain.people import MailWish
from bridge.domain.policy import Policy
from bridge.domain.reasons import ReasonCode
from bridge.domain.subjects import SubjectKind

# No name, number or word of a client: whoever handles the mail is not allowed to read them.
_SUBJECTS: Mapping[ReasonCode, str] = {
    ReasonCode.NOTIFY_RESPONSIBLE: "A client of yours waits for an answer",
    ReasonCode.NOTIFY_NEW_CLIENT: "A new client waits for an answer",
    ReasonCode.NOTIFY_TARGET: "A client is given to you and waits for an answer",
    ReasonCode.NOTIFY_ALL_CHATS: "A client waits for an answer",
    ReasonCode.NOTIFY_NOBODY: "A client waits whom nobody takes",
    ReasonCode.NOTIFY_DEFAULT: "A client whom nobody could take went to the default",
    ReasonCode.OWNER_CHANGED: "A client is yours now",
    ReasonCode.CHANNEL_INACTIVE: "A channel has stopped working",
    ReasonCode.CLIENT_AMBIGUOUS: "Several contacts fit a client: please decide",
    ReasonCode.CLIENT_DUPLICATE: "Two contacts may be one client",
    ReasonCode.IDENTITY_MOVED: "A client has another number or id",
    ReasonCode.ACCOUNT_PAUSED: "An account is paused: its vendor refuses our credentials",
    ReasonCode.ACCOUNT_OUTAGE: "An account has stood still for an hour",
    ReasonCode.OWNER_LEFT: "An owner has left and still has clients",
    ReasonCode.CLAIM_OVERRULED: "The CRM has given a client of yours to somebody else",
    ReasonCode.MESSAGE_FAILED: "A message of yours did not get through",
    ReasonCode.MESSAGE_IN_DOUBT: "Nobody knows whether a message of yours arrived",
    ReasonCode.RENEWAL_NO_RECIPIENT: "A renewal notice reaches nobody",
    ReasonCode.RENEWAL_NO_CONTACT: "A renewal notice reaches nobody",
    ReasonCode.RENEWAL_NOT_HIS_USER: "A renewal notice reaches nobody",
    ReasonCode.RENEWAL_CONTACT_GONE: "A renewal notice reaches nobody",
    ReasonCode.RENEWAL_UNSENT: "A renewal notice could not leave",
    ReasonCode.RENEWAL_NO_REACTION: "A partner has not reacted to a renewal",
    ReasonCode.LEAD_DECLINED: "A partner has declined a lead",
    ReasonCode.LEAD_EXPIRED: "A partner has let a lead lie",
    ReasonCode.LEAD_NOBODY: "A lead is left that nobody takes",
    ReasonCode.LEAD_WRITE_FAILED: "The CRM did not take the new owner of a lead",
    ReasonCode.PARTNER_INACTIVE: "A partner's user has left",
    ReasonCode.PARTNER_ENABLING: "A partner is to be enabled in the CRM",
    ReasonCode.PARTNER_ENABLED: "A partner is enabled in the CRM now",
    ReasonCode.NOTIFY_TEST: "A test",
    ReasonCode.PLAN_ACTIVE: "The plan of a reseller's client is active again",
    ReasonCode.PLAN_EXHAUSTED: "A reseller's client has no units left",
    ReasonCode.PLAN_EXPIRED: "The plan of a reseller's client has expired",
    ReasonCode.PLAN_SUSPENDED: "A reseller's client is suspended",
    ReasonCode.PLAN_UNITS_LOW: "A reseller's client has few units left",
    ReasonCode.PLAN_ENDING: "The plan of a reseller's client ends soon",
}
_OF_PLANS = (
    ReasonCode.PLAN_ACTIVE,
    ReasonCode.PLAN_EXHAUSTED,
    ReasonCode.PLAN_EXPIRED,
    ReasonCode.PLAN_SUSPENDED,
    ReasonCode.PLAN_UNITS_LOW,
    ReasonCode.PLAN_ENDING,
)
_OWN_CLIENT = (
    "You are told because you own the client's record in the CRM, or look after his reseller. The "
    "record's timeline says more."
)
_WHY: Mapping[ReasonCode, str] = {
    ReasonCode.NOTIFY_RESPONSIBLE: "You are told because you answer for this client.",
    ReasonCode.NOTIFY_NEW_CLIENT: "You are told because you get new clients and nobody owns this "
    "one.",
    ReasonCode.NOTIFY_TARGET: "You are told because the rules gave this client to you.",
    ReasonCode.NOTIFY_ALL_CHATS: "You are told because managers hear all chats.",
    ReasonCode.NOTIFY_NOBODY: "You are told because no rule finds anybody for this client.",
    ReasonCode.NOTIFY_DEFAULT: "You are told because you are a manager: nobody who takes new "
    "clients was free.",
    ReasonCode.OWNER_CHANGED: "You are told because the CRM names you as the owner.",
    ReasonCode.CHANNEL_INACTIVE: "You are told because you are a manager.",
    ReasonCode.CLIENT_AMBIGUOUS: "You are told because only a manager may say whose client it is.",
    ReasonCode.CLIENT_DUPLICATE: "You are told because only a manager may join two contacts.",
    ReasonCode.IDENTITY_MOVED: "You are told because you answer for this client, or as a manager. "
    "The contact in the CRM still has what it had: change it there if that is right.",
    ReasonCode.ACCOUNT_PAUSED: "You are told because you are a manager. Nothing is lost: what is "
    "to be done waits. Run `bridge doctor`, correct the credentials, and it goes on.",
    ReasonCode.ACCOUNT_OUTAGE: "You are told because you are a manager. Nothing is lost: what is "
    "to be done waits and is tried again by itself; `bridge doctor` says what is wrong.",
    ReasonCode.OWNER_LEFT: "You are told because you are a manager. His chats go to the next owner "
    "or to the fallback; give his clients another owner in the CRM. `bridge doctor` counts them.",
    ReasonCode.CLAIM_OVERRULED: "You are told because you answered this client first, but the CRM "
    "names another owner.",
    ReasonCode.MESSAGE_FAILED: "You are told because you wrote it. The chat says why, and lets you "
    "send it again.",
    ReasonCode.MESSAGE_IN_DOUBT: "You are told because you wrote it. It is not sent again by "
    "itself: look at the client's phone or ask him, then send it again or mark it as sent.",
    ReasonCode.RENEWAL_NO_RECIPIENT: "You are told because you are a manager. The client has no "
    "primary, billing or decision-making contact: add one where the client is kept.",
    ReasonCode.RENEWAL_NO_CONTACT: "You are told because you are a manager. The partner owns the "
    "process and names nobody to be notified: name a user of his.",
    ReasonCode.RENEWAL_NOT_HIS_USER: "You are told because you are a manager. The person to be "
    "notified is no user of this partner (any more): name another.",
    ReasonCode.RENEWAL_CONTACT_GONE: "You are told because you are a manager. The person to be "
    "notified was deactivated: name another, or let the vendor send the notices.",
    ReasonCode.RENEWAL_UNSENT: "You are told because you are a manager. The renewal's page says "
    "why it could not leave.",
    ReasonCode.RENEWAL_NO_REACTION: "You are told because you are a manager. The partner owns the "
    "renewal process of this client, and nobody has said yet what comes of it.",
    ReasonCode.LEAD_DECLINED: "You are told because you own the partner's account in the CRM. The "
    "lead says why it was declined, and where it went.",
    ReasonCode.LEAD_EXPIRED: "You are told because you own the partner's account in the CRM. The "
    "lead has gone on to the next.",
    ReasonCode.LEAD_NOBODY: "You are told because you are a manager. Everybody whom the rules name "
    "has declined it or can't have it: give it to somebody.",
    ReasonCode.LEAD_WRITE_FAILED: "You are told because you own the partner's account in the CRM, "
    "or as a manager. The lead says what the CRM answered.",
    ReasonCode.PARTNER_INACTIVE: "You are told because you own the partner's account in the CRM. "
    "Leads that he has stay with him until you give them to somebody else.",
    ReasonCode.PARTNER_ENABLING: "You are told because you are a manager. The task on the account "
    "in the CRM says step by step what its admin does there; the bridge sees when it is done.",
    ReasonCode.PARTNER_ENABLED: "You are told because you asked for it.",
    ReasonCode.NOTIFY_TEST: "You are told because you asked for it.",
    **dict.fromkeys(_OF_PLANS, _OWN_CLIENT),
}
_KINDS = {
    ReasonCode.ACCOUNT_PAUSED: "Account",
    ReasonCode.ACCOUNT_OUTAGE: "Account",
    ReasonCode.OWNER_LEFT: "Owner",
    ReasonCode.LEAD_DECLINED: "Lead",
    ReasonCode.LEAD_EXPIRED: "Lead",
    ReasonCode.LEAD_NOBODY: "Lead",
    ReasonCode.LEAD_WRITE_FAILED: "Lead",
    ReasonCode.PARTNER_INACTIVE: "Partner",
    ReasonCode.PARTNER_ENABLING: "Partner",
    ReasonCode.PARTNER_ENABLED: "Partner",
}


_OF_RENEWALS = frozenset(
    {
        ReasonCode.RENEWAL_NO_RECIPIENT,
        ReasonCode.RENEWAL_NO_CONTACT,
        ReasonCode.RENEWAL_NOT_HIS_USER,
        ReasonCode.RENEWAL_CONTACT_GONE,
        ReasonCode.RENEWAL_UNSENT,
        ReasonCode.RENEWAL_NO_REACTION,
    }
)


def mail(notice: Notify, policy: Policy, key: str, public_url: str) -> SendEmail | None:
    """One mail; None where he wants none, or hears of it by digest."""
    employee = policy.employee(notice.employee)
    if employee.mail is MailWish.NONE:
        return None
    if notice.conversation is not None and employee.mail is MailWish.DIGEST:
        return None
    where = _where(notice)
    about = f"{_kind(notice.code)}: {notice.about}" if notice.about else ""
    return SendEmail(
        key=key,
        recipient=notice.employee,
        subject=_SUBJECTS[notice.code],
        text="\n\n".join(x for x in (_WHY[notice.code], about, f"{public_url}{where}") if x),
        employee=notice.employee,
        conversation=notice.conversation,
    )


def _where(notice: Notify) -> str:
    if notice.conversation:
        return f"/conversations/{notice.conversation}"
    if notice.subject.startswith(f"{SubjectKind.LEAD}:"):
        return f"/partners/leads/{notice.about}"
    return f"/renewals/{notice.about}" if notice.code in _OF_RENEWALS else "/"


def _kind(code: ReasonCode) -> str:
    if code in _OF_PLANS:
        return "Record of the CRM"
    return "Renewal" if code in _OF_RENEWALS else _KINDS.get(code, "Channel")
