"""How values look on a page: times with their zone, initials, folded texts, words for codes."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from babel.dates import format_datetime, format_skeleton
from markupsafe import Markup

from bridge.domain.client_differences import said_of_service
from bridge.domain.messaging import ChannelState, MediaKind, MessageStatus, Messenger
from bridge.domain.partner_leads import How, LeadState
from bridge.domain.reasons import ReasonCode
from bridge.web.languages import language, zone
from bridge.web.wording import EFFECTS, EVENTS, MEDIA, MESSENGERS

FOLD_AFTER = 160
_HUES = 8
_STATUS = {
    MessageStatus.RECEIVED: "received",
    MessageStatus.QUEUED: "on its way",
    MessageStatus.SENT: "sent",
    MessageStatus.DELIVERED: "delivered",
    MessageStatus.READ: "read",
    MessageStatus.PLAYED: "listened to",
    MessageStatus.FAILED: "failed",
    MessageStatus.UNKNOWN: "not known yet",
}
_TOLD = {
    ReasonCode.NOTIFY_RESPONSIBLE: "Your client wrote",
    ReasonCode.NOTIFY_NEW_CLIENT: "A new client wrote whom nobody owns yet",
    ReasonCode.NOTIFY_ALL_CHATS: "A client wrote; managers hear all chats",
    ReasonCode.NOTIFY_TARGET: "A client was given to you",
    ReasonCode.OWNER_CHANGED: "This client is yours now",
    ReasonCode.CHANNEL_INACTIVE: "A channel stopped working; look at your messenger's account",
    ReasonCode.ACCOUNT_PAUSED: "A vendor refuses our credentials; `bridge doctor` says what to do",
    ReasonCode.CLIENT_AMBIGUOUS: "Several contacts fit a client: please say whose he is",
    ReasonCode.CLIENT_DUPLICATE: "Two contacts may be one client: please look",
    ReasonCode.IDENTITY_MOVED: "A client has another number or id; the CRM still has the old one",
    ReasonCode.NOTIFY_NOBODY: "A client wrote and nobody could be found for him",
    ReasonCode.OWNER_LEFT: "An owner has left; give the clients another one in the CRM",
    ReasonCode.ACCOUNT_OUTAGE: "An account has stood still for an hour; what is to be done waits",
    ReasonCode.MESSAGE_FAILED: "A message of yours did not get through; the chat says why",
    ReasonCode.MESSAGE_IN_DOUBT: "Nobody knows whether a message of yours arrived: decide there",
    ReasonCode.LEAD_GIVEN: "A lead is offered to you",
    ReasonCode.LEAD_QUEUED: "A lead waits in a queue of yours",
    ReasonCode.LEAD_LOST: "A lead of yours was given to somebody else",
    ReasonCode.LEAD_DECLINED: "A partner has declined a lead",
    ReasonCode.LEAD_EXPIRED: "A partner did not accept a lead in time",
    ReasonCode.LEAD_NOBODY: "Nobody is left who could get a lead: please give it to somebody",
    ReasonCode.LEAD_WRITE_FAILED: "The CRM did not take the new owner of a lead",
    ReasonCode.PARTNER_ENABLING: "A partner or a partner's user is to be enabled in the CRM",
    ReasonCode.PARTNER_ENABLED: "What you asked to enable in the CRM is enabled now",
    ReasonCode.CLAIM_OVERRULED: "The CRM gave a client of yours to somebody else",
    ReasonCode.RENEWAL_NO_RECIPIENT: "A renewal notice reaches nobody: the client has no contact",
    ReasonCode.RENEWAL_NO_CONTACT: "A renewal notice reaches nobody: name a point of contact",
    ReasonCode.RENEWAL_NOT_HIS_USER: "A renewal notice reaches nobody: name a user of the partner",
    ReasonCode.RENEWAL_CONTACT_GONE: "A renewal notice reaches nobody: its receiver is deactivated",
    ReasonCode.RENEWAL_UNSENT: "A renewal notice could not leave; the renewal's page says why",
    ReasonCode.RENEWAL_NO_REACTION: "A partner has not reacted to a renewal that is near",
    ReasonCode.PLAN_ACTIVE: "The plan of a reseller's client is active again",
    ReasonCode.PLAN_EXHAUSTED: "A reseller's client has no units left",
    ReasonCode.PLAN_EXPIRED: "The plan of a reseller's client has expired",
    ReasonCode.PLAN_SUSPENDED: "A reseller's client is suspended",
    ReasonCode.PLAN_UNITS_LOW: "A reseller's client has few units left",
    ReasonCode.PLAN_ENDING: "The plan of a reseller's client ends soon",
}
_DEEDS = {
    "edit": "Edit",
    "add_units": "Add units",
    "renew": "Renew",
    "suspend": "Suspend",
    "activate": "Activate",
    "archive": "Archive",
    "unarchive": "Out of the archive",
    "sign_in_as": "Sign in as",
}
_LEAD = {
    LeadState.RETURNED: "returned",
    LeadState.HELD: "not with a partner",
    LeadState.QUEUED: "in a queue",
    LeadState.OFFERED: "offered",
    LeadState.ACCEPTED: "accepted",
    LeadState.CLOSED: "closed",
    LeadState.CONVERTED: "converted",
    LeadState.GONE: "deleted in the CRM",
}
_LEAD_HOW = {
    How.MANUAL: "by hand",
    How.QUEUE: "taken from a queue",
    How.ROUND_ROBIN: "in turn",
    How.RULE: "by a rule",
    How.DEFAULT: "the default owner",
    How.CRM: "set in the CRM",
    How.UNDO: "given back",
}
_OUTBOX = {
    "pending": "waiting",
    "leased": "being sent",
    "held": "held",
    "unknown": "being looked up",
    "done": "done",
    "dead": "failed",
    "dropped": "dropped",
}


def moment(when: datetime, now: datetime) -> Markup:
    """The time as the reader's clock has it, with the day where it is not today's."""
    here = zone()
    local, today = when.astimezone(here), now.astimezone(here)
    exact = format_datetime(local, "full", tzinfo=here, locale=language())
    text = clock(when)
    if local.date() != today.date():
        skeleton = "MMMd" if local.year == today.year else "yMMMd"
        text = f"{format_skeleton(skeleton, local, tzinfo=here, locale=language())}, {text}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(when.isoformat(), exact, text)


def clock(when: datetime) -> str:
    """Hours and minutes where the reader is; "UTC" beside them where that is not known."""
    here = zone()
    return f"{when.astimezone(here):%H:%M}{' UTC' if here.key == 'UTC' else ''}"


def initials(name: str) -> str:
    """At most two letters; a number has none."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalpha()]
    return "".join(word[0].upper() for word in words[:2]) or "#"


def hue(name: str) -> str:
    """The CSS class of somebody's colour: the same for the same name."""
    return f"hue-{hashlib.sha256(name.encode('utf-8', 'replace')).digest()[0] % _HUES}"


def folded(text: str) -> str:
    """The first line, shortened."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= FOLD_AFTER else line[: FOLD_AFTER - 1].rstrip() + "…"


def is_long(text: str) -> bool:
    return folded(text) != text.strip()


def age(seconds: int | None) -> str:
    """How old a fact was, in the largest unit that fits."""
    if seconds is None:
        return "our own"
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} old"
    return "fresh"


def messenger(name: Messenger) -> str:
    return MESSENGERS[name]


def media(kind: MediaKind) -> str:
    return MEDIA[kind]


def message_status(status: MessageStatus) -> str:
    return _STATUS[status]


def outbox_state(state: str) -> str:
    return _OUTBOX.get(state, state)


def channel_state(state: ChannelState) -> str:
    return state.value.replace("_", " ")


def lead_state(state: LeadState) -> str:
    return _LEAD[state]


def lead_how(how: How) -> str:
    return _LEAD_HOW[how]


def event(kind: str) -> str:
    return EVENTS.get(kind, kind)


def told(code: ReasonCode) -> str:
    """Why somebody was notified."""
    return _TOLD.get(code, code.value)


def deed(action: str) -> str:
    """An action on a client, as a link says it."""
    return _DEEDS.get(action, action)


def service(value: bool | int) -> str:
    return said_of_service(value)


def capitalize_first(text: str) -> str:
    """As a sentence begins; an e-mail address stays as it is."""
    return text if "@" in text.partition(" ")[0] else text[:1].upper() + text[1:]


def effect(kind: str) -> str:
    return EFFECTS.get(kind, kind)


FILTERS: dict[str, Callable[..., object]] = {
    name.__name__: name
    for name in (
        moment,
        clock,
        initials,
        hue,
        folded,
        is_long,
        age,
        messenger,
        media,
        message_status,
        outbox_state,
        channel_state,
        lead_state,
        lead_how,
        event,
        effect,
        told,
        deed,
        service,
        capitalize_first,
    )
}
