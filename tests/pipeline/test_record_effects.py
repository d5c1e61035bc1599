"""Tasks, notes and owners on records without a mirror here, through the outbox and its faults."""

import signal
from datetime import timedelta
from typing import Any

import pytest

from bridge.domain.crm_effects import (
    AssignRecord,
    CreateTask,
    CrmRecordEffect,
    SetProperty,
    WriteNote,
)
from bridge.domain.names import CrmId
from bridge.domain.records import CrmKind
from bridge.store import outbox
from bridge.store.engine import writing
from bridge.store.schema import OUTBOX
from tests.pipeline.test_faults import dying
from tests.pipeline.world import CRM, World

ACME = CrmId("700001")


@pytest.fixture
def acme(house: World) -> World:
    """A company in the CRM, of which the bridge keeps no record."""
    house.seed(companies=[{"id": ACME, "properties": {"name": "Acme", "tier": ""}}])
    return house


def task(house: World) -> CreateTask:
    day = (house.parts.now() + timedelta(days=7)).date()
    return CreateTask(
        kind=CrmKind.COMPANY, record=ACME, subject="Renew Acme", text="Ends soon.", due=day
    )


def note(house: World) -> WriteNote:
    return WriteNote(
        kind=CrmKind.COMPANY,
        record=ACME,
        subject="Few units",
        text="5 left",
        occurred_at=house.parts.now(),
    )


def plan(house: World, *effects: CrmRecordEffect) -> None:
    rows = [house.outbox_row(effect) for effect in effects]
    with writing(house.engine) as db:
        outbox.add(db, rows, house.parts.now())


def states(house: World) -> list[tuple[str, str]]:
    return [(row["kind"], row["state"]) for row in house.rows(OUTBOX)]


def held(house: World, kind: str) -> list[dict[str, Any]]:
    return [one["properties"] for one in house.crm()[kind]]


def test_they_leave_as_they_were_decided(acme: World) -> None:
    tier = SetProperty(kind=CrmKind.COMPANY, record=ACME, name="tier", value="gold")
    owner = AssignRecord(kind=CrmKind.COMPANY, record=ACME, owner=CrmId("101"))
    plan(acme, tier, owner, task(acme), note(acme))
    acme.settle()
    assert {state for _, state in states(acme)} == {"done"}
    (company,) = held(acme, "companies")
    assert (company["tier"], company["hubspot_owner_id"]) == ("gold", "101")
    assert (len(held(acme, "tasks")), len(held(acme, "notes"))) == (1, 1)


@pytest.mark.parametrize(("effect", "kind"), [(task, "tasks"), (note, "notes")])
@pytest.mark.parametrize("fault", ["500_after", "reset_after", "html_after"])
def test_one_whose_answer_is_lost_is_there_once(
    acme: World, effect: Any, kind: str, fault: str
) -> None:
    """R3: looked up by its mark before any second try."""
    acme.fail(CRM, match=f"{kind}/batch/create", fault=fault, times=1)
    plan(acme, effect(acme))
    acme.settle()
    assert [state for _, state in states(acme)] == ["unknown"]
    acme.later(600)
    acme.settle()
    assert [state for _, state in states(acme)] == ["done"]
    assert len(held(acme, kind)) == 1


def test_a_worker_killed_over_a_task_leaves_one(acme: World) -> None:
    """R2: after the CRM had it, before the bridge knew."""
    plan(acme, task(acme))
    assert dying(acme, after=True) == signal.SIGKILL
    assert len(held(acme, "tasks")) == 1
    acme.later(3600)
    acme.settle()
    acme.later(600)
    acme.settle()
    assert [state for _, state in states(acme)] == ["done"]
    assert len(held(acme, "tasks")) == 1


def test_what_the_crm_refuses_waits_for_a_person_and_holds_up_nothing(acme: World) -> None:
    gone = AssignRecord(kind=CrmKind.COMPANY, record=CrmId("404"), owner=CrmId("101"))
    plan(acme, gone, note(acme))
    acme.settle()
    assert states(acme) == [("AssignRecord", "dead"), ("WriteNote", "done")]
