"""Telegram's Bot API over HTTP. The bot's token stands in every address: it stays in here."""

import json
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
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
from bridge.ports import Account, MediaFile
from connectors.http import Http, HttpAnswer, call_timeout, error_for, retry_after

BASE_URL = "https://api.telegram.org"
TIMEOUT_SECONDS = 10.0
LONGEST_WAIT = timedelta(days=1)
Parameters = Mapping[str, object]
_TOKEN = re.compile(r"[A-Za-z0-9:_-]{1,200}")
_IN_ADDRESS = re.compile(r"/bot[^/\s\"]+")
_UNSAFE_IN_NAME = re.compile(r"[^\w .()+-]")
_UNKNOWN_BOT = 404  # what an address with no bot's token answers


class _TokenHidden(logging.Filter):
    """The HTTP library logs, for debugging, every address that it calls."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _IN_ADDRESS.sub("/bot…", record.getMessage()), ()
        return True


_HIDDEN = _TokenHidden()


class Api:
    """One bot's methods. Option `call_timeout_seconds`: at most the default of 10.

    Raises ConfigError when the token is missing or mistyped.
    """

    def __init__(self, account: Account) -> None:
        token = account.required("bot_token")[0]
        if not _TOKEN.fullmatch(token):
            raise ConfigError(f"account {account.name}: secret bot_token is no token of a bot")
        logging.getLogger("urllib3.connectionpool").addFilter(_HIDDEN)
        base = (account.base_url or BASE_URL).rstrip("/")
        timeout = call_timeout(account.name, account.options, TIMEOUT_SECONDS)
        self._files = f"{base}/file/bot{token}"
        self._http = Http("telegram", f"{base}/bot{token}", {}, timeout)

    def call(self, method: str, parameters: Parameters, *, reads: bool = False) -> HttpAnswer:
        """Raises DeliveryTransient or OutcomeUnknown, as Http.call."""
        return _told_plainly(
            lambda: self._http.call("POST", f"/{method}", dict(parameters), reads=reads)
        )

    def upload(
        self, method: str, parameters: Parameters, field: str, file: MediaFile
    ) -> HttpAnswer:
        """The same, with a file as one of its parameters."""
        boundary = f"bridge-{secrets.token_hex(16)}"
        content = _multipart(boundary, parameters, field, file)
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        return _told_plainly(
            lambda: self._http.call("POST", f"/{method}", content=content, headers=headers)
        )

    def read(self, method: str, parameters: Parameters | None = None) -> Payload:
        """The result. Raises DeliveryTransient, OutcomeUnknown or CredentialsInvalid, and
        DeliveryRejected where Telegram knows no such thing."""
        answer = self.call(method, parameters or {}, reads=True)
        operation = f"telegram: {method}"
        if answer.status == _UNKNOWN_BOT:
            raise CredentialsInvalid(f"{operation}: HTTP 404, Telegram knows no bot of this token")
        if not 200 <= answer.status < 300:
            raise _unread(operation, answer, datetime.now(UTC))
        try:
            return answer.payload().at("result")
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"{operation}: HTTP {answer.status} without a result") from error

    def file_url(self, path: str) -> str:
        """Where a file of getFile lies: holds the token, so never show it."""
        return f"{self._files}/{quote(path, safe='/')}"


def description(answer: HttpAnswer) -> str:
    """What Telegram says went wrong, `""` when it says nothing."""
    found = _body(answer).get("description")
    return found if isinstance(found, str) else ""


def parameter(answer: HttpAnswer, name: str) -> int | None:
    """`retry_after` or `migrate_to_chat_id` of an error answer."""
    given = _body(answer).get("parameters")
    found = given.get(name) if isinstance(given, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _body(answer: HttpAnswer) -> Mapping[str, object]:
    try:
        return answer.payload().mapping()
    except PayloadInvalid:
        return {}


def _told_plainly(call: Callable[[], HttpAnswer]) -> HttpAnswer:
    """The call, its error without the library's own, which quotes the address."""
    try:
        return call()
    except (DeliveryTransient, OutcomeUnknown) as error:
        failed = error
    failed.__cause__ = failed.__context__ = None
    raise failed.with_traceback(None)


def come_back(answer: HttpAnswer, now: datetime) -> datetime | None:
    """When Telegram asks to be called again, at most a day off; it says so in the body."""
    seconds = parameter(answer, "retry_after")
    if seconds is None:
        return retry_after(answer, now)
    return now + min(timedelta(seconds=max(seconds, 1)), LONGEST_WAIT)


def _unread(operation: str, answer: HttpAnswer, now: datetime) -> Exception:
    error = error_for(operation, answer, now)
    if isinstance(error, DeliveryTransient):
        error.retry_at = come_back(answer, now)
    return refused(operation, answer) if isinstance(error, DeliveryRejected) else error


def refused(operation: str, answer: HttpAnswer) -> DeliveryRejected:
    return DeliveryRejected(
        f"{operation}: HTTP {answer.status}: {shown(description(answer))}", status=answer.status
    )


def shown(said: str) -> str:
    """Telegram's words for people: none that could be a number, a link or a text of a client's."""
    plain = said.removeprefix("Bad Request: ").removeprefix("Forbidden: ")
    return plain if re.fullmatch(r"[A-Za-z _,.'/-]{1,120}", plain) else "Telegram refuses it"


def _multipart(boundary: str, parameters: Parameters, field: str, file: MediaFile) -> bytes:
    name = _UNSAFE_IN_NAME.sub("_", file.name)[-100:] or "file"
    parts = [_part(boundary, f'name="{key}"', _plain(value)) for key, value in parameters.items()]
    about = f'name="{field}"; filename="{name}"\r\nContent-Type: {file.content_type}'
    return b"".join([*parts, _part(boundary, about, file.content), f"--{boundary}--\r\n".encode()])


def _part(boundary: str, about: str, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {about}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def _plain(value: object) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode()
