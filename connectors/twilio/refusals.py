"""What Twilio's error codes on a send mean for the message: give up, hold, or try again.

The codes are those of twilio.com/docs/api/errors; the sorting is ours.
"""

from datetime import datetime, timedelta

from bridge.ports import AccountDown, Delivery, Outcome, Rejected, RetryAt
from connectors.http import HttpAnswer, retry_after
from connectors.twilio.client import closes_account, error_code

RATE_WAIT = timedelta(seconds=5)
OUTAGE = timedelta(seconds=15)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_DOUBLING = 6  # 32 minutes

_DAILY_LIMIT = "63038"
_RATE = frozenset({"20429", "14107"})
_AGAIN = {
    "21611": "the sender's queue at Twilio is full",
    "30001": "the sender's queue at Twilio is full",
    "63018": "WhatsApp's rate for this sender is reached",
    "63010": "an error inside the messenger",
    "63012": "the messenger failed",
}
_TEMPLATE = "the template does not fit: read templates again, then choose it again"
_BLOCKED = "reach the client another way"
_SENDER = "Twilio does not know this sender: compare the channel's id with bridge doctor"

_FINAL = {
    "21211": "this is no number that messages can go to: correct it in the CRM",
    "21212": _SENDER,
    "21214": f"this number can't be reached: {_BLOCKED}",
    "21217": "this is no phone number: correct it in the CRM",
    "21219": "a trial account writes to verified numbers only: upgrade it",
    "21408": "the account may not write to this country: allow it under Messaging, Geo permissions",
    "21602": "the text is empty",
    "21603": _SENDER,
    "21604": "the message has no receiver",
    "21606": _SENDER,
    "21608": "a trial account writes to verified numbers only: upgrade it",
    "21610": "the client has opted out with STOP: he has to write START, or reach him another way",
    "21612": f"this sender can't reach this number: {_BLOCKED}",
    "21614": f"this is no mobile number: {_BLOCKED}",
    "21617": "the text is longer than 1,600 characters: send it in parts",
    "21619": "the message has neither text nor file",
    "21620": "Twilio can't use the link to the file: it must be public and https",
    "21623": "more than ten files: send several messages",
    "21654": _TEMPLATE,
    "21655": _TEMPLATE,
    "21656": _TEMPLATE,
    "21659": _SENDER,
    "21660": "this sender belongs to another Twilio account",
    "21703": "the messaging service has no sender: add one in Twilio",
    "21705": "Twilio does not know this messaging service",
    "21910": "this chat can't be reached over this channel: choose a channel of its messenger",
    "30034": "this number is not registered for the USA (A2P 10DLC): register it in Twilio",
    "63003": f"this number is not on the messenger: {_BLOCKED}",
    "63005": "the messenger does not take this kind of content",
    "63007": _SENDER,
    "63013": "WhatsApp's rules forbid this message",
    "63015": "the client has not joined the WhatsApp sandbox: use a sender of your own",
    "63016": "the client's 24 hours are over: use a template, or wait for the client",
    "63019": "the messenger could not fetch the file: its link must be public",
    "63021": "the messenger finds the content wrong",
    "63024": f"WhatsApp can't reach this client: {_BLOCKED}",
    "63027": _TEMPLATE,
    "63028": _TEMPLATE,
    "63032": "WhatsApp does not let this message through to this client now",
    "63040": "Meta has rejected this template: use another",
    "63041": "Meta has paused this template: use another",
    "63042": "Meta has disabled this template: use another",
    "63049": "Meta chose not to deliver it, to spare the client: wait, or reach him another way",
}


def advised(code: str, said: str) -> str:
    """What a status says of a failure, and what a person does about it."""
    advice = _FINAL.get(code, "")
    return "; ".join(part for part in (said, advice) if part)


def refusal(operation: str, delivery: Delivery, answer: HttpAnswer) -> Outcome:
    """What becomes of a message that Twilio answered with a 4xx."""
    code = error_code(answer)
    said = f"{operation}: HTTP {answer.status}{f' {code}' if code else ''}"
    if answer.status == 401 or closes_account(code):
        return AccountDown(cause=f"{said}: the account is refused")
    if code == _DAILY_LIMIT:
        return AccountDown(cause=f"{said}: the day's limit", until=_tomorrow(delivery.now))
    if code in _AGAIN:
        return RetryAt(
            when=delivery.now + _wait(delivery.attempt), reason=f"{said}: {_AGAIN[code]}"
        )
    if answer.status == 429 or code in _RATE:
        until = max(retry_after(answer, delivery.now) or delivery.now, delivery.now + RATE_WAIT)
        return AccountDown(cause=said, until=until)
    if answer.status in (408, 423, 425):
        return RetryAt(when=delivery.now + OUTAGE, reason=said)
    if answer.status == 404 or (answer.status == 403 and not code):
        # 404 of the account's own address: there is no such account.
        return AccountDown(cause=f"{said}: account_sid or its rights")
    advice = _FINAL.get(code, "Twilio refuses the message and we do not know this code")
    return Rejected(reason=code or f"HTTP_{answer.status}", detail=f"{said}: {advice}")


def _wait(attempt: int) -> timedelta:
    doublings: int = min(max(attempt - 1, 0), LONGEST_DOUBLING)
    return FIRST_WAIT * (1 << doublings)


def _tomorrow(now: datetime) -> datetime:
    """Limits of a day run out at midnight, UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
