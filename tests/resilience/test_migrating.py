"""A migration that is killed, meets another or comes from a newer release harms nothing (R13)."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from bridge.store.engine import open_engine
from bridge.store.migrations import migrate, require_current
from tests.forked import process_of, run
from tests.ports import free_port
from tests.resilience.scene import PATIENCE_SECONDS
from tests.resilience.upgrading import (
    Put,
    installation,
    put_sqlite,
    released,
    revision_of,
    states,
)

MIGRATING = 3


@pytest.mark.parametrize("revision", [released()[0], released()[-1]])
def test_processes_that_migrate_at_once_do_not_disturb_each_other(
    put: Put, revision: str, tmp_path: Path
) -> None:
    url = put(revision)
    with installation(url, tmp_path, free_port()) as home:
        before = states(home.engine)
        running = [process_of(home.bridge("migrate"), home.environ) for _ in range(MIGRATING)]
        assert [process.wait(PATIENCE_SECONDS) for process in running] == [0] * MIGRATING
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
    """R13: all or nothing, whichever statement was the last; from an older release every tenth one,
    for those steps are frozen, and each was the newest once."""
    url = put(revision)
    engine = open_engine(url)
    before, statements = states(engine), 0
    step = 1 if revision == released()[-1] else 10
    while killed_after(url, statements):
        assert revision_of(engine) == revision
        statements += step
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
        ended = run(home.bridge(*words), home.environ, PATIENCE_SECONDS)
        said = ended.stderr
        assert ended.returncode == 1
        assert "9999" in said
        assert "newer version" in said
        assert "Traceback" not in said
        assert states(home.engine) == before
