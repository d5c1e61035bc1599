"""Sends SMS through Kannel's smsbox: the only file of this connector that writes to clients."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bridge.domain.effects import SendMessage
from bridge.domain.errors import ConfigError, DeliveryTransient, OutcomeUnknown
from bridge.ports import (
    Absent,
    Account,
    AccountDown,
    CannotTell,
    Delivery,
    Done,
    Found,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.http import HttpAnswer, retry_after
from connectors.kannel.client import AGAIN_LATER, OPERATION, TAKEN, Client
from connectors.kannel.inbound import phone_of
from connectors.kannel.words import MASK, MAX_PLAIN, MAX_UNICODE, is_plain, places

OUTAGE = timedelta(seconds=15)
_ADDRESS = re.compile(r"\+?[A-Za-z0-9._-]{1,20}")
_URL_SAFE = re.compile(r"[A-Za-z0-9._~-]+")
_REPORT = "?key={key}&dlr=%d&when=%T&smsc=%i&answer=%A"
_REFUSED = {
    b"Sender missing": "the channel has no number, and smsbox no global-sender",
    b"Number(s) has/have been denied": "Kannel's black or white list keeps this number out",
    b"Missing receiver": "the chat has no number",
}


class KannelOutbound:
    """One call per message. Kannel has no id for it that a look-up or a second try could use."""

    def __init__(self, account: Account) -> None:
        self._client = Client(account)
        self._hook = account.options.get("callback_url", account.hook_url).rstrip("/")
        self._secret = account.required("path_secret")[0]
        if not _URL_SAFE.fullmatch(self._secret):
            raise ConfigError(
                f"account {account.name}: secret path_secret may hold letters, digits and ._~- only"
            )

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """In order. Once the gateway is down the rest is not tried, and says so."""
        outcomes: list[Outcome] = []
        down: AccountDown | None = None
        for delivery in run:
            outcome = down or self._one(delivery)
            outcomes.append(outcome)
            down = _rest_of_run(delivery, outcome)
        return outcomes

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        return [CannotTell(reason="kannel can't look up a message") for _ in run]

    def _one(self, delivery: Delivery) -> Outcome:
        effect = delivery.effect
        if not isinstance(effect, SendMessage):
            kind = type(effect).__name__
            return Rejected(reason="effect_unsupported", detail=f"kannel does not do {kind}")
        refused = _unsendable(effect)
        if refused is not None:
            return refused
        if not delivery.still_ours():
            return RetryAt(when=delivery.now, reason=f"{OPERATION}: no longer ours")
        try:
            answer = self._client.send(self._headers(effect), effect.text)
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return Unknown(reason=str(error))
        return _outcome(delivery, answer, message_id(effect))

    def _headers(self, effect: SendMessage) -> Mapping[str, str]:
        headers = {
            "x-kannel-to": phone_of(effect.chat_id) or effect.chat_id,
            "x-kannel-from": effect.channel_id,
            "x-kannel-coding": "0" if is_plain(effect.text) else "2",
        }
        if not self._hook:
            return headers
        # A % of our own would be taken for one of Kannel's codes.
        base = f"{self._hook}/{self._secret}".replace("%", "%%")
        report = base + _REPORT.format(key=message_id(effect))
        return {**headers, "x-kannel-dlr-mask": MASK, "x-kannel-dlr-url": report}


def message_id(effect: SendMessage) -> str:
    """Kannel gives none: ours, of letters that an address can hold. Its reports bear it."""
    return hashlib.sha256(effect.key.encode()).hexdigest()[:32]


def _unsendable(effect: SendMessage) -> Rejected | None:
    """What is no SMS."""
    if effect.template is not None or effect.media is not None or not effect.text:
        detail = "an SMS holds a text and nothing else: send a link to the file"
        return Rejected(reason="text_only", detail=detail)
    if not (_ADDRESS.fullmatch(effect.chat_id) and _ADDRESS.fullmatch(effect.channel_id)):
        detail = "the chat's or the channel's id is no number of an SMS"
        return Rejected(reason="address_invalid", detail=detail)
    most = MAX_PLAIN if is_plain(effect.text) else MAX_UNICODE
    if places(effect.text) > most:
        detail = f"the text is longer than {most} characters in its coding: send it in parts"
        return Rejected(reason="text_too_long", detail=detail)
    return None


def _rest_of_run(delivery: Delivery, outcome: Outcome) -> AccountDown | None:
    """What the rows behind this one get without a call: a silent gateway is not asked in vain."""
    if isinstance(outcome, AccountDown):
        return outcome
    if isinstance(outcome, Unknown):
        cause = f"not tried: {outcome.reason}"
        return AccountDown(cause=cause, until=delivery.now + OUTAGE)
    return None


def _outcome(delivery: Delivery, answer: HttpAnswer, sent_as: str) -> Outcome:
    said = f"{OPERATION}: HTTP {answer.status}"
    if answer.status == 202 and answer.body.startswith(TAKEN):
        return Done(vendor_ids={"id": sent_as})
    if answer.status in (401, 403):
        return AccountDown(cause=f"{said}: username or password is refused")
    if answer.status == 429 or (answer.status == 503 and answer.body.startswith(AGAIN_LATER)):
        until = max(retry_after(answer, delivery.now) or delivery.now, delivery.now + OUTAGE)
        return AccountDown(cause=f"{said}: the gateway can't take more now", until=until)
    if answer.status in (408, 423, 425):
        return RetryAt(when=delivery.now + OUTAGE, reason=said)
    if 400 <= answer.status < 500:
        advice = (text for start, text in _REFUSED.items() if answer.body.startswith(start))
        detail = next(advice, "Kannel refuses the message: its smsbox log says why")
        return Rejected(reason=f"HTTP_{answer.status}", detail=f"{said}: {detail}")
    return Unknown(reason=said)
