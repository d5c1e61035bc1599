"""What the store preselects is never too little, and is found by indices."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bridge.domain.names import CrmId
from bridge.domain.people import Employee, Role
from bridge.store.engine import reading
from bridge.store.feed import FeedWanted
from bridge.store.listing import Wanted
from bridge.store.sieving import Sieve, chats_within
from bridge.web.viewer import viewer
from tests.access.companies import Company, fresh_world, granted
from tests.access.planting import Chat, chats, directory, plant
from tests.web.test_listing_speed import plan
from tests.web.world import ANA, BRUNO, LUIS, NORTH, World

ANAS = Employee(id=ANA, role=Role.SALESPERSON)
BRUNOS = Employee(id=BRUNO, role=Role.SALESPERSON, channels=frozenset({NORTH}))
COMPANIES = {
    "own": Company(ana=ANAS, bruno=BRUNOS, fallback=None),
    "takes new clients": Company(
        ana=replace(ANAS, gets_new_clients=True), bruno=BRUNOS, fallback=LUIS
    ),
    "stands in for others": Company(ana=ANAS, bruno=BRUNOS, fallback=ANA),
}


@pytest.mark.parametrize("company", [pytest.param(c, id=name) for name, c in COMPANIES.items()])
@settings(
    max_examples=10,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=st.lists(chats, min_size=40, max_size=70))
def test_rol_02_nothing_readable_is_sieved_out(
    sqlite_template: Path, company: Company, wanted: list[Chat]
) -> None:
    with fresh_world(sqlite_template) as world:
        people = directory(world)
        planted = plant(world, wanted)
        company.moves_into(world)
        access = granted(world, company.ana, people, planted)
        with reading(world.engine) as db:
            eyes = viewer(db, company.ana, world.policy, world.now)
            sieve = eyes.sieve(db)
            assert sieve is not None
            readable = eyes.readable(db, [one.conversation for one in planted])
            own = {name for name, chat in readable.items() if eyes.owns(chat)}
            through = [{*db.scalars(chats_within(narrow))} for narrow in (sieve, eyes.own_sieve())]
    assert {*readable} == {name for name, found in access.items() if found.can_read}
    assert ({*readable} - through[0], own - through[1]) == (set(), set())


OWN = Sieve(employee=ANA, crm_ids=(CrmId("o1"),))
SIEVES = {
    "own": OWN,
    "takes new clients": replace(OWN, unowned=True),
    "stands in for others": replace(OWN, crm_ids=(CrmId("o1"), CrmId("o-gone"))),
}


@pytest.mark.parametrize("sieve", [pytest.param(sieve, id=name) for name, sieve in SIEVES.items()])
@pytest.mark.parametrize("kind", [Wanted, FeedWanted])
def test_who_has_few_chats_reads_few_rows(
    world: World, kind: type[Wanted | FeedWanted], sieve: Sieve
) -> None:
    """No table is gone through from end to end, however few of its rows are his."""
    steps = plan(world, kind(sieve=sieve)).splitlines()
    tables = ("conversations", "contacts", "records", "record_contacts", "decisions", "messages")
    scans = [step for step in steps if step.startswith(tuple(f"SCAN {t}" for t in tables))]
    assert [step for step in scans if not step.endswith("ix_conversations_unowned")] == []
    assert any("ix_conversations_contact (contact=?)" in step for step in steps)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.QUALITY_CONTROL])
def test_who_reads_all_needs_no_sieve(world: World, role: Role) -> None:
    with reading(world.engine) as db:
        seer = Employee(id=ANA, role=role)
        assert viewer(db, seer, world.policy, world.now).sieve(db) is None
