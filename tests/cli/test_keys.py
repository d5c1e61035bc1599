"""`bridge keys`, `bridge login`, `bridge sync`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from bridge.domain.names import EmployeeId
from bridge.store import mirror
from bridge.store.engine import reading, writing
from bridge.store.keys import find_key
from bridge.store.sessions import use_login_link
from bridge.web.auth import principal_of_key
from tests.cli.commands import CRM, Installation, both_stores


def principal(house: Installation, secret: str) -> Any:
    with house.parts() as parts, reading(parts.engine) as db:
        return principal_of_key(db, secret, parts.active().policy, parts.now())


def test_a_key_opens_the_api_as_its_employee_with_its_scopes(house: Installation) -> None:
    """CHN-07."""
    words = ("keys", "create", "Ana's app", "--for", "ANA@acme.example")
    made = house.json(*words, "--scope", "read", "--scope", "send")
    found = principal(house, made["secret"])
    assert (found.employee.id, found.scopes) == ("ana@acme.example", {"read", "send"})
    assert made["key"]["expires_at"] is None


@pytest.mark.parametrize(
    ("whom", "name"), [("service", "service:night-report"), ("service:bi", "service:bi")]
)
def test_a_key_may_be_a_services(house: Installation, whom: str, name: str) -> None:
    made = house.json("keys", "create", "Night report", "--for", whom, "--scope", "read")
    assert made["key"]["principal"] == name
    assert principal(house, made["secret"]).is_service


def test_the_secret_is_shown_once(house: Installation) -> None:
    said = house.run("keys", "create", "x", "--for", "service", "--scope", "read").stdout
    secret = said.splitlines()[0]
    assert secret.startswith("brk_")
    assert secret not in house.run("keys", "list").stdout
    assert secret not in str(house.everything())


def test_a_revoked_key_opens_nothing_and_says_so(house: Installation) -> None:
    made = house.json("keys", "create", "x", "--for", "service", "--scope", "read")
    house.run("keys", "revoke", made["key"]["id"])
    with house.parts() as parts, reading(parts.engine) as db:
        assert find_key(db, made["secret"], parts.now()) is None
    assert "  revoked " in house.run("keys", "list").stdout


def test_a_key_ends_after_its_days(house: Installation) -> None:
    words = ("keys", "create", "x", "--for", "service", "--scope", "read", "--days", "2")
    made = house.json(*words)
    with house.parts() as parts, reading(parts.engine) as db:
        assert find_key(db, made["secret"], parts.now() + timedelta(days=1)) is not None
        assert find_key(db, made["secret"], parts.now() + timedelta(days=3)) is None


def test_all_keys_are_listed(house: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.cli.keys._PAGE", 2)
    assert house.run("keys", "list").stdout == "there are no keys\n"
    for number in range(5):
        house.run("keys", "create", f"k{number}", "--for", "service", "--scope", "read")
    names = sorted(key["name"] for key in house.json("keys", "list")["keys"])
    assert names == ["k0", "k1", "k2", "k3", "k4"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("x", "--for", "eve@acme.example", "--scope", "read"), 1, "eve@acme.example is not among"),
        (("x", "--for", "service", "--scope", "everything"), 2, "everything"),
        (("x", "--for", "service"), 2, "--scope"),
        (("x", "--scope", "read"), 2, "--for"),
        ((" ", "--for", "service", "--scope", "read"), 2, "NAME says what the key is for"),
        (("Ünique", "--for", "service", "--scope", "read"), 2, "--for service:NAME"),
        (("x", "--for", "service", "--scope", "read", "--days", "0"), 2, "--days"),
    ],
)
def test_a_key_for_nobody_is_refused(
    house: Installation, words: tuple[str, ...], code: int, told: str
) -> None:
    assert told in house.run("keys", "create", *words, code=code).stderr
    assert house.json("keys", "list") == {"keys": []}


def test_an_unknown_key_is_told(house: Installation) -> None:
    assert "next: `bridge keys list`" in house.run("keys", "revoke", "key_0", code=1).stderr


def test_a_link_signs_in_once_until_it_expires(house: Installation) -> None:
    made = house.json("login", "Ana@acme.example")
    address, _, token = made["link"].rpartition("/")
    assert address == "https://bridge.acme.example/login"
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    with house.parts() as parts, writing(parts.engine) as db:
        used = use_login_link(db, token, parts.now())
        assert used is not None
        assert used.principal == "employee:ana@acme.example"
        assert use_login_link(db, token, parts.now()) is None


def test_who_has_no_role_gets_no_link_and_hears_why(house: Installation) -> None:
    """ROL-14."""
    assert "is not among the employees" in house.run("login", "eve@acme.example", code=1).stderr
    house.rewrite("roles.yaml", "{role: quality_control}", "{role: none}")
    house.run("migrate")
    said = house.run("login", "qa@acme.example", code=1).stderr
    assert "has the role none" in said
    assert "next: give him a role" in said
    assert house.everything()["login_links"] == []


@both_stores
def test_sync_brings_new_people_and_pipelines_and_loses_nothing(town: Installation) -> None:
    """ROL-04."""
    town.receive(town.message())
    before = town.json("explain", "1")["explanation"]["record"]["target"]
    stages = [{"id": "s1", "label": "One", "metadata": {"isClosed": "false"}}]
    town.tell(
        town.crm_url,
        "seed",
        {
            "owners": [{"id": "777", "email": "new@acme.example"}],
            "pipelines": {"deals": [{"id": "second", "label": "Second", "stages": stages}]},
        },
    )
    found = town.json("sync")
    assert found["contacts"] == 1
    with town.parts() as parts, reading(parts.engine) as db:
        assert mirror.directory(db, CRM).by_email(EmployeeId("new@acme.example")) is not None
        assert "second" in {p.id for p in mirror.pipelines(db, CRM)}
    where = town.json("explain", "1")["explanation"]["record"]["conversation"]
    (owner,) = [
        p["employee"]
        for p in town.json("who-can-see", where)["people"]
        if p["reason"]["code"].startswith("owner.") and p["can_read"]
    ]
    assert owner == before


def test_sync_tells_the_messenger_who_has_a_role(town: Installation) -> None:
    """Wazzup then names the author of a message; quality control reads in its window too."""
    assert town.json("sync")["refused"] == []
    users = requests.get(f"{town.chat_url}/_sandbox/state", timeout=60).json()["records"]["users"]
    people = {person["name"].split()[0].lower() for person in users}
    assert people == {"ana", "bruno", "luis", "qa"}


def test_sync_tells_each_step_on_stderr(town: Installation) -> None:
    result = town.run("sync")
    assert "employees: 4 of 4" in result.stderr
    assert result.stdout.startswith("read 4 people, ")
    assert town.run("sync", "--json").stderr == ""


def test_sync_draws_bars_in_a_terminal(town: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.cli.progress.in_terminal", lambda: True)
    town.receive(town.message())
    assert "contacts" in town.run("sync").stderr


def test_sync_says_when_the_crm_is_down_or_refuses(town: Installation) -> None:
    town.fail(town.crm_url, ".*", "reset")
    assert "next: the vendor can't be reached" in town.run("sync", code=1).stderr
    town.mend(town.crm_url)
    town.fail(town.crm_url, ".*", "401")
    assert "next: renew the account's secrets" in town.run("sync", code=1).stderr


@pytest.mark.parametrize(
    "words", [("sync",), ("dead",), ("keys", "list"), ("login", "ana@acme.example"), ("doctor",)]
)
def test_without_a_store_the_next_step_is_told(
    folder: Installation, words: tuple[str, ...]
) -> None:
    assert "next: run `bridge migrate`" in folder.run(*words, code=1).stderr


def test_a_store_that_does_not_answer_is_told(folder: Installation) -> None:
    folder.environ["BRIDGE_DATABASE_URL"] = "postgresql://u:hidden@127.0.0.1:9/x"
    said = folder.run("dead", code=1).stderr
    assert "the store does not answer" in said
    assert "hidden" not in said
