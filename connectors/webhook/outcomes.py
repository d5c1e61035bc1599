"""What the other side's answer to an order means for its row."""

import re
from collections.abc import Mapping
from datetime import timedelta

from bridge.ports import AccountDown, Delivery, Done, Outcome, Rejected, RetryAt, Unknown
from connectors.http import HttpAnswer, retry_after
from connectors.webhook.client import NOT_OFFERED, answered_object, error_code
from connectors.webhook.orders import WITHOUT_ID
from connectors.webhook.words import MAX_ID

RATE_WAIT = timedelta(seconds=10)
OUTAGE = timedelta(seconds=15)
MISLED = timedelta(minutes=5)
_SAFE_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,80}")


def outcome_of(delivery: Delivery, word: str, answer: HttpAnswer) -> Outcome:
    operation = f"webhook: {word}: HTTP {answer.status}"
    if 200 <= answer.status < 300:
        return _done(word, operation, answer)
    if answer.status in (401, 410):
        return AccountDown(cause=f"{operation}, {_REFUSED[answer.status]}")
    if answer.status == 429 or (answer.status == 403 and "retry-after" in answer.headers):
        until = retry_after(answer, delivery.now) or delivery.now
        return AccountDown(cause=operation, until=max(until, delivery.now + RATE_WAIT))
    if answer.status in (408, 423, 425):
        when = retry_after(answer, delivery.now) or delivery.now + OUTAGE
        return RetryAt(when=when, reason=operation)
    if answer.status == NOT_OFFERED:
        return Rejected(reason="not_offered", detail=f"{operation}: the other side does not do it")
    if answer.status >= 500:
        return Unknown(reason=operation)
    return _refused(delivery, operation, answer)


_REFUSED = {
    401: "the signature is refused: both sides need the same signing secret, and the right time",
    410: "the other side wants nothing more: correct base_url, or take the account out",
}


def _refused(delivery: Delivery, operation: str, answer: HttpAnswer) -> Outcome:
    """A 4xx with an error code is about this order; without one nobody there knows our orders."""
    code = error_code(answer)
    if not code:
        cause = f"{operation} without an error code: is base_url the address for our orders?"
        return AccountDown(cause=cause, until=delivery.now + MISLED)
    shown = code if _SAFE_CODE.fullmatch(code) else f"HTTP_{answer.status}"
    said = f"{operation} {shown}: its log tells why under webhook-id {delivery.idempotency_key}"
    return Rejected(reason=shown, detail=said)


def _done(word: str, operation: str, answer: HttpAnswer) -> Outcome:
    ids = _ids(answer)
    if word not in WITHOUT_ID:
        unclear = Unknown(reason=f"{operation}, but no id in the answer")
        return Done(vendor_ids=ids) if "id" in ids else unclear
    if answer.body.strip() and not _is_object(answer):
        return Unknown(reason=f"{operation}, but no JSON object")
    return Done(vendor_ids=ids)


def _is_object(answer: HttpAnswer) -> bool:
    return answer.body.lstrip()[:1] == b"{"


def _ids(answer: HttpAnswer) -> Mapping[str, str]:
    """`id`, and `chat_id` where a chat was named otherwise, as far as they are answered."""
    body = answered_object(answer)
    found = {name: body.get(name) for name in ("id", "chat_id")}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, str) and 0 < len(value) <= MAX_ID
    }
