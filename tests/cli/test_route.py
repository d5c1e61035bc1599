"""`bridge route`: the real rules on made-up, recorded or stored events; nothing is touched."""

import json
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.cli.commands import CRM, PHONE, Installation, both_stores


def target(found: Any) -> Any:
    return found["decisions"][0]["record"]["target"]


@pytest.fixture
def webhook(town: Installation, tmp_path: Path) -> Path:
    path = tmp_path / "webhook.json"
    path.write_text(json.dumps(town.message()))
    return path


def test_a_new_client_is_routed_without_a_store(folder: Installation) -> None:
    found = folder.json("route", "--new-client", "country=MX", "channel=wa-sales")
    assert target(found) == "bruno@acme.example"
    (rule,) = found["decisions"][0]["record"]["rules"]
    assert [check["holds"] for check in rule["checks"]] == [True, True]
    assert not Path(folder.environ["BRIDGE_STATE"]).exists()


def test_people_read_who_gets_it_and_why_not_others(folder: Installation) -> None:
    said = folder.run("route", "--new-client", "country=ES").stdout
    assert said.startswith("ana@acme.example would get it")
    assert "rule mx" not in said
    assert "bruno@acme.example: ana@acme.example was next in turn" in said
    assert "country is ES, the rule wants MX" in said


@both_stores
def test_turns_and_people_are_the_stores(town: Installation) -> None:
    before = target(town.json("route", "--new-client", "country=ES"))
    town.receive(town.message())
    after = target(town.json("route", "--new-client", "country=ES"))
    assert [before, after] == ["ana@acme.example", "bruno@acme.example"]
    town.tell(town.crm_url, "seed", {"owners": [_archived("101", "bruno@acme.example")]})
    town.run("sync")
    assert target(town.json("route", "--new-client", "country=ES")) == "ana@acme.example"


def _archived(crm_id: str, email: str) -> dict[str, object]:
    return {"id": crm_id, "email": email, "archived": True}


@both_stores
def test_store_and_queue_are_left_as_they_were(
    town: Installation, webhook: Path, redis_url: str
) -> None:
    town.environ["BRIDGE_REDIS_URL"] = redis_url
    town.receive(town.message(phone="34600999888"))
    client = redis.Redis.from_url(redis_url)
    before = (town.everything(), _dump(client), town.crm_state())
    town.run("route", "--new-client", "country=MX")
    town.run("route", "--event", str(webhook), "--account", "wazzup-main")
    town.run("route", "--event", "1")
    assert (town.everything(), _dump(client), town.crm_state()) == before
    client.close()


def _dump(client: "redis.Redis") -> dict[Any, Any]:
    return {key: client.dump(key) for key in sorted(client.keys("*"))}


@both_stores
def test_a_file_with_a_webhook_is_decided_as_it_would_be(town: Installation, webhook: Path) -> None:
    rehearsed = town.json("route", "--event", str(webhook), "--account", "wazzup-main")
    town.receive(json.loads(webhook.read_bytes()))
    decided = town.json("explain", "1")["explanation"]["record"]
    made = rehearsed["decisions"][0]["record"]
    same = ("target", "verdict", "event_key", "conversation", "rules", "candidates", "changes")
    assert {key: made[key] for key in same} == {key: decided[key] for key in same}


def test_a_stranger_is_looked_up_in_the_crm_unless_offline(
    town: Installation, webhook: Path
) -> None:
    town.tell(town.crm_url, "seed", {"contacts": [_contact("1", owner="101")]})
    words = ("route", "--event", str(webhook), "--account", "wazzup-main")
    assert target(town.json(*words)) == "bruno@acme.example"
    assert target(town.json(*words, "--offline")) == "ana@acme.example"
    town.fail(town.crm_url, ".*", "reset")
    assert "can't be reached" in town.run(*words, code=1).stderr


def _contact(crm_id: str, owner: str) -> dict[str, object]:
    return {"id": crm_id, "properties": {"phone": f"+{PHONE}", "hubspot_owner_id": owner}}


@both_stores
def test_a_stored_event_is_decided_under_the_folder_as_it_is_now(town: Installation) -> None:
    town.receive(town.message(phone="5215512345678"))
    assert target(town.json("route", "--event", "1")) == "bruno@acme.example"
    town.rewrite("routing.yaml", "north: [bruno@acme.example]", "north: [ana@acme.example]")
    assert target(town.json("route", "--event", "1")) == "ana@acme.example"


def test_what_no_event_can_be_made_of_is_told(town: Installation, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text("{")
    (found,) = town.json("route", "--event", str(path), "--account", CRM)["decisions"]
    assert found["record"]["verdict"] == "rejected"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--new-client", "--event", "1"),
        ("--event", "1", "country=MX"),
        ("--new-client", "MX"),
        ("--new-client", "country=MX", "country=ES"),
    ],
)
def test_an_unclear_question_is_refused(folder: Installation, words: tuple[str, ...]) -> None:
    assert "Error: " in folder.run("route", *words, code=2).stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--new-client", "contry=MX"), "did you mean country?"),
        (("--new-client", "channel=nowhere"), "nowhere is not a channel"),
        (("--event", "4711"), "there is no event 4711"),
        (("--event", __file__), "--account with one of: hubspot-main, wazzup-main"),
        (("--event", __file__, "--account", "x"), "there is no account x"),
    ],
)
def test_what_is_not_there_is_told_with_a_next_step(
    house: Installation, words: tuple[str, ...], told: str
) -> None:
    assert told in house.run("route", *words, code=1).stderr
