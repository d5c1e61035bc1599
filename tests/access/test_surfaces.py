"""Whatever the company looks like: surfaces show exactly the chats that `access` lets read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bridge.domain.access import Access
from bridge.domain.names import ConversationId
from bridge.domain.people import Employee, Role
from bridge.domain.reasons import ReasonCode
from tests.access.companies import Company, companies, fresh_world, granted
from tests.access.planting import Chat, Planted, chats, directory, plant, some_of_everything
from tests.access.surfaces import Eyes, astray, eyes_of
from tests.web.world import ANA, BRUNO, NORTH, World

Granted = Mapping[ConversationId, Access]


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
        _check_surfaces(world, wanted, company)


@pytest.mark.parametrize(("ana", "count"), [(Role.SALESPERSON, 32), (Role.MANAGER, 6)])
def test_rol_02_on_both_stores(engine: Engine, ana: Role, count: int) -> None:
    """The same on a fixed company that has a bit of everything."""
    company = Company(
        ana=Employee(id=ANA, role=ana, gets_new_clients=True),
        bruno=Employee(id=BRUNO, role=Role.SALESPERSON, channels=frozenset({NORTH})),
        fallback=ANA,
    )
    _check_surfaces(World(engine), some_of_everything(count), company, page_size=20)


def _check_surfaces(
    world: World, wanted: Sequence[Chat], company: Company, page_size: int = 3
) -> None:
    people = directory(world)
    planted = plant(world, wanted)
    eyes = replace(eyes_of(world, ANA), page_size=page_size)
    company.moves_into(world)
    access = granted(world, company.ana, people, planted)
    readable = {name for name, his in access.items() if his.can_read}
    assert astray(eyes, planted, readable) == []
    _check_writing(eyes, planted, access)


def _check_writing(eyes: Eyes, planted: Sequence[Planted], access: Granted) -> None:
    """What may be read but not written says so; what may not be read is not there."""
    for one in planted:
        his = access[one.conversation]
        refused = 403 if his.can_read or _never_writes(his) else 404
        # He may, but said nothing, or the channel can't be used.
        expected = (409, 422) if his.can_write else (refused,)
        answer = eyes.post(f"/conversations/{one.conversation}/messages")
        assert answer.status_code in expected, his.reason.code


def _never_writes(access: Access) -> bool:
    return access.reason.code is ReasonCode.ROLE_NONE
