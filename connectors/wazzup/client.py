"""Wazzup's API v3 over HTTP: the host, the key, what an error answer says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.domain.errors import (
    ConfigError,
    CredentialsInvalid,
    DeliveryRejected,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.payload import Payload
from bridge.ports import Account
from connectors.http import Http, HttpAnswer, call_timeout, error_for

BASE_URL = "https://api.wazzup24.com"
TIMEOUT_SECONDS = 10.0


class ClosedToKey(CredentialsInvalid):
    """403: the account works, but its key may not use this route."""


def http_for(account: Account) -> Http:
    """A session with the API key. Option `call_timeout_seconds`: at most the default of 10.

    Raises ConfigError when the key is missing or mistyped.
    """
    key = account.required("api_key")[0]
    if not (key.isascii() and key.isprintable()) or " " in key:
        # The HTTP library would quote such a key in its own error.
        raise ConfigError(f"account {account.name}: secret api_key holds a space or a control code")
    headers = {"authorization": f"Bearer {key}"}
    timeout = call_timeout(account.name, account.options, TIMEOUT_SECONDS)
    return Http("wazzup", account.base_url or BASE_URL, headers, timeout)


def read(http: Http, path: str) -> Payload:
    """What a GET answers. Raises DeliveryTransient, OutcomeUnknown or CredentialsInvalid."""
    answer = http.call("GET", path, reads=True)
    operation = f"wazzup: GET {path}"
    if answer.status == 403:
        raise closed_to_key(operation)
    if not 200 <= answer.status < 300:
        error = error_for(operation, answer, datetime.now(UTC), error_code(answer))
        if isinstance(error, DeliveryRejected):
            raise OutcomeUnknown(str(error))
        raise error
    return _json(operation, answer)


def write(http: Http, method: str, path: str, body: Any = None) -> HttpAnswer:
    """A change that may be repeated harmlessly; any 2xx or 4xx about the body is an answer.

    Raises DeliveryTransient, OutcomeUnknown or CredentialsInvalid.
    """
    answer = http.call(method, path, body, reads=True)
    if 200 <= answer.status < 300:
        return answer
    operation = f"wazzup: {method} {path}"
    if answer.status == 403 and error_code(answer) != "TOO_MANY_ENTITIES":
        raise closed_to_key(operation)
    error = error_for(operation, answer, datetime.now(UTC), error_code(answer))
    if isinstance(error, DeliveryRejected):
        return answer
    raise error


def closed_to_key(operation: str) -> ClosedToKey:
    """403: a sidecar key (of Wazzup's own amoCRM or Bitrix24 integration) opens few routes."""
    return ClosedToKey(f"{operation}: HTTP 403, the API key may not use this route")


def error_code(answer: HttpAnswer) -> str:
    """The code of an error answer, `""` when it names none.

    Two shapes are known: `{"error": "CODE"}` and `{"error": {"code": "CODE"}}`.
    """
    found = error_body(answer).get("error")
    nested = found.get("code", found.get("error")) if isinstance(found, Mapping) else found
    return nested if isinstance(nested, str) else ""


def error_body(answer: HttpAnswer) -> Mapping[str, Any]:
    """The JSON object of an answer; empty when it is none."""
    try:
        return answer.payload().mapping()
    except PayloadInvalid:
        return {}


def _json(operation: str, answer: HttpAnswer) -> Payload:
    try:
        return answer.payload()
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"{operation}: HTTP {answer.status} without JSON") from error
