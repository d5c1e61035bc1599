"""Kannel's smsbox over HTTP: where it is, who we are there, and what its answers say."""

import re
from collections.abc import Mapping

from bridge.domain.errors import ConfigError, CredentialsInvalid, OutcomeUnknown
from bridge.ports import Account
from connectors.http import Http, HttpAnswer, call_timeout

BASE_URL = "http://127.0.0.1:13013"
PATH = "/cgi-bin/sendsms"
OPERATION = f"kannel: POST {PATH}"
TIMEOUT_SECONDS = 10.0
TAKEN = (b"0:", b"3:")  # accepted for delivery; queued, as the SMSC is away
NO_RECEIVER = b"Missing receiver"
AGAIN_LATER = b"Temporal failure"
_HEADER = re.compile(r"[\x21-\x7e]{1,200}")


class Client:
    """Sends as the user of option `username` (`bridge`). Option `call_timeout_seconds`: at most the
    default of 10. What Kannel is told stands in headers, so that no log of addresses holds it.

    Raises ConfigError when a secret or an option is missing or can't be.
    """

    def __init__(self, account: Account) -> None:
        password = account.required("password")[0]
        account.required("path_secret")
        username = account.options.get("username", "bridge")
        if not (_HEADER.fullmatch(password) and _HEADER.fullmatch(username)):
            # The HTTP library would quote them in its own error.
            raise ConfigError(
                f"account {account.name}: secret password or option username holds a space or a "
                f"letter that is not ASCII"
            )
        headers = {"x-kannel-username": username, "x-kannel-password": password}
        timeout = call_timeout(account.name, account.options, TIMEOUT_SECONDS)
        self._http = Http("kannel", account.base_url or BASE_URL, headers, timeout)

    def send(self, headers: Mapping[str, str], text: str) -> HttpAnswer:
        """Raises DeliveryTransient when nothing can have come, OutcomeUnknown when it may have."""
        return self._call(headers, text.encode(), reads=False)

    def probe(self) -> None:
        """Whether smsbox is there and lets us in: a message without a receiver is refused only
        after the password was right. Raises DeliveryTransient, OutcomeUnknown or
        CredentialsInvalid."""
        answer = self._call({"x-kannel-from": "0"}, b"probe", reads=True)
        if answer.status in (401, 403):
            raise CredentialsInvalid(f"{OPERATION}: HTTP {answer.status}: username or password")
        if answer.status != 400 or not answer.body.startswith(NO_RECEIVER):
            raise OutcomeUnknown(f"{OPERATION}: HTTP {answer.status}: this is not Kannel's smsbox")

    def _call(self, headers: Mapping[str, str], content: bytes, *, reads: bool) -> HttpAnswer:
        given = {"content-type": "text/plain; charset=UTF-8", **headers}
        return self._http.call("POST", PATH, content=content, headers=given, reads=reads)
