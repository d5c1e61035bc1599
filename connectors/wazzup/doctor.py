"""What must be set up in a Wazzup account: its one webhook address, pointed at the bridge."""

from collections.abc import Sequence

from bridge.domain.errors import ConfigError
from bridge.ports import Account, Ailment
from connectors.wazzup.webhooks import Subscription, WazzupWebhooks, shown


class WazzupDoctor:
    def __init__(self, account: Account) -> None:
        self._webhooks = WazzupWebhooks(account)

    def examine(self, public_url: str) -> Sequence[Ailment]:
        """Names an address that is not ours without its secrets (WZ-17)."""
        try:
            wanted = self._webhooks.address(public_url)
        except ConfigError as error:
            return [Ailment(code="address_too_long", detail=str(error), todo="shorten it")]
        found = self._webhooks.current()
        if found.address != wanted:
            return [_elsewhere(found)]
        return [] if found.is_wanted else [_WRONG_SWITCHES]

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        before = self._webhooks.current()
        after = self._webhooks.subscribe(public_url, take_over=take_over)
        return [] if after == before else [f"webhooks now go to {shown(after.address)}"]


_WRONG_SWITCHES = Ailment(
    code="webhooks_incomplete",
    detail="the webhook address is ours, but not all that the bridge needs is posted to it",
    todo="run `bridge doctor --fix`",
    fixable=True,
)


def _elsewhere(found: Subscription) -> Ailment:
    if not found.address:
        return Ailment(
            code="webhooks_missing",
            detail="Wazzup posts its webhooks nowhere",
            todo="run `bridge doctor --fix` while the bridge runs at its public URL",
            fixable=True,
        )
    return Ailment(
        code="webhooks_elsewhere",
        detail=f"Wazzup posts its webhooks to {shown(found.address)}",
        todo="run `bridge doctor --fix`, with `--take-over` if nobody needs that address any more",
        fixable=True,
    )
