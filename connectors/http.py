"""One way to call a vendor over HTTP: pooled, with time-outs, answers turned into our errors."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from bridge.domain.errors import (
    ConfigError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
)
from bridge.payload import Payload

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_JSON = {"content-type": "application/json"}
_SAFE_CODE = re.compile(r"^[A-Za-z0-9_.:-]{1,80}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    def payload(self) -> Payload:
        return Payload.from_bytes(self.body)


class Http:
    """A session for one account. Safe to share between threads; never retries, never redirects."""

    def __init__(
        self, vendor: str, base_url: str, headers: Mapping[str, str], timeout_seconds: float = 10.0
    ) -> None:
        self._vendor = vendor
        self._base = base_url.rstrip("/")
        self._timeout = timeout_seconds
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(headers)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=16, max_retries=0))

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        called: str = "",
        reads: bool = False,
    ) -> HttpAnswer:
        """One call; any HTTP status is an answer. `form` is sent in place of a JSON `body`,
        or `content` as it stands, for what is signed.

        Raises DeliveryTransient when nothing can have reached the vendor, OutcomeUnknown when
        something may have (never when `reads`: a repeated read does no harm). Errors name the call
        as `called`, for paths that hold what nobody should read there.
        """
        operation = f"{self._vendor}: {called or method + ' ' + path.split('?')[0]}"
        try:
            answer = self._session.request(
                method,
                self._base + path,
                params=params,
                data=(content or form) if body is None else json.dumps(body).encode(),
                headers=headers if body is None else {**_JSON, **(headers or {})},
                timeout=(min(3.0, self._timeout), self._timeout),
                allow_redirects=False,
            )
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise DeliveryTransient(f"{operation}: no connection", account_wide=True) from error
        except requests.RequestException as error:
            raise self._broken(operation, error, reads) from error
        return HttpAnswer(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content[:MAX_ANSWER_BYTES],
        )

    @staticmethod
    def _broken(
        operation: str, error: requests.RequestException, reads: bool
    ) -> DeliveryTransient | OutcomeUnknown:
        refused = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
        if refused:
            return DeliveryTransient(f"{operation}: no connection", account_wide=True)
        if reads:
            return DeliveryTransient(f"{operation}: {type(error).__name__}", account_wide=True)
        return OutcomeUnknown(f"{operation}: {type(error).__name__}")


def call_timeout(account: str, options: Mapping[str, str], most: float) -> float:
    """How long one call may take: option `call_timeout_seconds`, from 0.1 to `most` seconds, which
    it is by default. Raises ConfigError."""
    try:
        seconds = float(options.get("call_timeout_seconds", most))
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= most:
        raise ConfigError(
            f"account {account}: call_timeout_seconds is not a number from 0.1 to {most:.0f}"
        )
    return seconds


def error_for(operation: str, answer: HttpAnswer, now: datetime, code: str = "") -> Exception:
    """The error that an answer outside 2xx stands for, by its status alone.

    Connectors call it after they have told apart what their vendor means by 403, 409 and 423.
    """
    said = f"{operation}: HTTP {answer.status}{f' {code}' if _SAFE_CODE.match(code) else ''}"
    if answer.status == 401:
        return CredentialsInvalid(said)
    if answer.status == 429:
        return DeliveryTransient(said, retry_at=retry_after(answer, now), account_wide=True)
    if answer.status in (408, 423, 425):
        return DeliveryTransient(said, retry_at=retry_after(answer, now))
    if 400 <= answer.status < 500:
        return DeliveryRejected(said, status=answer.status, code=code)
    return OutcomeUnknown(said)


def retry_after(answer: HttpAnswer, now: datetime) -> datetime | None:
    """When a Retry-After header (seconds or a date) asks us to come back, at most a day off."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return now + timedelta(seconds=min(int(given[:9]), 86_400))
    try:
        when = parsedate_to_datetime(given)
    except (ValueError, TypeError, IndexError):
        return None
    when = when.replace(tzinfo=when.tzinfo or UTC)
    return min(max(when, now), now + timedelta(days=1))
