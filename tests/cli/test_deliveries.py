"""`bridge deliveries`: what was ordered, how often, what was answered; nothing of the client."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Installation, both_stores
from tests.cli.one_system import ERP, KNOWN, STRANGER, one_system
from tests.cli.running import eventually
from tests.connectors.webhook.building import message

EVA = KNOWN | {"name": "Eva Secret"}


@pytest.fixture
def house(tmp_path: Path, store_url: str, silent: None) -> Iterator[Installation]:
    """The system has been asked who the client is, and knows him."""
    with one_system(tmp_path, store_url) as made:
        made.receive({"events": [message("m-0", chat=EVA)]}, ERP)
        yield made


def told(house: Installation, *words: str) -> list[Any]:
    found: list[Any] = house.json("deliveries", *words)["deliveries"]
    return found


def is_settled(house: Installation) -> bool:
    house.settle()
    return all(one["state"] == "done" for one in told(house))


@both_stores
def test_a_delivery_shows_every_attempt_and_what_came_of_it(house: Installation) -> None:
    house.fail(house.crm_url, "^POST /$", "500_after", times=1)
    house.receive({"events": [message("m-1", chat=EVA, text="secret words")]}, ERP)
    assert eventually(lambda: is_settled(house), 60)
    entry, _ = told(house)
    assert (entry["kind"], entry["state"], entry["attempts"]) == ("WriteTimelineEntry", "done", 2)
    assert entry["vendor_id"].startswith("entry")
    assert [one["said"] for one in entry["log"]] == [
        "webhook: timeline.write: HTTP 500",
        "looked up: not there",
    ]
    assert [one["number"] for one in entry["log"]] == [1, 1]


def test_a_refusal_shows_its_code(house: Installation) -> None:
    house.tell(house.crm_url, "reset", {})
    house.receive({"events": [message("m-1", chat=EVA)]}, ERP)
    (dead, *_) = told(house, "--state", "dropped")
    assert "unknown_contact" in dead["log"][-1]["said"]
    assert f"webhook-id {dead['key']}" in dead["log"][-1]["said"]


def test_an_account_that_is_held_is_told_of_once(house: Installation) -> None:
    house.fail(house.crm_url, "^POST /$", "429", retry_after="600")
    house.receive({"events": [message(f"m-{n}", chat=EVA) for n in range(1, 4)]}, ERP)
    said = [one["said"] for delivery in told(house) for one in delivery["log"]]
    assert said == ["webhook: timeline.write: HTTP 429"]


def test_it_shows_nothing_of_the_client(house: Installation) -> None:
    house.receive({"events": [message("m-1", chat=EVA, text="secret words")]}, ERP)
    house.receive({"events": [message("m-2", chat=STRANGER | {"name": "Leo Secret"})]}, ERP)
    shown = house.run("deliveries").stdout + json.dumps(told(house))
    assert "CreateContact" in shown
    assert not any(
        word in shown for word in ("Secret", "secret words", "34600111222", "5512345678")
    )


def test_it_lists_the_newest_of_what_was_asked_for(house: Installation) -> None:
    for n in range(1, 3):
        house.receive({"events": [message(f"m-{n}", chat=EVA)]}, ERP)
    ids = [one["id"] for one in told(house)]
    assert ids == sorted(ids, reverse=True)
    assert [one["id"] for one in told(house, "--limit", "2")] == ids[:2]
    assert told(house, "--account", "other") == []
    assert told(house, "--state", "unknown") == []
    assert house.run("deliveries", "--account", "other").stdout == "there are no deliveries\n"
    assert house.run("deliveries").stdout.count("WriteTimelineEntry  done → entry") == 3
