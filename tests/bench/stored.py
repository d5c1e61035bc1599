"""Stores that hold many messages, as a bridge would leave them: a few thousand are walked through
the bridge, then copied as those of other clients. Kept for the next run."""

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.settings import Settings
from bridge.store import schema
from bridge.wiring import built, prepare
from tests.bench import copying
from tests.bench.copying import Copied, Template
from tests.bench.house import append, know, settle, vendors
from tests.bench.people import People, messages
from tests.bench.place import environ_of
from tests.bench.plan import STEP, WORK

EACH = 25  # messages of a client, the first one included
CLIENTS = STEP // EACH  # in the template
FRESH_HOURS = 6  # the mirror's facts are read anew when they are twelve hours old
BYTES_EACH = 9_000  # of a message with all that belongs to it; generously


def clients_of(stored: int) -> int:
    """How many clients wrote so many messages."""
    return stored // EACH


def stored(messages: int, folder: Path, say: Callable[[str], None]) -> Path:
    """A SQLite file that holds so many messages (a multiple of STEP), from the folder if one was
    kept there that is not too old; the folder has to be there."""
    kept = folder / f"stored-{messages}-{_version()}.sqlite"
    if kept.exists() and time.time() - kept.stat().st_mtime < FRESH_HOURS * 3600:
        return kept
    for former in folder.glob(f"stored-{messages}-*"):
        former.unlink()
    _check_room(folder, messages)
    say(f"building a store of {messages:,} messages")
    with TemporaryDirectory(prefix=WORK, dir=folder) as place:
        making = Path(place) / kept.name
        _build(messages, making)
        making.replace(kept)
    return kept


def _version() -> str:
    """Another schema, or other rows, make another store."""
    sources = (Path(schema.__file__), Path(copying.__file__), Path(__file__))
    text = b"".join(path.read_bytes() for path in sources)
    migrations = sorted(path.name for path in _migrations().glob("*.py"))
    return hashlib.sha256(text + repr(migrations).encode()).hexdigest()[:8]


def _migrations() -> Path:
    return Path(schema.__file__).parent / "migrations" / "versions"


def _check_room(folder: Path, messages: int) -> None:
    """The store, and the copy of it that the measuring writes to."""
    wanted = 2 * messages * BYTES_EACH
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise SystemExit(
            f"{messages:,} stored messages need {wanted / 1e9:.0f} GB under {folder}, of which "
            f"{free / 1e9:.0f} are free; choose fewer with --stored or another folder with --output"
        )


def _build(messages: int, path: Path) -> None:
    with TemporaryDirectory() as name:
        walked = Path(name) / "walked.sqlite"
        _walk(walked, Path(name))
        with closing(sqlite3.connect(walked)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            template = Template(db, CLIENTS)
        shutil.copyfile(walked, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        _multiply(db, template, messages // STEP)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _walk(path: Path, folder: Path) -> None:
    """A small store by real work: webhooks in the inbox, decided, delivered to the CRM."""
    environ = environ_of(folder, f"sqlite:///{path}")
    people = People(count=CLIENTS)
    with ExitStack() as stack:
        stack.enter_context(vendors(environ, folder)).fill([people])
        prepare(Settings.of(environ), environ)
        parts = stack.enter_context(built(Settings.of(environ), environ))
        know(parts, [people])
        append(parts, messages(people, "walked", STEP - CLIENTS))
        settle(parts)


def _multiply(db: sqlite3.Connection, template: Template, copies: int) -> None:
    """Adds the copies behind the first one; indexes are made anew at the end, which is faster."""
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000"):
        db.execute(f"PRAGMA {pragma}")
    indexes = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        db.execute(f"DROP INDEX {name}")
    statements = {table.name: _insertion(table) for table in template.tables}
    db.execute("BEGIN")
    for copy in range(1, copies):
        values = template.values(copy)
        for table in template.tables:
            db.executemany(statements[table.name], table.of(copy, values))
    db.execute("COMMIT")
    for _, sql in indexes:
        db.execute(sql)
    db.execute("PRAGMA journal_mode=WAL")


def _insertion(table: Copied) -> str:
    places = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})"
