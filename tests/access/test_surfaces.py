"""Whatever the company looks like: surfaces show exactly the chats that `access` lets read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bridge.domain.access import Access, access
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Directory, Employee, Role
from bridge.domain.reasons import ReasonCode
from bridge.store.chats import chat_facts
from bridge.store.engine import open_engine, reading
from tests.access.planting import Chat, Planted, chats, directory, plant, some_of_everything
from tests.access.surfaces import LISTERS, OPENERS, Eyes, eyes_of
from tests.web.world import ANA, BRUNO, LUIS, NORTH, SALES, TELEGRAM, World

CHANNELS = (None, None, frozenset({SALES}), frozenset({NORTH, TELEGRAM}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Ana looks; Bruno is somebody who may own what she sees or not."""

    ana: Employee
    bruno: Employee
    fallback: EmployeeId | None


companies = st.builds(
    Company,
    ana=st.builds(
        Employee,
        id=st.just(ANA),
        role=st.sampled_from((Role.SALESPERSON, Role.SALESPERSON, *Role)),
        gets_new_clients=st.booleans(),
        channels=st.sampled_from(CHANNELS),
    ),
    bruno=st.builds(
        Employee,
        id=st.just(BRUNO),
        role=st.sampled_from((Role.SALESPERSON, Role.SALESPERSON, *Role)),
        channels=st.sampled_from(CHANNELS),
    ),
    fallback=st.sampled_from((None, ANA, LUIS)),
)


@contextmanager
def fresh_world(template: Path) -> Iterator[World]:
    with TemporaryDirectory() as folder:
        copyfile(template, Path(folder) / "store.sqlite3")
        engine = open_engine(f"sqlite:///{folder}/store.sqlite3")
        try:
            yield World(engine)
        finally:
            engine.dispose()


@settings(
    max_examples=8,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a company takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    wanted=st.lists(chats, min_size=6, max_size=10),
    company=companies,
)
def test_rol_02_every_surface_shows_exactly_what_access_lets_read(
    sqlite_template: Path, wanted: list[Chat], company: Company
) -> None:
    with fresh_world(sqlite_template) as world:
        _compare(world, wanted, company)


@pytest.mark.parametrize(("ana", "count"), [(Role.SALESPERSON, 32), (Role.MANAGER, 6)])
def test_rol_02_on_both_stores(engine: Engine, ana: Role, count: int) -> None:
    """The same on a fixed company that has a bit of everything."""
    company = Company(
        ana=Employee(id=ANA, role=ana, gets_new_clients=True),
        bruno=Employee(id=BRUNO, role=Role.SALESPERSON, channels=frozenset({NORTH})),
        fallback=ANA,
    )
    _compare(World(engine), some_of_everything(count), company, page_size=20)


def _compare(world: World, wanted: Sequence[Chat], company: Company, page_size: int = 3) -> None:
    people = directory(world)
    planted = plant(world, wanted)
    eyes = replace(eyes_of(world, ANA), page_size=page_size)
    world.policy = replace(
        world.policy,
        employees={**world.policy.employees, ANA: company.ana, BRUNO: company.bruno},
        ownership=replace(world.policy.ownership, fallback=company.fallback),
    )
    granted = _granted(world, company.ana, people, planted)
    _check_lists(eyes, planted, granted)
    _check_openings(eyes, planted, granted)
    _check_writing(eyes, planted, granted)


def _granted(
    world: World, seer: Employee, people: Directory, planted: Sequence[Planted]
) -> dict[ConversationId, Access]:
    with reading(world.engine) as db:
        facts = chat_facts(db, [one.conversation for one in planted])
    assert len(facts) == len(planted)
    return {
        name: access(seer, chat, people, world.policy, world.now) for name, chat in facts.items()
    }


def _check_lists(
    eyes: Eyes, planted: Sequence[Planted], granted: dict[ConversationId, Access]
) -> None:
    readable = [one for one in planted if granted[one.conversation].can_read]
    for lister in LISTERS:
        expected = {one.conversation for one in readable if lister.about(eyes, one)}
        assert lister.lists(eyes, planted) == expected, lister.name


def _check_openings(
    eyes: Eyes, planted: Sequence[Planted], granted: dict[ConversationId, Access]
) -> None:
    for opener in OPENERS:
        asked = [one for one in planted if opener.asks(one)]
        opened = {p.conversation: eyes.get(opener.address(p)).status_code for p in asked}
        may = {p.conversation: 200 if granted[p.conversation].can_read else 404 for p in asked}
        assert opened == may, opener.name


def _check_writing(
    eyes: Eyes, planted: Sequence[Planted], granted: dict[ConversationId, Access]
) -> None:
    """What may be read but not written says so; what may not be read is not there."""
    for one in planted:
        access = granted[one.conversation]
        refused = 403 if access.can_read or _never_writes(access) else 404
        # He may, but said nothing, or the channel can't be used.
        expected = (409, 422) if access.can_write else (refused,)
        answer = eyes.post(f"/conversations/{one.conversation}/messages")
        assert answer.status_code in expected, access.reason.code


def _never_writes(access: Access) -> bool:
    return access.reason.code is ReasonCode.ROLE_NONE
