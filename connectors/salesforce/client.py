"""The one door to Salesforce: simple-salesforce makes the calls, `connectors.http` carries them.

It is used in direct mode, with a token from `Account.tokens`: by itself it signs in without end
when a token is refused, drops the headers of the call it repeats, waits for ever, and takes an odd
id for another host. Its session is ours: no time-out is left out, no redirect is followed, and
nothing goes to another place than the token is for.
"""

import copy
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bridge.domain.errors import (
    ConfigError,
    CredentialsInvalid,
    DeliveryTransient,
    OutcomeUnknown,
    PayloadInvalid,
)
from bridge.payload import Payload
from bridge.ports import Account, Token
from connectors.http import Http, call_timeout
from connectors.salesforce import library
from connectors.salesforce.answers import SessionRefused, Usage, json_of
from connectors.salesforce.carrier import Carrier
from connectors.salesforce.ids import long_id
from connectors.salesforce.login import Login
from connectors.salesforce.results import (
    RecordAnswer,
    SubAnswer,
    Written,
    record_answers,
    sub_answers,
    written,
)

API_VERSION = "62.0"
CALL_TIMEOUT_SECONDS = 10.0
MAX_RECORDS = 200  # of a collection
MAX_SUBREQUESTS = 25  # of a composite call
_MAX_PAGES = 200
_TOKENS_TRIED = 3
_VERSION = re.compile(r"\d{2,3}\.0")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_METHODS = ("POST", "PATCH")
_FOLLOWING = re.compile(r"(?:tooling/)?query(?:All)?/[A-Za-z0-9_-]{1,100}")

Headers = Mapping[str, str]
Fields = Mapping[str, Any]
_NO_HEADERS: Headers = {}


class SalesforceClient:
    """One pool of connections for one account; may be shared between threads.

    Each method is one call (`query` one for each page) and raises our errors: SalesforceRefused
    for what concerns one record, DeliveryTransient (surely not done), OutcomeUnknown, and
    CredentialsInvalid. A token that is refused is replaced once, and the same call with the same
    headers made again. Options: `api_version` (62.0), `call_timeout_seconds` (at most 10).
    """

    def __init__(self, account: Account) -> None:
        self._account = account.name
        self._version = _version(account)
        self._timeout = call_timeout(account.name, account.options, CALL_TIMEOUT_SECONDS)
        self._tokens = account.tokens
        self._login = Login(account, self._timeout)
        self._lock = threading.Lock()
        self._places: dict[str, Http] = {}
        self._said: dict[str, Usage] = {}
        self._still_ours: Callable[[], bool] = lambda: True

    def while_ours(self, still_ours: Callable[[], bool]) -> "SalesforceClient":
        """The same client, that asks right before each writing call, also one it repeats after a
        sign-in, and raises DeliveryTransient in its place where it is another worker's by now."""
        guarded = copy.copy(self)
        guarded._still_ours = still_ours
        return guarded

    @property
    def limits(self) -> Usage | None:
        """Calls of the last 24 hours, as the last answer said; None when none has said it yet."""
        return self._said.get("usage")

    def query(
        self, soql: str, *, deleted: bool = False, tooling: bool = False
    ) -> list[dict[str, Any]]:
        """All records of all pages, each with its `attributes`; with `deleted` ones too, or of the
        Tooling API."""
        object_name = _object_of(soql)
        operation = f"query {object_name}"
        path = "tooling/query/" if tooling else "queryAll/" if deleted else "query/"
        page = self._read(operation, path, {"q": soql})
        records = _records(operation, page)
        for _ in range(_MAX_PAGES):
            following = page.get("nextRecordsUrl")
            if following is None:
                return records
            page = self._read(operation, self._following(operation, following.text()))
            records += _records(operation, page)
        raise OutcomeUnknown(f"salesforce: {operation}: more than {_MAX_PAGES} pages")

    def read(self, path: str, called: str) -> Payload:
        """GET below `/services/data/vNN.N/`. The path must be made of constants."""
        return self._read(called, path)

    def user_info(self) -> Payload:
        """Who we are signed in as: `user_id` and `organization_id`. An app without the scope for it
        is refused."""

        def once(token: Token) -> Payload:
            answer = self._place(token.url).call(
                "GET",
                "/services/oauth2/userinfo",
                headers={"authorization": f"Bearer {token.value}"},
                called="read userinfo",
                reads=True,
            )
            return json_of("salesforce: read userinfo", answer, datetime.now(UTC), reads=True)

        return self._with_token(once)

    def create(self, object_name: str, fields: Fields, headers: Headers = _NO_HEADERS) -> Written:
        operation = f"create {_name(object_name)}"
        path = f"sobjects/{object_name}/"
        body = self._call(operation, "POST", path, body=fields, headers=headers)
        return written(operation, body, created=True)

    def update(
        self, object_name: str, record: str, fields: Fields, headers: Headers = _NO_HEADERS
    ) -> None:
        path = f"sobjects/{_name(object_name)}/{long_id(record)}"
        self._call(f"update {object_name}", "PATCH", path, body=fields, headers=headers)

    def upsert(
        self,
        object_name: str,
        field: str,
        value: str,
        fields: Fields,
        headers: Headers = _NO_HEADERS,
    ) -> Written:
        """Raises SalesforceRefused with the code MULTIPLE_CHOICES where several have the value."""
        operation = f"upsert {_name(object_name)}"
        key = library.external_id(_name(field), value)
        path = f"sobjects/{object_name}/{key}"
        body = self._call(operation, "PATCH", path, body=fields, headers=headers)
        return written(operation, body, created=False)

    def collections(
        self,
        method: str,
        records: Sequence[Fields],
        headers: Headers = _NO_HEADERS,
        *,
        all_or_none: bool = False,
        upsert: tuple[str, str] | None = None,
    ) -> list[RecordAnswer]:
        """Up to 200 records, each with `attributes.type`; POST creates, PATCH changes, in their
        order. `upsert` names object and external-id field of all of them (PATCH)."""
        if method not in _METHODS or not 0 < len(records) <= MAX_RECORDS:
            raise ValueError("a collection takes POST or PATCH and 1 to 200 records")
        place = "" if upsert is None else f"/{_name(upsert[0])}/{_name(upsert[1])}"
        operation = f"{method} collection{place.partition('__c')[0]}"
        body = {"allOrNone": all_or_none, "records": [dict(record) for record in records]}
        path = f"composite/sobjects{place}"
        answer = self._call(operation, method, path, body=body, headers=headers)
        return record_answers(operation, answer, len(records), created=method == "POST")

    def composite(
        self,
        subrequests: Sequence[Mapping[str, Any]],
        headers: Headers = _NO_HEADERS,
        *,
        all_or_none: bool = True,
    ) -> list[SubAnswer]:
        """Up to 25 calls in one, in their order. Each subrequest has `method`, `referenceId`,
        `url` (below the version: `sobjects/Lead/`), `body` and perhaps `httpHeaders`."""
        if not 0 < len(subrequests) <= MAX_SUBREQUESTS:
            raise ValueError("a composite call takes 1 to 25 subrequests")
        base = f"/services/data/v{self._version}/"
        parts = [{**part, "url": base + part["url"]} for part in subrequests]
        body = {"allOrNone": all_or_none, "compositeRequest": parts}
        answer = self._call("composite", "POST", "composite", body=body, headers=headers)
        return sub_answers("composite", answer, len(parts))

    def _read(self, operation: str, path: str, params: Mapping[str, str] | None = None) -> Payload:
        return self._call(operation, "GET", path, params=params)

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Fields | None = None,
        headers: Headers = _NO_HEADERS,
    ) -> Payload:
        """One call, with a fresh token and once more where the token is refused."""

        def once(token: Token) -> Payload:
            if method != "GET" and not self._still_ours():
                raise DeliveryTransient(f"salesforce: {operation}: another worker's by now")
            carrier = Carrier(self._place(token.url), token.url, operation, self._noted)
            vendor = self._vendor(token, carrier)
            asked = {} if params is None else dict(params)
            vendor.restful(path, asked, method, headers=dict(headers), json=body)
            return carrier.answered()

        return self._with_token(once)

    def _with_token(self, once: Callable[[Token], Payload]) -> Payload:
        made: list[Token] = []

        def sign_in() -> Token:
            made.append(self._login.sign_in())
            return made[-1]

        token = self._tokens.current() or self._tokens.renewed(None, sign_in)
        for _ in range(_TOKENS_TRIED - 1):
            try:
                return once(token)
            except SessionRefused as error:
                if made:
                    raise _for_good(error) from error
            token = self._tokens.renewed(token, sign_in)
        try:
            return once(token)
        except SessionRefused as error:
            raise _for_good(error) from error

    def _vendor(self, token: Token, session: Any) -> Any:
        return library.client(
            session_id=token.value,
            instance_url=token.url,
            version=self._version,
            session=session,
        )

    def _place(self, url: str) -> Http:
        with self._lock:
            if url not in self._places:
                accepts = {"accept": "application/json"}
                self._places[url] = Http("salesforce", url, accepts, self._timeout)
            return self._places[url]

    def _noted(self, usage: Usage | None) -> None:
        if usage is not None:
            self._said["usage"] = usage

    def _following(self, operation: str, url: str) -> str:
        """The path of a further page, which the answer names: it must not lead anywhere else."""
        base = f"/services/data/v{self._version}/"
        rest = url.removeprefix(base)
        if rest == url or not _FOLLOWING.fullmatch(rest):
            raise OutcomeUnknown(f"salesforce: {operation}: the next page leads elsewhere")
        return rest


def _for_good(error: SessionRefused) -> CredentialsInvalid:
    return CredentialsInvalid(f"{error}: a token just signed in for is refused")


def _version(account: Account) -> str:
    version = account.options.get("api_version", API_VERSION)
    if not _VERSION.fullmatch(version):
        raise ConfigError(f"account {account.name}: api_version is not like {API_VERSION}")
    return version


def _name(name: str) -> str:
    """An object or field, by our own constants: nothing else may enter a path."""
    if not _NAME.fullmatch(name):
        raise ValueError("salesforce: not the name of an object or field")
    return name


def _object_of(soql: str) -> str:
    found = re.search(r"\bFROM\s+([A-Za-z][A-Za-z0-9_]{0,79})\b", soql)
    return found[1] if found else "records"


def _records(operation: str, page: Payload) -> list[dict[str, Any]]:
    try:
        return [dict(record.mapping()) for record in page.at("records").items()]
    except PayloadInvalid as error:
        raise OutcomeUnknown(f"salesforce: {operation}: the answer has no records") from error
