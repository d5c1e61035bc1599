"""A worker is killed right after an order of the generic webhook has arrived: it is done once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.domain.names import EmployeeId, conversation_id
from bridge.pipeline.send import SendRequest, Sent, send
from tests.cli.commands import Installation
from tests.cli.one_system import ERP, KNOWN, one_system
from tests.cli.running import eventually, kill_tree
from tests.connectors.webhook.building import message
from tests.forked import process_of

PATIENCE = 120.0


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str, silent: None) -> Iterator[Installation]:
    """Ana's client has written, and she has answered: the answer waits for a worker."""
    with one_system(tmp_path, sqlite_url) as made:
        made.environ["BRIDGE_LEASE_SECONDS"] = "1"
        made.receive({"events": [message("m-1", chat=KNOWN)]}, ERP)
        chat = conversation_id(ERP, "line-1", KNOWN["chat_id"])
        ana = EmployeeId("ana@acme.example")
        with made.parts() as parts:
            answer = SendRequest(employee=ana, conversation=chat, text="Buenas", key="k-1")
            assert isinstance(send(parts, answer), Sent)
        yield made


@contextmanager
def worker(house: Installation) -> Iterator[None]:
    """Killed at the end, wherever it is."""
    command = (sys.executable, "-m", "bridge.cli", "worker")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BRIDGE_")}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = process_of(command, inherited | house.environ, **quiet)
    try:
        yield
    finally:
        kill_tree(process.pid)
        process.wait()


def sent(house: Installation) -> list[str]:
    state: Any = requests.get(f"{house.crm_url}/_sandbox/state", timeout=60).json()
    return [one["text"] for one in state["sent"]]


def is_done(house: Installation) -> bool:
    found = house.json("deliveries")["deliveries"]
    return len(found) == 3 and all(one["state"] == "done" for one in found)


def test_a_worker_killed_after_sending_sends_nothing_twice(house: Installation) -> None:
    """R2, R3: nobody heard the answer; the next worker sends it again under the same webhook-id."""
    house.fail(house.crm_url, "^POST /$", "timeout_after", seconds=PATIENCE)
    with worker(house):
        assert eventually(lambda: sent(house) == ["Buenas"], PATIENCE)
    house.mend(house.crm_url)
    assert not is_done(house)
    with worker(house):
        assert eventually(lambda: is_done(house), PATIENCE)
    assert sent(house) == ["Buenas"]
    log = [one["said"] for d in house.json("deliveries")["deliveries"] for one in d["log"]]
    assert "looked up: not there" in log
