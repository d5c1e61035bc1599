"""The configuration against the CRM: pipelines, stages, people."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.domain.names import CrmId, EmployeeId
from bridge.domain.people import CrmEmployee, Directory
from bridge.domain.policy import Creation, NewClients, Policy
from bridge.domain.records import Pipeline, RecordKind, Stage
from bridge.policy.checks.crm import check_against_crm
from bridge.policy.codes import Code
from bridge.policy.findings import Severity
from tests.policy.building import WHOLE, loaded, only

PIPELINES = (
    Pipeline(
        id="default",
        kind=RecordKind.DEAL,
        label="Sales",
        stages=(
            Stage(id="first", label="Appointment", is_open=True),
            Stage(id="won", label="Closed won", is_open=False),
        ),
    ),
    Pipeline(id="leads", kind=RecordKind.LEAD, label="Leads", stages=()),
)
PEOPLE = ("ana@acme.example", "bruno@acme.example", "luis@acme.example", "qa@acme.example")


def directory(*people: str, left: str = "") -> Directory:
    return Directory(
        people=tuple(
            CrmEmployee(crm_id=CrmId(p), email=EmployeeId(p), name=p, active=p != left)
            for p in people
        ),
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return loaded(tmp_path, a=WHOLE).policy


def with_stage(policy: Policy, pipeline: str, stage: str) -> Policy:
    return replace(policy, new_clients=NewClients(pipeline=pipeline, stage=stage))


def test_what_the_crm_has_is_fine(policy: Policy) -> None:
    assert check_against_crm(policy, PIPELINES, directory(*PEOPLE)) == ()


def test_a_stage_of_another_pipeline_is_refused_naming_both(policy: Policy) -> None:
    """NEW-06."""
    wrong = with_stage(policy, "default", "firsst")
    finding = only(check_against_crm(wrong, PIPELINES, directory(*PEOPLE)))
    assert (finding.code, finding.severity) == (Code.STAGE_NOT_IN_PIPELINE, Severity.ERROR)
    assert finding.message == "stage firsst is not in pipeline default (Sales)"
    assert finding.suggestion == "did you mean first?"


def test_a_label_instead_of_an_id_is_understood(policy: Policy) -> None:
    wrong = with_stage(policy, "default", "appointment")
    finding = only(check_against_crm(wrong, PIPELINES, directory(*PEOPLE)))
    assert finding.suggestion == "write its id: first"


def test_without_a_close_word_all_stages_are_listed(policy: Policy) -> None:
    wrong = with_stage(policy, "default", "zzz")
    finding = only(check_against_crm(wrong, PIPELINES, directory(*PEOPLE)))
    assert finding.suggestion == "there are: first (Appointment), won (Closed won)"


@pytest.mark.parametrize("pipeline", ["leads", "other"])
def test_an_unknown_pipeline_of_deals_is_refused(policy: Policy, pipeline: str) -> None:
    wrong = with_stage(policy, pipeline, "first")
    finding = only(check_against_crm(wrong, PIPELINES, directory(*PEOPLE)))
    assert finding.code is Code.UNKNOWN_PIPELINE


def test_a_closed_stage_is_warned_of(policy: Policy) -> None:
    closed = with_stage(policy, "default", "won")
    finding = only(check_against_crm(closed, PIPELINES, directory(*PEOPLE)))
    assert (finding.code, finding.severity) == (Code.STAGE_CLOSED, Severity.WARNING)


def test_leads_need_no_pipeline(policy: Policy) -> None:
    leads = replace(policy, new_clients=NewClients(create=Creation.LEAD))
    assert check_against_crm(leads, (), directory(*PEOPLE)) == ()


def test_who_is_not_in_the_crm_is_warned_of(policy: Policy) -> None:
    finding = only(
        check_against_crm(policy, PIPELINES, directory("anna@acme.example", *PEOPLE[1:]))
    )
    assert (finding.code, finding.severity) == (Code.EMPLOYEE_NOT_IN_CRM, Severity.WARNING)
    assert "so he is given no new clients" in finding.message
    assert finding.suggestion == "did you mean anna@acme.example?"


def test_who_has_left_is_warned_of(policy: Policy) -> None:
    people = directory(*PEOPLE, left="bruno@acme.example")
    finding = only(check_against_crm(policy, PIPELINES, people))
    assert finding.code is Code.EMPLOYEE_INACTIVE
    assert finding.path == 'employees["bruno@acme.example"]'


def test_people_who_were_never_read_are_not_judged(policy: Policy) -> None:
    assert check_against_crm(policy, PIPELINES, Directory()) == ()
