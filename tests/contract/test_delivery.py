"""Every connector's delivery: an outcome per effect, in order; kinds it does not do are refused."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest
import requests

from bridge.domain.effects import Effect
from bridge.ports import (
    Absent,
    AccountDown,
    CannotTell,
    Connector,
    Delivery,
    Done,
    Found,
    Outcome,
    Rejected,
    RetryAt,
    Unknown,
)
from tests.contract.effects import EFFECTS, IDS
from tests.contract.vendors import NAMES, NOW, account, connector_named, secrets
from tests.serving import served

UNSUPPORTED = "effect_unsupported"
OUTCOMES = get_args(Outcome)
KINDS = sorted(EFFECTS, key=lambda kind: kind.__name__)


@pytest.fixture(params=NAMES)
def connector(request: pytest.FixtureRequest) -> Connector:
    return connector_named(request.param)


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address that refuses every connection."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


@pytest.fixture
def sandbox(connector: Connector) -> Iterator[str]:
    with served(connector.sandbox(secrets(connector))) as url:
        yield url


@pytest.fixture
def called(sandbox: str) -> str:
    """What the account calls: a sandbox that speaks another language than HTTP says where."""
    answer = requests.get(f"{sandbox}/_sandbox/address", timeout=60)
    return str(answer.json()["address"]) if answer.ok else sandbox


def test_there_is_a_sample_of_every_effect() -> None:
    assert set(EFFECTS) == set(get_args(Effect))


def test_it_delivers_something_and_only_effects(connector: Connector) -> None:
    assert connector.delivers
    assert connector.delivers <= set(get_args(Effect))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_done_or_refused_as_the_manifest_says(
    connector: Connector, called: str, kind: type[Effect]
) -> None:
    (outcome,) = connector.outbound(account(connector, called)).deliver([_delivery(kind)])
    refused = isinstance(outcome, Rejected) and outcome.reason == UNSUPPORTED
    assert refused is (kind not in connector.delivers)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_connection_what_it_does_is_held(
    connector: Connector, nowhere: str, kind: type[Effect]
) -> None:
    (outcome,) = connector.outbound(account(connector, nowhere)).deliver([_delivery(kind)])
    held = isinstance(outcome, AccountDown | RetryAt)
    assert held is (kind in connector.delivers)


def test_a_run_has_an_outcome_per_effect_in_order(connector: Connector, called: str) -> None:
    run = [_delivery(kind, n) for n in range(3) for kind in KINDS]
    outcomes = connector.outbound(account(connector, called)).deliver(run)
    assert len(outcomes) == len(run)
    assert all(isinstance(outcome, OUTCOMES) for outcome in outcomes)
    refused = [isinstance(o, Rejected) and o.reason == UNSUPPORTED for o in outcomes]
    assert refused == [type(given.effect) not in connector.delivers for given in run]


def test_a_run_without_a_connection_has_an_outcome_per_effect(
    connector: Connector, nowhere: str
) -> None:
    run = [_delivery(kind, n) for n in range(3) for kind in KINDS]
    outcomes = connector.outbound(account(connector, nowhere)).deliver(run)
    assert len(outcomes) == len(run)
    assert not any(isinstance(outcome, Done | Unknown) for outcome in outcomes)


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_be_another_workers_by_now_is_not_sent(
    connector: Connector, nowhere: str, kind: type[Effect]
) -> None:
    """R2: a worker that was stopped for longer than its lease sends nothing when it goes on. A call
    would say that nobody is there."""
    late = replace(_delivery(kind), still_ours=lambda: False)
    (outcome,) = connector.outbound(account(connector, nowhere)).deliver([late])
    assert isinstance(outcome, RetryAt if kind in connector.delivers else Rejected)


def test_a_look_up_has_an_answer_per_effect(connector: Connector, called: str) -> None:
    run = [_delivery(kind, n) for n in range(3) for kind in KINDS]
    found = connector.outbound(account(connector, called)).find(run)
    assert len(found) == len(run)
    assert all(isinstance(one, Found | Absent | CannotTell) for one in found)


def test_a_look_up_without_a_connection_never_finds(connector: Connector, nowhere: str) -> None:
    run = [_delivery(kind) for kind in KINDS]
    found = connector.outbound(account(connector, nowhere)).find(run)
    assert len(found) == len(run)
    assert not any(isinstance(one, Found) for one in found)


def test_nothing_to_do_is_nothing_done(connector: Connector, nowhere: str) -> None:
    outbound = connector.outbound(account(connector, nowhere))
    assert [*outbound.deliver([]), *outbound.find([])] == []


@pytest.mark.parametrize("fault", ["401", "429", "500", "500_after", "reset", "html", "403_quota"])
def test_a_failing_vendor_gives_outcomes_and_tells_no_secret(
    connector: Connector, sandbox: str, called: str, fault: str
) -> None:
    _fail(sandbox, fault)
    run = [_delivery(kind) for kind in KINDS if kind in connector.delivers]
    outcomes = connector.outbound(account(connector, called)).deliver(run)
    assert len(outcomes) == len(run)
    assert not any(isinstance(outcome, Done) for outcome in outcomes)
    assert not any(secret in repr(outcomes) for secret in secrets(connector).values())


def test_what_a_run_costs_is_counted(connector: Connector) -> None:
    run = [_delivery(kind) for kind in KINDS if kind in connector.delivers]
    assert connector.calls(run) >= 1
    assert connector.max_run >= 1
    assert connector.call_timeout_seconds > 0


def _delivery(kind: type[Effect], number: int = 0) -> Delivery:
    return Delivery(
        effect=EFFECTS[kind],
        idempotency_key=f"key-{kind.__name__}-{number}",
        attempt=1,
        now=NOW,
        in_doubt_since=NOW,
        ids=IDS,
    )


def _fail(url: str, fault: str) -> None:
    answer = requests.post(f"{url}/_sandbox/faults", json={"rules": [{"fault": fault}]}, timeout=60)
    answer.raise_for_status()
