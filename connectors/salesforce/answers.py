"""Salesforce's answers → our errors, told apart by their codes and what happens next.

Sources: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
(statuses; 403 with REQUEST_LIMIT_EXCEEDED, never 429, and no Retry-After) and
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm
(codes). Messages repeat what was sent, so that only codes and names of fields are told on.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.errors import (
    BridgeError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.payload import Payload
from connectors.http import HttpAnswer, error_for
from connectors.salesforce.ids import long_id

_QUOTA_PROBE = timedelta(minutes=15)
_CONCURRENT = timedelta(seconds=10)
_NOT_DONE = (
    "UNABLE_TO_LOCK_ROW",
    "QUERY_TIMEOUT",
    "PROCESSING_HALTED",  # another of its composite failed
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
)
_SHUT_OUT = ("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "CLIENT_NOT_ACCESSIBLE_FOR_USER")
_RETIRED = "UNSUPPORTED_API_VERSION"
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,60}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
_EXISTING = re.compile(r"with id: ?([a-zA-Z0-9]{18}|[a-zA-Z0-9]{15})(?![a-zA-Z0-9])")


class SessionRefused(CredentialsInvalid):
    """The token is not, or no more, accepted: nothing was done."""


class SalesforceRefused(DeliveryRejected):
    """Salesforce refuses this record. `code` is its word, `fields` are those that it names.

    `existing` are the ids of records that are in the way: the one that has our unique value
    already (DUPLICATE_VALUE), or those that a duplicate rule found, the likeliest first
    (DUPLICATES_DETECTED; empty where the user may not see them).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        fields: tuple[str, ...] = (),
        existing: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.fields = fields
        self.existing = existing


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Calls of the last 24 hours out of those allowed, as the last answer said."""

    used: int
    allowed: int

    @property
    def share(self) -> float:
        return self.used / self.allowed if self.allowed else 1.0


def json_of(operation: str, answer: HttpAnswer, now: datetime, *, reads: bool) -> Payload:
    """The JSON of a 2xx answer, `{}` where it has no body; raises our errors for the rest."""
    if not 200 <= answer.status < 300:
        raise _error(operation, answer, now, reads=reads)
    if answer.status == 204:
        return Payload({})
    try:
        return answer.payload()
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"{operation}: HTTP {answer.status} without JSON") from error


def error_of(operation: str, errors: Sequence[Payload], status: int, now: datetime) -> BridgeError:
    """What the list of errors of one record, or of a whole call, means; the first one decides."""
    first = errors[0] if errors else Payload({})
    code = _code(first)
    said = f"{operation}: HTTP {status} {code or 'no code'}"
    if code == "REQUEST_LIMIT_EXCEEDED":
        until = now + (_CONCURRENT if "Concurrent" in _text(first, "message") else _QUOTA_PROBE)
        return DeliveryTransient(said, retry_at=until, account_wide=True)
    if code == "INVALID_SESSION_ID":
        return SessionRefused(said)
    if code in _NOT_DONE:
        return DeliveryTransient(said)
    if code in _SHUT_OUT:
        return CredentialsInvalid(f"{said}: the org or the user may not use the API")
    if code == _RETIRED:
        return CredentialsInvalid(f"{said}: set option api_version to one that is still served")
    return _refusal(said, first, status, code)


def usage_of(answer: HttpAnswer) -> Usage | None:
    """From `Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=…`."""
    found = re.search(
        r"(?<![\w-])api-usage=(\d{1,12})/(\d{1,12})", answer.headers.get("sforce-limit-info", "")
    )
    return None if found is None else Usage(used=int(found[1]), allowed=int(found[2]))


def _error(operation: str, answer: HttpAnswer, now: datetime, *, reads: bool) -> Exception:
    if answer.status == 401:
        return SessionRefused(f"{operation}: HTTP 401")
    if answer.status == 410:
        said = f"{operation}: HTTP 410: set option api_version to one that is still served"
        return CredentialsInvalid(said)
    if 500 <= answer.status:
        said = f"{operation}: HTTP {answer.status}"
        return DeliveryTransient(said, account_wide=True) if reads else OutcomeUnknown(said)
    errors = _errors(answer)
    if answer.status == 300 and not errors:
        said = f"{operation}: HTTP 300: several records have this value"
        return SalesforceRefused(said, status=300, code="MULTIPLE_CHOICES")
    if errors and any(map(_code, errors)):
        return error_of(operation, errors, answer.status, now)
    if answer.status < 400:
        return OutcomeUnknown(f"{operation}: HTTP {answer.status}, which leads elsewhere")
    return error_for(operation, answer, now)


def _refusal(said: str, error: Payload, status: int, code: str) -> SalesforceRefused:
    fields = _fields(error)
    told = f"{said} (fields {', '.join(fields)})" if fields else said
    return SalesforceRefused(
        told,
        status=status,
        code=code or "REFUSED",
        fields=fields,
        existing=_existing(error),
    )


def _errors(answer: HttpAnswer) -> list[Payload]:
    try:
        return [one for one in answer.payload().items() if isinstance(one.value, dict)]
    except PayloadInvalid:
        return []


def _code(error: Payload) -> str:
    """`errorCode` of a call, `statusCode` of one record of a collection."""
    code = _text(error, "errorCode") or _text(error, "statusCode")
    return code if _CODE.fullmatch(code) else ""


def _fields(error: Payload) -> tuple[str, ...]:
    try:
        named = tuple(one.text() for one in error.at("fields").items())
    except PayloadInvalid:
        return ()
    return tuple(name for name in named if _FIELD.fullmatch(name))


def _existing(error: Payload) -> tuple[str, ...]:
    named = _EXISTING.search(_text(error, "message"))
    if named is not None:
        return (long_id(named[1]),)
    try:
        return _matches(error.at("duplicateResult"))
    except (PayloadInvalid, DeliveryRejected):
        return ()


def _matches(result: Payload) -> tuple[str, ...]:
    found: dict[str, float] = {}
    for match in result.at("matchResults").items():
        for record in match.at("matchRecords").items():
            one = long_id(record.at("record").at("Id").text())
            found[one] = max(found.get(one, 0.0), _confidence(record))
    return tuple(sorted(found, key=lambda one: -found[one]))


def _confidence(record: Payload) -> float:
    given = record.get("matchConfidence")
    value = 0.0 if given is None else given.value
    return float(value) if isinstance(value, int | float) else 0.0


def _text(error: Payload, name: str) -> str:
    try:
        return error.text_or(name)
    except PayloadInvalid:
        return ""
