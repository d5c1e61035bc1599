"""What the store preselects is never too little, and is found by indices."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from bridge.domain.names import ConversationId, CrmId
from bridge.domain.notifications import Mark
from bridge.domain.people import Employee, Role
from bridge.store import sieving
from bridge.store.engine import reading
from bridge.store.feed import FeedWanted
from bridge.store.listing import Wanted
from bridge.store.schema import CONVERSATIONS
from bridge.store.sieving import Sieve, StandIn, comes_through, settled
from bridge.web.counting import count
from bridge.web.viewer import viewer
from tests.access.companies import Company, fresh_world, granted
from tests.access.planting import Chat, chats, directory, plant, some_of_everything
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
            few = [settled(db, narrow) for narrow in (sieve, eyes.own_sieve())]
            named, owned = [{*(narrow.chats or ())} for narrow in few]
            narrowed = [through(db, narrow) for narrow in (sieve, few[0])]
            counted = count(db, eyes)
            tones = Counter(eyes.mark(chat)[0] for chat in readable.values())
    assert {*readable} == {name for name, found in access.items() if found.can_read}
    assert ({*readable} - named, own - owned) == (set(), set())
    assert [{*readable} - names for names in narrowed] == [set(), set()]
    assert (counted.red, counted.grey, counted.more) == (tones[Mark.RED], 0, False)


def through(db: Connection, sieve: Sieve) -> set[str]:
    return {*db.scalars(select(CONVERSATIONS.c.id).where(comes_through(sieve)))}


LUISES = Employee(id=LUIS, role=Role.MANAGER, gets_new_clients=True)
FALLBACKS = {
    "of nobody": Company(ana=ANAS, bruno=BRUNOS, fallback=None),
    "of who has few channels": Company(ana=ANAS, bruno=BRUNOS, fallback=LUIS),
    "of who writes nowhere": Company(
        ana=replace(ANAS, role=Role.QUALITY_CONTROL), bruno=BRUNOS, fallback=LUIS
    ),
}


@pytest.mark.parametrize("few", [0, sieving.FEW])
@pytest.mark.parametrize("company", [pytest.param(c, id=name) for name, c in FALLBACKS.items()])
def test_ws_07_a_managers_red_ones_are_all_counted_wherever_they_stand(
    world: World, company: Company, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where very many chats are owned by people who can answer in some of them only."""
    monkeypatch.setattr(sieving, "FEW", few)
    people = directory(world)
    planted = plant(world, some_of_everything(400))
    company.moves_into(world)
    with reading(world.engine) as db:
        eyes = viewer(db, LUISES, world.policy, world.now)
        marks = Counter(
            eyes.mark(chat)[0]
            for chat in eyes.readable(db, [one.conversation for one in planted]).values()
        )
        sieve = eyes.red_sieve(db)
        assert sieve is not None
        let_through = eyes.readable(db, [*map(ConversationId, through(db, sieve))])
        found = count(db, eyes)
        for_a_menu = count(db, eyes, 5)
    assert people.people
    assert (found.red, found.grey, found.more) == (marks[Mark.RED], marks[Mark.GREY], False)
    assert for_a_menu.red >= min(5, found.red)
    grey = [c for c in let_through.values() if eyes.mark(c)[0] is Mark.GREY]
    assert grey == []  # the store lets through what is red: else a count would look at all


CHAT = ConversationId("cv_000")
OWN = Sieve(employee=ANA, crm_ids=(CrmId("o1"),))
SIEVES = {
    "own": OWN,
    "takes new clients": replace(OWN, unowned=True),
    "stands in for others": replace(OWN, stands_in=StandIn(owners=(CrmId("o-gone"),))),
}


@pytest.mark.parametrize("sieve", [pytest.param(sieve, id=name) for name, sieve in SIEVES.items()])
@pytest.mark.parametrize("kind", [Wanted, FeedWanted])
def test_who_has_few_chats_reads_few_rows(
    world: World, kind: type[Wanted | FeedWanted], sieve: Sieve
) -> None:
    """No table is gone through from end to end, however few of its rows are his."""
    found = plan(world, sieve).splitlines()
    steps = [*found, *plan(world, kind(sieve=replace(sieve, chats=(CHAT,)))).splitlines()]
    tables = ("conversations", "contacts", "records", "record_contacts", "decisions", "messages")
    scans = [step for step in steps if step.startswith(tuple(f"SCAN {t}" for t in tables))]
    assert [step for step in scans if not step.endswith("ix_conversations_unowned")] == []
    assert any("ix_conversations_contact (contact=?)" in step for step in steps)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.QUALITY_CONTROL])
def test_who_reads_all_needs_no_sieve(world: World, role: Role) -> None:
    with reading(world.engine) as db:
        seer = Employee(id=ANA, role=role)
        assert viewer(db, seer, world.policy, world.now).sieve(db) is None
