"""Sends messages through Twilio: the only file of this connector that writes to clients."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bridge.domain.effects import SendMessage
from bridge.domain.errors import CredentialsInvalid, DeliveryTransient, OutcomeUnknown
from bridge.domain.messaging import Template
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
from connectors.http import HttpAnswer
from connectors.twilio.client import Client, answer_body
from connectors.twilio.composing import addressed, content
from connectors.twilio.lookup import look_up
from connectors.twilio.refusals import OUTAGE, RATE_WAIT, refusal
from connectors.twilio.templates import templates_of

_OPERATION = "twilio: POST /Messages.json"
# The same words to the same client again: apart, so that a look-up can tell them from each other.
APART = timedelta(seconds=10)
Same = tuple[str, ...]


class TwilioOutbound:
    """One call per message; Twilio has no batch call, and no idempotency key."""

    def __init__(self, account: Account) -> None:
        self._client = Client(account)
        self._hook = account.hook_url
        self._lock = threading.Lock()
        self._templates: Mapping[tuple[str, str], str | None] | None = None
        self._sent: dict[Same, datetime] = {}

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """In order. Once the account is down the rest is not tried, and says so."""
        outcomes: list[Outcome] = []
        down: AccountDown | None = None
        for delivery in run:
            outcome = down or self._one(delivery)
            outcomes.append(outcome)
            down = _rest_of_run(delivery, outcome)
        return outcomes

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        return [look_up(self._client, delivery) for delivery in run]

    def _one(self, delivery: Delivery) -> Outcome:
        effect = delivery.effect
        if not isinstance(effect, SendMessage):
            kind = type(effect).__name__
            return Rejected(reason="effect_unsupported", detail=f"twilio does not do {kind}")
        try:
            form = self._form(effect)
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return RetryAt(when=delivery.now + OUTAGE, reason=str(error))
        except CredentialsInvalid as error:
            return AccountDown(cause=str(error))
        return form if isinstance(form, Rejected) else self._apart(delivery, form)

    def _form(self, effect: SendMessage) -> Mapping[str, str] | Rejected:
        """Raises what reading the templates raises."""
        where = addressed(effect)
        if isinstance(where, Rejected):
            return where
        what = content(effect, self._template)
        if isinstance(what, Rejected):
            return what
        report = {"StatusCallback": self._hook} if self._hook else {}
        return {**where, **what, **report}

    def _apart(self, delivery: Delivery, form: Mapping[str, str]) -> Outcome:
        same = tuple(form.values())
        with self._lock:
            self._sent = {k: at for k, at in self._sent.items() if delivery.now - at < APART}
            before = self._sent.get(same)
        if before is not None:
            return RetryAt(when=before + APART, reason="twilio: the same words went just now")
        outcome = self._send(delivery, form)
        if isinstance(outcome, Done | Unknown):
            with self._lock:
                self._sent[same] = delivery.now
        return outcome

    def _send(self, delivery: Delivery, form: Mapping[str, str]) -> Outcome:
        if not delivery.still_ours():
            return RetryAt(when=delivery.now, reason=f"{_OPERATION}: no longer ours")
        try:
            answer = self._client.call("POST", self._client.path("Messages.json"), form=form)
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return Unknown(reason=str(error))
        return _outcome(delivery, answer)

    def _template(self, template: Template) -> str | None:
        """The id of the one template of this name and language; read anew where it is unknown."""
        key = template.name, template.language
        known = self._templates
        if known is None or key not in known:
            known = self._templates = _by_name(self._client)
        return known.get(key)


def _by_name(client: Client) -> Mapping[tuple[str, str], str | None]:
    """None where several bear the name."""
    found: dict[tuple[str, str], str | None] = {}
    for template in templates_of(client):
        key = template.name, template.language
        found[key] = None if key in found else template.template_id
    return found


def _rest_of_run(delivery: Delivery, outcome: Outcome) -> AccountDown | None:
    """What the rows behind this one get without a call: a silent vendor is not asked in vain."""
    if isinstance(outcome, AccountDown):
        return outcome
    if isinstance(outcome, Unknown):
        cause = f"not tried: {outcome.reason}"
        return AccountDown(cause=cause, until=delivery.now + RATE_WAIT)
    return None


def _outcome(delivery: Delivery, answer: HttpAnswer) -> Outcome:
    if 200 <= answer.status < 300:
        sid = answer_body(answer).get("sid")
        if isinstance(sid, str) and sid:
            return Done(vendor_ids={"id": sid})
        return Unknown(reason=f"{_OPERATION}: no sid in the answer")
    if 400 <= answer.status < 500:
        return refusal(_OPERATION, delivery, answer)
    return Unknown(reason=f"{_OPERATION}: HTTP {answer.status}")
