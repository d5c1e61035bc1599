"""Whether the other side is there, and checks who asks."""

import pytest
import responses

from bridge.domain.errors import CredentialsInvalid, DeliveryTransient
from bridge.ports import Account
from connectors.webhook.doctor import WebhookDoctor
from tests.connectors.webhook.building import OTHER, account
from tests.connectors.webhook.conftest import System

URL = "https://erp.example/bridge"
PUBLIC = "https://bridge.example"


def codes(given: Account) -> list[str]:
    return [ailment.code for ailment in WebhookDoctor(given).examine(PUBLIC)]


def test_the_reference_system_is_well(at_system: Account) -> None:
    assert codes(at_system) == []


def test_an_account_that_only_listens_is_told() -> None:
    assert codes(account()) == ["no_base_url"]
    assert codes(account(options={"only_events": "true"})) == []


@responses.activate
def test_a_side_that_takes_any_signature_is_told() -> None:
    responses.post(URL, json={"ok": True})
    assert codes(account(URL)) == ["signature_not_checked"]


def test_another_secret_is_told(system: System) -> None:
    with pytest.raises(CredentialsInvalid):
        codes(account(system.url, (OTHER,)))


@responses.activate
def test_a_side_that_is_busy_is_told() -> None:
    responses.post(URL, status=429)
    with pytest.raises(DeliveryTransient):
        codes(account(URL))


def test_nothing_is_mended_from_here(at_system: Account) -> None:
    assert list(WebhookDoctor(at_system).fix(PUBLIC, take_over=True)) == []
