"""The one door to HubSpot: hubspot-api-client builds the requests, `connectors.http` carries them.

The client's own transport is taken out, because it waits for ever, hides 2xx bodies that hold
errors and lets several libraries' exceptions through. Its paths (v3, v4) are rewritten to dated
ones: v3 and v4 end in 2027.
Source: https://developers.hubspot.com/changelog, "Legacy APIs and Apps", 15 September 2026.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hubspot.crm import objects, owners, pipelines, properties
from hubspot.crm.associations import v4 as associations

from bridge.domain.errors import ConfigError, DeliveryRejected
from bridge.ports import Account
from connectors.http import Http, HttpAnswer, call_timeout
from connectors.hubspot.associations import PARTNER_CLIENTS

API_VERSION = "2026-09"
CALL_TIMEOUT_SECONDS = 10.0
MAX_INPUTS = 100
_HOST = "https://api.hubapi.com"
_VERSION = re.compile(r"v3|\d{4}-\d{2}")
_DATED: tuple[tuple[str, str], ...] = (
    ("/crm/v3/objects/", "/crm/objects/{}/"),
    ("/crm/v4/objects/", "/crm/objects/{}/"),
    ("/crm/v4/associations/", "/crm/associations/{}/"),
    ("/crm/v3/owners/", "/crm/owners/{}/"),
    ("/crm/v3/pipelines/", "/crm/pipelines/{}/"),
    ("/crm/v3/properties/", "/crm/properties/{}/"),
    ("/account-info/v3/", "/account-info/{}/"),
)
_READS = ("/batch/read", "/search")

Inputs = Sequence[Mapping[str, Any]]


class HubSpotClient:
    """One pool of connections for one account; may be shared between threads.

    Every method is one call, gives HTTP status and body as they came, and raises only
    DeliveryTransient (surely not done) and OutcomeUnknown. Option `api_version`: `2026-09`, another
    dated version, or `v3` for the paths that the client knows. Option `call_timeout_seconds`: at
    most the default of 10.
    """

    def __init__(self, account: Account) -> None:
        token = account.required("access_token")[0]
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        timeout = call_timeout(account.name, account.options, CALL_TIMEOUT_SECONDS)
        http = Http("hubspot", account.base_url or _HOST, headers, timeout)
        carrier = _Carrier(http, _api_version(account))
        self._carrier = carrier
        self._batch = objects.BatchApi(carrier.client_of(objects))
        self._search = objects.SearchApi(carrier.client_of(objects))
        self._associations = associations.BatchApi(carrier.client_of(associations))
        self._owners = owners.OwnersApi(carrier.client_of(owners))
        self._pipelines = pipelines.PipelinesApi(carrier.client_of(pipelines))
        self._properties = properties.CoreApi(carrier.client_of(properties))

    def account_details(self) -> HttpAnswer:
        """https://developers.hubspot.com/docs/api-reference/latest/account/account-information/
        get-account-details, which the client does not know."""
        return self._carrier.GET("/account-info/v3/details")

    def create(self, kind: str, inputs: Inputs) -> HttpAnswer:
        """Raises DeliveryRejected for partner clients: HubSpot makes these, nobody else."""
        if kind == PARTNER_CLIENTS:
            raise DeliveryRejected("hubspot: partner clients are read and changed, never made")
        return _answer(self._batch.create(kind, _body(inputs), _preload_content=False))

    def update(self, kind: str, inputs: Inputs) -> HttpAnswer:
        return _answer(self._batch.update(kind, _body(inputs), _preload_content=False))

    def upsert(self, kind: str, inputs: Inputs) -> HttpAnswer:
        return _answer(self._batch.upsert(kind, _body(inputs), _preload_content=False))

    def read(
        self,
        kind: str,
        ids: Sequence[str],
        properties: Sequence[str],
        id_property: str | None = None,
    ) -> HttpAnswer:
        """At most 100 ids; `id_property` names the unique property whose values they are."""
        body: dict[str, Any] = _body([{"id": one} for one in ids])
        body |= {"properties": list(properties), "propertiesWithHistory": []}
        if id_property is not None:
            body["idProperty"] = id_property
        return _answer(self._batch.read(kind, body, _preload_content=False))

    def search(self, kind: str, body: Mapping[str, Any]) -> HttpAnswer:
        return _answer(self._search.do_search(kind, dict(body), _preload_content=False))

    def associations(self, from_kind: str, to_kind: str, inputs: Inputs) -> HttpAnswer:
        """`inputs` of `{"id": …}`, with `after` for a further page."""
        return _answer(
            self._associations.get_page(from_kind, to_kind, _body(inputs), _preload_content=False)
        )

    def associate(
        self, from_kind: str, to_kind: str, pairs: Sequence[tuple[str, str]]
    ) -> HttpAnswer:
        """Links each pair by the default association; linking twice is harmless."""
        inputs = [{"from": {"id": start}, "to": {"id": end}} for start, end in pairs]
        return _answer(
            self._associations.create_default(
                from_kind, to_kind, _body(inputs), _preload_content=False
            )
        )

    def owners(self, archived: bool, after: str | None) -> HttpAnswer:
        page = {} if after is None else {"after": after}
        return _answer(
            self._owners.get_page(limit=100, archived=archived, _preload_content=False, **page)
        )

    def pipelines(self, kind: str) -> HttpAnswer:
        return _answer(self._pipelines.get_all(kind, _preload_content=False))

    def property(self, kind: str, name: str) -> HttpAnswer:
        return _answer(self._properties.get_by_name(kind, name, _preload_content=False))

    def create_property(self, kind: str, body: Mapping[str, Any]) -> HttpAnswer:
        return _answer(self._properties.create(kind, dict(body), _preload_content=False))


class _Carrier:
    """Stands where the client keeps its own transport."""

    def __init__(self, http: Http, version: str) -> None:
        self._http = http
        self._version = version

    def client_of(self, package: Any) -> Any:
        client = package.ApiClient(package.Configuration(host=""))
        client.rest_client = self
        return client

    def GET(self, url: str, query_params: Any = None, **_: Any) -> HttpAnswer:
        return self._call("GET", url, None, query_params)

    def POST(self, url: str, body: Any = None, query_params: Any = None, **_: Any) -> HttpAnswer:
        return self._call("POST", url, body, query_params)

    def _call(self, method: str, url: str, body: Any, query: Any) -> HttpAnswer:
        params = {name: _query_word(value) for name, value in query or ()}
        reads = method == "GET" or url.endswith(_READS)
        return self._http.call(method, self._dated(url), body, params=params, reads=reads)

    def _dated(self, path: str) -> str:
        if self._version == "v3":
            return path
        for start, dated in _DATED:
            if path.startswith(start):
                return (dated.format(self._version) + path[len(start) :]).rstrip("/")
        raise ValueError(f"hubspot: no dated path is known for {path}")


def _api_version(account: Account) -> str:
    version = account.options.get("api_version", API_VERSION)
    if not _VERSION.fullmatch(version):
        raise ConfigError(f"account {account.name}: api_version is neither v3 nor like 2026-09")
    return version


def _body(inputs: Inputs) -> dict[str, Any]:
    return {"inputs": list(inputs)}


def _query_word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _answer(answer: Any) -> HttpAnswer:
    """What the carrier gave: the client hands it on as it is when told not to read it."""
    assert isinstance(answer, HttpAnswer)  # noqa: S101 - narrows the SDK's Any
    return answer
