"""A new release finds what an older one left behind, brings it up to date and delivers it."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from bridge.store import migrations
from bridge.store.engine import open_engine
from tests.chaos.processes import Program, fleet
from tests.ports import free_port
from tests.resilience.scene import await_that
from tests.resilience.upgrading import (
    Installation,
    Put,
    installation,
    put_sqlite,
    released,
    revision_of,
    states,
    upgrade_to,
)

IN_ORDER = ("lost before it was stored", "behind what was lost")
ONCE = (
    *IN_ORDER,
    "stored but not answered",
    "to be tried later",
    "caught on its way out",
    "caught while it was decided",
    "its status came first",
    "just arrived",
    "of one whom nobody knows",
)
FOR_A_PERSON = {"inbox dead": 1, "outbox dead": 1, "outbox held": 2, "outbox unknown": 1}
WAITS_FOR_THAT = {"outbox pending": 1}  # the entry of the message that a person decides about


def left(engine: Engine) -> dict[str, int]:
    return {name: n for name, n in states(engine).items() if not name.endswith("done")}


def head() -> str:
    folder = str(Path(migrations.__file__).parent)
    return str(ScriptDirectory(folder).get_current_head())


def earlier() -> list[str]:
    folder = str(Path(migrations.__file__).parent)
    return [found.revision for found in ScriptDirectory(folder).walk_revisions()][1:]


def each_once(home: Installation) -> None:
    entries = home.entries()
    count = {text: sum(text in entry for entry in entries) for text in ONCE}
    assert count == dict.fromkeys(ONCE, 1)
    places = [n for text in IN_ORDER for n, entry in enumerate(entries) if text in entry]
    assert places == sorted(places)


def test_of_every_earlier_schema_a_database_is_stored() -> None:
    """Whoever adds a migration stores what the release before it leaves behind: see stored.py."""
    assert set(earlier()) <= set(released())


@pytest.mark.parametrize("revision", released())
def test_migrated_and_started_all_that_was_pending_is_delivered(
    put: Put, revision: str, tmp_path: Path
) -> None:
    """R13: rows in every state, leases of workers that were killed; `migrate`, then a worker."""
    url, port = put(revision), free_port()
    with installation(url, tmp_path, port) as home, fleet(tmp_path, forked=True) as processes:
        before = states(home.engine)
        home.run("migrate")
        assert revision_of(home.engine) == head()
        assert states(home.engine) == before
        worker = Program(command=home.bridge("worker"), environ=home.environ)
        processes.start("worker", worker)
        await_that(lambda: left(home.engine) == FOR_A_PERSON | WAITS_FOR_THAT, "not at rest")
        each_once(home)
        home.run("dead", "replay", "outbox:14", "outbox:9")
        await_that(lambda: left(home.engine) == {"inbox dead": 1}, "what was replayed stays")
        each_once(home)
        assert sum("of one whom the CRM refused" in entry for entry in home.entries()) == 1


@pytest.mark.parametrize("revision", [released()[0], released()[-1]])
def test_up_alone_does_all_of_it(revision: str, tmp_path: Path) -> None:
    """R13: what who has one machine does: stops the old release, starts the new one."""
    url, port = f"sqlite:///{tmp_path}/old.sqlite", free_port()
    put_sqlite(revision, url)
    with installation(url, tmp_path, port) as home, fleet(tmp_path, forked=True) as processes:
        words = home.bridge("up", "--port", str(port))
        processes.start("up", Program(command=words, environ=home.environ))
        await_that(
            lambda: (
                revision_of(home.engine) == head()
                and left(home.engine) == FOR_A_PERSON | WAITS_FOR_THAT
            ),
            "not at rest",
        )
        each_once(home)
        assert revision_of(home.engine) == head()


def test_what_is_built_by_the_migrations_is_what_was_stored(tmp_path: Path) -> None:
    """A migration that users have run is frozen: it still gives the schema that they have."""
    for revision in released():
        stored, built = (f"sqlite:///{tmp_path}/{name}-{revision}" for name in ("stored", "built"))
        put_sqlite(revision, stored)
        upgrade_to(revision, built)
        assert schema_of(stored) == schema_of(built)


def schema_of(url: str) -> list[tuple[str, str]]:
    engine = open_engine(url)
    with engine.connect() as db:
        rows = db.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        found = sorted((row.name, " ".join(str(row.sql).split())) for row in rows)
    engine.dispose()
    return found
