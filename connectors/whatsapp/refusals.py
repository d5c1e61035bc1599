"""What Meta's error codes on a send mean for the message: give up, hold, or try again.

The codes are those of Meta's page "Error codes" for the Cloud API; the sorting is ours. The same
codes come in a `failed` status, long after the send was accepted.
"""

from datetime import datetime, timedelta

from bridge.ports import AccountDown, Delivery, Outcome, Rejected, RetryAt, Unknown
from connectors.http import HttpAnswer, retry_after
from connectors.whatsapp.client import AUTH_CODES, GraphError, graph_error

HOLD = timedelta(hours=1)  # a person has to act, or a limit of the number has to pass
FIRST_WAIT = timedelta(seconds=30)
LONGEST_DOUBLING = 6  # 32 minutes
THROTTLED = timedelta(minutes=1)
OUTAGE = timedelta(seconds=15)
MAX_PAIR_WAIT = timedelta(hours=1)
SOMETHING_WRONG = 131000

# Nothing of the account passes for so long.
_PAUSES = {
    4: timedelta(minutes=5),
    17: timedelta(minutes=5),
    80007: timedelta(minutes=5),
    80008: timedelta(minutes=5),
    130429: timedelta(seconds=10),
}
_PAIR_LIMIT = 131056  # one client: one message in 6 s, and a burst of 45 that is paid back
_HELD = {
    131042: "set up the payment method of the WhatsApp account",
    131048: "too many clients blocked or reported this number: WhatsApp lets less through for now",
    132069: "the form is throttled: wait, or send something else",
    133004: "Meta's server is not available for a moment",
}
_AGAIN = frozenset({2, 131016, 131057})
_TEMPLATES = "use another template, or mend this one in WhatsApp Manager"
_FILE = "WhatsApp can't take this file: send another, or a link to it"
_FINAL = {
    33: "the channel's number is gone from WhatsApp: run bridge doctor",
    100: "WhatsApp does not take these fields: compare the channel's and the chat's ids",
    130403: "WhatsApp blocks this number's message: see its quality in WhatsApp Manager",
    130472: "the client is part of an experiment of Meta's and gets no advertising",
    130497: "the account may not write to clients in this country",
    131005: "the access token lacks the permission whatsapp_business_messaging",
    131008: "WhatsApp misses a field: report it with this code",
    131009: "WhatsApp does not take one of the values: compare the channel's and the chat's ids",
    131021: "a number can't write to itself",
    131026: "the client has no WhatsApp, an old one, or has not taken its terms: reach him "
    "another way",
    131030: "a test number writes only to the numbers on its list at Meta",
    131037: "the number needs a display name that Meta has approved",
    131045: "the channel's number is not registered: register it in WhatsApp Manager",
    131047: "the client's 24 hours are over: send a template, or wait for the client",
    131049: "Meta holds advertising back from this client: try again tomorrow at the earliest",
    131050: "the client has asked for no more advertising",
    131051: "WhatsApp does not take messages of this kind",
    131052: _FILE,
    131053: _FILE,
    131062: "this template needs the client's number, which he does not show",
    132000: "the template wants another number of values",
    132001: "there is no such template in this language, or it is not approved",
    132005: "the template with its values is too long",
    132007: f"the template breaks Meta's policy: {_TEMPLATES}",
    132012: "the values are of another kind than the template wants",
    132015: f"the template is paused for its bad quality: {_TEMPLATES}",
    132016: f"the template is disabled for its bad quality: {_TEMPLATES}",
    132018: "the template's values are wrong",
    132068: "the form of this template is blocked",
    133010: "the channel's number is not registered: register it in WhatsApp Manager",
    134011: "accept Meta's terms for payments first",
    135000: "WhatsApp could not send this message: report it with this code",
}


def advised(code: str, said: str) -> str:
    """What a status says of a failure, and what a person does about it."""
    advice = {**_FINAL, **_HELD}.get(int(code), "") if code.isdecimal() else ""
    return "; ".join(part for part in (said, advice) if part)


def refusal(delivery: Delivery, operation: str, answer: HttpAnswer) -> Outcome:
    """What becomes of a message that was answered with anything but a 2xx."""
    error = graph_error(answer)
    said = f"{operation}: HTTP {answer.status}{f', code {error.code}' if error.code >= 0 else ''}"
    if answer.status == 401 or error.code in AUTH_CODES:
        return AccountDown(cause=f"{said}: run bridge doctor")
    throttled = _throttled(delivery, said, answer, error)
    if throttled is not None:
        return throttled
    if error.code in _HELD:
        return RetryAt(when=delivery.now + HOLD, reason=f"{said}: {_HELD[error.code]}")
    if _may_go_again(delivery, answer, error):
        return RetryAt(when=delivery.now + wait(delivery.attempt), reason=said)
    if error.code in (1, SOMETHING_WRONG) or not 400 <= answer.status < 500:
        return Unknown(reason=said)
    advice = _FINAL.get(error.code, "WhatsApp refuses the message and we do not know this code")
    code = str(error.code) if error.code >= 0 else f"HTTP_{answer.status}"
    return Rejected(reason=code, detail=f"{said}: {advice}")


def wait(attempt: int) -> timedelta:
    doublings: int = min(max(attempt - 1, 0), LONGEST_DOUBLING)
    return FIRST_WAIT * (1 << doublings)


def _throttled(
    delivery: Delivery, said: str, answer: HttpAnswer, error: GraphError
) -> Outcome | None:
    if error.code == _PAIR_LIMIT:
        # 4 to the power of the tries, as Meta advises.
        pause = timedelta(seconds=4 ** min(max(delivery.attempt, 2), 6))
        return RetryAt(when=delivery.now + min(pause, MAX_PAIR_WAIT), reason=said)
    pause = _PAUSES.get(error.code, THROTTLED)
    if error.code in _PAUSES or answer.status == 429:
        return AccountDown(cause=said, until=_until(delivery.now, answer, pause))
    if answer.status in (408, 423, 425):
        return RetryAt(when=delivery.now + OUTAGE, reason=said)
    return None


def _until(now: datetime, answer: HttpAnswer, pause: timedelta) -> datetime:
    return max(retry_after(answer, now) or now, now + pause)


def _may_go_again(delivery: Delivery, answer: HttpAnswer, error: GraphError) -> bool:
    """Where Meta says itself that it was not done; of 131000 only the first time."""
    if error.code == SOMETHING_WRONG:
        return delivery.attempt == 1
    return error.code in _AGAIN or (error.is_transient and error.code >= 0)
