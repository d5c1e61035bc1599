"""The configurations we ship: each loads without a finding and its own tests hold."""

from pathlib import Path

import pytest

from bridge.domain.names import EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.policy.reading import load
from bridge.policy.secrets import secrets_of
from bridge.policy.trial_runs import coverage, run_tests
from connectors import installed
from tests.policy.building import CONNECTORS, EXAMPLES

DIRECT = "without-a-middleman"
PRESETS = ("classic-sales", "support-desk", "one-person", DIRECT)
FOLDERS = (EXAMPLES, *(EXAMPLES / "examples" / name for name in PRESETS))


def preset(name: str) -> Policy:
    return load(EXAMPLES / "examples" / name, CONNECTORS).policy


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_loads_without_a_finding_and_its_tests_hold(folder: Path) -> None:
    read = load(folder, CONNECTORS)
    results = run_tests(read.policy, read.tests)
    assert read.findings == ()
    assert results
    assert [r.test.name for r in results if not r.passed] == []
    assert coverage(results, read.policy).percent == 100.0


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_names_all_that_the_installed_connectors_need(folder: Path) -> None:
    read = load(folder, installed())
    named = [v for a in read.policy.accounts.values() for s in a.secrets.values() for v in s]
    accounts = secrets_of(read.policy, dict.fromkeys(named, "value"))
    direct = {"salesforce", "whatsapp", "telegram", "twilio"}
    used = {a.connector for a in accounts.values()}
    assert used == (direct if folder.name == DIRECT else {"hubspot", "wazzup"})
    for account in accounts.values():
        installed()[account.connector].inbound(account)
        installed()[account.connector].outbound(account)


def test_no_preset_goes_untested() -> None:
    assert {p.name for p in (EXAMPLES / "examples").iterdir()} == set(PRESETS)


def test_classic_sales_gives_each_his_own_clients() -> None:
    """ROL-15."""
    roles = [e.role for e in preset("classic-sales").employees.values() if e.gets_new_clients]
    assert roles == [Role.SALESPERSON, Role.SALESPERSON]


def test_a_support_desk_is_all_managers_and_answering_claims_nothing() -> None:
    """ROL-16: three agents who answer everybody; only one gets new clients."""
    people = preset("support-desk").employees.values()
    assert {e.role for e in people} == {Role.MANAGER}
    assert [e.id for e in people if e.gets_new_clients] == [EmployeeId("head@desk.example")]
    assert len(people) == 3


def test_one_person_is_a_manager_and_so_never_blind() -> None:
    """ROL-17."""
    policy = preset("one-person")
    assert [e.role for e in policy.employees.values()] == [Role.MANAGER]
    assert policy.ownership.fallback == policy.default == EmployeeId("me@studio.example")


def test_the_demo_has_the_people_and_channels_that_it_shows() -> None:
    policy = load(EXAMPLES, CONNECTORS).policy
    assert {e.id.split("@")[0]: e.role for e in policy.employees.values()} == {
        "ana": Role.SALESPERSON,
        "bruno": Role.SALESPERSON,
        "luis": Role.MANAGER,
        "qa": Role.QUALITY_CONTROL,
    }
    assert sorted(policy.accounts) == ["hubspot-main", "wazzup-main"]
    assert sorted(policy.channels) == ["tg-sales", "wa-north", "wa-sales"]
