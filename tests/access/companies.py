"""Who looks, and who else may own what is looked at."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from bridge.domain.access import Access, access
from bridge.domain.names import ConversationId, EmployeeId
from bridge.domain.people import Directory, Employee, Role
from bridge.store.chats import chat_facts
from bridge.store.engine import open_engine, reading
from tests.access.planting import Planted
from tests.web.world import ANA, BRUNO, LUIS, NORTH, SALES, TELEGRAM, World

_CHANNELS = (None, None, frozenset({SALES}), frozenset({NORTH, TELEGRAM}))
_ROLES = (Role.SALESPERSON, Role.SALESPERSON, *Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Ana looks; Bruno is somebody who may own what she sees or not."""

    ana: Employee
    bruno: Employee
    fallback: EmployeeId | None

    def moves_into(self, world: World) -> None:
        world.policy = replace(
            world.policy,
            employees={**world.policy.employees, ANA: self.ana, BRUNO: self.bruno},
            ownership=replace(world.policy.ownership, fallback=self.fallback),
        )


companies = st.builds(
    Company,
    ana=st.builds(
        Employee,
        id=st.just(ANA),
        role=st.sampled_from(_ROLES),
        gets_new_clients=st.booleans(),
        channels=st.sampled_from(_CHANNELS),
    ),
    bruno=st.builds(
        Employee,
        id=st.just(BRUNO),
        role=st.sampled_from(_ROLES),
        channels=st.sampled_from(_CHANNELS),
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


def granted(
    world: World, seer: Employee, people: Directory, planted: Sequence[Planted]
) -> Mapping[ConversationId, Access]:
    """What `access` says of him, asked chat by chat and without any list."""
    with reading(world.engine) as db:
        facts = chat_facts(db, [one.conversation for one in planted])
    assert len(facts) == len(planted)
    return {
        name: access(seer, chat, people, world.policy, world.now) for name, chat in facts.items()
    }
