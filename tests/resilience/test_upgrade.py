"""A new release finds what an older one left behind, brings it up to date and delivers it."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, select, text

from bridge.store import migrations
from bridge.store.engine import open_engine
from bridge.store.migrations import migrate, require_current
from bridge.store.schema import INBOX, OUTBOX
from tests.chaos.house import free_port
from tests.chaos.processes import Program, fleet
from tests.resilience.scene import await_that
from tests.resilience.upgrading import (
    Installation,
    installation,
    put_postgres,
    put_sqlite,
    released,
    upgrade_to,
)
from tests.services import Postgres

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
MIGRATING = 3

Put = Callable[[str], str]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Put:
    """Gives the URL of a database of the revision that is asked for, on each store."""

    def on_sqlite(revision: str) -> str:
        url = f"sqlite:///{tmp_path}/old-{revision}.sqlite"
        put_sqlite(revision, url)
        return url

    def on_postgres(revision: str) -> str:
        server: Postgres = request.getfixturevalue("postgres_server")
        name = f"old_{revision}_{os.urandom(4).hex()}"
        url = server.create(name)
        request.addfinalizer(lambda: server.drop(name))
        put_postgres(revision, url, tmp_path)
        return url

    return {"sqlite": on_sqlite, "postgres": on_postgres}[request.param]


def states(engine: Engine) -> Counter[str]:
    found: Counter[str] = Counter()
    with engine.connect() as db:
        for box, table in (("inbox", INBOX), ("outbox", OUTBOX)):
            found.update(f"{box} {state}" for (state,) in db.execute(select(table.c.state)))
    return found


def left(engine: Engine) -> dict[str, int]:
    return {name: n for name, n in states(engine).items() if not name.endswith("done")}


def revision_of(engine: Engine) -> str | None:
    with engine.connect() as db:
        return MigrationContext.configure(db).get_current_revision()


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
    with installation(url, tmp_path, port) as home, fleet(tmp_path) as processes:
        before = states(home.engine)
        subprocess.run(home.bridge("migrate"), env=dict(home.environ), check=True)
        assert revision_of(home.engine) == head()
        assert states(home.engine) == before
        worker = Program(command=home.bridge("worker"), environ=home.environ)
        processes.start("worker", worker)
        await_that(lambda: left(home.engine) == FOR_A_PERSON | WAITS_FOR_THAT, "not at rest")
        each_once(home)
        for letter in ("outbox:14", "outbox:9"):
            words = home.bridge("dead", "replay", letter)
            subprocess.run(words, env=dict(home.environ), check=True)
        await_that(lambda: left(home.engine) == {"inbox dead": 1}, "what was replayed stays")
        each_once(home)
        assert sum("of one whom the CRM refused" in entry for entry in home.entries()) == 1


@pytest.mark.parametrize("revision", released())
def test_up_alone_does_all_of_it(revision: str, tmp_path: Path) -> None:
    """R13: what who has one machine does: stops the old release, starts the new one."""
    url, port = f"sqlite:///{tmp_path}/old.sqlite", free_port()
    put_sqlite(revision, url)
    with installation(url, tmp_path, port) as home, fleet(tmp_path) as processes:
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


@pytest.mark.parametrize("revision", released())
def test_processes_that_migrate_at_once_do_not_disturb_each_other(
    put: Put, revision: str, tmp_path: Path
) -> None:
    url = put(revision)
    with installation(url, tmp_path, free_port()) as home:
        before = states(home.engine)
        running = [
            subprocess.Popen(home.bridge("migrate"), env=dict(home.environ))
            for _ in range(MIGRATING)
        ]
        assert [process.wait(60) for process in running] == [0] * MIGRATING
        require_current(home.engine)
        assert states(home.engine) == before


def killed_after(url: str, statements: int) -> bool:
    """Migrates in a process that is killed after so many statements; whether it was."""
    pid = os.fork()
    if pid == 0:
        left = [statements]

        def count(*_: Any) -> None:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", count)
        try:
            migrate(url)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("revision", released())
def test_wherever_a_migration_is_killed_the_next_start_finds_the_store_whole(
    put: Put, revision: str
) -> None:
    """R13: all or nothing, whichever statement was the last."""
    url = put(revision)
    engine = open_engine(url)
    before, statements = states(engine), 0
    while killed_after(url, statements):
        assert revision_of(engine) == revision
        statements += 1
    assert statements > 3
    require_current(engine)
    assert states(engine) == before
    engine.dispose()


def test_a_first_start_that_is_killed_leaves_nothing_half_made(tmp_path: Path) -> None:
    """Every tenth statement of all that make the first schema."""
    for statements in range(0, 70, 10):
        url = f"sqlite:///{tmp_path}/new-{statements}.sqlite"
        engine = open_engine(url)
        assert killed_after(url, statements)
        assert revision_of(engine) is None
        migrate(url)
        require_current(engine)
        engine.dispose()


@pytest.mark.parametrize("words", [("migrate",), ("worker",), ("clock",), ("web",), ("up",)])
def test_an_older_program_refuses_a_newer_schema_and_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    url = f"sqlite:///{tmp_path}/newer.sqlite"
    put_sqlite(released()[-1], url)
    with installation(url, tmp_path, free_port()) as home:
        with home.engine.begin() as db:
            db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        before = states(home.engine)
        ended = subprocess.run(
            home.bridge(*words), env=dict(home.environ), check=False, capture_output=True
        )
        said = ended.stderr.decode()
        assert ended.returncode == 1
        assert "9999" in said
        assert "newer version" in said
        assert "Traceback" not in said
        assert states(home.engine) == before


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
