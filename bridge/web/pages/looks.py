"""How values look on a page: times with their zone, initials, folded texts, words for codes."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from markupsafe import Markup

from bridge.domain.client_differences import said_of_service
from bridge.domain.messaging import ChannelState, MediaKind, MessageStatus, Messenger
from bridge.domain.partner_leads import How, LeadState
from bridge.domain.pieces import beginning
from bridge.web import reasons_said
from bridge.web.days_said import held_for
from bridge.web.details import begun, detail, within
from bridge.web.languages import Said, _, _l, _n, language, zone
from bridge.web.pages.linking import linked
from bridge.web.reasons_said import sentence
from bridge.web.reasons_said.facts import check_value, check_words
from bridge.web.reasons_said.notices import told
from bridge.web.wording import MEDIA, MESSENGERS, effect_words, event_words

FOLD_AFTER = 160
_HUES = 8
_STATUS: Mapping[MessageStatus, Said] = {
    MessageStatus.RECEIVED: _l("received"),
    MessageStatus.QUEUED: _l("on its way"),
    MessageStatus.SENT: _l("sent"),
    MessageStatus.DELIVERED: _l("delivered"),
    MessageStatus.READ: _l("read"),
    MessageStatus.PLAYED: _l("listened to"),
    MessageStatus.FAILED: _l("failed"),
    MessageStatus.UNKNOWN: _l("not known yet"),
}
_DEEDS: Mapping[str, Said] = {
    "edit": _l("Edit"),
    "add_units": _l("Add units"),
    "renew": _l("Renew"),
    "suspend": _l("Suspend"),
    "activate": _l("Activate"),
    "archive": _l("Archive"),
    "unarchive": _l("Out of the archive"),
    "sign_in_as": _l("Sign in as"),
}
_LEAD: Mapping[LeadState, Said] = {
    LeadState.RETURNED: _l("returned"),
    LeadState.HELD: _l("not with a partner"),
    LeadState.QUEUED: _l("in a queue"),
    LeadState.OFFERED: _l("offered"),
    LeadState.ACCEPTED: _l("accepted"),
    LeadState.CLOSED: _l("closed"),
    LeadState.CONVERTED: _l("converted"),
    LeadState.GONE: _l("deleted in the CRM"),
}
_LEAD_HOW: Mapping[How, Said] = {
    How.MANUAL: _l("by hand"),
    How.QUEUE: _l("taken from a queue"),
    How.ROUND_ROBIN: _l("in turn"),
    How.RULE: _l("by a rule"),
    How.DEFAULT: _l("the default owner"),
    How.CRM: _l("set in the CRM"),
    How.UNDO: _l("given back"),
}
_CHANNEL: Mapping[ChannelState, Said] = {
    ChannelState.ACTIVE: _l("works"),
    ChannelState.CONNECTING: _l("is being connected"),
    ChannelState.UNREACHABLE: _l("can't be reached"),
    ChannelState.UNPAID: _l("is not paid for"),
    ChannelState.BLOCKED: _l("is blocked"),
    ChannelState.DISABLED: _l("is switched off"),
    ChannelState.UNKNOWN: _l("state not known"),
}
_STANDING: Mapping[str, Said] = {
    "ok": _l("works"),
    "down": _l("does not answer"),
    "polling": _l("without Redis"),
    "redis": _l("Redis works"),
    "redis down": _l("Redis does not answer"),
}
_OUTBOX: Mapping[str, Said] = {
    "pending": _l("waiting"),
    "leased": _l("being sent"),
    "held": _l("held"),
    "unknown": _l("being looked up"),
    "done": _l("done"),
    "dead": _l("failed"),
    "dropped": _l("dropped"),
}


def moment(when: datetime, now: datetime) -> Markup:
    """The time as the reader's clock has it, with the day where it is not today's."""
    here = zone()
    local, today = when.astimezone(here), now.astimezone(here)
    exact = f"{local:%Y-%m-%d %H:%M:%S} {here.key}"
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
    return line if len(line) <= FOLD_AFTER else beginning(line, FOLD_AFTER - 1).rstrip() + "…"


def is_long(text: str) -> bool:
    return folded(text) != text.strip()


def number(count: int) -> str:
    """With the marks between thousands that the reader is used to."""
    return str(format_decimal(count, locale=language()))


def age(seconds: int | None) -> str:
    """How old a fact was, in the largest unit that fits."""
    if seconds is None:
        return _("our own")
    if seconds >= 86_400:
        return _n("%(num)s day old", "%(num)s days old", seconds // 86_400)
    if seconds >= 3_600:
        return _n("%(num)s hour old", "%(num)s hours old", seconds // 3_600)
    if seconds >= 60:
        return _n("%(num)s minute old", "%(num)s minutes old", seconds // 60)
    return _("fresh")


def messenger(name: Messenger) -> str:
    return str(MESSENGERS[name])


def media(kind: MediaKind) -> str:
    return str(MEDIA[kind])


def message_status(status: MessageStatus) -> str:
    return str(_STATUS[status])


def outbox_state(state: str) -> str:
    return str(_OUTBOX.get(state, state))


def standing(state: str) -> str:
    """How a part of the house is, as its health says it."""
    return str(_STANDING.get(state, state))


def channel_state(state: ChannelState) -> str:
    return str(_CHANNEL[state])


def lead_state(state: LeadState) -> str:
    return str(_LEAD[state])


def lead_how(how: How) -> str:
    return str(_LEAD_HOW[how])


def event(kind: str) -> str:
    return event_words(kind)


def deed(action: str) -> str:
    """An action on a client, as a link says it."""
    return str(_DEEDS.get(action, action))


def service(value: bool | int) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return said_of_service(value)


def capitalize_first(text: str) -> str:
    """As a sentence begins."""
    return begun(text)


def effect(kind: str) -> str:
    return effect_words(kind)


_MORE: dict[str, Callable[..., object]] = {
    "reasoned": reasons_said.told,
    "detail": detail,
    "within": within,
    "asked_of": check_words,
    "asked_value": lambda codes, check: check_value(check, codes),
    "held_for": held_for,
    "sentence": sentence,
}
FILTERS: dict[str, Callable[..., object]] = _MORE | {
    name.__name__: name
    for name in (
        moment,
        clock,
        initials,
        hue,
        folded,
        is_long,
        beginning,
        linked,
        age,
        number,
        messenger,
        media,
        message_status,
        outbox_state,
        standing,
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
