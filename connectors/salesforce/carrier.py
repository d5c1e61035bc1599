"""What simple-salesforce takes for its session: one call, our errors in place of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bridge.domain.errors import BridgeError
from bridge.payload import Payload
from connectors.http import Http, HttpAnswer
from connectors.salesforce.answers import Usage, json_of, usage_of


@dataclass(frozen=True, slots=True)
class Carried:
    """As much of an answer as simple-salesforce looks at: ours has been read by then."""

    status_code: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)


class Carrier:
    """For one call. `url` is the org's address, which the call must not leave."""

    def __init__(
        self, http: Http, url: str, operation: str, note: Callable[[Usage | None], None]
    ) -> None:
        self.proxies: dict[str, str] = {}
        self._http = http
        self._base = f"https://{urlsplit(url).netloc}"  # it builds https only
        self._operation = operation
        self._note = note
        self._answer: Payload | None = None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Carried:
        if not url.startswith(f"{self._base}/services/data/"):
            raise ValueError("salesforce: a call would leave the org")
        path, reads = url.removeprefix(self._base), method == "GET"
        answer = self._told(method, path, headers, params, json)
        self._note(usage_of(answer))
        operation = f"salesforce: {self._operation}"
        self._answer = json_of(operation, answer, datetime.now(UTC), reads=reads)
        return Carried()

    def answered(self) -> Payload:
        if self._answer is None:
            raise ValueError("salesforce: nothing was asked")
        return self._answer

    def _told(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        body: Any,
    ) -> HttpAnswer:
        try:
            return self._http.call(
                method,
                path,
                body,
                params=params,
                headers=headers,
                called=self._operation,
                reads=method == "GET",
            )
        except BridgeError as error:
            # Without its cause, which names the address: there stand clients' phones and keys.
            raise error.with_traceback(None) from None
