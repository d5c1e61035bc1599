"""Whose role a configuration changes is on record when it comes into force."""

from dataclasses import replace

from bridge.domain.names import EmployeeId
from bridge.domain.people import Employee, Role
from bridge.pipeline.on_record import lines_of_roles
from bridge.store.audit import CLOCK
from tests.web.world import ANA, LUIS, QA, policy


def test_roles_that_changed_are_told_one_by_one() -> None:
    before, new = policy(), EmployeeId("new@acme.example")
    people = dict(before.employees)
    people[ANA] = replace(people[ANA], role=Role.MANAGER, gets_new_clients=False)
    people[LUIS] = replace(people[LUIS], gets_new_clients=True)
    people[new] = Employee(id=new, role=Role.SALESPERSON)
    del people[QA]
    found = lines_of_roles(before, replace(before, employees=people), CLOCK)
    assert [(one.deed, one.object, one.detail) for one in found] == [
        ("role_changed", f"employee:{ANA}", "salesperson → manager"),
        ("role_changed", f"employee:{new}", "none → salesperson"),
        ("role_changed", f"employee:{QA}", "quality_control → none"),
    ]


def test_what_stays_as_it_was_is_not_told() -> None:
    assert lines_of_roles(policy(), policy(), CLOCK) == ()


def test_the_first_configuration_changes_nobodys_role() -> None:
    assert lines_of_roles(None, policy(), CLOCK) == ()
