"""What came from a vendor, as people may look at it: without the secrets that prove who sent it."""

from collections.abc import Iterable

from bridge.pipeline.parts import Active

MASK = "•••"
_SHORTEST = 4  # a shorter secret stands in any text


def without_secrets(text: str, active: Active) -> str:
    """Every secret of every account is masked, also those that are still accepted while they are
    exchanged."""
    for secret in sorted(_secrets(active), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _secrets(active: Active) -> Iterable[str]:
    return {
        value
        for account in active.accounts.values()
        for values in account.secrets.values()
        for value in values
        if len(value) >= _SHORTEST
    }
