"""Every connector's package: manifest, README, fixtures and sandbox, all under one name."""

import re
from typing import Any

import pytest
from flask import Flask

from bridge.domain.effects import SendMessage
from bridge.ports import Connector
from connectors import CONNECTORS, installed
from tests.contract.vendors import (
    NAMES,
    ROOT,
    WITH_DOORS,
    account,
    connector_named,
    fixtures,
    secrets,
)
from tests.serving import served


@pytest.fixture(params=NAMES)
def connector(request: pytest.FixtureRequest) -> Connector:
    return connector_named(request.param)


def test_names_are_unique_and_installed() -> None:
    assert len(set(NAMES)) == len(CONNECTORS) > 0
    assert set(NAMES) <= set(installed())


def test_the_name_is_that_of_the_package(connector: Connector) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", connector.name)
    assert (ROOT / "connectors" / connector.name / "__init__.py").is_file()
    assert connector.label


def test_the_readme_tells_how_to_set_it_up(connector: Connector) -> None:
    readme = (ROOT / "connectors" / connector.name / "README.md").read_text()
    assert connector.label in readme
    assert all(need in readme for need in connector.needs)
    assert "bridge doctor" in readme


@pytest.mark.parametrize("name", WITH_DOORS)
def test_there_are_recorded_bodies(name: str) -> None:
    assert fixtures(name)


def test_its_options_have_examples_and_are_explained(connector: Connector) -> None:
    readme = (ROOT / "connectors" / connector.name / "README.md").read_text()
    assert all(f"`{option}`" in readme for option in connector.options)
    assert all(connector.options.values())


def test_secrets_are_named_in_lower_case(connector: Connector) -> None:
    assert connector.needs
    assert all(re.fullmatch(r"[a-z][a-z_]*", need) for need in connector.needs)


def test_the_sandbox_is_there_and_can_be_steered(connector: Connector) -> None:
    app: Any = connector.sandbox(secrets(connector))
    assert isinstance(app, Flask)
    client = app.test_client()
    assert client.get("/_sandbox/state").status_code == 200
    assert client.get("/_sandbox/faults").get_json() == {"counts": {}}
    assert client.post("/_sandbox/reset").status_code == 200
    assert client.get("/").status_code == 200


def test_a_sandbox_tells_no_secret(connector: Connector) -> None:
    client: Any = connector.sandbox(secrets(connector)).test_client()  # type: ignore[attr-defined]
    shown = client.get("/_sandbox/state").text + client.get("/").text
    assert not any(secret in shown for secret in secrets(connector).values())


def test_two_sandboxes_share_nothing(connector: Connector) -> None:
    apps: list[Any] = [connector.sandbox(secrets(connector)) for _ in range(2)]
    rule = {"rules": [{"fault": "500", "times": 1}]}
    apps[0].test_client().post("/_sandbox/faults", json=rule)
    assert apps[1].test_client().get("/").status_code == 200


def test_the_reader_reads_an_empty_sandbox(connector: Connector) -> None:
    with served(connector.sandbox(secrets(connector))) as url:
        reader = connector.reader(account(connector, url))
        assert list(reader.employees()) == []
        assert list(reader.channels()) == []
        assert (reader.contacts([]), reader.deals([]), reader.leads([])) == ({}, {}, {})
        assert list(reader.contacts_by_identity([])) == []
        assert [*reader.deals_of([]), *reader.leads_of([])] == []


def test_a_limit_per_chat_lets_something_through(connector: Connector) -> None:
    """Zero would hold every message for ever; and it is a limit only of who sends messages."""
    limits = connector.per_chat.values()
    assert all(limit.calls > 0 and limit.per_seconds > 0 for limit in limits)
    assert not limits or SendMessage in connector.delivers
