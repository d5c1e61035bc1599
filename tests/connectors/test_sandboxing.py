"""Each fault does over the wire what it says, and nothing else."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from flask import Flask, Response, jsonify

from connectors.sandboxing import ConnectionCut, Faults, install
from tests.serving import served


@dataclass
class Toy:
    """A vendor that counts what it stored."""

    base: str = ""
    stored: list[int] = field(default_factory=list)

    def post(self, timeout: float = 5.0) -> requests.Response:
        return requests.post(f"{self.base}/things", json={}, timeout=timeout)

    def told(self, fault: str, **more: Any) -> None:
        rule = {"match": "POST /things", "fault": fault, **more}
        answer = requests.post(f"{self.base}/_sandbox/faults", json={"rules": [rule]}, timeout=60)
        answer.raise_for_status()


def toy_app(toy: Toy) -> Flask:
    app = Flask("toy")

    @app.post("/things")
    def things() -> Response:
        toy.stored.append(1)
        return jsonify(ok=True)

    def quota() -> Response:
        return Response('{"why": "quota"}', 403, content_type="application/json")

    install(app, Faults(), quota, lambda: {"stored": len(toy.stored)}, toy.stored.clear)
    return app


@pytest.fixture
def toy() -> Iterator[Toy]:
    toy = Toy()
    with served(toy_app(toy)) as toy.base:
        yield toy


def test_without_a_rule_everything_passes(toy: Toy) -> None:
    assert (toy.post().status_code, toy.stored) == (200, [1])


@pytest.mark.parametrize(
    ("fault", "status", "stored"),
    [
        ("429", 429, 0),
        ("401", 401, 0),
        ("500", 500, 0),
        ("403_quota", 403, 0),
        ("500_after", 500, 1),
        ("html", 200, 0),
        ("html_after", 200, 1),
    ],
)
def test_answered_faults(toy: Toy, fault: str, status: int, stored: int) -> None:
    toy.told(fault)
    assert (toy.post().status_code, len(toy.stored)) == (status, stored)


@pytest.mark.parametrize("fault", ["html", "html_after"])
def test_html_is_no_json(toy: Toy, fault: str) -> None:
    toy.told(fault)
    assert toy.post().headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(("fault", "stored"), [("reset", 0), ("reset_after", 1)])
def test_a_cut_connection_gives_no_answer(toy: Toy, fault: str, stored: int) -> None:
    toy.told(fault, times=1)
    with pytest.raises(requests.ConnectionError):
        toy.post()
    assert len(toy.stored) == stored
    assert toy.post().status_code == 200, "the server lives on"


def test_timeout_after_stores_and_is_silent(toy: Toy) -> None:
    toy.told("timeout_after", seconds=1.0)
    with pytest.raises(requests.ReadTimeout):
        toy.post(timeout=0.3)
    end = time.monotonic() + 60
    while not toy.stored:
        assert time.monotonic() < end, "it does not store"
        time.sleep(0.02)
    assert len(toy.stored) == 1


def test_delay_answers_late(toy: Toy) -> None:
    toy.told("delay", seconds=0.3)
    began = time.monotonic()
    assert toy.post().status_code == 200
    assert time.monotonic() - began >= 0.3


def test_latency_slows_every_request_but_no_control(toy: Toy) -> None:
    requests.post(f"{toy.base}/_sandbox/faults", json={"latency_seconds": 2.0}, timeout=60)
    began = time.monotonic()
    toy.post()
    slow = time.monotonic() - began
    began = time.monotonic()
    requests.get(f"{toy.base}/_sandbox/state", timeout=60)
    assert slow >= 2.0 > time.monotonic() - began


def test_retry_after_is_sent(toy: Toy) -> None:
    toy.told("429", retry_after="7")
    assert toy.post().headers["retry-after"] == "7"


def test_a_quota_says_when_to_come_back(toy: Toy) -> None:
    toy.told("403_quota", retry_after="7")
    answer = toy.post()
    assert (answer.status_code, answer.headers["retry-after"]) == (403, "7")


def test_times_limits_and_counts(toy: Toy) -> None:
    toy.told("500", times=2)
    assert [toy.post().status_code for _ in range(3)] == [500, 500, 200]
    counts = requests.get(f"{toy.base}/_sandbox/faults", timeout=60).json()
    assert counts == {"counts": {"500": 2}}


def test_a_rule_strikes_only_what_it_matches(toy: Toy) -> None:
    toy.told("500", match="POST /others")
    assert toy.post().status_code == 200


def test_rate_strikes_a_share_and_the_same_share_again() -> None:
    def struck() -> list[bool]:
        faults = Faults(seed=7)
        faults.add({"fault": "500", "rate": 0.3})
        return [faults.pick("POST /things") is not None for _ in range(200)]

    first = struck()
    assert first == struck()
    assert 40 <= sum(first) <= 80


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="fault 418 is not one of"):
        Faults().add({"fault": "418"})


def test_clear_and_reset(toy: Toy) -> None:
    toy.told("500")
    requests.delete(f"{toy.base}/_sandbox/faults", timeout=60)
    assert toy.post().status_code == 200
    toy.told("500")
    requests.post(f"{toy.base}/_sandbox/reset", timeout=60)
    state = requests.get(f"{toy.base}/_sandbox/state", timeout=60).json()
    assert (state, toy.post().status_code) == ({"stored": 0}, 200)


def test_a_server_without_a_socket_to_cut_says_so() -> None:
    toy = Toy()
    app = toy_app(toy)
    app.testing = True
    client = app.test_client()
    client.post("/_sandbox/faults", json={"rules": [{"fault": "reset"}]})
    with pytest.raises(ConnectionCut):
        client.post("/things", json={})
    assert toy.stored == []


def test_the_same_seed_strikes_the_same_requests(toy: Toy) -> None:
    def run(seed: int) -> list[int]:
        requests.post(f"{toy.base}/_sandbox/faults", json={"seed": seed}, timeout=60)
        return [toy.post().status_code for _ in range(30)]

    toy.told("500", rate=0.5)
    first, second = run(7), run(8)
    assert run(7) == first
    assert first != second
