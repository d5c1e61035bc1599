"""HubSpot's answers → our errors, told apart by what happens next.

Sources: https://developers.hubspot.com/docs/api-reference/error-handling (statuses, 423, 477),
https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (limits and their
policy names). HubSpot documents no Retry-After for the rate limits of API clients.
"""

import re
from datetime import datetime, timedelta

from bridge.domain.errors import (
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.payload import Payload
from connectors.http import HttpAnswer, error_for, retry_after

_WINDOW = timedelta(seconds=10)
_SECOND = timedelta(seconds=1)
_LOCKED = timedelta(seconds=2)
_MIGRATING = timedelta(minutes=5)
_QUOTA_PROBE = timedelta(hours=1)
_LIMITS = ("RATE_LIMIT", "RATE_LIMITS")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_EXISTING = re.compile(r"Existing ID:\s*(\d{1,20})")
_NAMED = re.compile(
    r'"?(?:name|propertyName)"?:\s*"([a-z0-9_]{1,60})"|Property "([a-z0-9_]{1,60})"'
)


class AlreadyExists(DeliveryRejected):
    """What was to be made is there already, under `existing`."""

    def __init__(self, message: str, existing: str) -> None:
        super().__init__(message, status=409, code="CONFLICT")
        self.existing = existing


def checked(operation: str, answer: HttpAnswer, now: datetime) -> Payload:
    """The JSON object of a 2xx answer; raises one of our errors for everything else."""
    if not 200 <= answer.status < 300:
        raise _error(operation, answer, now)
    try:
        payload = answer.payload()
        payload.mapping()
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"{operation}: HTTP {answer.status} without JSON") from error
    return payload


def _error(operation: str, answer: HttpAnswer, now: datetime) -> Exception:
    body = _body(answer)
    said = f"{operation}: HTTP {answer.status}"
    if answer.status in (403, 429) and (answer.status == 429 or _is_limit(body)):
        until = retry_after(answer, now) or _limit_ends(operation, body, now)
        limit = _word(body, "policyName") or "rate limit"
        return DeliveryTransient(f"{said}: {limit}", retry_at=until, account_wide=True)
    if answer.status == 477:
        until = retry_after(answer, now) or now + _MIGRATING
        cause = f"{said}: the account is being moved to another data centre"
        return DeliveryTransient(cause, retry_at=until, account_wide=True)
    if answer.status == 423:
        until = retry_after(answer, now) or now + _LOCKED
        return DeliveryTransient(f"{said}: locked", retry_at=until)
    if 400 <= answer.status < 500 and answer.status not in (401, 408, 425):
        return refusal(said, body, answer.status)
    return error_for(operation, answer, now, _word(body, "category"))


def _is_limit(body: Payload) -> bool:
    words = (_word(body, "category"), _word(body, "errorType"))
    return bool(_word(body, "policyName")) or any(word in _LIMITS for word in words)


def _limit_ends(operation: str, body: Payload, now: datetime) -> datetime:
    """The daily quota ends at the account's midnight, whose time zone we don't know: ask hourly."""
    policy = _word(body, "policyName")
    if policy == "DAILY":
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return min(midnight, now + _QUOTA_PROBE)
    if policy == "SECONDLY" or operation.endswith("search"):
        return now + _SECOND
    return now + _WINDOW


def code_of(error: Payload) -> str:
    """The most telling code of an error body: that of its first detail, else its category."""
    details = _details(error)
    codes = [_word(detail, "code") or _word(detail, "error") for detail in details]
    return next((code for code in codes if code), "") or _word(error, "category")


def explained(error: Payload) -> str:
    """Codes and names of properties; never the message itself, which repeats values sent."""
    words = [_word(error, "category"), _word(error, "subCategory"), code_of(error)]
    said = " ".join(dict.fromkeys(word for word in words if word)) or "no reason given"
    properties = named_properties(error)
    return f"{said} (property {', '.join(properties)})" if properties else said


def named_properties(error: Payload) -> tuple[str, ...]:
    texts = [error, *_details(error)]
    found = (match for text in texts for match in _NAMED.findall(_text(text, "message")))
    in_context = (name for text in texts for name in context(text, "propertyName"))
    names = ("".join(pair) for pair in found)
    return tuple(dict.fromkeys(name for name in (*names, *in_context) if _CODE.fullmatch(name)))


def refusal(said: str, error: Payload, status: int) -> DeliveryRejected:
    """The error for one thing refused. HubSpot names what is doubled only in the text of a 409."""
    existing = _EXISTING.search(_text(error, "message"))
    if existing is not None:
        known = existing.group(1)
        return AlreadyExists(f"{said}: exists already as {known}", known)
    return DeliveryRejected(f"{said}: {explained(error)}", status=status, code=code_of(error))


def context(error: Payload, name: str) -> tuple[str, ...]:
    """The texts of `context.<name>`, which HubSpot always sends as a list."""
    try:
        values = error.at("context").at(name).items()
        return tuple(value.text() for value in values)
    except PayloadInvalid:
        return ()


def _details(error: Payload) -> list[Payload]:
    try:
        return list(error.at("errors").items())
    except PayloadInvalid:
        return []


def _body(answer: HttpAnswer) -> Payload:
    try:
        body = answer.payload()
        body.mapping()
        return body
    except PayloadInvalid:
        return Payload({})


def _word(error: Payload, name: str) -> str:
    word = _text(error, name)
    return word if _CODE.fullmatch(word) else ""


def _text(error: Payload, name: str) -> str:
    try:
        return error.text_or(name)
    except PayloadInvalid:
        return ""
