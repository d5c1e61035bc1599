"""What Meta tells of the account itself: templates, phone numbers, restrictions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.errors import EventUnsupported
from bridge.domain.events import ChannelChanged, Event, TemplateChanged
from bridge.domain.messaging import ChannelState
from bridge.domain.names import AccountName, EventKey
from bridge.payload import Payload
from connectors.whatsapp.reading import digits_of, identifier, identifier_or, word
from connectors.whatsapp.words import ACCOUNT_EVENTS, BANS, FULL_RESTRICTION, NUMBER_EVENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Of which account and when: `at` is the entry's time, which a redelivery has as well, and
    `mark` that time in a key."""

    account: AccountName
    at: datetime
    mark: str


def account_event(told: Told, field: str, value: Payload) -> Event:
    """Raises EventUnsupported for what changes neither a template nor a channel."""
    read = _READERS.get(field)
    if read is None:
        raise EventUnsupported(f"field:{field}")
    return read(told, value)


def _template_status(told: Told, value: Payload) -> TemplateChanged:
    reason = value.text_or("reason")
    because = "" if reason == "NONE" else reason
    return _template(told, value, value.at("event").text().lower(), because)


def _template_quality(told: Told, value: Payload) -> TemplateChanged:
    before, after = word(value, "previous_quality_score"), word(value, "new_quality_score")
    return _template(told, value, "", f"quality {before} → {after}")


def _template_category(told: Told, value: Payload) -> TemplateChanged:
    category = value.text_or("new_category") or value.text_or("correct_category")
    return _template(told, value, "", f"category {category}")


def _template_text(told: Told, value: Payload) -> TemplateChanged:
    return _template(told, value, "", "its text has changed")


def _template(told: Told, value: Payload, state: str, detail: str) -> TemplateChanged:
    template_id = identifier(value, "message_template_id")
    return TemplateChanged(
        event_key=EventKey(f"template:{template_id}:{state or detail}:{told.mark}"),
        occurred_at=told.at,
        account=told.account,
        raw=value.raw(),
        template_id=template_id,
        name=value.text_or("message_template_name"),
        state=state,
        language=value.text_or("message_template_language"),
        detail=detail,
    )


def _number_quality(told: Told, value: Payload) -> ChannelChanged:
    event = value.at("event").text()
    if event not in NUMBER_EVENTS:
        raise EventUnsupported(f"phone_number_quality_update:{word(value, 'event')}")
    limit = value.text_or("max_daily_conversations_per_business") or value.text_or("current_limit")
    return _channel(told, value, NUMBER_EVENTS[event], f"{event} {limit}".strip())


def _account_update(told: Told, value: Payload) -> ChannelChanged:
    event = value.at("event").text()
    if event == "DISABLED_UPDATE":
        ban = _inside(value, "ban_info", "waba_ban_state")
        return _channel(told, value, BANS.get(ban, ChannelState.UNKNOWN), f"{event} {ban}".strip())
    if event == "ACCOUNT_RESTRICTION":
        return _restriction(told, value)
    if event not in ACCOUNT_EVENTS:
        raise EventUnsupported(f"account_update:{word(value, 'event')}")
    violation = _inside(value, "violation_info", "violation_type")
    return _channel(told, value, ACCOUNT_EVENTS[event], f"{event} {violation}".strip())


def _restriction(told: Told, value: Payload) -> ChannelChanged:
    """An account that may not write first still answers; one that may do neither is blocked."""
    found = value.get("restriction_info")
    kinds = [] if found is None else [one.text_or("restriction_type") for one in found.items()]
    blocked = set(kinds) >= FULL_RESTRICTION
    state = ChannelState.BLOCKED if blocked else None
    return _channel(told, value, state, " ".join(("ACCOUNT_RESTRICTION", *kinds)))


def _review(told: Told, value: Payload) -> ChannelChanged:
    decision = value.at("decision").text()
    state = ChannelState.BLOCKED if decision == "REJECTED" else ChannelState.ACTIVE
    if decision not in ("REJECTED", "APPROVED"):
        raise EventUnsupported(f"account_review_update:{word(value, 'decision')}")
    return _channel(told, value, state, f"review {decision}")


def _channel(told: Told, value: Payload, state: ChannelState | None, detail: str) -> ChannelChanged:
    """Meta names a number by its digits here, the whole account by none."""
    number = digits_of(identifier_or(value, "display_phone_number")) or digits_of(
        identifier_or(value, "phone_number")
    )
    return ChannelChanged(
        event_key=EventKey(f"channel:{number or 'all'}:{detail}:{told.mark}"),
        occurred_at=told.at,
        account=told.account,
        raw=value.raw(),
        channel_id="",
        plain_id=number,
        state=state,
        detail=detail,
    )


def _inside(value: Payload, key: str, inner: str) -> str:
    found = value.get(key)
    return "" if found is None else identifier_or(found, inner)


_READERS: Mapping[str, Callable[[Told, Payload], Event]] = {
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "template_category_update": _template_category,
    "message_template_components_update": _template_text,
    "phone_number_quality_update": _number_quality,
    "account_update": _account_update,
    "account_review_update": _review,
}
