"""Meta's Graph API over HTTP: the host, the version, the token, what an error answer says."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

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

BASE_URL = "https://graph.facebook.com"
API_VERSION = "v23.0"  # whose published interface the tests hold us against
TIMEOUT_SECONDS = 15.0
MAX_PAGES = 50
_VERSION = re.compile(r"v[0-9]{1,2}\.[0-9]")
_NUMBER = re.compile(r"[0-9]{1,32}")
# 0 and 190: no valid token; 3, 10 and 200 to 299: it lacks a permission; 368 and 131031: the
# account is locked. github.com/david-lev/pywa, Meta's page "Error codes".
AUTH_CODES = frozenset({0, 3, 10, 190, 368, 131031, *range(200, 300)})
THROTTLE_CODES = frozenset({4, 17, 80007, 80008, 130429})
GONE_CODES = frozenset({33, 803})


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphError:
    """`error` of an answer; `code` is -1 where there was none."""

    code: int = -1
    subcode: int = 0
    is_transient: bool = False


def http_for(account: Account, token: str = "") -> Http:
    """A session with the access token, or with another `token`. Option `call_timeout_seconds`: at
    most the default of 15. Raises ConfigError when the token is missing or mistyped."""
    token = token or account.required("access_token")[0]
    if not (token.isascii() and token.isprintable()) or " " in token:
        # The HTTP library would quote such a token in its own error.
        raise ConfigError(
            f"account {account.name}: secret access_token holds a space or a control code"
        )
    headers = {"authorization": f"Bearer {token}"}
    timeout = call_timeout(account.name, account.options, TIMEOUT_SECONDS)
    return Http("whatsapp", account.base_url or BASE_URL, headers, timeout)


def version_of(account: Account) -> str:
    """Option `api_version`; ConfigError when it is none."""
    version = account.options.get("api_version", API_VERSION)
    if not _VERSION.fullmatch(version):
        raise ConfigError(f"account {account.name}: api_version is not like {API_VERSION}")
    return version


def wabas_of(account: Account) -> tuple[str, ...]:
    """Option `waba_id`, several with commas between; ConfigError when there is none."""
    given = account.options.get("waba_id", "").replace(",", " ").split()
    if not given or not all(_NUMBER.fullmatch(one) for one in given):
        raise ConfigError(
            f"account {account.name}: option waba_id has to be the id of the WhatsApp Business "
            f"Account, digits only; WhatsApp Manager shows it"
        )
    return tuple(given)


def app_of(account: Account) -> str:
    """Option `app_id`, `""` when it is not given."""
    given = account.options.get("app_id", "")
    if given and not _NUMBER.fullmatch(given):
        raise ConfigError(f"account {account.name}: option app_id has to be digits only")
    return given


def graph_error(answer: HttpAnswer) -> GraphError:
    """Shaped `{"error": {"code", "error_subcode", "is_transient"}}`; empty when it is none."""
    try:
        found = answer.payload().mapping().get("error")
    except PayloadInvalid:
        return GraphError()
    if not isinstance(found, Mapping):
        return GraphError()
    code, subcode = found.get("code"), found.get("error_subcode")
    return GraphError(
        code=code if type(code) is int else -1,
        subcode=subcode if type(subcode) is int else 0,
        is_transient=found.get("is_transient") is True,
    )


def read(http: Http, path: str, params: Mapping[str, str] | None = None) -> Payload:
    """What a GET answers. Raises DeliveryTransient, OutcomeUnknown, CredentialsInvalid, or
    DeliveryRejected when there is no such thing."""
    answer = http.call("GET", path, params=params, reads=True)
    operation = f"whatsapp: GET {path}"
    check(operation, answer)
    return payload_of(operation, answer)


def check(operation: str, answer: HttpAnswer) -> None:
    """Raises what an answer outside 2xx stands for, where nothing was sent to a client."""
    if 200 <= answer.status < 300:
        return
    error = graph_error(answer)
    said = f"{operation}: HTTP {answer.status}, code {error.code}"
    now = datetime.now(UTC)
    if answer.status == 401 or error.code in AUTH_CODES:
        raise CredentialsInvalid(said)
    if error.code in THROTTLE_CODES or error.is_transient:
        raise DeliveryTransient(said, retry_at=retry_after(answer, now), account_wide=True)
    if answer.status == 404 or error.code in GONE_CODES or error.subcode == 33:
        raise DeliveryRejected(said, status=answer.status, code="not_found")
    raise error_for(operation, answer, now, str(error.code))


def pages(http: Http, path: str, params: Mapping[str, str]) -> Iterator[Payload]:
    """The items of all pages of a list; raises as `read`."""
    asked = dict(params)
    for _ in range(MAX_PAGES):
        page = read(http, path, asked)
        try:
            yield from page.at("data").items()
            after = _next(page)
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"whatsapp: GET {path}: {error}") from error
        if not after:
            return
        asked["after"] = after
    raise OutcomeUnknown(f"whatsapp: GET {path}: more than {MAX_PAGES} pages")


def payload_of(operation: str, answer: HttpAnswer) -> Payload:
    try:
        found = answer.payload()
        found.mapping()
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"{operation}: HTTP {answer.status} without JSON") from error
    return found


def _next(page: Payload) -> str:
    paging = page.get("paging")
    if paging is None or paging.get("next") is None:
        return ""
    return paging.at("cursors").at("after").text()
