"""A homeserver's client-server API over HTTP, as the application service: what answers mean."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from bridge.domain.errors import (
    ConfigError,
    CredentialsInvalid,
    DeliveryRejected,
    DeliveryTransient,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.payload import Payload
from bridge.ports import Account
from connectors.http import Http, HttpAnswer, call_timeout, error_for, retry_after
from connectors.matrix.people import People, server_of

TIMEOUT_SECONDS = 15.0  # a homeserver may be slow to send into a large room
V3 = "/_matrix/client/v3"
_CODE = re.compile(r"[A-Z0-9_.a-z]{1,60}")
MOST_WAIT = timedelta(hours=1)


class Homeserver:
    """Calls as the bridge's own user, by his id: a registration may have a whole namespace."""

    def __init__(self, account: Account) -> None:
        token = account.required("as_token")[0]
        if not (token.isascii() and token.isprintable()) or " " in token:
            # The HTTP library would quote such a token in its own error.
            raise ConfigError(
                f"account {account.name}: secret as_token holds a space or a control code"
            )
        self.user = People.of(account).user
        self.url = (account.base_url or f"https://{server_of(self.user)}").rstrip("/")
        self.headers: Mapping[str, str] = {"authorization": f"Bearer {token}"}
        timeout = call_timeout(account.name, account.options, TIMEOUT_SECONDS)
        self._http = Http("matrix", self.url, self.headers, timeout)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        called: str,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        content_type: str = "",
        reads: bool = False,
    ) -> HttpAnswer:
        """Raises what `Http.call` raises; any status is an answer."""
        return self._http.call(
            method,
            path,
            body,
            params={"user_id": self.user, **(params or {})},
            content=content,
            headers={"content-type": content_type} if content_type else None,
            called=called,
            reads=reads,
        )

    def read(self, path: str, called: str, params: Mapping[str, str] | None = None) -> HttpAnswer:
        """A GET; raises DeliveryTransient, OutcomeUnknown or CredentialsInvalid, but a refusal of
        this one thing is an answer."""
        answer = self.call("GET", path, called=called, params=params, reads=True)
        return settled(f"matrix: {called}", answer)


def settled(operation: str, answer: HttpAnswer) -> HttpAnswer:
    """The answer, if it is a success or refuses this one thing."""
    if 200 <= answer.status < 300:
        return answer
    code = error_code(answer)
    error = error_for(operation, answer, datetime.now(UTC), code)
    if isinstance(error, DeliveryTransient):
        until = limited_until(answer, datetime.now(UTC))
        raise DeliveryTransient(str(error), retry_at=until, account_wide=True)
    if isinstance(error, DeliveryRejected) and code:
        return answer
    if isinstance(error, DeliveryRejected):
        raise OutcomeUnknown(f"{error}, not in Matrix' words: is base_url the homeserver's?")
    raise error


def said(operation: str, answer: HttpAnswer) -> Payload:
    """The JSON object of a success; OutcomeUnknown where it is none."""
    try:
        found = answer.payload()
        found.mapping()
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"{operation}: HTTP {answer.status} without a JSON object") from error
    return found


def error_code(answer: HttpAnswer) -> str:
    """The `errcode` of an error answer, `""` when it has none."""
    found = _body(answer).get("errcode")
    return found if isinstance(found, str) and _CODE.fullmatch(found) else ""


def limited_until(answer: HttpAnswer, now: datetime) -> datetime | None:
    """When M_LIMIT_EXCEEDED asks us to come back: a header, or the older `retry_after_ms`."""
    told = retry_after(answer, now)
    milliseconds = _body(answer).get("retry_after_ms")
    if told is not None or isinstance(milliseconds, bool):
        return told
    if not isinstance(milliseconds, int | float) or not 0 <= milliseconds < 10**12:
        return None
    return now + min(timedelta(milliseconds=milliseconds), MOST_WAIT)


def part(text: str) -> str:
    """An id as a part of a path, where it can't lead elsewhere. Raises DeliveryRejected for dots
    alone, which every HTTP library takes for a way up."""
    if text in ("", ".", ".."):
        raise DeliveryRejected("matrix: an id is empty or of dots", code="M_INVALID_PARAM")
    return quote(text, safe="")


def refused_token(operation: str, answer: HttpAnswer) -> CredentialsInvalid:
    return CredentialsInvalid(f"{operation}: HTTP {answer.status} {error_code(answer)}")


def _body(answer: HttpAnswer) -> Mapping[str, Any]:
    try:
        return answer.payload().mapping()
    except PayloadInvalid:
        return {}
