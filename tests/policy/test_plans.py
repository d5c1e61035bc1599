"""plans.yaml: what resellers sell, and what is wrong with it."""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.domain.reselling_policy import HintRules, LowUnits, Plan
from bridge.domain.spans import Span, SpanUnit
from bridge.policy.codes import Code
from bridge.policy.findings import Finding
from bridge.policy.reading import Loaded
from tests.policy import building
from tests.policy.building import WHOLE
from tests.policy.building import loaded as loaded_of


def loaded(folder: Path, text: str) -> Loaded:
    return loaded_of(folder, all=text)


def refused(folder: Path, text: str) -> tuple[Finding, ...]:
    return building.refused(folder, all=text)


def found(folder: Path, text: str) -> tuple[Finding, ...]:
    """Warnings."""
    return loaded(folder, text).findings


RESELLER = """
plans:
  resellers:
    norte:
      label: Factura del Norte
      users: [Rita@Norte.example, raul@norte.example]
      manager: ana@acme.example
      accounts: [chat-main]
      hints: {low_units: 5, ending: 30d}
      plans:
        basic:
          name: Basic
          units: 100
          validity: 12mo
          services: {own_mail_template: true, smtp_mail: false, companies: 3}
        forever: {name: Forever, units: 50}
"""


def test_a_reseller_and_his_plans(tmp_path: Path) -> None:
    """PX-10: name, units, validity with its span or none, services."""
    policy = loaded(tmp_path, WHOLE + RESELLER).policy
    norte = policy.reselling.resellers["norte"]  # type: ignore[index]
    assert dict(norte.plans) == {
        "basic": Plan(
            name="Basic",
            units=100,
            validity=Span(count=12, unit=SpanUnit.MONTHS),
            services={"own_mail_template": True, "smtp_mail": False, "companies": 3},
        ),
        "forever": Plan(name="Forever", units=50),
    }
    assert policy.users == {"reseller:norte": ("rita@norte.example", "raul@norte.example")}
    assert norte.hints == HintRules(low_units=LowUnits(units=5), ending=timedelta(days=30))
    assert (norte.label, norte.manager) == ("Factura del Norte", "ana@acme.example")


def test_the_zone_is_the_houses_where_a_reseller_names_none(tmp_path: Path) -> None:
    two = "plans: {resellers: {a: {}, b: {time_zone: America/Mexico_City}}}"
    policy = loaded(tmp_path, WHOLE + "time_zone: Europe/Madrid\n" + two).policy
    zones = {key: one.time_zone for key, one in policy.reselling.resellers.items()}
    assert zones == {"a": "Europe/Madrid", "b": "America/Mexico_City"}


def test_without_plans_there_are_no_resellers(tmp_path: Path) -> None:
    policy = loaded(tmp_path, WHOLE).policy
    assert (policy.reselling.resellers, policy.users) == ({}, {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("validity: 12mo", "validity: true", "says no span; say how long it is valid"),
        ("validity: 12mo", "validity: on", "says no span"),
        ("validity: 12mo", "validity: off", "did you mean none?"),
        ("validity: 12mo", "validity: 12", "neither none nor a span"),
        ("validity: 12mo", "validity: 0d", "neither none nor a span"),
        ("validity: 12mo", "validity: 1.5y", "neither none nor a span"),
        ("validity: 12mo", "validity: 12m", "neither none nor a span"),
        ("validity: 12mo", "validity: 11y", "more than ten years"),
        ("validity: 12mo", "validity: 9999d", "more than ten years"),
        ("units: 100", "units: 0", "is not a whole number from 1"),
        ("units: 100", "units: -1", "is not a whole number"),
        ("units: 100", "units: 1.5", "is not a whole number"),
        ("units: 100", "units: 1000000001", "is not a whole number"),
        ("name: Basic\n", "name: ''\n", "has no value"),
        ("companies: 3", "companies: many", "neither true, false nor a whole number"),
        ("companies: 3", "companies: -3", "neither true, false nor a whole number"),
        ("companies: 3", "Companies: 3", "not a word of small letters"),
        ("low_units: 5", "low_units: 101%", "neither a number of units nor a share"),
        ("low_units: 5", "low_units: few", "neither a number of units nor a share"),
        ("ending: 30d", "ending: 1mo", "is not a time such as"),
        ("raul@norte.example", "raul", "is not an e-mail address"),
    ],
)
def test_a_value_that_is_none(tmp_path: Path, old: str, new: str, said: str) -> None:
    """PX-10: validity without a span is refused; each with its line and what to do."""
    text = RESELLER.replace(old, new)
    assert text != RESELLER
    (problem,) = refused(tmp_path, WHOLE + text)
    assert said in str(problem)
    assert f"all.yaml:{_line(WHOLE + text, new.strip())}:" in problem.place


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        (
            "  resellers:\n",
            "  resellers:\n"
            "    sur: {users: [rita@norte.example], plans: {a: {name: A, units: 9}}}\n",
            Code.DUPLICATE_USER,
            "plans.resellers.sur.users[0]",
        ),
        (
            "name: Forever",
            "name: Basic",
            Code.DUPLICATE_PLAN,
            "plans.resellers.norte.plans.forever.name",
        ),
        (
            "accounts: [chat-main]",
            "accounts: [chat-mian]",
            Code.UNKNOWN_ACCOUNT,
            "plans.resellers.norte.accounts[0]",
        ),
        (
            "  resellers:\n",
            "  accounts: [nobody]\n  resellers:\n",
            Code.UNKNOWN_ACCOUNT,
            "plans.accounts[0]",
        ),
        (
            "manager: ana@acme.example",
            "manager: anna@acme.example",
            Code.UNKNOWN_EMPLOYEE,
            "plans.resellers.norte.manager",
        ),
    ],
)
def test_what_does_not_go_together(
    tmp_path: Path, old: str, new: str, code: Code, path: str
) -> None:
    (problem,) = refused(tmp_path, WHOLE + RESELLER.replace(old, new))
    assert (problem.code, problem.path) == (code, path)
    assert problem.suggestion


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("users: [Rita@Norte.example, raul@norte.example]", "users: []", Code.NO_USERS, ""),
        ("units: 50}", "units: 4}", Code.HINT_FROM_START, ".plans.forever.units"),
        (
            "units: 50}",
            "units: 50, validity: 30d}",
            Code.HINT_FROM_START,
            ".plans.forever.validity",
        ),
        (
            "units: 50}",
            "units: 50, validity: 1mo}",
            Code.HINT_FROM_START,
            ".plans.forever.validity",
        ),
    ],
)
def test_what_is_odd(tmp_path: Path, old: str, new: str, code: Code, path: str) -> None:
    (problem,) = found(tmp_path, WHOLE + RESELLER.replace(old, new))
    assert (problem.code, problem.path) == (code, f"plans.resellers.norte{path}")


def test_a_reseller_without_plans_is_odd(tmp_path: Path) -> None:
    odd = found(tmp_path, WHOLE + "plans: {resellers: {norte: {users: [rita@norte.example]}}}")
    assert [problem.code for problem in odd] == [Code.NO_PLANS]


def test_what_is_well_has_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, WHOLE + RESELLER) == ()


def _line(text: str, part: str) -> int:
    return 1 + text[: text.index(part)].count("\n")
