"""Our errors → what a delivery came to, with what a person does about it."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeGuard

from bridge.domain.errors import (
    BridgeError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
)
from bridge.ports import AccountDown, Delivery, Outcome, Rejected, RetryAt, Unknown
from connectors.salesforce.answers import SalesforceRefused

_NO_CONNECTION = timedelta(seconds=15)
_LONGEST_WAIT_SECONDS = 60.0
_TRIES_OF_WHAT_MOVES = 3
_UNSURE = ("UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG")
# Another try finds what has changed meanwhile: the contact that he became, the words of the org.
_MOVED = ("CANNOT_UPDATE_CONVERTED_LEAD", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")

_GONE = ("record_missing", "the record is gone, or the integration user may not see it")
_METADATA = ("field_missing", "deploy the org metadata (README) and its permission set")
_RIGHTS = ("permission_missing", "give the integration user the permission set of the bridge")
_OWNER = ("owner_refused", "the owner is not active, or may not own such records")
_REASONS: Mapping[str, tuple[str, str]] = {
    "ENTITY_IS_DELETED": _GONE,
    "INVALID_CROSS_REFERENCE_KEY": _GONE,
    "NOT_FOUND": _GONE,
    "MALFORMED_ID": _GONE,
    "FIELD_INTEGRITY_EXCEPTION": _GONE,
    "INVALID_FIELD": _METADATA,
    "INVALID_TYPE": _METADATA,
    "INVALID_FIELD_FOR_INSERT_UPDATE": _RIGHTS,
    "INSUFFICIENT_ACCESS_OR_READONLY": _RIGHTS,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _RIGHTS,
    "INSUFFICIENT_ACCESS": _RIGHTS,
    "INACTIVE_OWNER_OR_USER": _OWNER,
    "OPERATION_WITH_INACTIVE_USER_NOT_ALLOWED": _OWNER,
    "INVALID_QUEUE_FOR_OBJECT": _OWNER,
    "CANNOT_UPDATE_CONVERTED_LEAD": (
        "record_converted",
        "the lead was converted and has no contact to go on with",
    ),
    "REQUIRED_FIELD_MISSING": (
        "field_required",
        "the org demands fields that the bridge does not fill: give them a default",
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (
        "validation_rule",
        "a validation rule of the org refuses it: let the integration user pass",
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        "trigger_refused",
        "an Apex trigger or flow of the org refuses it: let the integration user pass",
    ),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (
        "value_refused",
        "the org does not know this value: compare routing.yaml and options with its pick lists",
    ),
    "STRING_TOO_LONG": ("value_refused", "a value is longer than the org allows"),
    "DUPLICATES_DETECTED": (
        "duplicate",
        "a duplicate rule refuses it: option on_duplicate may be link or allow",
    ),
    "DUPLICATE_VALUE": (
        "duplicate",
        "a unique field of the org has this value already, in a record that has not our key",
    ),
}


def outcome_of(error: BridgeError, delivery: Delivery) -> Outcome:
    now = delivery.now
    match error:
        case CredentialsInvalid():
            return AccountDown(cause=f"{error}: the sign-in is refused")
        case DeliveryTransient(account_wide=True):
            return AccountDown(cause=str(error), until=error.retry_at or now + _NO_CONNECTION)
        case DeliveryTransient():
            return RetryAt(when=error.retry_at or now + wait(delivery), reason=str(error))
        case DeliveryRejected():
            return _refused(error, delivery)
        case _:
            return Unknown(reason=str(error))


def wait(delivery: Delivery) -> timedelta:
    """Longer each time, and another for each: those that stood in each other's way part."""
    longest = min(2.0 ** min(delivery.attempt, 10), _LONGEST_WAIT_SECONDS)
    seed = f"{delivery.idempotency_key}:{delivery.attempt}".encode("utf-8", "surrogatepass")
    share = hashlib.sha256(seed).digest()[0] / 255
    return timedelta(seconds=longest * (0.5 + share / 2))


def is_account_wide(error: str | BridgeError | None) -> TypeGuard[BridgeError]:
    """Nothing else of the account passes either."""
    down = isinstance(error, DeliveryTransient) and error.account_wide
    return down or isinstance(error, CredentialsInvalid)


def _refused(error: DeliveryRejected, delivery: Delivery) -> Outcome:
    if error.code in _UNSURE:
        return Unknown(reason=str(error))
    if error.code in _MOVED and delivery.attempt < _TRIES_OF_WHAT_MOVES:
        return RetryAt(when=delivery.now + wait(delivery), reason=str(error))
    of_owner = isinstance(error, SalesforceRefused) and "OwnerId" in error.fields
    reason, todo = _OWNER if of_owner else _REASONS.get(error.code, ("refused", ""))
    return Rejected(reason=reason, detail=f"{error}: {todo}" if todo else str(error))
