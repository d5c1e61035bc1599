"""The other side of a generic webhook over HTTP: signed JSON, posted to one address."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bridge.domain.errors import ConfigError, DeliveryRejected, OutcomeUnknown, PayloadInvalid
from bridge.payload import Payload
from bridge.ports import Account
from connectors.http import Http, HttpAnswer, call_timeout, error_for
from connectors.standard_webhooks import checked, sign

TIMEOUT_SECONDS = 10.0
DEDUPE_HOURS = 7 * 24
_MOST_HOURS = 24 * 366
NOT_OFFERED = 501


class Endpoint:
    """Posts to the account's `base_url`. Option `call_timeout_seconds`: at most the default of 10.

    Raises ConfigError when the signing secret is missing or mistyped, or an option is wrong.
    """

    def __init__(self, account: Account) -> None:
        self._secrets = checked(account.name, account.required("signing_secret"))
        self.dedupe_window = _dedupe_window(account)
        address = account.base_url or ""
        # Redirects are not followed, so that an address has to be called as it is written.
        self._path = "/" if address.endswith("/") else ""
        timeout = call_timeout(account.name, account.options, TIMEOUT_SECONDS)
        self._http = (
            Http("webhook", address, {"user-agent": "bridge"}, timeout) if address else None
        )

    @property
    def exists(self) -> bool:
        """Whether the account has an address that can be posted to."""
        return self._http is not None

    def post(
        self,
        message_id: str,
        word: str,
        data: object,
        *,
        reads: bool = False,
        secrets: Sequence[str] | None = None,
    ) -> HttpAnswer:
        """One call; raises what `Http.call` does. `secrets`: others than the account's."""
        if self._http is None:
            raise ConfigError("webhook: the account has no base_url")
        body = json.dumps({"type": word, "data": data}, separators=(",", ":")).encode()
        signed = sign(secrets or self._secrets, message_id, body, datetime.now(UTC))
        headers = {"content-type": "application/json", **signed}
        return self._http.call(
            "POST", self._path, content=body, headers=headers, called=word, reads=reads
        )

    def ask(self, message_id: str, word: str, data: object) -> Payload | None:
        """The answer to a question, a JSON object; None where the other side does not offer it.

        Raises DeliveryTransient, OutcomeUnknown or CredentialsInvalid.
        """
        answer = self.post(message_id, word, data, reads=True)
        if answer.status == NOT_OFFERED:
            return None
        if not 200 <= answer.status < 300:
            error = error_for(f"webhook: {word}", answer, datetime.now(UTC), error_code(answer))
            raise OutcomeUnknown(str(error)) if isinstance(error, DeliveryRejected) else error
        try:
            return Payload(answer.payload().mapping())
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"webhook: {word}: an answer without a JSON object") from error


def error_code(answer: HttpAnswer) -> str:
    """`{"error": {"code": …}}` of an answer, `""` when it holds none."""
    found = answered_object(answer).get("error")
    code = found.get("code") if isinstance(found, Mapping) else None
    return code if isinstance(code, str) else ""


def answered_object(answer: HttpAnswer) -> Mapping[str, object]:
    """The JSON object of an answer; empty when it is none."""
    try:
        return answer.payload().mapping()
    except PayloadInvalid:
        return {}


def _dedupe_window(account: Account) -> timedelta:
    given = account.options.get("dedupe_hours", str(DEDUPE_HOURS))
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= _MOST_HOURS):
        raise ConfigError(
            f"account {account.name}: dedupe_hours is not a whole number from 1 to {_MOST_HOURS}"
        )
    return timedelta(hours=int(given))
