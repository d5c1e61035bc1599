"""`bridge reconcile`: a line per finding, what to do about it, and an exit code."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.store.schema import OUTBOX
from tests.cli.commands import CHAT, CRM, Installation, both_stores
from tests.serving import served


def _takes_everything(environ: Any, start_response: Any) -> list[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


@pytest.fixture
def calm(town: Installation) -> Iterator[Installation]:
    """All is set up at the vendors, and an hour ago a client has written."""
    with served(_takes_everything) as url:
        town.environ["BRIDGE_PUBLIC_URL"] = url
        town.run("doctor", "--fix", "--take-over", code=1)  # no clock runs here
        town.receive(town.message())
        hour = datetime.now(UTC) - timedelta(hours=1)
        with town.parts() as parts, parts.engine.begin() as db:
            db.execute(OUTBOX.update().values(created_at=hour, tried_at=hour, done_at=hour))
        town.receive([], CRM)  # it has called since
        yield town


def lose_entries(town: Installation) -> None:
    for entry in town.crm_state()["communications"]:
        town.tell(town.crm_url, "delete", {"kind": "communications", "id": entry["id"]})


def entries(town: Installation) -> int:
    return len(town.crm_state()["communications"])


@both_stores
def test_what_is_missing_is_written_and_told(calm: Installation) -> None:
    lose_entries(calm)
    would = calm.json("reconcile", "--dry-run", "--account", CRM)
    assert [one["state"] for one in would["findings"]] == ["would be mended"]
    assert (would["ok"], would["dry_run"], entries(calm)) == (True, True, 0)
    said = calm.run("reconcile", "--since", "2h", "--account", CRM).stdout
    [line, compared, summary] = said.splitlines()
    assert line.startswith("mended    hubspot-main  entry  outbox:")
    assert (compared, summary) == ("compared: 1 entry", "1 mended")
    assert entries(calm) == 1


def test_progress_goes_to_stderr(calm: Installation) -> None:
    result = calm.run("reconcile", "--account", "hubspot-main")
    assert "entry: " in result.stderr
    assert result.stdout == "compared: 1 entry\nnothing is missing\n"


def test_what_a_person_must_do_is_told_and_the_exit_code_says_so(calm: Installation) -> None:
    with calm.parts() as parts, parts.engine.begin() as db:
        deal = OUTBOX.c.kind == "CreateDeal"
        db.execute(OUTBOX.update().where(deal).values(state="dead", reason="stage is gone"))
    for one in calm.crm_state()["deals"]:
        calm.tell(calm.crm_url, "delete", {"kind": "deals", "id": one["id"]})
    said = calm.run("reconcile", code=1).stdout
    assert "OPEN      hubspot-main  record  outbox:" in said
    assert "CreateDeal: stage is gone" in said
    assert "do: correct what it says, then: bridge dead replay outbox:" in said
    assert calm.json("reconcile", code=1)["ok"] is False


def test_webhooks_that_go_elsewhere_are_told_and_set_up_with_fix(calm: Installation) -> None:
    calm.tell(calm.chat_url, "seed", {"webhook": {"webhooksUri": "https://other.example/hook"}})
    said = calm.run("reconcile", "--account", CHAT, code=1).stdout
    assert "Wazzup posts its webhooks to" in said
    calm.run("reconcile", "--account", CHAT, "--fix", code=1)
    mended = calm.json("reconcile", "--account", CHAT, "--fix", "--take-over")
    assert [one["state"] for one in mended["findings"]] == ["mended", "left"]
    [left] = calm.json("reconcile", "--account", CHAT)["findings"]
    assert left["detail"].startswith("the vendor keeps no list of messages")


def test_a_vendor_that_is_down_keeps_no_other_from_being_compared(calm: Installation) -> None:
    lose_entries(calm)
    calm.fail(calm.chat_url, "", "500")
    report = calm.json("reconcile", code=1)
    assert [(one["account"], one["state"]) for one in report["findings"]] == [
        ("hubspot-main", "mended"),
        ("wazzup-main", "open"),
        ("wazzup-main", "left"),
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--since", "yesterday"), 2),
        (("--since", "0h"), 2),
        (("--take-over",), 2),
        (("--fix", "--dry-run"), 2),
        (("--account", "nobody"), 1),
    ],
)
def test_what_it_does_not_understand_is_told(
    house: Installation, words: tuple[str, ...], code: int
) -> None:
    assert house.run("reconcile", *words, code=code).stderr
