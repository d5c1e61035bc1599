"""`bridge doctor`: each ailment is told with what to do; what can be mended from here is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask, Response, request
from sqlalchemy import update

from bridge.domain.names import ChannelName
from bridge.pipeline.doctor.self_test import first_channel
from bridge.store import lanes
from bridge.store.beats import beat
from bridge.store.engine import writing
from bridge.store.schema import INBOX
from tests.cli.commands import CHANNELS, CHAT, SECRETS, Installation, both_stores
from tests.serving import served

ELSEWHERE = "https://crm.acme.example/in"


@contextmanager
def reachable(town: Installation) -> Iterator[None]:
    """The public URL leads to something that takes the messenger's webhooks, as the front does."""
    app = Flask("front")

    @app.post("/hooks/wazzup-main/<_key>")
    def take(_key: str) -> Response:
        town.store(request.get_data())
        return Response(status=200)

    with served(app) as url:
        town.environ["BRIDGE_PUBLIC_URL"] = url
        yield


@pytest.fixture
def well(town: Installation) -> Iterator[Installation]:
    """Nothing is wrong: all is set up at the vendors, a clock is alive."""
    with reachable(town):
        with town.parts() as parts, writing(parts.engine) as db:
            beat(db, "host:1", "clock", parts.now())
        town.run("doctor", "--fix")
        yield town


def wrongs(town: Installation, *words: str) -> list[tuple[str, str, str]]:
    points = town.json("doctor", *words, code=1)["points"]
    return [(p["check"], p["detail"], p["todo"]) for p in points if p["health"] == "wrong"]


def the_wrong(town: Installation, *words: str) -> tuple[str, str, str]:
    (only,) = wrongs(town, *words)
    return only


@both_stores
def test_all_is_well_after_fixing(well: Installation) -> None:
    found = well.json("doctor")
    assert found["ok"]
    assert {p["check"] for p in found["points"]} >= {
        "configuration",
        "queue",
        "clock skew",
        "reaching hubspot-main",
        "channels of wazzup-main",
        "set-up of wazzup-main",
        "set-up of hubspot-main",
        "people",
        "pipelines",
        "owners",
        "writers",
        "test message",
    }
    assert well.run("doctor").stdout.endswith("all is well\n")


@both_stores
def test_everything_wrong_says_what_to_do(town: Installation) -> None:
    found = wrongs(town)
    assert {check for check, _, _ in found} == {
        "clock process",
        "set-up of hubspot-main",
        "set-up of wazzup-main",
    }
    assert all(todo for _, _, todo in found)
    assert not any(secret in str(found) for secret in SECRETS.values())


def test_webhooks_of_another_system_are_taken_over_only_when_asked(well: Installation) -> None:
    """WZ-17."""
    switches = {"messagesAndStatuses": True, "channelsUpdates": True, "templateStatus": True}
    webhook = {"webhooksUri": ELSEWHERE, "subscriptions": switches}
    well.tell(well.chat_url, "seed", {"webhook": webhook})
    assert ELSEWHERE in the_wrong(well)[1]
    told = wrongs(well, "--fix")
    assert any("--fix --take-over" in todo for _, _, todo in told)
    assert ELSEWHERE in the_wrong(well)[1]
    assert well.json("doctor", "--fix", "--take-over")["ok"]


def test_a_folder_that_is_not_active_is_told(well: Installation) -> None:
    well.rewrite("routing.yaml", "max_age: 24h", "max_age: 12h")
    check, _, todo = the_wrong(well)
    assert (check, "bridge migrate" in todo) == ("configuration", True)
    well.rewrite("routing.yaml", "max_age: 12h", "max_age: soon")
    assert "run `bridge check`" in the_wrong(well)[2]


def test_who_left_and_who_is_missing_is_told(well: Installation) -> None:
    gone = {"id": "101", "email": "bruno@acme.example", "archived": True}
    well.tell(well.crm_url, "seed", {"owners": [gone]})
    check, detail, todo = the_wrong(well)
    assert (check, "bruno@acme.example has left" in detail) == ("people", True)
    assert "another owner in the CRM" in todo
    well.rewrite("roles.yaml", "qa@acme.example", "eve@acme.example")
    well.run("migrate")
    assert any("knows no eve@acme.example" in detail for _, detail, _ in wrongs(well))


@both_stores
def test_owners_of_open_deals_without_a_role_are_told(well: Installation) -> None:
    well.receive(well.message())
    well.rewrite("routing.yaml", "employee: ana@acme.example", "employee: luis@acme.example")
    text = (well.config / "routing.yaml").read_text()
    (well.config / "routing.yaml").write_text(text.partition("\ntests:")[0])
    role = "ana@acme.example:\n    role: "
    well.rewrite("roles.yaml", f"{role}salesperson\n    gets_new_clients: true", f"{role}none")
    well.run("migrate")
    found = [w for w in wrongs(well) if w[0] == "owners"]
    assert "ana@acme.example owns 1 open deals and leads" in found[0][1]
    assert "give him a role" in found[0][2]


def test_channels_that_fail_or_are_unknown_are_told(well: Installation) -> None:
    """WZ-15."""
    state = {"channelId": CHANNELS["wa-north"], "state": "blocked"}
    well.tell(well.chat_url, "channel", state)
    assert the_wrong(well)[:2] == ("channels of wazzup-main", "wa-north is blocked")
    well.rewrite("accounts.yaml", CHANNELS["tg-sales"], "mistyped")
    well.run("migrate")
    assert any("the vendor knows no channel tg-sales" in detail for _, detail, _ in wrongs(well))


def test_a_channel_without_a_writer_is_told(well: Installation) -> None:
    text = (well.config / "roles.yaml").read_text()
    text = text.replace(", wa-north, tg-sales]", "]").replace("priority_channel", "#")
    (well.config / "roles.yaml").write_text(text.replace("{role: manager}", "{role: none}"))
    routing = (well.config / "routing.yaml").read_text().replace("luis@", "ana@")
    (well.config / "routing.yaml").write_text(routing.partition("\ntests:")[0])
    well.run("migrate")
    told = {detail for check, detail, _ in wrongs(well) if check == "writers"}
    assert told == {"nobody may write on wa-north", "nobody may write on tg-sales"}


def test_a_vendor_that_refuses_us_or_is_down_is_told(well: Installation) -> None:
    well.fail(well.crm_url, ".*", "401")
    assert any("renew the account's secrets" in todo for _, _, todo in wrongs(well))
    well.mend(well.crm_url)
    well.fail(well.chat_url, "/v3/channels", "reset")
    assert the_wrong(well)[0] == "channels of wazzup-main"
    assert well.json("doctor", "--offline")["ok"]


@both_stores
def test_held_lanes_and_dead_letters_are_told_and_a_pause_is_lifted(well: Installation) -> None:
    with well.parts() as parts, writing(parts.engine) as db:
        lanes.hold(db, "out:hubspot-main", None, "HTTP 401")
        lanes.hold(db, "out:wazzup-main", parts.now() + timedelta(hours=1), "quota")
    assert [w[0] for w in wrongs(well)] == ["lanes", "lanes"]
    assert "out:hubspot-main is paused: HTTP 401" in wrongs(well)[0][1]
    wrongs(well, "--fix")
    assert "out:wazzup-main is held until" in the_wrong(well)[1]
    with well.parts() as parts, writing(parts.engine) as db:
        lanes.resume(db, "out:wazzup-main")
    well.receive(b"{", CHAT)
    assert the_wrong(well)[:2] == ("dead letters", "1 came in and 0 to go out wait for a person")


@both_stores
def test_a_row_that_waits_for_too_long_is_told(well: Installation) -> None:
    well.store(well.message())
    with well.parts() as parts, writing(parts.engine) as db:
        db.execute(update(INBOX).values(received_at=parts.now() - timedelta(minutes=9)))
    assert "has waited for 9 minutes" in the_wrong(well)[1]


def test_a_process_whose_clock_is_ahead_is_told(well: Installation) -> None:
    with well.parts() as parts, writing(parts.engine) as db:
        beat(db, "fast:7", "clock", parts.now() + timedelta(minutes=3))
    check, detail, todo = the_wrong(well)
    assert (check, "fast:7" in detail, "NTP" in todo) == ("clock skew", True, True)


@both_stores
def test_the_stores_clock_is_compared(well: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.pipeline.doctor.standing.MAX_SKEW", timedelta(microseconds=-1))
    assert "this machine and the store differ" in the_wrong(well)[1]


def test_redis_that_is_down_old_or_without_workers_is_told(
    well: Installation, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    well.environ["BRIDGE_REDIS_URL"] = redis_url
    assert "start `bridge worker`" in the_wrong(well)[2]
    monkeypatch.setattr("bridge.cli.doctor.OLDEST", (99,))
    assert "is too old" in the_wrong(well)[1]
    well.environ["BRIDGE_REDIS_URL"] = "redis://127.0.0.1:9"
    assert the_wrong(well)[1] == "Redis does not answer"


def test_a_secret_that_is_not_set_here_is_told(well: Installation) -> None:
    well.environ["WAZZUP_API_KEY"] = ""
    assert "WAZZUP_API_KEY" in the_wrong(well)[1]


@both_stores
def test_the_test_message_leaves_and_its_arrival_is_reported(well: Installation) -> None:
    """NEW-09."""
    (point,) = _tested(well, "--to", "+34600999888", "--wait", "20")
    assert (point["health"], "has arrived" in point["detail"]) == ("ok", True)
    (sent,) = _sent(well)
    assert sent["channel_id"] == CHANNELS["tg-sales"]


def test_a_test_message_of_which_no_word_comes_back_is_told(well: Installation) -> None:
    well.environ["BRIDGE_PUBLIC_URL"] = "http://127.0.0.1:9"
    well.tell(well.chat_url, "seed", {"webhook": {"webhooksUri": "", "subscriptions": {}}})
    (point,) = _tested(well, "--to", "+34600999888", "--wait", "1", code=1)
    assert point["health"] == "wrong"
    assert "no word of its arrival" in point["detail"]


def test_a_test_message_is_refused_for_who_may_not_write(well: Installation) -> None:
    words = ("--to", "+34600999888", "--as", "qa@acme.example")
    (point,) = _tested(well, *words, code=1)
    assert "quality control" in point["detail"]
    assert _sent(well) == []


def test_a_number_that_is_none_is_refused(well: Installation) -> None:
    (point,) = _tested(well, "--to", "12", code=1)
    assert point["health"] == "wrong"
    assert _sent(well) == []


def test_instagram_and_the_like_are_skipped(well: Installation) -> None:
    with well.parts() as parts:
        assert first_channel(parts.active().policy) == ChannelName("tg-sales")
    text = (well.config / "accounts.yaml").read_text()
    for messenger in ("whatsapp", "telegram"):
        text = text.replace(f"messenger: {messenger}", "messenger: instagram")
    (well.config / "accounts.yaml").write_text(text)
    roles = (well.config / "roles.yaml").read_text().replace("priority_channel", "#")
    (well.config / "roles.yaml").write_text(roles)
    well.run("migrate")
    (point,) = _tested(well, "--to", "+34600999888", code=1)
    assert (point["health"], _sent(well)) == ("skipped", [])


@pytest.mark.parametrize(
    "words", [("--take-over",), ("--fix", "--offline"), ("--test-message",), ("--wait", "-1")]
)
def test_an_unclear_wish_is_refused(house: Installation, words: tuple[str, ...]) -> None:
    assert "Error: " in house.run("doctor", *words, code=2).stderr


def _tested(town: Installation, *words: str, code: int = 0) -> list[Any]:
    points = town.json("doctor", "--test-message", *words, code=code)["points"]
    return [point for point in points if point["check"] == "test message"]


def _sent(town: Installation) -> list[Any]:
    return list(requests.get(f"{town.chat_url}/_sandbox/state", timeout=60).json()["sent"])
