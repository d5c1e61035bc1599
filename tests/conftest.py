"""What every test may ask for: fresh databases, Redis; and which lanes this machine can run."""

import gc
import itertools
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine

from bridge.store.engine import open_engine
from bridge.store.migrations import migrate
from tests.lanes import BY_NAME, LANES, Lane
from tests.services import BUSY_SECONDS, Postgres, Redis, postgres_running, redis_running
from tests.tools import advice
from tests.turns import in_turn

# Far from UTC and off the full hour, so that a naive time shows. Spelled out, because a machine
# without tzdata silently takes an unknown name for UTC.
os.environ["TZ"] = "<+0545>-5:45"
time.tzset()

# Programs are started some hundred times, and each would compile the whole bridge anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("bridge", deadline=None)  # a busy machine is not a failure
settings.load_profile("bridge")

_skipped = pytest.StashKey[Counter[str]]()
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until all tests are there: what comes till then stays
    config.stash[_skipped] = Counter()
    # Fixtures end the servers also when a time limit ends the run.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for lane in LANES:
            if used & lane.fixtures:
                item.add_marker(lane.name)
    in_turn(items)


def pytest_collection_finish() -> None:
    gc.freeze()  # thousands of tests are not looked through for garbage by each of them
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: the long tests wait for other processes half of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_runtest_setup(item: pytest.Item) -> None:
    for lane in LANES:
        if item.get_closest_marker(lane.name) and lane.program() is None:
            _refuse(item, lane)


def pytest_sessionfinish(session: pytest.Session) -> None:
    told = getattr(session.config, "workeroutput", None)
    if told is not None:  # one of several processes that share the tests
        counted = session.config.stash[_skipped]
        told["skipped"] = dict(counted)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    skipped: dict[str, int] = getattr(node, "workeroutput", {}).get("skipped", {})
    config: pytest.Config = node.config
    counted = config.stash[_skipped]
    counted.update(skipped)


@pytest.fixture(scope="session", autouse=True)
def _loggers_stay_open() -> Iterator[None]:
    """A program that a test runs in this process sets up its log for good; a later test that
    listens to the log would hear nothing."""
    configure = structlog.configure

    def uncached(*given: Any, **named: Any) -> None:
        configure(*given, **{**named, "cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", uncached)
        yield


@pytest.fixture(autouse=True)
def _log_as_before(_loggers_stay_open: None) -> Iterator[None]:
    """What such a program has set up is over with its test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.config.stash[_skipped]
    if skipped:
        terminalreporter.section("LANES NOT RUN", yellow=True, bold=True)
    for name, count in skipped.items():
        terminalreporter.line(f"{count} tests of {advice(BY_NAME[name])}", yellow=True)


def _refuse(item: pytest.Item, lane: Lane) -> None:
    if lane.required():
        pytest.fail(advice(lane), pytrace=False)
    item.config.stash[_skipped][lane.name] += 1
    pytest.skip(advice(lane))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database, on each of the stores that we promise."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite file."""
    path = tmp_path / "bridge.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: Postgres, postgres_template: str) -> Iterator[str]:
    """A fresh migrated PostgreSQL database."""
    name = f"test_{next(_numbers)}"
    yield postgres_server.create(name, postgres_template)
    postgres_server.drop(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Opened from `database_url`."""
    opened = open_engine(database_url, busy_seconds=BUSY_SECONDS)
    yield opened
    opened.dispose()


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """An empty Redis, through a socket file."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    migrate(f"sqlite:///{path}")
    assert not path.with_name(f"{path.name}-wal").exists(), "the template is still open"
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    program = BY_NAME["postgres"].program()
    assert program is not None  # tests without it never get here
    with postgres_running(program) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Postgres) -> str:
    migrate(postgres_server.create("migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    program = BY_NAME["redis"].program()
    assert program is not None
    with redis_running(program) as server:
        yield server
