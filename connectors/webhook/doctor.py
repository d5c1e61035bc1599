"""Whether the other side of a generic webhook is there, knows our signature and checks it."""

import base64
import secrets
import uuid
from collections.abc import Sequence

from bridge.domain.errors import OutcomeUnknown
from bridge.ports import Account, Ailment
from connectors.webhook.client import Endpoint
from connectors.webhook.orders import PING


class WebhookDoctor:
    def __init__(self, account: Account) -> None:
        self._endpoint = Endpoint(account)
        self._only_listens = account.options.get("only_events") == "true"

    def examine(self, public_url: str) -> Sequence[Ailment]:
        """Pings, once signed rightly and once with a secret that nobody knows."""
        if not self._endpoint.exists:
            return [] if self._only_listens else [_NO_ADDRESS]
        self._endpoint.ask(_ping_id(), PING, {})
        forged = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        answer = self._endpoint.post(_ping_id(), PING, {}, reads=True, secrets=(forged,))
        if answer.status >= 500:
            raise OutcomeUnknown(f"webhook: {PING}: HTTP {answer.status}")
        return [_UNCHECKED] if answer.status < 400 else []

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        return []


def _ping_id() -> str:
    return f"ping_{uuid.uuid4().hex}"


_NO_ADDRESS = Ailment(
    code="no_base_url",
    detail="the account has no base_url: it takes events, but sends and asks nothing",
    todo="set base_url in accounts.yaml to the address that takes the bridge's orders, or the "
    "option only_events: true if nothing is ever to be sent there",
)
_UNCHECKED = Ailment(
    code="signature_not_checked",
    detail="the other side takes a ping that is signed with a wrong secret",
    todo="let it check webhook-signature, and answer 401 where it does not fit (docs/webhooks.md)",
)
