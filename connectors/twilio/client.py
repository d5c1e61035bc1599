"""Twilio's REST APIs over HTTP: three hosts, one sign-in, what an error answer says."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

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

API, CONTENT, MESSAGING = "api", "content", "messaging"
HOSTS = {name: f"https://{name}.twilio.com" for name in (API, CONTENT, MESSAGING)}
TIMEOUT_SECONDS = 10.0
MAX_PAGES = 100
_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CODE = re.compile(r"[0-9]{4,6}")
# The account as a whole: credentials, suspended, not active, no such account.
_CLOSED = frozenset({"20003", "20005", "20006", "20008", "30002"})


@dataclass(frozen=True, slots=True)
class Read:
    """An answer to a GET, read."""

    body: Payload
    answer: HttpAnswer


class Client:
    """Sessions of one account. Option `call_timeout_seconds`: at most the default of 10.

    Raises ConfigError when a secret is missing or mistyped.
    """

    def __init__(self, account: Account) -> None:
        self.sid = account.required("account_sid")[0]
        token = account.required("auth_token")[0]
        if not _SID.fullmatch(self.sid) or not (token.isascii() and token.isprintable()):
            # The HTTP library would quote them in its own error.
            raise ConfigError(
                f"account {account.name}: secret account_sid or auth_token holds what none can hold"
            )
        self.timeout_seconds = call_timeout(account.name, account.options, TIMEOUT_SECONDS)
        given = base64.b64encode(f"{self.sid}:{token}".encode()).decode()
        self.headers = {"authorization": f"Basic {given}"}
        self.base = {name: (account.base_url or url).rstrip("/") for name, url in HOSTS.items()}
        self._http = {
            name: Http("twilio", url, self.headers, self.timeout_seconds)
            for name, url in self.base.items()
        }

    def path(self, rest: str) -> str:
        """A path of the account's own, of the API of 2010."""
        return f"/2010-04-01/Accounts/{self.sid}/{rest}"

    def call(
        self,
        method: str,
        path: str,
        *,
        host: str = API,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        reads: bool = False,
    ) -> HttpAnswer:
        """As `Http.call`; the account's id is left out of what errors say."""
        called = f"{method} {self.named(path)}"
        return self._http[host].call(
            method, path, body, form=form, params=params, called=called, reads=reads
        )

    def named(self, path: str) -> str:
        return path.split("?")[0].replace(f"/2010-04-01/Accounts/{self.sid}", "")

    def read(self, path: str, *, host: str = API, params: Mapping[str, str] | None = None) -> Read:
        """What a GET answers. Raises DeliveryTransient, OutcomeUnknown or CredentialsInvalid."""
        answer = self.call("GET", path, host=host, params=params, reads=True)
        operation = f"twilio: GET {self.named(path)}"
        if answer.status != 200:
            raise self.error(operation, answer)
        try:
            return Read(answer.payload(), answer)
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"{operation}: HTTP {answer.status} without JSON") from error

    def write(
        self, path: str, *, host: str = API, form: Mapping[str, str] | None = None, body: Any = None
    ) -> None:
        """A change of settings, which may be repeated harmlessly. Raises DeliveryRejected besides
        what `read` raises."""
        answer = self.call("POST", path, host=host, form=form, body=body, reads=True)
        if not 200 <= answer.status < 300:
            operation = f"twilio: POST {self.named(path)}"
            raise self.error(operation, answer, refusals=True)

    def items(self, path: str, key: str, *, host: str = API) -> Iterator[Payload]:
        """All items of a list, page after page. Raises as `read` does."""
        page: str | None = path
        for _ in range(MAX_PAGES):
            if page is None:
                return
            read = self.read(page, host=host)
            try:
                yield from read.body.at(key).items()
                page = next_page(read.body)
            except PayloadInvalid as error:
                raise OutcomeUnknown(f"twilio: GET {self.named(path)}: {error}") from error

    @staticmethod
    def error(operation: str, answer: HttpAnswer, *, refusals: bool = False) -> Exception:
        """The error that an answer stands for; a refused read is an answer that makes no sense,
        unless it is about the account."""
        code = error_code(answer)
        if code in _CLOSED or answer.status in (401, 403):
            return CredentialsInvalid(f"{operation}: HTTP {answer.status} {code}".rstrip())
        error = error_for(operation, answer, datetime.now(UTC), code)
        if isinstance(error, DeliveryRejected) and not refusals:
            return OutcomeUnknown(str(error))
        return error


def error_code(answer: HttpAnswer) -> str:
    """Twilio's code of an error answer, `""` when it names none. Its message is never shown: it
    quotes the client's number."""
    found = answer_body(answer).get("code")
    code = str(found) if isinstance(found, int | str) else ""
    return code if _CODE.fullmatch(code) else ""


def closes_account(code: str) -> bool:
    return code in _CLOSED


def answer_body(answer: HttpAnswer) -> Mapping[str, Any]:
    """The JSON object of an answer; empty when it is none."""
    try:
        return answer.payload().mapping()
    except PayloadInvalid:
        return {}


def next_page(body: Payload) -> str | None:
    """Path and query of the next page: the API of 2010 names a path, the others a whole URL."""
    meta = body.get("meta")
    found = body.text_or("next_page_uri") or ("" if meta is None else meta.text_or("next_page_url"))
    if not found:
        return None
    parts = urlsplit(found)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
