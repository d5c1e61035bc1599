"""What can be seen of a Kannel from here: whether its smsbox is there and lets us send."""

from collections.abc import Sequence

from bridge.ports import Account, Ailment
from connectors.kannel.client import Client


class KannelDoctor:
    """Kannel is set up in its own configuration file, which can't be read from here."""

    def __init__(self, account: Account) -> None:
        self._client = Client(account)
        self._numbers = account.options.get("numbers", "").strip()

    def examine(self, public_url: str) -> Sequence[Ailment]:
        """Raises CredentialsInvalid where the password is wrong, DeliveryTransient where nobody
        answers, OutcomeUnknown where another does."""
        self._client.probe()
        return [] if self._numbers else [_NO_NUMBERS]

    def fix(self, public_url: str, *, take_over: bool) -> Sequence[str]:
        return []


_NO_NUMBERS = Ailment(
    code="numbers_unnamed",
    detail="Kannel can't tell which numbers it serves, and option numbers names none",
    todo="list the numbers of your channels in option numbers of the account in accounts.yaml",
)
