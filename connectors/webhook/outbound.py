"""Posts each effect as a signed order: the only file of this connector that writes."""

from collections.abc import Sequence
from datetime import timedelta

from bridge.domain.errors import DeliveryTransient, OutcomeUnknown
from bridge.ports import (
    Absent,
    Account,
    AccountDown,
    CannotTell,
    Delivery,
    Found,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from connectors.webhook.client import TIMEOUT_SECONDS, Endpoint
from connectors.webhook.forms import written
from connectors.webhook.ordering import Ids, order_of
from connectors.webhook.orders import ORDER_WORDS, Order
from connectors.webhook.outcomes import OUTAGE, outcome_of

NO_ADDRESS = "webhook: the account has no base_url: set it in accounts.yaml to send"
_RUN_OUT = "webhook: the other side no longer remembers this webhook-id"
_ON_THE_WAY = timedelta(seconds=TIMEOUT_SECONDS)


class WebhookOutbound:
    """One call per effect, `webhook-id` being its idempotency key: who gets it twice does it once.

    Option `dedupe_hours`: how long the other side remembers the ids of what it has done.
    """

    def __init__(self, account: Account) -> None:
        self._endpoint = Endpoint(account)

    def deliver(self, run: Sequence[Delivery]) -> Sequence[Outcome]:
        """In order. Once the account is down the rest is not tried, and says so."""
        outcomes: list[Outcome] = []
        ids = Ids()
        down: AccountDown | None = None
        for delivery in run:
            outcome = down or self._one(delivery, ids)
            outcomes.append(outcome)
            down = _rest_of_run(delivery, outcome)
            ids.note(delivery.effect, outcome)
        return outcomes

    def find(self, run: Sequence[Delivery]) -> Sequence[Found | Absent | CannotTell]:
        """Sending again is safe while the other side remembers the id, which it promises to."""
        return [
            CannotTell(reason=_RUN_OUT) if self._has_run_out(delivery) else Absent()
            for delivery in run
        ]

    def _one(self, delivery: Delivery, ids: Ids) -> Outcome:
        if not self._endpoint.exists:
            return AccountDown(cause=NO_ADDRESS)
        order = order_of(delivery, ids)
        if isinstance(order, Rejected):
            return order
        return self._post(delivery, ORDER_WORDS[type(delivery.effect)], order)

    def _post(self, delivery: Delivery, word: str, order: Order) -> Outcome:
        if not delivery.still_ours():
            return RetryAt(when=delivery.now, reason=f"webhook: {word}: no longer ours")
        if self._has_run_out(delivery):
            return Unknown(reason=_RUN_OUT)
        try:
            answer = self._endpoint.post(delivery.idempotency_key, word, written(order))
        except DeliveryTransient as error:
            return AccountDown(cause=str(error), until=delivery.now + OUTAGE)
        except OutcomeUnknown as error:
            return Unknown(reason=str(error))
        return outcome_of(delivery, word, answer)

    def _has_run_out(self, delivery: Delivery) -> bool:
        since = delivery.in_doubt_since
        holds = self._endpoint.dedupe_window - _ON_THE_WAY
        return since is not None and delivery.now - since > holds


def _rest_of_run(delivery: Delivery, outcome: Outcome) -> AccountDown | None:
    """What the rows behind this one get without a call: a silent side is not asked in vain."""
    if isinstance(outcome, AccountDown):
        return outcome
    if isinstance(outcome, Unknown):
        return AccountDown(cause=f"not tried: {outcome.reason}", until=delivery.now + OUTAGE)
    return None
