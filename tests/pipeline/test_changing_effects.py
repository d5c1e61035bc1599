"""What another policy would have done: on what really happened, and touching nothing."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bridge.domain.names import EmployeeId
from bridge.domain.people import Role
from bridge.domain.policy import Policy
from bridge.pipeline.changing.effects import Budget, Effect, effect_of
from bridge.store import decided as store
from bridge.store.schema import METADATA
from tests.web.configured import ConfiguredWorld
from tests.web.world import ANA, BRUNO, LUIS, NORTH

MX, ES = "+5255123456", "+3460011122"


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> ConfiguredWorld:
    return ConfiguredWorld(engine, tmp_path / "config")


def policy_with(house: ConfiguredWorld, who: EmployeeId, **changes: object) -> Policy:
    house.active()
    person = replace(house.policy.employee(who), **changes)  # type: ignore[arg-type]
    return replace(house.policy, employees={**house.policy.employees, who: person})


def effect(
    house: ConfiguredWorld, policy: Policy, days: int = 7, budget: Budget | None = None
) -> Effect:
    wanted = budget or Budget(seconds=600)
    return effect_of(house.parts, policy, house.now - timedelta(days=days), wanted)


def rows(house: ConfiguredWorld) -> dict[str, list[object]]:
    with house.engine.connect() as db:
        return {
            t.name: [tuple(row) for row in db.execute(t.select())] for t in METADATA.sorted_tables
        }


def test_the_same_policy_changes_nothing(house: ConfiguredWorld) -> None:
    for number in range(4):
        house.writes(f"{MX}{number:02}", "hola")
    before = rows(house)
    found = effect(house, house.active().policy)
    assert found.is_nothing
    assert (found.events, found.events_examined, found.incomparable) == (4, 4, 0)
    assert not found.is_sample
    assert rows(house) == before


def test_a_rule_to_somebody_else_moves_its_clients(house: ConfiguredWorld) -> None:
    for phone in (f"{MX}01", f"{MX}02", f"{ES}1"):
        house.writes(phone, "hola")
    rule = house.active().policy.rules[0]
    target = replace(rule.to[0], employee=LUIS)
    rules = (replace(rule, to=(target,)), *house.policy.rules[1:])
    found = effect(house, replace(house.policy, rules=rules))
    assert found.moved == 2
    assert {(one.before, one.after) for one in found.examples} == {(ANA, LUIS)}
    people = {person.employee: person.clients for person in found.people}
    assert people == {ANA: (3, 1), LUIS: (0, 2)}


def test_a_role_that_goes_takes_chats_out_of_sight(house: ConfiguredWorld) -> None:
    chat = house.writes(f"{MX}01", "hola")
    found = effect(house, policy_with(house, ANA, channels=frozenset({NORTH})))
    ana = next(person for person in found.people if person.employee == ANA)
    assert (ana.sees_less, ana.less, ana.sees_more) == (1, (chat,), 0)


def test_a_role_that_comes_shows_chats(house: ConfiguredWorld) -> None:
    house.writes(f"{MX}01", "hola")
    found = effect(house, policy_with(house, BRUNO, role=Role.MANAGER))
    bruno = next(person for person in found.people if person.employee == BRUNO)
    assert (bruno.sees_more, bruno.writes_more) == (1, 1)
    reader = effect(house, policy_with(house, BRUNO, role=Role.QUALITY_CONTROL))
    bruno = next(person for person in reader.people if person.employee == BRUNO)
    assert (bruno.sees_more, bruno.writes_more) == (1, 0)


def test_what_is_older_is_not_looked_at(house: ConfiguredWorld) -> None:
    house.writes(f"{MX}01", "hola")
    house.later(days=8)
    house.writes(f"{MX}02", "hola")
    found = effect(house, house.active().policy)
    assert (found.events, found.chats) == (1, 1)
    assert effect(house, house.policy, days=30).events == 2
    house.later(days=30)
    assert effect(house, house.policy).events == 0


def test_of_many_a_sample_is_looked_at_and_said_so(house: ConfiguredWorld) -> None:
    for number in range(10):
        house.writes(f"{MX}{number:02}", "hola")
    found = effect(house, house.active().policy, budget=Budget(events=3, chats=2, seconds=600))
    assert (found.events, found.events_examined) == (10, 3)
    assert found.is_sample
    policy = policy_with(house, ANA, gets_new_clients=False)
    assert effect(house, policy, budget=Budget(chats=2, seconds=600)).chats_examined == 2


def test_of_very_many_they_are_not_even_counted_one_by_one(
    house: ConfiguredWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        house.writes(f"{MX}{number:02}", "hola")
    monkeypatch.setattr(store, "COUNTED", 5)
    found = effect(house, house.active().policy, budget=Budget(events=4, seconds=600))
    assert (found.events, found.events_examined, found.is_sample) == (12, 4, True)


def test_time_that_runs_out_ends_it_with_what_was_seen(house: ConfiguredWorld) -> None:
    for number in range(3):
        house.writes(f"{MX}{number:02}", "hola")
    found = effect(house, house.active().policy, budget=Budget(seconds=0))
    assert (found.events, found.events_examined, found.is_sample) == (3, 1, True)


def test_an_empty_store_has_no_effect(house: ConfiguredWorld) -> None:
    found = effect(house, house.active().policy)
    assert (found.events, found.chats, found.is_nothing) == (0, 0, True)
