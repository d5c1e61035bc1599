"""Our errors → what a delivery came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.errors import (
    BridgeError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
)
from bridge.payload import Payload
from bridge.ports import AccountDown, Outcome, Rejected, RetryAt, Unknown
from connectors.hubspot.answers import AlreadyExists, refusal

_RETRY = timedelta(seconds=5)
_NO_CONNECTION = timedelta(seconds=15)
_REASONS = {
    "MISSING_SCOPES": "scope_missing",
    "PROPERTY_DOESNT_EXIST": "property_missing",
    "OBJECT_NOT_FOUND": "record_missing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exists(Rejected):
    """Refused because HubSpot has it already, under `existing`."""

    existing: str


def outcome_of(error: BridgeError, now: datetime) -> Outcome:
    match error:
        case CredentialsInvalid():
            return AccountDown(cause=f"{error}: access_token is refused")
        case DeliveryTransient(account_wide=True):
            return AccountDown(cause=str(error), until=error.retry_at or now + _NO_CONNECTION)
        case DeliveryTransient():
            return RetryAt(when=error.retry_at or now + _RETRY, reason=str(error))
        case AlreadyExists():
            return Exists(reason="exists", detail=str(error), existing=error.existing)
        case DeliveryRejected():
            return Rejected(reason=_reason(error), detail=str(error))
        case _:
            return Unknown(reason=str(error))


def outcome_of_row(operation: str, error: Payload, now: datetime) -> Outcome:
    """What one entry of `errors` in a partial answer means for its row."""
    category = error.text_or("category")
    if category in ("RATE_LIMIT", "RATE_LIMITS"):
        return RetryAt(when=now + _RETRY, reason=f"{operation}: {category}")
    if category in ("INTERNAL_ERROR", "SERVICE_ERROR", "TIMEOUT"):
        return Unknown(reason=f"{operation}: {category}")
    return outcome_of(refusal(operation, error, 207), now)


def down_among(outcomes: Sequence[Outcome]) -> AccountDown | None:
    return next((one for one in outcomes if isinstance(one, AccountDown)), None)


def _reason(error: DeliveryRejected) -> str:
    return _REASONS.get(error.code, "refused")
