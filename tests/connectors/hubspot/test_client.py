"""The one door to HubSpot: where it leads, and that nothing else gets through."""

import pytest
import requests
import responses

from bridge.domain.errors import ConfigError, DeliveryTransient, OutcomeUnknown
from bridge.ports import Account
from connectors.hubspot import CONNECTOR
from connectors.hubspot.client import API_VERSION, CALL_TIMEOUT_SECONDS, HubSpotClient
from tests.connectors.hubspot.building import TOKEN, account
from tests.connectors.hubspot.conftest import HubSpotSandbox

BASE = "https://api.hubapi.com"
PATHS = {
    "create": (
        f"/crm/objects/{API_VERSION}/deals/batch/create",
        "/crm/v3/objects/deals/batch/create",
    ),
    "associate": (
        f"/crm/associations/{API_VERSION}/leads/notes/batch/associate/default",
        "/crm/v4/associations/leads/notes/batch/associate/default",
    ),
}


@pytest.mark.parametrize(("options", "place"), [({}, 0), ({"api_version": "v3"}, 1)])
def test_the_version_is_chosen_in_one_place(options: dict[str, str], place: int) -> None:
    client = HubSpotClient(account(options=options))
    with responses.RequestsMock() as vendor:
        for paths in PATHS.values():
            vendor.post(BASE + paths[place], json={}, status=201)
        assert client.create("deals", []).status == 201
        assert client.associate("leads", "notes", []).status == 201


def test_calls_carry_token_and_json() -> None:
    with responses.RequestsMock() as vendor:
        vendor.post(BASE + PATHS["create"][0], json={})
        HubSpotClient(account()).create("deals", [{"properties": {}}])
        sent = vendor.calls[0].request
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert sent.headers["content-type"] == "application/json"
    assert sent.body == b'{"inputs": [{"properties": {}}]}'


@pytest.mark.parametrize("version", ["v4", "2026", "../v3", ""])
def test_a_version_that_is_none_stops_the_start(version: str) -> None:
    with pytest.raises(ConfigError, match="api_version"):
        HubSpotClient(account(options={"api_version": version}))


@pytest.mark.parametrize("seconds", ["0", "11", "soon", "nan"])
def test_a_time_out_that_is_none_stops_the_start(seconds: str) -> None:
    with pytest.raises(ConfigError, match="call_timeout_seconds"):
        HubSpotClient(account(options={"call_timeout_seconds": seconds}))


def test_a_call_ends_after_the_time_out_that_was_chosen(hubspot: HubSpotSandbox) -> None:
    hubspot.told("delay", "POST", seconds=1.0)
    client = HubSpotClient(account(hubspot.url, {"call_timeout_seconds": "0.2"}))
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        client.create("deals", [])


def test_an_empty_token_stops_the_start() -> None:
    empty = Account(name="a", connector="hubspot", secrets={"access_token": ("",)})
    with pytest.raises(ConfigError, match="access_token"):
        HubSpotClient(empty)


@pytest.mark.parametrize(
    ("status", "body"), [(201, b"<html>"), (202, b""), (200, b"null"), (400, b"\xff\xfe")]
)
def test_answers_come_as_they_are(status: int, body: bytes) -> None:
    """hubspot-api-client by itself gives None, an object without id, or a UnicodeDecodeError."""
    with responses.RequestsMock() as vendor:
        vendor.post(BASE + PATHS["create"][0], body=body, status=status)
        answer = HubSpotClient(account()).create("deals", [])
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (requests.ConnectionError("RemoteDisconnected"), OutcomeUnknown),
        (requests.ConnectionError("NewConnectionError"), DeliveryTransient),
    ],
)
def test_a_broken_line_is_told_by_whether_something_may_have_been_done(
    broken: Exception, error: type[Exception]
) -> None:
    with responses.RequestsMock() as vendor:
        vendor.post(BASE + PATHS["create"][0], body=broken)
        with pytest.raises(error):
            HubSpotClient(account()).create("deals", [])


def test_a_broken_read_can_simply_be_read_again() -> None:
    with responses.RequestsMock() as vendor:
        path = f"/crm/objects/{API_VERSION}/deals/batch/read"
        vendor.post(BASE + path, body=requests.ConnectionError("RemoteDisconnected"))
        with pytest.raises(DeliveryTransient):
            HubSpotClient(account()).read("deals", ["1"], ["dealname"])


def test_the_manifest() -> None:
    assert (CONNECTOR.name, CONNECTOR.label, CONNECTOR.is_crm) == ("hubspot", "HubSpot", True)
    assert CONNECTOR.needs == {"access_token", "client_secret"}
    assert CONNECTOR.call_timeout_seconds == CALL_TIMEOUT_SECONDS == 10.0
    assert CONNECTOR.max_run == 100
