"""What went wrong, named after what happens next. No message holds a secret or client data."""

from datetime import datetime


class BridgeError(Exception):
    """Every error that the house raises on purpose."""


class SignatureInvalid(BridgeError):
    """Not proven to be the vendor: answer 401, store nothing."""


class EventUnsupported(BridgeError):
    """A known vendor event that we do not handle: answer 200, mark ignored."""


class PayloadInvalid(BridgeError):
    """From the vendor, but of a shape we do not know: dead letter. Names the JSON path."""

    def __init__(self, message: str, path: str = "$") -> None:
        super().__init__(message)
        self.path = path


class DeliveryTransient(BridgeError):
    """Surely not done (408, 429, connection refused): again later.

    `retry_at` is when the vendor asked us to come back, `account_wide` whether nothing else of
    this account will pass before then.
    """

    def __init__(
        self, message: str, *, retry_at: datetime | None = None, account_wide: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.account_wide = account_wide


class OutcomeUnknown(BridgeError):
    """Sent, and no trustworthy answer (time-out, 5xx, HTML): look it up before any second try."""


class DeliveryRejected(BridgeError):
    """The vendor refuses this item: dead letter with its reason. `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class CredentialsInvalid(BridgeError):
    """The vendor refuses the whole account: pause it, tell the admin once."""


class ConfigError(BridgeError):
    """YAML or environment wrong: stop at start-up. The message starts with file:line:column."""


class StorageFailed(BridgeError):
    """The storage of files does not answer, or refuses: again later. Names no file."""
