"""What a homeserver's refusal means for a delivery, by its `errcode`."""

from datetime import timedelta

from bridge.ports import AccountDown, Delivery, Outcome, Rejected, RetryAt, Unknown
from connectors.http import HttpAnswer
from connectors.matrix.client import error_code, limited_until

OUTAGE = timedelta(seconds=15)
FULL = timedelta(hours=1)
_OFF = frozenset({"M_USER_DEACTIVATED", "M_USER_SUSPENDED", "M_USER_LOCKED"})
_TODO = {
    "M_FORBIDDEN": "the bridge's user is not in this room or may not write there: the client has "
    "to invite it again; if no room works, see `bridge doctor`",
    "M_NOT_FOUND": "there is no such room or message any more: reach the client another way",
    "M_TOO_LARGE": "the file or text is larger than the homeserver takes: send less",
    "M_BAD_ALIAS": "the chat id is no room of Matrix",
    "M_INVALID_PARAM": "the chat id is no room of Matrix, or the answered message no message",
    "M_UNABLE_TO_AUTHORISE_JOIN": "the room lets only members of another room in",
    "M_INCOMPATIBLE_ROOM_VERSION": "the homeserver is too old for this room: update it",
    "M_EXCLUSIVE": "the option user is not in the registration's namespace: see `bridge doctor`",
}


def outcome_of(operation: str, delivery: Delivery, answer: HttpAnswer) -> Outcome:
    """Of any answer outside 2xx."""
    code = error_code(answer)
    told = f"{operation}: HTTP {answer.status}{f' {code}' if code else ''}"
    if answer.status == 401 or code in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"):
        return AccountDown(cause=f"{told}, the as_token is refused")
    if code in _OFF or code == "M_CONSENT_NOT_GIVEN":
        return AccountDown(cause=f"{told}: the homeserver's admin has to let the user write")
    if code == "M_RESOURCE_LIMIT_EXCEEDED":
        return AccountDown(cause=f"{told}: the homeserver is full", until=delivery.now + FULL)
    if answer.status == 429 or code == "M_LIMIT_EXCEEDED":
        until = limited_until(answer, delivery.now) or delivery.now + OUTAGE
        return AccountDown(cause=told, until=max(until, delivery.now + timedelta(seconds=1)))
    if answer.status in (408, 423, 425):
        return RetryAt(when=delivery.now + OUTAGE, reason=told)
    return _of_status(told, code, delivery, answer)


def _of_status(told: str, code: str, delivery: Delivery, answer: HttpAnswer) -> Outcome:
    if not 400 <= answer.status < 500:
        return Unknown(reason=told)
    if not code or code == "M_UNRECOGNIZED":
        cause = f"{told}, not in Matrix' words: is base_url the homeserver's?"
        return AccountDown(cause=cause, until=delivery.now + OUTAGE)
    return Rejected(reason=code, detail=_TODO.get(code, "see the homeserver's log"))
