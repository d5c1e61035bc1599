"""How partners' leads look on a page: states, kinds of owners, checks of a user, time left."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bridge.domain.crm_partners import Openness
from bridge.domain.partner_leads import LeadState
from bridge.pipeline.partnering.standing import CandidateKind
from bridge.web.languages import Said, _, _l, _n

IN_TURN, BY_RULES = "in_turn", "rules"
OWNER_KINDS: Mapping[str, Said] = {
    CandidateKind.PARTNER_USER.value: _l("Partner user"),
    CandidateKind.QUEUE.value: _l("Queue"),
    IN_TURN: _l("In turn"),
    CandidateKind.EMPLOYEE.value: _l("Employee"),
    BY_RULES: _l("By the rules"),
}
"""The owner picker's kinds: what is chosen first (PRM-17)."""
_TONES: Mapping[LeadState, str] = {
    LeadState.RETURNED: "warn",
    LeadState.HELD: "",
    LeadState.QUEUED: "info",
    LeadState.OFFERED: "warn",
    LeadState.ACCEPTED: "good",
    LeadState.CLOSED: "",
    LeadState.CONVERTED: "good",
    LeadState.GONE: "bad",
}
_ICONS: Mapping[LeadState, str] = {
    LeadState.RETURNED: "arrow-back-up",
    LeadState.HELD: "user",
    LeadState.QUEUED: "stack-2",
    LeadState.OFFERED: "alarm",
    LeadState.ACCEPTED: "check",
    LeadState.CLOSED: "archive",
    LeadState.CONVERTED: "circle-check",
    LeadState.GONE: "trash",
}
_CHECKS: Mapping[str, tuple[Said, Said]] = {
    "known": (
        _l("known to the CRM"),
        _l("Add him to the partner's account in the CRM as a contact."),
    ),
    "user": (_l("is a user"), _l("Enable the contact as a partner user in the CRM.")),
    "member": (
        _l("member of the community"),
        _l("Add his profile or a permission set to the community."),
    ),
    "published": (
        _l("community published"),
        _l("Publish the community, so that others can see it."),
    ),
    "active": (_l("active"), _l("Activate his user in the CRM.")),
    "signed_in": (_l("has signed in"), _l("Ask him to sign in to the community once.")),
}
_OPENNESS: Mapping[Openness, Said] = {
    Openness.DEFAULT: _l("default for everybody outside"),
    Openness.RULE: _l("sharing rule"),
    Openness.FOLDER: _l("folder"),
    Openness.GROUP: _l("group"),
}


def lead_tone(state: LeadState) -> str:
    return _TONES[state]


def lead_icon(state: LeadState) -> str:
    return _ICONS[state]


def partner_check(name: str) -> str:
    """One thing that a partner's user needs before he can be given leads."""
    return str(_CHECKS[name][0])


def partner_to_do(name: str) -> str:
    """What to do where it does not hold."""
    return str(_CHECKS[name][1])


def openness(kind: Openness) -> str:
    return str(_OPENNESS[kind])


def time_left(until: datetime, now: datetime) -> str:
    """In the largest unit that fits, never more than there is."""
    seconds = int((until - now).total_seconds())
    if seconds >= 86_400:
        return _n("%(num)s day left", "%(num)s days left", seconds // 86_400)
    if seconds >= 3_600:
        return _n("%(num)s hour left", "%(num)s hours left", seconds // 3_600)
    if seconds >= 60:
        return _n("%(num)s minute left", "%(num)s minutes left", seconds // 60)
    return _("less than a minute left") if seconds > 0 else _("the time is up")


LEAD_FILTERS: dict[str, Callable[..., object]] = {
    "lead_tone": lead_tone,
    "lead_icon": lead_icon,
    "partner_check": partner_check,
    "partner_to_do": partner_to_do,
    "openness": openness,
    "time_left": time_left,
}
