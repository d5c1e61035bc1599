"""Real processes that share an account's token through the store, on both stores."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

import pytest
import requests

from bridge.domain.errors import BridgeError
from bridge.store import tokens
from bridge.store.engine import open_engine
from bridge.store.tokens import tokens_of
from connectors.salesforce.client import SalesforceClient
from tests.connectors.salesforce.building import account
from tests.connectors.salesforce.conftest import SalesforceSandbox

WORKERS, CALLS = 8, 5
PATIENCE_SECONDS = 300.0
KEY = "k" * 32
# RQ forks its workers as well; what a child does is then all that it takes.
_FORK = multiprocessing.get_context("fork")

Work = Callable[[SalesforceClient], None]


def client_of(url: str, database_url: str) -> SalesforceClient:
    """As a worker has it: nothing but the store is shared."""
    of = account(url)
    shared = tokens_of(open_engine(database_url), KEY)(of)
    return SalesforceClient(replace(of, tokens=shared))


def reads(client: SalesforceClient) -> None:
    for _ in range(CALLS):
        client.query("SELECT Id FROM Lead")


def reads_for_long(client: SalesforceClient) -> None:
    """Comes back when it is told that it is too early, as a lane does."""
    for _ in range(CALLS):
        while not _was_read(client):
            time.sleep(0.05)


def _was_read(client: SalesforceClient) -> bool:
    with suppress(BridgeError):
        client.query("SELECT Id FROM Lead")
        return True
    return False


class Workers:
    """Processes that begin their work when all of them are there."""

    def __init__(self, org: SalesforceSandbox, database_url: str) -> None:
        self._org = org
        self._database_url = database_url
        self._began: list[tuple[multiprocessing.process.BaseProcess, Connection]] = []

    def begin(self, work: Work, number: int = 1) -> None:
        barrier = _FORK.Barrier(number)
        for _ in range(number):
            ours, theirs = _FORK.Pipe()
            process = _FORK.Process(target=self._run, args=(work, barrier, theirs), daemon=True)
            process.start()
            self._began.append((process, ours))

    def _run(self, work: Work, barrier: Any, told: Connection) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        client = client_of(self._org.url, self._database_url)
        barrier.wait(PATIENCE_SECONDS)
        try:
            work(client)
        except BridgeError as error:
            told.send(type(error).__name__)
        else:
            told.send("")

    def ended(self) -> list[str]:
        """What each of them came to: nothing, or the name of its error."""
        found = []
        for process, told in self._began:
            assert told.poll(PATIENCE_SECONDS), "a worker has not ended"
            found.append(str(told.recv()))
            process.join(PATIENCE_SECONDS)
        self._began.clear()
        return found

    def kill(self) -> None:
        for process, _ in self._began:
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join(PATIENCE_SECONDS)
        self._began.clear()


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a worker waits for its turn, it is not what is tested here."""
    monkeypatch.setattr(tokens, "_WAIT_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(tokens, "_FRESH", timedelta(hours=1))
    monkeypatch.setattr(tokens, "LEASE", timedelta(hours=1))


@pytest.fixture
def workers(salesforce: SalesforceSandbox, database_url: str) -> Workers:
    return Workers(salesforce, database_url)


def sign_ins(org: SalesforceSandbox) -> int:
    done: int = org.state()["logins"]["done"]
    return done


def struck(org: SalesforceSandbox) -> int:
    counts = requests.get(f"{org.url}/_sandbox/faults", timeout=60).json()["counts"]
    return int(counts.get("delay", 0))


def test_eight_workers_sign_in_once(salesforce: SalesforceSandbox, workers: Workers) -> None:
    workers.begin(reads, WORKERS)
    assert workers.ended() == [""] * WORKERS
    assert (sign_ins(salesforce), salesforce.calls("/query/")) == (1, WORKERS * CALLS)
    workers.begin(reads)
    assert (workers.ended(), sign_ins(salesforce)) == ([""], 1)


def test_eight_workers_whose_token_ends_sign_in_once_more(
    salesforce: SalesforceSandbox, workers: Workers
) -> None:
    workers.begin(reads)
    assert workers.ended() == [""]
    salesforce.post("expire")
    workers.begin(reads, WORKERS)
    assert (workers.ended(), sign_ins(salesforce)) == ([""] * WORKERS, 2)


def test_a_worker_killed_while_it_signs_in_is_followed_by_another(
    salesforce: SalesforceSandbox, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease runs out; here after a second."""
    monkeypatch.setattr(tokens, "LEASE", timedelta(seconds=1))
    salesforce.told("delay", "oauth2/token", times=1, seconds=60)
    workers.begin(reads)
    end = time.monotonic() + PATIENCE_SECONDS
    while not struck(salesforce):
        assert time.monotonic() < end, "nobody signs in"
        time.sleep(0.02)
    workers.kill()
    workers.begin(reads_for_long)
    assert (workers.ended(), sign_ins(salesforce)) == ([""], 1)


def test_a_token_that_is_dead_for_good_costs_one_sign_in(
    salesforce: SalesforceSandbox, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All stop: who signed in for it with credentials that are no good, the others for the time
    being; how long that is is proven elsewhere. Whoever tries again does not even sign in."""
    monkeypatch.setattr(tokens, "_pause", lambda count: timedelta(hours=count))
    workers.begin(reads)
    assert workers.ended() == [""]
    salesforce.settings(refuse_tokens=True)
    for _ in range(3):
        workers.begin(reads, WORKERS)
        assert set(workers.ended()) <= {"CredentialsInvalid", "DeliveryTransient"}
    assert sign_ins(salesforce) == 2


def test_credentials_that_are_refused_cost_one_sign_in(
    salesforce: SalesforceSandbox, workers: Workers
) -> None:
    salesforce.settings(logins_per_hour=0)
    workers.begin(reads, WORKERS)
    assert set(workers.ended()) == {"DeliveryTransient"}
    assert salesforce.state()["logins"] == {"done": 0, "refused": 1, "tokens": 0}
